# cpr-doctor: the ways in (files, pipes, gzip, pcapng, the wire), and the rights it keeps.  What it
# finds in captures is tested elsewhere.
bats_require_minimum_version 1.5.0
load lab.bash

CAPTURES=$BATS_TEST_DIRNAME/../captures
LOADED=$CAPTURES/healthy-boot.pcap
STUCK=$CAPTURES/dhcp-no-offer.pcap

setup_file() {
	lab_up
}

teardown() {
	lab_stop
}

doctor() { cpr-doctor "$@"; }

# watch IFACE: the doctor in the background, in $doctor; what it says in log, its report in report
watch() {
	log=$BATS_TEST_TMPDIR/log report=$BATS_TEST_TMPDIR/report
	cpr-doctor -i "$1" --json >"$report" 2>"$log" </dev/null 3>&- &
	doctor=$!
	lab_pids+=("$doctor")
	lab_wait 100 grep -q watching "$log"
}

# until_said TEXT: in the log
until_said() { lab_wait 100 grep -q -- "$1" "$log"; }

# over [STATUS]: Ctrl-C; it exits with that status
over() {
	local status=0
	kill -INT "$doctor"
	wait "$doctor" || status=$?
	cat "$log"
	[ "$status" -eq "${1-0}" ]
}

# frames IFACE HEX...: puts these frames on the wire (blanks in the hex do not count)
frames() {
	perl -e '
		my ($index) = split /:/, qx(ip -o link show $ARGV[0]);
		shift;
		socket my $s, 17, 3, 0 or die "socket: $!"; # AF_PACKET, SOCK_RAW
		bind $s, pack "Snlx12", 17, 3, $index or die "bind: $!";
		for (@ARGV) {
			tr/ \n\t//d;
			my $frame = pack "H*", $_;
			$frame .= "\0" x (60 - length $frame) if length $frame < 60;
			send $s, $frame, 0 or die "send: $!";
		}' "$@"
}

@test "the phone with a fault stands first, whichever came first" {
	run -6 --separate-stderr doctor "$CAPTURES/healthy-7961.pcap" \
		"$CAPTURES/tftp-file-missing-one-of-two.pcap"
	[[ ${lines[0]} == *"stuck at images: tftp-file-missing" ]]
	[ "$(grep -c ': recovered$' <<<"$output")" = 1 ]
}

@test "a capture reads the same as a file, from stdin, in gzip and as pcapng" {
	cd "$BATS_TEST_TMPDIR"
	editcap -F pcapng "$STUCK" stuck.pcapng
	gzip -c "$STUCK" >stuck.pcap.gz
	gzip -c stuck.pcapng >stuck.pcapng.gz
	run -6 --separate-stderr doctor --json "$STUCK"
	[ -z "$stderr" ]
	[ "$(jq -r '.phones[].faults[].id' <<<"$output")" = dhcp-no-offer ]
	expected=$output
	for capture in stuck.pcap.gz stuck.pcapng stuck.pcapng.gz; do
		run -6 --separate-stderr doctor --json $capture
		[ "$output" = "$expected" ]
		run -6 --separate-stderr doctor --json - <$capture
		[ "$output" = "$expected" ]
		[ -z "$stderr" ]
	done
	# two files in gzip are one, as for gzip itself: here the second one's head ends it
	run -6 --separate-stderr doctor --json - < <(head -c 1000 "$STUCK" | gzip
		tail -c +1001 "$STUCK" | gzip)
	[ "$output" = "$expected" ]
}

@test "the packets of several captures are counted on" {
	run -6 --separate-stderr doctor --json "$STUCK"
	packets=$(jq .capture.packets <<<"$output")
	frame=$(jq '.phones[].faults[].frames[0]' <<<"$output")
	run -6 --separate-stderr doctor --json "$LOADED" - <"$STUCK"
	before=$(($(jq .capture.packets <<<"$output") - packets))
	[ "$before" -gt 20 ]
	[ "$(jq '[.phones[].faults[].frames[]] | min' <<<"$output")" = $((before + frame)) ]
}

@test "a capture that is cut is read up to there, and that is said" {
	cd "$BATS_TEST_TMPDIR"
	head -c -3 "$STUCK" >cut.pcap
	run -6 --separate-stderr doctor cut.pcap
	[[ $stderr == *"cut.pcap: it is cut or damaged behind its packet "* ]]
	head -c -3 "$LOADED" >cut.pcap
	run -0 doctor cut.pcap
	gzip -c "$STUCK" | head -c -20 >cut.pcap.gz
	run -6 --separate-stderr doctor cut.pcap.gz
	[[ $stderr == *"cut.pcap.gz: it is cut or damaged"*"its gzip data end too early" ]]
	# a bit of the packed bytes is another
	gzip -c "$LOADED" >bad.gz
	printf '\xff\xff\xff' | dd of=bad.gz bs=1 seek=700 conv=notrunc status=none
	run --separate-stderr doctor bad.gz
	[ "$status" -eq 0 ] || [ "$status" -eq 4 ]
	[[ $stderr == *"bad.gz: "* ]]
}

@test "what is no capture is said, all of it in one run, and the rest is read" {
	cd "$BATS_TEST_TMPDIR"
	echo "no capture at all, but longer than the head of one" >text
	: >empty
	# of two interfaces, a cable and any
	editcap -F pcapng "$LOADED" cable.pcapng
	editcap -F pcapng -T linux-sll "$LOADED" any.pcapng
	mergecap -I all -w two.pcapng cable.pcapng any.pcapng
	# a radio's frames
	editcap -F pcap -T ieee-802-11 "$LOADED" radio.pcap
	run -4 --separate-stderr doctor text two.pcapng "$STUCK" empty radio.pcap
	[[ $output == *dhcp-no-offer* ]]
	[ ${#stderr_lines[@]} -eq 4 ]
	[[ $stderr == *"text: it is no capture that can be read"* ]]
	[[ $stderr == *"two.pcapng: it was captured on several interfaces of different kinds"* ]]
	[[ $stderr == *"empty: it is no capture"* ]]
	[[ $stderr == *"radio.pcap: it is no capture that can be read (link type 802.11)"* ]]

	run -1 --separate-stderr doctor absent "$STUCK" / another
	[ -z "$output" ]
	[ "$stderr" = "cpr-doctor: absent: No such file or directory
cpr-doctor: /: Is a directory
cpr-doctor: another: No such file or directory" ]
	run -2 doctor
	run -2 doctor -i lo "$STUCK"
	run -1 doctor -i nowhere0
	[[ $output == *"no interface 'nowhere0'"* ]]
}

@test "with --site it knows the plan, or says what is wrong with it" {
	root=$BATS_TEST_TMPDIR/root
	lab_site "$root"
	mkfirmware --model 7961 --package dir "$root/srv/tftp"
	run -0 doctor --root "$root" "$LOADED"
	printf '%s\n' 'tftp-rot = "/x"' >"$root/etc/phone-cpr/site.conf"
	run -4 doctor --root "$root" "$LOADED"
	[[ $output == *"site.conf:1:"* ]]
	run -1 doctor --site "$BATS_TEST_TMPDIR/absent" "$LOADED"
}

@test "while it reads it has no right, is not root and may not do much" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 4<>"$BATS_TEST_TMPDIR/fifo"
	cpr-doctor --json - <"$BATS_TEST_TMPDIR/fifo" >"$BATS_TEST_TMPDIR/report" 3>&- 4>&- &
	doctor=$!
	lab_pids+=("$doctor")
	head -c 2000 "$STUCK" >&4
	# it waits for more: /proc/PID/wchan or not, its state is S and it has read
	status=/proc/$doctor/status
	confined() { grep -q $'^NoNewPrivs:\t1' "$status"; }
	lab_wait 100 confined
	cat "$status"
	for set in CapInh CapPrm CapEff CapAmb; do
		grep -q "^$set:"$'\t0000000000000000$' "$status"
	done
	if [ "$MODE" != nobody ] && grep -q '4294967295$' /proc/self/uid_map && [ "$(id -u)" = 0 ]; then
		grep -q $'^Uid:\t65534\t65534\t65534\t65534$' "$status"
		grep -q $'^CapBnd:\t0000000000000000$' "$status"
		[ -z "$(sed -n 's/^Groups:[[:space:]]*//p' "$status")" ]
	fi
	# sanitizers call what they like
	[ "$MODE" = asan ] || grep -q $'^Seccomp:\t2' "$status"
	tail -c +2001 "$STUCK" >&4
	exec 4>&-
	wait "$doctor" || [ $? -eq 6 ]
	jq -e '.phones[0].faults[0].id == "dhcp-no-offer"' "$BATS_TEST_TMPDIR/report"
}

@test "of an interrupted pipe all is read, of an interrupted capture what was read is reported" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 4<>"$BATS_TEST_TMPDIR/fifo"
	cpr-doctor --json - <"$BATS_TEST_TMPDIR/fifo" >"$BATS_TEST_TMPDIR/report" 3>&- 4>&- &
	doctor=$!
	lab_pids+=("$doctor")
	head -c 2000 "$STUCK" >&4
	confined() { grep -q $'^NoNewPrivs:\t1' "/proc/$doctor/status" && [ ! -s "$BATS_TEST_TMPDIR/report" ]; }
	lab_wait 100 confined
	caught() { [ $((0x$(sed -n 's/^SigCgt:\t//p' "/proc/$doctor/status") & 2)) -ne 0 ]; }
	lab_wait 100 caught
	kill -INT "$doctor"
	tail -c +2001 "$STUCK" >&4
	exec 4>&-
	wait "$doctor" || [ $? -eq 6 ]
	jq -e '.phones[0].faults[0].id == "dhcp-no-offer"' "$BATS_TEST_TMPDIR/report"
}

# Before others, for it counts what is on the wire, and a server repeats itself.
@test "live tags, fragments, CDP and LLDP pass the kernel's filter, and other traffic does not" {
	addresses=c0a80a14c0a80a69
	rrq='c000 0045 0012 0000 0001 6100 6f63 7465 7400'
	tcp='c001 07d0 01020304 00000000 50'
	wanted=(
		"ffffffffffff 020000000001 | 0800 45000026 00000000 4011 0000 $addresses $rrq"
		"ffffffffffff 020000000001 | 0800 45000026 00000002 4011 0000 $addresses $rrq"
		"ffffffffffff 020000000001 | 0800 45000028 00000000 4006 0000 $addresses ${tcp}02 2000 00000000"
		"ffffffffffff 020000000001 | 0800 45000028 00000000 4006 0000 $addresses ${tcp}14 2000 00000000"
		"ffffffffffff 020000000001 | 0800 4500001c 00000000 4001 0000 $addresses 0303 0000 00000000"
		"ffffffffffff 020000000001 | 0806 0001 0800 0604 0001 020000000001 c0a80a14 000000000000 c0a80a69"
		"01000ccccccc 020000000002 | 000c aaaa03 00000c 2000 02b40000"
		"0180c200000e 020000000002 | 88cc 0207"
	)
	other=(
		"ffffffffffff 020000000001 | 0800 45000028 00000000 4006 0000 $addresses ${tcp}10 2000 00000000"
		"0180c2000000 020000000002 | 0026 424203"
		"333300000001 020000000001 | 86dd 60000000 00003b40"
	)
	all=() some=0
	for tag in '' 8100a064 '810000c8 81000064' '88a800c8 81000064'; do
		for frame in "${wanted[@]}" "${other[@]}"; do all+=("${frame/|/$tag}"); done
		some=$((some + ${#wanted[@]}))
	done
	watch srv0
	frames srv0 "${all[@]}" # what this host sends
	lab_phone bash -c "$(declare -f frames); frames ph0 $(printf "'%s' " "${all[@]}")"
	# of the last one it says something: a read request for term61.default.loads
	frames srv0 "ffffffffffff 001b54000001 0800 45000039 00000000 4011 0000 $addresses
		c0010045 00250000 0001 7465726d36312e64656661756c742e6c6f616473 00 6f6374657400"
	until_said 'tftp: asks for files'
	over
	[ "$(jq .capture.packets "$report")" -eq $((2 * some + 1)) ]
}

@test "live it sees a phone recover, and reports when it is interrupted" {
	tftp=$BATS_TEST_TMPDIR/tftp
	mkfirmware --model 7961 --package dir "$tftp"
	lab_xmldefault "$tftp" "$LAB_SERVER" 30018 SCCP41.9-4-2SR3-1S
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	printf '%s\n' enable-tftp "tftp-root=$tftp" "dhcp-option=150,$LAB_SERVER" \
		>"$BATS_TEST_TMPDIR/dnsmasq.conf"
	lab_dnsmasq "$BATS_TEST_TMPDIR/dnsmasq.log" "$BATS_TEST_TMPDIR/dnsmasq.conf"
	lab_start "$BATS_TEST_TMPDIR/manager.log" perl -MIO::Socket::INET -e '
		my $l = IO::Socket::INET->new(LocalPort => 2000, Listen => 5, ReuseAddr => 1) or die $!;
		while ($l->accept) {}'
	lab_wait 50 manager_listens
	watch srv0
	grep -q $'^CapEff:\t0000000000000000' "/proc/$doctor/status"
	run -0 lab_phone "$B/cpr-phone" -i ph0 --no-delay --pause 0
	until_said ': recovered: is back'
	over
	[[ $(<"$log") == *"7961 02:1b:54:00:00:0a: cvm41sccp.9-4-2ES26.sbn: complete"* ]]
	jq -e '.phones | length == 1' "$report"
	jq -e '.phones[0] | .mac == "02:1b:54:00:00:0a" and .recovered and .faults == []' "$report"
	jq -e '.servers[] | select(.address == "'"$LAB_SERVER"'") | .roles |
		contains(["dhcp", "tftp", "call-manager"])' "$report"
	jq -e '.capture.lost == 0' "$report"
}

manager_listens() { ss -Hlnt "sport = :2000" | grep -q .; }

@test "live what the kernel has no room for is counted, and said" {
	ip -n phone addr add 192.0.2.2/24 dev ph0
	watch srv0
	kill -STOP "$doctor"
	# twice its buffer
	lab_phone perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(PeerAddr => "192.0.2.1:9", Proto => "udp") or die $!;
		my $bytes = "x" x 1400;
		$s->send($bytes) for 1..100000;'
	kill -CONT "$doctor"
	until_said 'packets lost: the kernel had no room for them'
	over
	jq -e '.capture.lost > 1000' "$report"
	jq -e '.capture.packets > 1000' "$report"
}

@test "no phone in a capture: where to capture is said" {
	run -0 --separate-stderr cpr-doctor "$CAPTURES/healthy-server-only.pcap"
	[[ "$output" = "no phone seen in "*"capture at the phone's switch port"* ]]
}
