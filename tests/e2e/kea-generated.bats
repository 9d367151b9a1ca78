# What cpr-conf generates for Kea, in each of its modes, on a real kea-dhcp4: that it takes it,
# and what phones are sent.
bats_require_minimum_version 1.5.0
load lab.bash
load kea.bash

setup_file() {
	kea_setup_file
	ip -n phone addr add 10.1.23.254/32 dev ph0
	ip -n phone addr add 10.1.24.1/32 dev ph0
	ip -n phone addr add 172.16.0.1/32 dev ph0
	ip route add 172.16.0.0/16 dev srv0
	ip route add 10.0.0.0/8 dev srv0
}

setup() {
	kea_setup
	root=$dir/root
	ours=$root/etc/kea/phone-cpr.json
}

teardown() { kea_teardown; }

# generated MODE LIST [JQ-PROGRAM]: what cpr-conf makes of networks within a network, one of
# them no whole digits long, and DIR/kea.json that includes it as the last entry of the LIST
generated() {
	lab_site "$root" 'dnsmasq { enable = false }' "kea { enable = true  mode = \"$1\" }" \
		'network "10.0.0.0/8" { tftp-servers = {"10.0.0.5"} }' \
		'network "10.1.16.0/21" { tftp-servers = {"10.1.16.5", "10.1.16.6"} }'
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.7", "192.0.2.8", "192.0.2.9"}/' \
		"$root/etc/phone-cpr/site.conf"
	run -0 cpr-conf generate --root "$root"
	[[ $output == *"\"$2\": [ <?include \"/etc/kea/phone-cpr.json\"?> ]"* ]]
	# what this mode cannot say, and what can
	case $1 in
	hook) [[ $output != *"without a relay"* ]] ;;
	*) [[ $output == *"phones that ask without a relay, as in the server's own network, get the general TFTP servers; kea { mode = \"hook\" } tells them"* ]] ;;
	esac
	# the library that was built here, and no definition of option 150: none is needed
	sed -i "s|\"/usr/lib/[^\"]*/libdhcp_option150.so\"|\"$HOOK\"|" "$ours"
	kea_config '' 'del(.["hooks-libraries"], .["option-def"]) | .subnet4 += [{id: 4,
		subnet: "172.16.0.0/16", pools: [{pool: "172.16.0.50 - 172.16.0.99"}]}] |
		'"${3-.}"' | .["'"$2"'"] += ["INCLUDED"]'
	sed -i "s|\"INCLUDED\"|<?include \"$ours\"?>|" "$dir/kea.json"
}

# taken: by Kea's own checker, which is silent about hooks' parameters
taken() { env KEA_LOCKFILE_DIR=none "${lab_kea_env[@]}" kea-dhcp4 -t "$dir/kea.json"; }

# sent ADDRESSES FIRST SIADDR: to the last exchange: 150 in hex, 66, siaddr
sent() {
	servers "$1"
	[ "$(got 66) $(got siaddr)" = "$(hex "$2") $3" ] || {
		echo "66 and siaddr: $(got 66) $(got siaddr)"
		return 1
	}
}

# by_relay [SIADDR]: the longest network holds, the general servers elsewhere, others nothing
by_relay() {
	exchange giaddr=10.1.23.254 mac=00:1b:54:00:00:01
	sent 0a0110050a011006 10.1.16.5 "${1-10.1.16.5}"
	exchange giaddr=10.1.24.1 mac=00:1b:54:00:00:02
	sent 0a000005 10.0.0.5 "${1-10.0.0.5}"
	exchange giaddr=10.2.0.1 mac=00:1b:54:00:00:03 ask=
	sent 0a000005 10.0.0.5 "${1-10.0.0.5}"
	exchange giaddr=172.16.0.1 mac=00:1b:54:00:00:04
	sent c0000207c0000208 192.0.2.7 "${1-192.0.2.7}"
	exchange giaddr=10.1.23.254 mac=00:1b:54:00:00:05 class='Cisco AP c1240'
	[ "$(got 150)$(got 66) $(got siaddr)" = ' 0.0.0.0' ]
}

@test "hook: what is generated is what phones are sent" {
	# by the lease, not by the relay
	generated hook hooks-libraries '.subnet4[1].pools[0].pool = "10.1.16.50 - 10.1.16.99"'
	taken
	lab_kea "$dir"
	exchange giaddr=10.1.24.1
	sent 0a0110050a011006 10.1.16.5 10.1.16.5
	exchange giaddr=10.2.0.1 mac=00:1b:54:00:00:02
	sent 0a000005 10.0.0.5 10.0.0.5
	exchange mac=00:1b:54:00:00:03
	sent c0000207c0000208 192.0.2.7 192.0.2.7
	exchange giaddr=172.16.0.1 mac=00:1b:54:00:00:03 class='Cisco AP c1240'
	[ "$(got 150)$(got 66) $(got siaddr)" = ' 0.0.0.0' ]
}

@test "hook: the library is named where \"make install\" puts it" {
	once
	lab_site "$root" 'dnsmasq { enable = false }' 'kea { enable = true }'
	run -0 cpr-conf generate --root "$root"
	run -0 --separate-stderr make -ns -C "$BATS_TEST_DIRNAME/../.." install DESTDIR=/nowhere
	grep -qF " \"/nowhere$(sed -n 's/.*"library": "\(.*\)".*/\1/p' "$ours")\"" <<<"$output"
}

@test "class: by relay, and the general servers on the cable" {
	generated class client-classes
	taken
	lab_kea "$dir"
	by_relay
	exchange ask=1,3,6
	sent c0000207c0000208 192.0.2.7 192.0.2.7
}

@test "class: behind classes of the admin's own, which win" {
	generated class client-classes '.["client-classes"] = [{name: "mine",
		test: "option[60].exists", "option-data": [
			{code: 150, "csv-format": false, data: "0A090909"}]}]'
	taken
	lab_kea "$dir"
	exchange giaddr=10.1.23.254
	servers 0a090909
}

@test "class: an admin's own definition of option 150 does no harm" {
	generated class client-classes '.["option-def"] = [{name: "tftp-servers", code: 150,
		type: "ipv4-address", array: true}]'
	taken
	lab_kea "$dir"
	by_relay
}

@test "flex-option: by relay, options 150 and 66; siaddr is not its to set" {
	generated flex-option hooks-libraries
	taken
	lab_kea "$dir"
	by_relay 0.0.0.0
}

@test "flex-option: behind a library of the admin's own" {
	generated flex-option hooks-libraries '.["hooks-libraries"] = [
		{library: "'"$HOOKS"'/libdhcp_lease_cmds.so"}]'
	taken
	lab_kea "$dir"
	by_relay 0.0.0.0
}

@test "kea-dhcp4 -t reads what is included" {
	generated class client-classes
	taken
	echo '}' >>"$ours"
	run ! taken
}
