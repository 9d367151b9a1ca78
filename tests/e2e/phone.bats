# The simulated phone itself, against a real dnsmasq: its packets as another dissector sees
# them, and what it says of a network that is not right.
bats_require_minimum_version 1.5.0
load lab.bash

setup_file() {
	lab_up
}

setup() {
	tftp=$BATS_TEST_TMPDIR/tftp
	log=$BATS_TEST_TMPDIR/dnsmasq.log
	mkfirmware --model 7961 --package dir "$tftp"
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	lab_xmldefault "$tftp" "$LAB_SERVER" 30018 SCCP41.9-4-2SR3-1S
}

teardown() {
	lab_stop
	[ ! -f "$log" ] || sed 's/^/dnsmasq: /' "$log" | tail -n 20
}

# serve [LINE...]: dnsmasq with these lines in its configuration
serve() {
	printf '%s\n' enable-tftp "tftp-root=$tftp" "$@" >"$BATS_TEST_TMPDIR/dnsmasq.conf"
	lab_dnsmasq "$log" "$BATS_TEST_TMPDIR/dnsmasq.conf"
}

phone() { lab_phone "$B/cpr-phone" -i ph0 --no-delay --pause 0 "$@"; }

faults() { jq -r '.phones[0].faults[].id' <<<"$output"; }

@test "no packet of the phone is malformed, no checksum wrong, and the DISCOVER is 548 bytes" {
	command -v tshark >/dev/null || skip "tshark is not installed"
	serve "dhcp-option=150,$LAB_SERVER"
	run -0 phone --pcap "$BATS_TEST_TMPDIR/record.pcap"
	run -0 --separate-stderr tshark -r "$BATS_TEST_TMPDIR/record.pcap" \
		-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -o tcp.check_checksum:TRUE \
		-Y 'eth.src == 02:1b:54:00:00:0a && (_ws.malformed || ip.checksum.status == 0 ||
			udp.checksum.status == 0 || tcp.checksum.status == 0 || icmp.checksum.status == 0)'
	[ -z "$output" ]
	run -0 --separate-stderr tshark -r "$BATS_TEST_TMPDIR/record.pcap" \
		-Y 'dhcp.option.dhcp == 1' -T fields -e udp.length -e dhcp.option.type \
		-e dhcp.option.request_list_item
	# 548 and the header of UDP; the options in order, a pad, the end (which tshark counts
	# with the pads); the list of what it asks for
	[ "$(head -n 1 <<<"$output")" = $'556\t53,61,12,60,55,0,0\t1,66,6,3,15,150,35' ]
}

@test "the faults of a report name frames of the record" {
	rm "$tftp"/dsp41*
	serve "dhcp-option=150,$LAB_SERVER"
	run -6 --separate-stderr phone --json --pcap "$BATS_TEST_TMPDIR/record.pcap"
	[ "$(faults)" = tftp-file-missing ]
	[ "$(jq -r '.phones[0].stage' <<<"$output")" = images ]
	[ "$(jq -r '[.phones[0].files[] | select(.state == "missing") | .name] | join(" ")' <<<"$output")" = dsp41.9-4-2ES26.sbn ]
	command -v tshark >/dev/null || skip "tshark is not installed"
	local frames
	frames=$(jq -r '.phones[0].faults[0].frames | map("frame.number == \(.)") | join(" || ")' <<<"$output")
	run -0 --separate-stderr tshark -r "$BATS_TEST_TMPDIR/record.pcap" -Y "$frames" \
		-T fields -e tftp.opcode
	[ "$output" = $'1\n5' ]
}

@test "scenario dhcp says what a phone would use, and leaves no lease behind" {
	serve "dhcp-option=150,192.0.2.7,192.0.2.8" 'dhcp-option=66,"tftp.example"'
	run -0 --separate-stderr phone -s dhcp
	grep -q 'would use TFTP server 192.0.2.7, then 192.0.2.8, from option 150' <<<"$output"
	grep -q 'option 150: c0 00 02 07 c0 00 02 08' <<<"$output"
	grep -q 'option 66: "tftp.example"' <<<"$output"
	lab_wait 50 grep -q DHCPRELEASE "$log"
	run ! grep -q 02:1b:54 "$log.leases"
}

@test "the first TFTP server is dead: the phone comes back by the second, and says so" {
	serve "dhcp-option=150,192.0.2.77,$LAB_SERVER"
	run -0 --separate-stderr phone --json
	[ "$(faults | head -n 1)" = tftp-no-answer ]
	[ "$(jq -r '.phones[0].recovered' <<<"$output")" = true ]
	[ "$(jq -r '.phones[0].tftp.servers | join(" ")' <<<"$output")" = "192.0.2.77 $LAB_SERVER" ]
}

@test "option 66 alone, next server alone, and 150 turned round" {
	serve "dhcp-option=66,\"$LAB_SERVER\"" 'dhcp-option=option:server-ip-address,192.0.2.99'
	run -0 --separate-stderr phone --json
	[ "$(jq -r '.phones[0].tftp.source' <<<"$output")" = "option 66" ]
	lab_stop
	serve
	run -0 --separate-stderr phone --json
	[ "$(jq -r '.phones[0].tftp.source' <<<"$output")" = "next server (siaddr)" ]
	lab_stop
	serve 'dhcp-option=150,1.2.0.192'
	run -6 --separate-stderr phone --json --timeout 20
	[ "$(faults)" = option150-byte-order ]
}

# stopped SIGNAL WORD OPTION...: sends the signal once the word was said; the lease must be gone
stopped() {
	local signal=$1 word=$2 status=0 out=$BATS_TEST_TMPDIR/out.$1
	shift 2
	lab_start "$out" ip netns exec phone "$B/cpr-phone" -i ph0 --no-delay "$@"
	lab_wait 50 grep -q "$word" "$out"
	grep -q 02:1b:54 "$log.leases"
	kill "-$signal" "$lab_pid"
	wait "$lab_pid" || status=$?
	[ "$status" = 1 ]
	grep -q ': interrupted' "$out"
	lab_wait 50 lease_gone
}

lease_gone() { ! grep -q 02:1b:54 "$log.leases"; }

@test "interrupted at any time, it gives its address back and says how far it got" {
	serve "dhcp-option=150,$LAB_SERVER"
	stopped TERM jar41sccp --flash-rate 100
	grep -q 'stuck at images: interrupted' "$BATS_TEST_TMPDIR/out.TERM"
	stopped INT reboots --pause 60
	grep -q 'stuck at rebooting: interrupted' "$BATS_TEST_TMPDIR/out.INT"
	stopped HUP 'has the address' --flash-rate 100
}

@test "hundreds of phones give their addresses back, more than a socket buffer holds at once" {
	ip addr add 10.9.0.1/16 dev srv0
	serve "dhcp-option=150,$LAB_SERVER" dhcp-range=10.9.1.0,10.9.3.250,10m
	local status=0
	lab_start "$BATS_TEST_TMPDIR/out" ip netns exec phone "$B/cpr-phone" -i ph0 \
		--count 400 --flash-rate 50
	lab_wait 300 leases 350
	kill -TERM "$lab_pid"
	wait "$lab_pid" || status=$?
	ip addr del 10.9.0.1/16 dev srv0
	[ "$status" = 1 ]
	lab_wait 300 lease_gone
}

leases() { [ "$(grep -c 02:1b:54 "$log.leases")" -ge "$1" ]; }

@test "the interface goes down under it: a report all the same, and exit 1" {
	serve "dhcp-option=150,$LAB_SERVER"
	local status=0
	lab_start "$BATS_TEST_TMPDIR/out" ip netns exec phone "$B/cpr-phone" -i ph0 --no-delay \
		--flash-rate 100
	lab_wait 50 grep -q jar41sccp "$BATS_TEST_TMPDIR/out"
	ip -n phone link set ph0 down
	wait "$lab_pid" || status=$?
	ip -n phone link set ph0 up
	lab_wait 50 lab_carrier
	[ "$status" = 1 ]
	grep -q 'stuck at images: Network is down' "$BATS_TEST_TMPDIR/out"
}

@test "in scenario dhcp a fault of the network is an exit 6" {
	serve 'dhcp-option=66,"tftp.example"'
	run -6 --separate-stderr phone -s dhcp
	grep -q 'would use TFTP server .*next server.*, but option66-unresolved' <<<"$output"
}

@test "what it cannot do is one line" {
	serve "dhcp-option=150,$LAB_SERVER"
	run -1 --separate-stderr phone -i nope0
	[ "${#stderr_lines[@]}" = 1 ]
	run -1 --separate-stderr phone -i lo
	[ "${#stderr_lines[@]}" = 1 ]
	ip -n phone link set ph0 down
	run -1 --separate-stderr phone
	ip -n phone link set ph0 up
	[ "${#stderr_lines[@]}" = 1 ]
	run -1 --separate-stderr sh -c '"$0" --list >/dev/full' "$B/cpr-phone"
	[ "${#stderr_lines[@]}" = 1 ]
	run -1 --separate-stderr phone -s dhcp --pcap /dev/full
	grep -q "cannot write the record '/dev/full': No space left" <<<"$stderr"
	run -2 --separate-stderr phone --pcap -
	run -2 --separate-stderr phone --mac 02:ff:ff:ff:ff:ff --count 2
	run -2 --separate-stderr phone -m 8961
	grep -q -- --list <<<"$stderr"
}
