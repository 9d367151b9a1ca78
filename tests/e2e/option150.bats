# cpr-conf option150: what it says to type is taken by the real servers, and it tells what
# became of what somebody typed.
bats_require_minimum_version 1.5.0
load lab.bash

lines() { cpr-conf option150 192.168.10.105 10.0.0.2 --for "$1" 2>/dev/null; }

@test "dnsmasq takes its line, and refuses what --explain says it refuses" {
	lines dnsmasq >"$BATS_TEST_TMPDIR/conf"
	dnsmasq --test -C "$BATS_TEST_TMPDIR/conf"
	for value in '"192.168.10.105"' c0:a8:0a:69 tftp.example; do
		echo "dhcp-option=150,$value" >"$BATS_TEST_TMPDIR/conf"
		run ! dnsmasq --test -C "$BATS_TEST_TMPDIR/conf"
		run -6 --separate-stderr cpr-conf option150 --explain "$value" --for dnsmasq --json
		jq -e '.servers[0].outcome == "refused"' <<<"$output"
	done
}

@test "dhcpd takes its lines" {
	{
		lines isc-dhcpd
		echo 'subnet 10.0.0.0 netmask 255.255.255.0 {}'
	} >"$BATS_TEST_TMPDIR/conf"
	dhcpd -t -cf "$BATS_TEST_TMPDIR/conf" -lf /dev/null
}

@test "kea-dhcp4 takes its lines, and refuses a text there" {
	export KEA_LOCKFILE_DIR=none
	{
		echo '{ "Dhcp4": { "interfaces-config": { "interfaces": [] },'
		lines kea
		echo '} }'
	} >"$BATS_TEST_TMPDIR/conf"
	kea-dhcp4 -t "$BATS_TEST_TMPDIR/conf"
	sed -i 's/192.168.10.105, 10.0.0.2/tftp.example/' "$BATS_TEST_TMPDIR/conf"
	run ! kea-dhcp4 -t "$BATS_TEST_TMPDIR/conf"
	run -6 --separate-stderr cpr-conf option150 --explain tftp.example --for kea --json
	jq -e '.servers[0].outcome == "refused"' <<<"$output"
}

@test "encode: the lines alone on stdout; all servers; --json" {
	run -0 --separate-stderr cpr-conf option150 192.168.10.105 10.0.0.2 --for ios
	[ "$output" = "option 150 ip 192.168.10.105 10.0.0.2" ]
	run -0 --separate-stderr cpr-conf option150 192.168.10.105
	grep -qx '    a 192.168.10.105' <<<"$output"
	grep -qx '    dhcp-option=150,192.168.10.105' <<<"$output"
	run -0 --separate-stderr cpr-conf option150 192.168.10.105 --json
	jq -e '[.[].server] == ["tftpd32", "dnsmasq", "isc-dhcpd", "kea", "ios", "mikrotik",
		"windows", "fortigate", "hex"] and (.[] | select(.server == "hex").lines) ==
		["C0A80A69"]' <<<"$output"
	run -0 cpr-conf option150 10.0.0.1 10.0.0.2 10.0.0.3 --for hex
	[[ $output == *"first two addresses"* ]]
}

@test "explain: a lost zero, and the value beside it that is right" {
	run -6 --separate-stderr cpr-conf option150 --explain 0x69AA8C0 --for tftpd32
	echo "$output"
	grep -qx 'tftpd32: phones see 192.168.154.6' <<<"$output"
	grep -q '^probably meant: 192.168.10.105 ' <<<"$output"
	grep -q '^a zero was lost' <<<"$output"
	grep -qx '    a 192.168.10.105' <<<"$output"
	run -0 --separate-stderr cpr-conf option150 --explain 0x0101A8C0 --for tftpd32
	grep -qx 'tftpd32: phones see 192.168.1.1' <<<"$output"
	run -6 --separate-stderr cpr-conf option150 --explain 'x C0A80A69' --for tftpd32 --json
	jq -e '.value == "x C0A80A69" and .meant[0].addresses == ["192.168.10.105"] and
		(.servers == [{"server": "tftpd32", "outcome": "addresses", "bytes": "690aa8c0",
		"addresses": ["105.10.168.192"], "as_meant": false,
		"lines": ["a 192.168.10.105"]}])' <<<"$output"
}

@test "explain: text where an address belongs; nothing at all; odd bytes" {
	run -6 --separate-stderr cpr-conf option150 --explain 'ascii 192.168.10.105' --for ios
	[[ $output == *"14 bytes, which are text"*"49.57.50.46"* ]]
	run -6 --separate-stderr cpr-conf option150 --explain phone
	[[ $output == *"no address can be made of it"* ]]
	run -0 --separate-stderr cpr-conf option150 --explain C0A80A69
	[[ $output == *"kea: phones see 192.168.10.105"* ]]
	run -6 --separate-stderr cpr-conf option150 --explain $'\033[2J\377' --json
	jq -e '.value == "?[2J?"' <<<"$output"
}

@test "usage: an unknown server, no address, both, and what is no host's" {
	run -2 cpr-conf option150
	run -2 cpr-conf option150 10.0.0.1 --explain 10.0.0.1
	run -2 cpr-conf option150 192.168.10
	run -2 cpr-conf option150 239.0.0.1
	run -2 cpr-conf option150 10.0.0.1 --for mikrotic
	[[ $output == *"did you mean 'mikrotik'"* ]]
	run -2 cpr-conf option150 10.0.0.1 --for technitium
	[[ $output == *"not known"* ]]
}
