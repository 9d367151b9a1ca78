# cpr-doctor and a thousand phones that recover at once, on the wire and in a capture of it; and
# what it says when the kernel had no room for their packets.
bats_require_minimum_version 1.5.0
load lab.bash

SERVER=10.9.0.1

# A thousand once; in the other modes it shows the same of fewer.
setup() {
	PHONES=40
	[ "${MODE-root}" != root ] && [ "${MODE-}" != user ] || PHONES=1000
}

setup_file() {
	lab_up
	ip addr add $SERVER/16 dev srv0
}

teardown() {
	lab_stop
}

# serve [LINE...]: dnsmasq with the firmware of a 7961, and a call manager
serve() {
	tftp=$BATS_TEST_TMPDIR/tftp
	mkfirmware --model 7961 --package dir "$tftp"
	lab_xmldefault "$tftp" "$SERVER" 30018 SCCP41.9-4-2SR3-1S
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	printf '%s\n' enable-tftp "tftp-root=$tftp" tftp-max=4000 dhcp-lease-max=4000 \
		dhcp-range=10.9.1.0,10.9.8.250,1h "dhcp-option=150,$SERVER" "$@" \
		>"$BATS_TEST_TMPDIR/dnsmasq.conf"
	lab_dnsmasq "$BATS_TEST_TMPDIR/dnsmasq.log" "$BATS_TEST_TMPDIR/dnsmasq.conf"
	lab_start "$BATS_TEST_TMPDIR/manager.log" perl -MIO::Socket::INET -e '
		my $l = IO::Socket::INET->new(LocalPort => 2000, Listen => 4096, ReuseAddr => 1) or die $!;
		while ($l->accept) {}'
	lab_wait 50 manager_listens
}

manager_listens() { ss -Hlnt "sport = :2000" | grep -q .; }

# watch: the doctor in the background, in $doctor; what it says in log, its report in report
watch() {
	log=$BATS_TEST_TMPDIR/log report=$BATS_TEST_TMPDIR/report
	cpr-doctor -i srv0 --json --html "$BATS_TEST_TMPDIR/live.html" >"$report" 2>"$log" \
		</dev/null 3>&- &
	doctor=$!
	lab_pids+=("$doctor")
	lab_wait 100 grep -q watching "$log"
}

# memory PID: the most that was resident, KB
memory() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"; }

# over [STATUS]: Ctrl-C; it exits with that status
over() {
	local status=0
	kill -INT "$doctor"
	wait "$doctor" || status=$?
	tail -n 3 "$log"
	[ "$status" -eq "${1-0}" ]
}

# all_back REPORT HTML: all phones are in there, back, and without a fault
all_back() {
	jq -e --argjson n "$PHONES" '[.phones[].mac] | unique | length == $n' "$1"
	jq -r '.phones[] | select(.recovered | not) | .mac' "$1" | head
	jq -e '[.phones[].faults[]] == []' "$1"
	jq -e '.phones | all(.recovered and .model == "7961" and (.files | length) > 5)' "$1"
	[ "$(grep -o '<section class="phone"' "$2" | wc -l)" -eq "$PHONES" ]
	grep -q '</html>' "$2"
}

@test "a thousand phones recover at once: each is in the report, none has a fault" {
	local pipe=$BATS_TEST_TMPDIR/pipe capture=$BATS_TEST_TMPDIR/many.pcap live file
	serve
	watch
	lab_phone "$B/cpr-phone" -i ph0 --count "$PHONES" --pause 1 --pcap "$capture" \
		>"$BATS_TEST_TMPDIR/phones"
	# the last packets may be on their way from the kernel to it
	all_said() { [ "$(grep -c ': recovered: is back' "$log")" -ge "$PHONES" ]; }
	lab_wait 100 all_said || tail -n 3 "$log"
	live=$(memory "$doctor")
	over
	jq -e '.capture.lost == 0' "$report"
	all_back "$report" "$BATS_TEST_TMPDIR/live.html"

	# the same of the phones' own record, through a pipe that stays open until it was looked at
	mkfifo "$pipe"
	exec 4<>"$pipe"
	cpr-doctor --json --html "$BATS_TEST_TMPDIR/file.html" - <"$pipe" >"$report" 3>&- 4>&- &
	doctor=$!
	lab_pids+=("$doctor")
	cat "$capture" >&4
	file=$(memory "$doctor")
	exec 4>&-
	wait "$doctor"
	all_back "$report" "$BATS_TEST_TMPDIR/file.html"
	echo "$(jq .capture.packets "$report") packets of $PHONES phones: $live KB live, $file KB from the file"
	# with the page's 500 events a phone; a sanitizer's own memory is another matter
	[ "$MODE" = asan ] || [ "$file" -lt $((20000 + 150 * PHONES)) ]
}

# flood: more than both doctors' buffers hold
flood() {
	lab_phone perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(PeerAddr => "192.0.2.1:9", Proto => "udp") or die $!;
		my $bytes = "x" x 1400;
		$s->send($bytes) for 1..100000;'
}

# names REPORT: faults and whether they are proven, "dhcp-no-offer true"
names() { jq -r '.phones[].faults[] | "\(.id) \(.incomplete)"' "$1"; }

@test "packets that the kernel had no room for: counted, said, and what rests on absence is not proven" {
	local said=$BATS_TEST_TMPDIR/said text
	ip -n phone addr add 192.0.2.2/24 dev ph0
	watch
	cpr-doctor -i srv0 >"$BATS_TEST_TMPDIR/text" 2>"$said" </dev/null 3>&- &
	text=$!
	lab_pids+=("$text")
	lab_wait 100 grep -q watching "$said"
	# nobody answers it
	lab_start "$BATS_TEST_TMPDIR/phone" ip netns exec phone "$B/cpr-phone" -i ph0 --no-delay
	lab_wait 300 grep -q dhcp-no-offer "$log"
	lab_wait 300 grep -q dhcp-no-offer "$said"
	run ! grep -q 'packets lost' "$log" "$said"
	kill -STOP "$doctor" "$text"
	flood
	kill -CONT "$doctor" "$text"
	lab_wait 100 grep -q 'packets lost: the kernel had no room for them' "$log"
	lab_wait 100 grep -q 'packets lost: the kernel had no room for them' "$said"
	kill -INT "$text"
	wait "$text" || [ $? -eq 6 ]
	over 6
	jq -e '.capture.lost > 1000' "$report"
	[ "$(names "$report")" = "dhcp-no-offer true" ]
	grep -Eq '[0-9]{4,} packets were lost: the kernel had no room for them' \
		<(cat "$BATS_TEST_TMPDIR/text" "$said")
	grep -q 'not proven: packets were lost' "$BATS_TEST_TMPDIR/text"
	grep -q 'packets were lost before they could be read' "$BATS_TEST_TMPDIR/live.html"
	grep -q 'this rests on packets that were not seen' "$BATS_TEST_TMPDIR/live.html"
	# nothing was lost of the same frames in a file
	[ "$(cpr-doctor --json tests/captures/dhcp-no-offer.pcap | names /dev/stdin)" = \
		"dhcp-no-offer false" ]
}
