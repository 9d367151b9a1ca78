# What the tests of bench mode share; loaded after lab.bash.

bench_setup_file() {
	lab_up
	mkfirmware --model 7961 "$BATS_FILE_TMPDIR/package.zip"
}

# The private directory then lies in /run, which is the lab's own.
bench_setup() {
	log=$BATS_TEST_TMPDIR/recover.log
	before=$(addresses)
	export XDG_RUNTIME_DIR=
}

bench_teardown() {
	lab_stop
	ip -n phone addr flush dev ph0
	[ ! -f "$log" ] || sed 's/^/recover: /' "$log" | tail -n 40
}

addresses() { ip -o -4 addr show | awk '{print $2, $4}'; }

# bench [OPTION...]: started and serving
bench() {
	lab_start "$log" cpr-recover -i srv0 --yes --call-manager "$LAB_SERVER" "$@" \
		"$BATS_FILE_TMPDIR/package.zip"
	recover_pid=$lab_pid
	lab_wait 150 lab_listens 67
}

# Not by `run`, whose subshell has no such child.
ended() {
	local status=0
	wait "$recover_pid" || status=$?
	[ "$status" = "$1" ]
}

dnsmasqs() {
	local pid
	for pid in $(ps -o pid= --ppid "$recover_pid"); do
		[ "$(cat "/proc/$pid/comm")" != dnsmasq ] || echo "$pid"
	done
}

nothing_left() {
	lab_wait 50 no_listener
	diff <(echo "$before") <(addresses)
	[ -z "$(find /run -maxdepth 1 -name '*cpr*')" ]
}
no_listener() { ! lab_listens 67 && ! lab_listens 69; }
