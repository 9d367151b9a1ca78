# Bench mode: one command, an interface and a package; and nothing is left behind, whatever
# happens to it.
bats_require_minimum_version 1.5.0
load lab.bash

setup_file() {
	lab_up
	mkfirmware --model 7961 "$BATS_FILE_TMPDIR/package.zip"
}

setup() {
	log=$BATS_TEST_TMPDIR/recover.log
	before=$(addresses)
	export TMPDIR=$BATS_TEST_TMPDIR/tmp XDG_RUNTIME_DIR=
	mkdir "$TMPDIR"
}

teardown() {
	lab_stop
	[ ! -f "$log" ] || sed 's/^/recover: /' "$log" | tail -n 40
}

addresses() { ip -o -4 addr show | awk '{print $2, $4}'; }

bench() {
	lab_start "$log" cpr-recover -i srv0 --yes --call-manager "$LAB_SERVER" "$@" \
		"$BATS_FILE_TMPDIR/package.zip"
	recover_pid=$lab_pid
}

# Not by `run`, whose subshell has no such child.
ended() {
	local status=0
	wait "$recover_pid" || status=$?
	[ "$status" = "$1" ]
}

dnsmasqs() { local pid; for pid in $(ps -o pid= --ppid "$recover_pid"); do
	[ "$(cat "/proc/$pid/comm")" != dnsmasq ] || echo "$pid"; done; }

nothing_left() {
	lab_wait 50 no_listener
	diff <(echo "$before") <(addresses)
	[ -z "$(ls -A "$TMPDIR")" ]
	[ -z "$(find /run -maxdepth 1 -name '*cpr*')" ]
}
no_listener() { ! lab_listens 67 && ! lab_listens 69; }

@test "a wiped 7961 on the bench comes back, and nothing is left behind" {
	bench
	lab_wait 100 lab_listens 67
	lab_phone "$B/cpr-phone" -i ph0 --model 7961 --no-delay
	ended 0
	tr -d ' ' <"$log" | grep -q '123456789\*0#'
	grep -q 'jar41sccp' "$log"
	nothing_left
}

@test "another DHCP server on the wire is refused by name" {
	ip -n phone addr add 192.0.2.7/24 dev ph0
	lab_start "$BATS_TEST_TMPDIR/other.log" ip netns exec phone dnsmasq --keep-in-foreground \
		--user= --group= --conf-file=/dev/null --port=0 --interface=ph0 --bind-interfaces \
		--no-ping --pid-file= --dhcp-leasefile="$BATS_TEST_TMPDIR/leases" \
		--dhcp-range=192.0.2.100,192.0.2.120
	sleep 1
	run -1 cpr-recover -i srv0 --yes "$BATS_FILE_TMPDIR/package.zip"
	echo "$output"
	grep -q '192\.0\.2\.7' <<<"$output"
	lab_stop
	ip -n phone addr del 192.0.2.7/24 dev ph0
	nothing_left
}

@test "whoever holds port 67 or 69 is named" {
	lab_dnsmasq "$BATS_TEST_TMPDIR/other.log" /dev/null --enable-tftp --tftp-root="$TMPDIR"
	run -1 cpr-recover -i srv0 --yes "$BATS_FILE_TMPDIR/package.zip"
	echo "$output"
	grep -q "67.*dnsmasq\|dnsmasq.*67" <<<"$output"
	grep -q "$lab_pid" <<<"$output"
}

@test "a second run beside the first is refused, and the first takes it for no phone" {
	bench
	lab_wait 100 lab_listens 67
	run -1 cpr-recover -i srv0 --yes "$BATS_FILE_TMPDIR/package.zip" nowhere.zip
	echo "$output"
	grep -q '67.*dnsmasq' <<<"$output"
	grep -q 'nowhere.zip' <<<"$output"
	kill -INT "$recover_pid"
	ended 1
	! grep -q 'asks for an address' "$log"
	nothing_left
}

@test "an address that cannot be one is a slip of usage: nothing is sent" {
	for address in 192.0.2.1 192.0.2.1/33 192.0.2.0/24 nonsense; do
		run -2 cpr-recover -i srv0 --yes -a "$address" "$BATS_FILE_TMPDIR/package.zip"
		grep -qF "'$address'" <<<"$output"
	done
}

@test "Ctrl-C answers the question, too" {
	# script gives it a terminal of its own; sleep keeps the question open.
	local pid=$BATS_TEST_TMPDIR/pid
	sleep 20 3>&- | script -qefc "echo \$\$ >$pid
		exec cpr-recover -i srv0 $BATS_FILE_TMPDIR/package.zip" /dev/null >"$log" 2>&1 3>&- &
	lab_wait 100 grep -q '\[y/N\]' "$log"
	kill -INT "$(cat "$pid")"
	lab_wait 20 grep -q 'interrupted' "$log"
	nothing_left
}

@test "a package that is none is refused before anything is served" {
	echo nonsense >"$BATS_TEST_TMPDIR/broken.zip"
	run -4 cpr-recover -i srv0 --yes "$BATS_TEST_TMPDIR/broken.zip"
	echo "$output"
	grep -q broken.zip <<<"$output"
	nothing_left
}

@test "Ctrl-C cleans up" {
	bench
	lab_wait 100 lab_listens 67
	kill -INT "$recover_pid"
	ended 1
	nothing_left
}

@test "dnsmasq dies: the end is said and clean" {
	bench
	lab_wait 100 lab_listens 67
	kill -KILL $(dnsmasqs)
	ended 1
	grep -q dnsmasq "$log"
	nothing_left
}

@test "cpr-recover is killed: no dnsmasq stays, and the next run cleans up" {
	bench --address 198.51.100.1/24
	lab_wait 100 lab_listens 67
	kill -KILL "$recover_pid"
	lab_wait 50 no_listener
	bench --address 198.51.100.1/24
	lab_wait 100 lab_listens 67
	kill -TERM "$recover_pid"
	ended 1
	nothing_left
}

@test "an interface without address gets one, and loses it" {
	ip addr del "$LAB_SERVER/24" dev srv0
	before=$(addresses)
	lab_start "$log" cpr-recover -i srv0 --yes "$BATS_FILE_TMPDIR/package.zip"
	recover_pid=$lab_pid
	lab_wait 100 lab_listens 67
	addresses | grep -q '^srv0 192\.168\.150\.1/24'
	lab_phone "$B/cpr-phone" -i ph0 --model 7961 --scenario dhcp --no-delay
	kill -INT "$recover_pid"
	ended 1
	nothing_left
	ip addr add "$LAB_SERVER/24" dev srv0
}

@test "an access point gets no answer; a phone that refuses its load is told apart in time" {
	bench --timeout 1
	lab_wait 100 lab_listens 67
	run lab_phone busybox udhcpc -f -n -q -t 3 -T 1 -i ph0 -V "Cisco AP c1240" -s /bin/true
	[ "$status" != 0 ]
	# A board that the load does not know: it reads the list and asks for no image.
	run lab_phone "$B/cpr-phone" -i ph0 --model 7961 --no-delay --hardware-mask 255 \
		--timeout 15
	[ "$status" = 6 ]
	ended 6
	grep -q '7961.* loads; .*asks for no image' "$log"
	nothing_left
}

@test "no such interface: one clear line" {
	run -1 cpr-recover -i nowhere0 --yes "$BATS_FILE_TMPDIR/package.zip"
	grep -q nowhere0 <<<"$output"
	[ "$(wc -l <<<"$output")" = 1 ]
}
