# cpr-doctor --journal: what the log lines of real servers tell, from files and from a real
# journald.
bats_require_minimum_version 1.5.0
load lab.bash

setup_file() {
	lab_up
}

setup() {
	dir=$BATS_TEST_TMPDIR tftp=$BATS_TEST_TMPDIR/tftp
	mkfirmware --model 7961 --package dir "$tftp"
	chmod -R a+rX "$dir"
	chmod o+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" 2>/dev/null || true
	lab_xmldefault "$tftp" "$LAB_SERVER" 30018 SCCP41.9-4-2SR3-1S
}

teardown() {
	lab_stop
}

phone() { lab_phone "$B/cpr-phone" -i ph0 --no-delay --pause 0 "$@"; }

doctor() { run --separate-stderr cpr-doctor --json "$@"; }

faults() { jq -r '.phones[] | "\(.mac) \(.stage) \([.faults[].id] | join(" "))"' <<<"$output"; }

# dnsmasq [OPTION...]: with TFTP; its log file is $dir/dnsmasq.log
serve() {
	: >"$dir/conf"
	lab_start "$dir/stderr" dnsmasq --keep-in-foreground --user= --group= --conf-file="$dir/conf" \
		--port=0 --interface=srv0 --bind-interfaces --no-ping --pid-file= \
		--log-facility="$dir/dnsmasq.log" --dhcp-leasefile="$dir/leases" \
		--dhcp-range=192.0.2.50,192.0.2.99,10m "$@"
	lab_wait 50 lab_listens 67
}

@test "dnsmasq's log file: a phone that came back, and one whose image is missing" {
	serve --log-dhcp --enable-tftp --tftp-root="$tftp" --dhcp-option="150,$LAB_SERVER"
	phone --mac 02:1b:54:00:00:01
	rm "$tftp"/jar41sccp.*
	run -6 phone --mac 02:1b:54:00:00:02
	lab_stop
	doctor --journal="$dir/dnsmasq.log"
	[ "$status" = 6 ]
	faults
	[ "$(faults)" = $'02:1b:54:00:00:01 config \n02:1b:54:00:00:02 images tftp-file-missing' ]
	jq -e '.phones[0].model == "7961" and .phones[0].lease.tftp_servers == ["192.0.2.1"]' \
		<<<"$output"
	# the frames are lines of the log
	local line
	line=$(jq '.phones[1].faults[0].frames[0]' <<<"$output")
	sed -n "${line}p" "$dir/dnsmasq.log" | grep -q 'jar41sccp.*not found for'
	[[ "$stderr" = *"a log does not tell of questions that never reached the server"* ]]
	doctor --journal="$dir/dnsmasq.log" --since 2030-01-01
	[ "$status" = 0 ]
	[ "$(jq '.phones | length' <<<"$output")" = 0 ]
}

@test "dnsmasq without log-dhcp: no option is missed, and it is said that none was told" {
	serve --enable-tftp --tftp-root="$tftp" --dhcp-option="150,$LAB_SERVER"
	phone
	lab_stop
	doctor --journal="$dir/dnsmasq.log"
	[ "$status" = 0 ]
	[ "$(jq '.phones | length' <<<"$output")" = 1 ]
	[[ "$stderr" = *"these lines do not tell which options"* ]]
}

@test "kea-dhcp4's log: an address was given" {
	jq -n --arg dir "$dir" '{Dhcp4: {
		"interfaces-config": {interfaces: ["srv0"]},
		"lease-database": {type: "memfile", persist: false},
		"control-socket": {"socket-type": "unix", "socket-name": ($dir + "/socket")},
		"option-def": [{name: "tftp", code: 150, type: "ipv4-address", array: true}],
		subnet4: [{subnet: "192.0.2.0/24", pools: [{pool: "192.0.2.50-192.0.2.99"}],
			"option-data": [{name: "tftp", data: "192.0.2.1"}]}],
		loggers: [{name: "kea-dhcp4", severity: "INFO",
			"output_options": [{output: "stdout"}]}]}}' >"$dir/kea.json"
	lab_kea "$dir"
	phone --scenario dhcp --mac 02:1b:54:00:00:03
	lab_stop
	doctor --journal="$dir/kea.log"
	[ "$status" = 0 ]
	# nothing in these lines says that it is a phone
	[ "$(jq '.phones | length' <<<"$output")" = 0 ]
	# a file asked for by its address does
	sed -n 's/^\(....-..-.. ..:..:..\).*/\1/p' "$dir/kea.log" | tail -n 1 >"$dir/when"
	local ip
	ip=$(grep -o 'lease 192[0-9.]*' "$dir/kea.log" | tail -n 1)
	LC_ALL=C date -d "$(cat "$dir/when")" "+%b %e %T in.tftpd[9]: RRQ from ${ip#lease } filename term61.default.loads" >>"$dir/kea.log"
	doctor --journal="$dir/kea.log"
	jq -e '.phones[0] | .mac == "02:1b:54:00:00:03" and .stage == "tftp"' <<<"$output"
}

# journal: a journald of our own in /run
journal() {
	[ "$MODE" != nobody ] && [ "$(awk '{print $3}' /proc/self/uid_map)" -gt 1 ] ||
		skip "journald needs more users than a user namespace has here"
	[ -x /lib/systemd/systemd-journald ] || skip "systemd is not installed"
	mkdir -p /run/systemd/journal /run/log/journal
	lab_start "$dir/journald" /lib/systemd/systemd-journald
	lab_wait 50 test -S /run/systemd/journal/dev-log
}

# logged LOG PROGRAM...: in the background; its syslog is that journal
logged() {
	local log=$1
	shift
	lab_start "$log" unshare -m bash -c '
		mount -t tmpfs none /mnt
		for name in null zero random urandom; do
			touch "/mnt/$name"
			mount --bind "/dev/$name" "/mnt/$name"
		done
		ln -s /run/systemd/journal/dev-log /mnt/log
		mount --rbind /mnt /dev
		exec "$@"' logged "$@"
}

@test "the journal: dnsmasq gives the address, in.tftpd may not read an image" {
	journal
	chmod 000 "$tftp"/dsp41*
	: >"$dir/conf"
	logged "$dir/stderr" dnsmasq --keep-in-foreground --user= --group= --conf-file="$dir/conf" \
		--port=0 --interface=srv0 --bind-interfaces --no-ping --pid-file= \
		--dhcp-leasefile="$dir/leases" --dhcp-range=192.0.2.50,192.0.2.99,10m \
		--log-dhcp --dhcp-option="150,$LAB_SERVER"
	logged "$dir/tftpd" in.tftpd -L -vvv -a "$LAB_SERVER:69" -s "$tftp"
	lab_wait 50 lab_listens 67
	lab_wait 50 lab_listens 69
	run -6 phone --mac 02:1b:54:00:00:04
	lab_wait 50 eval "journalctl -D /run/log/journal --no-pager -t in.tftpd | grep -q NAK"
	doctor --journal=/run/log/journal --since today
	[ "$status" = 6 ]
	[ "$(faults)" = '02:1b:54:00:00:04 images tftp-access-denied' ]
	[[ "$stderr" = *"in.tftpd does not tell whether a file arrived"* ]]
}

@test "a log's lines, which strangers had a hand in, are read without rights" {
	mkfifo "$dir/log"
	lab_start "$dir/report" cpr-doctor --journal="$dir/log"
	exec 7>"$dir/log"
	# it waits for the first line
	lab_wait 50 grep -q '^NoNewPrivs:.1' "/proc/$lab_pid/status"
	exec 7>&-
	wait "$lab_pid"
	grep -q 'no phone seen' "$dir/report"
}

@test "what cannot be: no such path, no such time, a capture beside it" {
	run -1 --separate-stderr cpr-doctor --journal="$dir/absent"
	[[ "$stderr" = *"$dir/absent: cannot be read: No such file or directory"* ]]
	run -2 cpr-doctor --journal --since tomorrow
	run -2 cpr-doctor --journal x.pcap
	run -2 cpr-doctor --since today x.pcap
}
