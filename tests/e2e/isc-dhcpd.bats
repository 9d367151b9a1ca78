# What cpr-conf generates for ISC dhcpd, on a real one: which phones are sent what, by the
# network of the address they get, and that the admin's own wins.
bats_require_minimum_version 1.5.0
load lab.bash

setup_file() {
	local address
	lab_up
	for address in 192.0.2.40/24 10.1.15.254/32 10.1.23.254/32 10.1.24.1/32 172.16.0.1/32; do
		ip -n phone addr add "$address" dev ph0
	done
	ip route add 10.0.0.0/8 dev srv0
	ip route add 172.16.0.0/16 dev srv0
}

setup() {
	root=$BATS_TEST_TMPDIR/root
	log=$BATS_TEST_TMPDIR/dhcpd.log
	lab_site "$root" 'dnsmasq { enable = false }' 'isc-dhcpd { enable = true }' \
		'network "10.0.0.0/8" { tftp-servers = {"10.0.0.5"} }' \
		'network "10.1.16.0/21" { tftp-servers = {"10.1.16.5", "10.1.16.6"} }'
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.7", "192.0.2.8", "192.0.2.9"}/' \
		"$root/etc/phone-cpr/site.conf"
	cpr-conf generate --root "$root"
}

teardown() {
	lab_stop
	[ ! -f "$log" ] || sed 's/^/dhcpd: /' "$log" | tail -n 30
}

# serve [LINE...]: the admin's lines, behind ours
serve() {
	local conf=$BATS_TEST_TMPDIR/dhcpd.conf
	{
		echo "include \"$root/etc/dhcp/phone-cpr.conf\";"
		printf '%s\n' 'authoritative; ping-check false;' "$@"
		if ! grep -q '^subnet 192.0.2.0 ' <(printf '%s\n' "$@"); then
			echo 'subnet 192.0.2.0 netmask 255.255.255.0 { range 192.0.2.50 192.0.2.99;
				option routers 192.0.2.1; }'
		fi
		echo 'subnet 10.1.15.0 netmask 255.255.255.0 { range 10.1.15.50 10.1.15.99; }'
		echo 'subnet 10.1.23.0 netmask 255.255.255.0 { range 10.1.23.50 10.1.23.99; }'
		echo 'subnet 10.1.24.0 netmask 255.255.255.0 { range 10.1.24.50 10.1.24.99; }'
		echo 'subnet 172.16.0.0 netmask 255.255.0.0 { range 172.16.0.50 172.16.0.99; }'
		echo 'host fixed { hardware ethernet 00:1b:54:00:00:99; fixed-address 10.1.23.7; }'
	} >"$conf"
	: >"$BATS_TEST_TMPDIR/leases"
	lab_start "$log" dhcpd -4 -f -d -cf "$conf" -lf "$BATS_TEST_TMPDIR/leases" --no-pid srv0
	lab_wait 50 grep -q 'Server starting service' "$log"
}

PHONE='class=Cisco Systems, Inc. IP Phone CP-7961G\0'

# says EXPECTED TYPE [key=value...]: 150 in hex, 66, siaddr of the answer
says() {
	local answer got
	answer=$(lab_phone "$BATS_TEST_DIRNAME/dhcp-say" "${@:2}")
	got="$(sed -n 's/^150=//p' <<<"$answer") $(perl -ne 'print pack "H*", $1 if /^66=(.*)/' <<<"$answer")"
	got+=" $(sed -n 's/^siaddr=//p' <<<"$answer")"
	[ "$got" = "$1" ] || {
		echo "${*:2}: $got"
		return 1
	}
}

nothing='  0.0.0.0'
everyone='c0000207c0000208 192.0.2.7 192.0.2.7'
ten='0a000005 10.0.0.5 10.0.0.5'
building='0a0110050a011006 10.1.16.5 10.1.16.5'

@test "phones of every kind get all three, others nothing" {
	local n=10 class
	serve
	while IFS= read -r class; do
		says "$everyone" discover "class=$class" mac=00:1b:54:00:00:$((n++))
	done <<-'EOF'
		Cisco Systems, Inc. IP Phone CP-7961G\0
		Cisco Systems, Inc. IP Phone
		Cisco Systems Inc. Wireless Phone 7921
		CP-7841-3PCC
		Cisco SPA525G
		LINKSYS SPA942
	EOF
	while IFS= read -r class; do
		says "$nothing" discover "class=$class" mac=00:1b:54:00:00:$((n++))
	done <<-'EOF'
		Cisco AP c1240
		ciscopnp
		Cisco Systems, Inc.
		PXEClient:Arch:00000:UNDI:002001
		Not a Cisco Systems, Inc. IP Phone
	EOF
	says "$nothing" discover mac=00:1b:54:00:00:66
}

@test "also to phones that ask for none of it, and with all else that they ask for" {
	serve
	says "$everyone" discover "$PHONE" ask=1,3
	run -0 lab_phone "$BATS_TEST_DIRNAME/dhcp-say" discover "$PHONE" ask=1,3
	grep -qx 3=c0000201 <<<"$output"
	says "$everyone" discover "$PHONE" ask= mac=00:1b:54:00:00:02
	run -0 lab_phone "$BATS_TEST_DIRNAME/dhcp-say" discover "$PHONE" ask= mac=00:1b:54:00:00:02
	grep -qx 3=c0000201 <<<"$output"
}

@test "the longest network that holds the address, by relay or not" {
	serve
	says "$building" discover "$PHONE" giaddr=10.1.23.254 mac=00:1b:54:00:00:01
	says "$ten" discover "$PHONE" giaddr=10.1.24.1 mac=00:1b:54:00:00:02
	says "$ten" discover "$PHONE" giaddr=10.1.15.254 mac=00:1b:54:00:00:03
	says "$everyone" discover "$PHONE" giaddr=172.16.0.1 mac=00:1b:54:00:00:04
	says "$nothing" discover 'class=Cisco AP c1240' giaddr=10.1.23.254 mac=00:1b:54:00:00:05
	# a fixed address, a lease that is taken and renewed, and one that is not of dhcpd's making
	says "$building" discover "$PHONE" giaddr=10.1.23.254 mac=00:1b:54:00:00:99
	says "$building" request "$PHONE" giaddr=10.1.23.254 address=10.1.23.7 mac=00:1b:54:00:00:99
	ip -n phone addr add 10.1.23.7/32 dev ph0
	says "$building" request "$PHONE" ciaddr=10.1.23.7 from=10.1.23.7 at=10.1.23.7 mac=00:1b:54:00:00:99
	says "$building" inform "$PHONE" ciaddr=10.1.23.7 from=10.1.23.7 at=10.1.23.7
	ip -n phone addr del 10.1.23.7/32 dev ph0
	says "$everyone" inform "$PHONE" ciaddr=192.0.2.40 from=192.0.2.40
}

@test "the admin's own option 150 wins, whatever its name and type" {
	local subnet='subnet 192.0.2.0 netmask 255.255.255.0 { range 192.0.2.50 192.0.2.99;'
	serve 'option tftp150 code 150 = ip-address;' \
		"$subnet option tftp150 10.77.0.1; next-server 10.77.0.2; }"
	says '0a4d0001 192.0.2.7 10.77.0.2' discover "$PHONE"
	says "$ten" discover "$PHONE" giaddr=10.1.24.1 mac=00:1b:54:00:00:02
	lab_stop
	# as text, under dhcpd's own name for it, and for everybody
	serve 'option tftp-server-address code 150 = text;' 'option tftp-server-address "pbx";'
	says '706278 192.0.2.7 192.0.2.7' discover "$PHONE"
	lab_stop
	# a definition alone changes nothing
	serve 'option cisco code 150 = text;'
	says "$everyone" discover "$PHONE"
}

@test "after a change, and the restart that is asked for, the new servers" {
	serve
	says "$everyone" discover "$PHONE"
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.33"}/' "$root/etc/phone-cpr/site.conf"
	run -0 cpr-conf generate --root "$root"
	[[ $output == *"isc-dhcp-server: restart it, for /etc/dhcp/phone-cpr.conf has changed"* ]]
	lab_stop
	serve
	says 'c0000221 192.0.2.33 192.0.2.33' discover "$PHONE"
}
