# cpr-conf on a host as an admin has it: servers of Debian's packages, systemctl, a phone on the
# cable.  Run it with `make check-boot`.
bats_require_minimum_version 1.5.0
load boot.bash

setup_file() {
	boot_root servers dnsmasq tftpd-hpa kea-dhcp4-server isc-dhcp-server
	mkdir -p "$root/etc/phone-cpr"
	mkfirmware --model 7961 --package dir "$root/srv/tftp"
	boot
	# (but tftpd-hpa, which every test of another TFTP server stops itself)
	in_it systemctl disable -q --now dnsmasq kea-dhcp4-server isc-dhcp-server
	# The cable: srv0 here, ph0 in a network namespace of the phone's
	nsenter -t "$init" -n ip link add srv0 type veth peer name ph0
	nsenter -t "$init" -n unshare -n sleep infinity 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/phone"
	export phone=$!
	within 50 other_network
	nsenter -t "$init" -n ip link set ph0 netns "$phone"
	nsenter -t "$init" -n ip addr add 192.0.2.1/24 dev srv0
	nsenter -t "$init" -n ip link set srv0 up
	on_phone ip link set ph0 up
}

other_network() { [ "$(readlink "/proc/$phone/ns/net")" != "$(readlink "/proc/$init/ns/net")" ] && [ "$(cat "/proc/$phone/comm")" = sleep ]; }

teardown_file() {
	[ ! -f "$BATS_FILE_TMPDIR/phone" ] || kill "$(<"$BATS_FILE_TMPDIR/phone")"
	boot_end
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] ||
		in_it journalctl -b --no-pager -n 40 -u dnsmasq -u tftpd-hpa -u 'kea*' -u isc-dhcp-server
}

on_phone() { nsenter -t "$phone" -n "$@"; }

# asks: what the phone is sent: 150, 66 and siaddr
asks() {
	local bound=$BATS_TEST_TMPDIR/bound
	printf '#!/bin/sh\n[ "$1" != bound ] || env >"%s"\n' "$bound" >"$BATS_TEST_TMPDIR/script"
	chmod +x "$BATS_TEST_TMPDIR/script"
	rm -f "$bound"
	on_phone busybox udhcpc -i ph0 -f -q -n -t 3 -T 1 -s "$BATS_TEST_TMPDIR/script" \
		-O 150 -O 66 -V 'Cisco Systems, Inc. IP Phone CP-7961G' >/dev/null 2>&1
	sed -n '/^\(opt150\|tftp\|siaddr\)=/p' "$bound" | sort | paste -sd' '
}

bound() { asks && [ -e "$BATS_TEST_TMPDIR/bound" ]; }

# fetches NAME: what the phone is given is the file in the TFTP root
fetches() {
	on_phone ip addr add 192.0.2.40/24 dev ph0
	on_phone curl -sS --max-time 5 -o "$BATS_TEST_TMPDIR/got" "tftp://192.0.2.1/$1" || true
	on_phone ip addr flush dev ph0
	cmp "$BATS_TEST_TMPDIR/got" "$root/srv/tftp/${2-$1}"
}

# site TFTP-SERVERS [LINE...]
site() {
	printf '%s\n' "tftp-servers = {$1}" 'call-managers = {"192.0.2.1"}' "${@:2}" \
		>"$root/etc/phone-cpr/site.conf"
}

# starts UNIT: how often systemd started it
starts() { in_it journalctl -b -o cat -u "$1" | grep -c '^Started '; }

# generate STATUS: its stderr in $stderr, its JSON in $output
generate() {
	run --separate-stderr in_it cpr-conf generate --json
	echo "$stderr"
	[ "$status" = "$1" ]
}

here='opt150=c0000201 siaddr=192.0.2.1 tftp=192.0.2.1'
both='opt150=c0000201c0000209 siaddr=192.0.2.1 tftp=192.0.2.1'

@test "dnsmasq: restarted once by systemctl for the static file, and for nothing after it" {
	printf '%s\n' port=0 interface=srv0 bind-interfaces no-ping dhcp-range=192.0.2.50,192.0.2.99,10m \
		>"$root/etc/dnsmasq.conf"
	in_it systemctl enable -q --now dnsmasq
	local n=$(starts dnsmasq) pid=$(show MainPID dnsmasq)
	site '"192.0.2.1"'
	# which Debian starts when it is installed
	generate 4
	[[ $stderr == *"UDP port 69 is held by 'in.tftpd'"* ]]
	in_it systemctl stop tftpd-hpa
	generate 0
	jq -e '.reloads == ["dnsmasq"] and .needs == [] and (.probe | map(.server + " " + .result)) == ["dnsmasq ok"]' <<<"$output"
	[ "$(starts dnsmasq)" = $((n + 1)) ]
	[ "$pid" != "$(show MainPID dnsmasq)" ]
	[ "$(asks)" = "$here" ]
	fetches SCCP41.9-4-2SR3-1S.loads
	pid=$(show MainPID dnsmasq)
	site '"192.0.2.1", "192.0.2.9"'
	generate 0
	jq -e '.changed and .reloads == []' <<<"$output"
	[ "$(asks)" = "$both" ]
	run -0 in_it cpr-conf generate
	[[ $output == *"nothing to change"* ]]
	run -0 in_it cpr-conf verify
	[ "$pid $((n + 1))" = "$(show MainPID dnsmasq) $(starts dnsmasq)" ]
}

@test "dnsmasq: a restart that systemd refuses is rolled back" {
	local unit=$root/etc/systemd/system/dnsmasq.service.d
	mkdir -p "$unit"
	cp -a "$root/srv/tftp" "$root/srv/other"
	printf '[Service]\nExecStartPre=sh -c "! grep -q /srv/other /etc/dnsmasq.d/phone-cpr.conf"\n' >"$unit/mine.conf"
	in_it systemctl daemon-reload
	site '"192.0.2.9"' 'tftp-root = "/srv/other"'
	generate 5
	[[ $stderr == *"dnsmasq: it could not be restarted"*"rolled back: the old files serve again"* ]]
	[ "$(show ActiveState dnsmasq)" = active ]
	[ "$(asks)" = "$both" ]
	fetches term61.default.loads
	rm -r "$unit" "$root/srv/other"
	in_it systemctl daemon-reload
}

@test "dnsmasq: rollback, uninstall" {
	local pid=$(show MainPID dnsmasq)
	run -0 in_it cpr-conf rollback
	[ "$(asks)" = "$here" ]
	[ "$pid" = "$(show MainPID dnsmasq)" ]
	run -0 in_it cpr-conf uninstall
	[[ $output == *"dnsmasq: restart it once, for /etc/dnsmasq.d/phone-cpr.conf is gone"* ]]
	[ "$pid" = "$(show MainPID dnsmasq)" ]
	in_it systemctl restart dnsmasq
	[ "$(asks)" = siaddr=192.0.2.1 ]
	in_it systemctl disable -q --now dnsmasq
}

# now_serves UNIT...: and no other
now_serves() {
	in_it systemctl stop dnsmasq tftpd-hpa kea-dhcp4-server isc-dhcp-server
	in_it systemctl start "$@"
}

tftpd() { in_it pgrep -o in.tftpd; }

# tftpd_options OPTION...: as the admin edits the line
tftpd_options() { sed -i "s|^TFTP_OPTIONS=.*|TFTP_OPTIONS=\"$*\"|" "$root/etc/default/tftpd-hpa"; }

# kea_config MEMBER: the admin's file, with this in front of the rest
kea_config() {
	cat >"$root/etc/kea/kea-dhcp4.conf" <<-EOT
	{ "Dhcp4": { $1
	  "interfaces-config": { "interfaces": [ "srv0" ] },
	  "control-socket": { "socket-type": "unix", "socket-name": "/run/kea/kea4-ctrl-socket" },
	  "lease-database": { "type": "memfile", "lfc-interval": 0 },
	  "subnet4": [ { "id": 1, "subnet": "192.0.2.0/24", "pools": [ { "pool": "192.0.2.50 - 192.0.2.99" } ] } ]
	} }
	EOT
}

@test "Kea with the hook, tftpd-hpa: the lines that are said, and all is proved" {
	site '"192.0.2.1"' 'dnsmasq { enable = false }' 'tftpd-hpa { enable = true }' 'kea { enable = true }'
	kea_config ''
	now_serves kea-dhcp4-server tftpd-hpa
	generate 0
	[ "$(jq -r '.needs[].line' <<<"$output")" = 'TFTP_OPTIONS="--secure --map-file /etc/phone-cpr/tftpd-hpa.map --port-range 30000:30999"
<?include "/etc/kea/phone-cpr.json"?>' ]
	tftpd_options --secure --map-file /etc/phone-cpr/tftpd-hpa.map --port-range 30000:30999
	in_it systemctl restart tftpd-hpa
	kea_config '"hooks-libraries": [ <?include "/etc/kea/phone-cpr.json"?> ],'
	in_it systemctl kill --signal=HUP kea-dhcp4-server
	run -0 in_it cpr-conf generate
	[[ $output == *"nothing to change"* ]]
	within 50 eval '[ "$(asks)" = "$here" ]'
	fetches TERM61.default.loads term61.default.loads
	local pid=$(show MainPID kea-dhcp4-server) tftpd=$(tftpd)
	site '"192.0.2.1", "192.0.2.9"' 'dnsmasq { enable = false }' 'tftpd-hpa { enable = true }' 'kea { enable = true }'
	generate 0
	jq -e '.reloads == ["kea-dhcp4-server"] and [.probe[].result] == ["ok"]' <<<"$output"
	[ "$(asks)" = "$both" ]
	[ "$pid $tftpd" = "$(show MainPID kea-dhcp4-server) $(tftpd)" ]
}

# older_map: as an earlier version of this program wrote it
older_map() {
	local map=/etc/phone-cpr/tftpd-hpa.map
	echo '# older' >>"$root$map"
	sed -i "s|^[0-9a-f]*  $map\$|$(sha256sum <"$root$map" | cut -c1-64)  $map|" "$root/var/lib/phone-cpr/generated.sha256"
}

@test "tftpd-hpa is restarted for its map, also one that died of it and is called active" {
	local kea=$(show MainPID kea-dhcp4-server) tftpd=$(tftpd)
	older_map
	generate 0
	jq -e '.reloads == ["tftpd-hpa"] and [.probe[].result] == ["ok"]' <<<"$output"
	[ "$kea" = "$(show MainPID kea-dhcp4-server)" ]
	[ "$tftpd" != "$(tftpd)" ]
	fetches JAR41SCCP.9-4-2ES26.SBN jar41sccp.9-4-2ES26.sbn

	older_map
	echo nonsense >>"$root/etc/phone-cpr/tftpd-hpa.map"
	in_it pkill -HUP in.tftpd
	within 50 eval '! tftpd'
	[ "$(show ActiveState tftpd-hpa)" = active ]
	run -4 in_it cpr-conf generate
	[[ $output == *"tftpd-hpa.map"*"edited by hand"* ]]
	sed -i '$d' "$root/etc/phone-cpr/tftpd-hpa.map"
	generate 0
	jq -e '[.probe[].result] == ["ok"]' <<<"$output"
	fetches TERM61.default.loads term61.default.loads
}

@test "tftpd-hpa: one that ended after its start, though systemd calls it active, is rolled back" {
	local unit=$root/etc/systemd/system/tftpd-hpa.service.d
	mkdir -p "$unit"
	printf '[Service]\nExecStartPost=sh -c "grep -q older /etc/phone-cpr/tftpd-hpa.map || pkill in.tftpd"\n' >"$unit/mine.conf"
	in_it systemctl daemon-reload
	older_map
	in_it systemctl restart tftpd-hpa
	generate 5
	[[ $stderr == *"tftpd-hpa: failed: a request over TFTP to 192.0.2.1 is refused"*"rolled back: the old files serve again"* ]]
	[ "$(show ActiveState tftpd-hpa)" = active ]
	fetches TERM61.default.loads term61.default.loads

	# systemd refuses the sixth start in ten seconds, whoever asks for it
	printf '[Service]\nExecStartPre=grep -q older /etc/phone-cpr/tftpd-hpa.map\n' >"$unit/mine.conf"
	in_it systemctl daemon-reload
	for n in 1 2 3 4 5 6 7 8; do
		in_it systemctl restart tftpd-hpa || break
	done
	[ "$(show Result tftpd-hpa)" = start-limit-hit ]
	in_it systemctl reset-failed tftpd-hpa
	for n in 1 2 3 4; do in_it systemctl restart tftpd-hpa; done
	generate 5
	fetches TERM61.default.loads term61.default.loads
	rm -r "$unit"
	in_it systemctl daemon-reload
	generate 0
}

@test "Kea and tftpd-hpa: rollback, uninstall" {
	local kea=$(show MainPID kea-dhcp4-server)
	run -0 in_it cpr-conf rollback
	echo "$output"
	site '"192.0.2.1"' 'dnsmasq { enable = false }' 'tftpd-hpa { enable = true }' 'kea { enable = true }'
	generate 0
	[ "$(asks)" = "$here" ]
	run -0 in_it cpr-conf rollback
	[ "$(asks)" = "$both" ]
	run -4 in_it cpr-conf uninstall
	[[ $output == *"/etc/kea/kea-dhcp4.conf:1: take <?include"* ]]
	[[ $output == *"/etc/default/tftpd-hpa:"*"take --map-file"* ]]
	[ "$kea" = "$(show MainPID kea-dhcp4-server)" ]
	kea_config ''
	in_it systemctl kill --signal=HUP kea-dhcp4-server
	tftpd_options --secure
	in_it systemctl restart tftpd-hpa
	run -0 in_it cpr-conf uninstall
	echo "$output"
	[ ! -e "$root/etc/kea/phone-cpr.json" ]
	[ ! -e "$root/etc/phone-cpr/tftpd-hpa.map" ]
	in_it systemctl restart kea-dhcp4-server tftpd-hpa
	within 50 bound
	[ -z "$(asks)" ]
	fetches term61.default.loads
}

@test "ISC dhcpd: the line that is said; restarted for every change, proved, rolled back, uninstalled" {
	local wants=('dnsmasq { enable = false }' 'isc-dhcpd { enable = true }')
	local conf=$root/etc/dhcp/dhcpd.conf unit=$root/etc/systemd/system/isc-dhcp-server.service.d
	site '"192.0.2.1"' "${wants[@]}"
	echo 'subnet 192.0.2.0 netmask 255.255.255.0 { range 192.0.2.50 192.0.2.99; }' >"$conf"
	sed -i 's/^INTERFACESv4=.*/INTERFACESv4="srv0"/; s/^INTERFACESv6=.*/#&/' "$root/etc/default/isc-dhcp-server"
	now_serves isc-dhcp-server tftpd-hpa
	generate 0
	jq -e '[.needs[].line] == ["include \"/etc/dhcp/phone-cpr.conf\";"] and [.probe[].result] == ["unproven"]' <<<"$output"
	sed -i '1i include "/etc/dhcp/phone-cpr.conf";' "$conf"
	in_it systemctl restart isc-dhcp-server
	run -0 in_it cpr-conf generate
	[[ $output == *"nothing to change"* ]]
	[ "$(asks)" = "$here" ]

	site '"192.0.2.1", "192.0.2.9"' "${wants[@]}"
	generate 0
	jq -e '.reloads == ["isc-dhcp-server"] and [.probe[].result] == ["ok"]' <<<"$output"
	[ "$(asks)" = "$both" ]

	mkdir -p "$unit"
	printf '[Service]\nExecStartPre=sh -c "! grep -q 192.0.2.77 /etc/dhcp/phone-cpr.conf"\n' >"$unit/mine.conf"
	in_it systemctl daemon-reload
	site '"192.0.2.77"' "${wants[@]}"
	generate 5
	[ "$(asks)" = "$both" ]
	rm -r "$unit"
	in_it systemctl daemon-reload

	# one that died is active all the same, and comes back
	in_it pkill dhcpd
	within 50 eval '! in_it pgrep dhcpd'
	[ "$(show ActiveState isc-dhcp-server)" = active ]
	site '"192.0.2.1"' "${wants[@]}"
	printf '%s\n' port=0 interface=srv0 dhcp-range=192.0.2.50,192.0.2.99,10m >"$root/etc/dnsmasq.conf"
	in_it systemctl start dnsmasq
	generate 4
	[[ $stderr == *"UDP port 67 is held by 'dnsmasq' (pid "*"), and isc-dhcp-server would not start again"* ]]
	in_it systemctl stop dnsmasq
	generate 0
	jq -e '[.probe[].result] == ["ok"]' <<<"$output"
	[ "$(asks)" = "$here" ]

	run -0 in_it cpr-conf rollback
	[ "$(asks)" = "$both" ]
	run -4 in_it cpr-conf uninstall
	[[ $output == *"/etc/dhcp/dhcpd.conf:1: take include"* ]]
	sed -i 1d "$conf"
	in_it systemctl restart isc-dhcp-server
	run -0 in_it cpr-conf uninstall
	[ ! -e "$root/etc/dhcp/phone-cpr.conf" ]
	[ -z "$(asks)" ] && bound
}
