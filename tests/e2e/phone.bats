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
	cat >"$tftp/XMLDefault.cnf.xml" <<-END
		<Default><callManagerGroup><members><member priority="0"><callManager>
		<processNodeName>$LAB_SERVER</processNodeName>
		</callManager></member></members></callManagerGroup>
		<loadInformation30018>SCCP41.9-4-2SR3-1S</loadInformation30018></Default>
	END
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
	lab_wait 20 grep -q DHCPRELEASE "$log"
	run ! grep -q 02:1b:54 "$log.leases"
}

@test "the first TFTP server is dead: the phone comes back by the second" {
	serve "dhcp-option=150,192.0.2.77,$LAB_SERVER"
	run -0 --separate-stderr phone --json
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

@test "interrupted, it gives its address back and says how far it got" {
	serve "dhcp-option=150,$LAB_SERVER"
	lab_start "$BATS_TEST_TMPDIR/out" ip netns exec phone "$B/cpr-phone" -i ph0 --no-delay \
		--flash-rate 100
	lab_wait 50 grep -q jar41sccp "$BATS_TEST_TMPDIR/out"
	kill -TERM "$lab_pid"
	local status=0
	wait "$lab_pid" || status=$?
	[ "$status" = 1 ]
	grep -q 'stuck at images: interrupted' "$BATS_TEST_TMPDIR/out"
	lab_wait 20 grep -q DHCPRELEASE "$log"
}

@test "what it cannot do is one line" {
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
	run -2 --separate-stderr phone -m 8961
	grep -q -- --list <<<"$stderr"
}
