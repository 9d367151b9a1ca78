# Bench mode when a phone does not come back: that is said of the right one, in time.
bats_require_minimum_version 1.5.0
load lab.bash
load bench.bash

setup_file() { bench_setup_file; }
setup() { bench_setup; }
teardown() { bench_teardown; }

# dark: an interface without link, in a namespace of its own
dark_bench() {
	ip netns add dark
	ip -n dark link add dark0 type veth peer name dark1
	ip -n dark link set dark0 up
	lab_start "$BATS_TEST_TMPDIR/dark.log" ip netns exec dark cpr-recover -i dark0 --yes \
		--timeout 1 "$BATS_FILE_TMPDIR/package.zip"
	dark_pid=$lab_pid
}

stage() { jq -r --arg mac "$1" '.phones[] | select(.mac == $mac) | .stage' <<<"$json"; }

@test "of three phones one comes back; the two that are stuck are told apart in time" {
	dark_bench
	bench --timeout 1 --json
	lab_start "$BATS_TEST_TMPDIR/7961" ip netns exec phone "$B/cpr-phone" -i ph0 --model 7961 --no-delay
	back=$lab_pid
	# A board that the load does not know: it reads the list and asks for no image.
	lab_start "$BATS_TEST_TMPDIR/board" ip netns exec phone "$B/cpr-phone" -i ph0 --model 7961 \
		--mac 02:1b:54:00:00:20 --no-delay --hardware-mask 255 --timeout 15
	board=$lab_pid
	# The package is not for this model.
	lab_start "$BATS_TEST_TMPDIR/7970" ip netns exec phone "$B/cpr-phone" -i ph0 --model 7970 \
		--mac 02:1b:54:00:00:30 --no-delay --timeout 15
	other=$lab_pid
	run lab_phone busybox udhcpc -f -n -q -t 3 -T 1 -i ph0 -V "Cisco AP c1240" -s /bin/true
	[ "$status" != 0 ]
	wait "$back"
	wait "$board" || [ $? = 6 ]
	wait "$other" || [ $? = 6 ]
	ended 6
	json=$(sed -n '/^{/,/^}}$/p' "$log")
	[ "$(jq '.phones | length' <<<"$json")" = 3 ]
	[ "$(stage 02:1b:54:00:00:0a)" = recovered ]
	[ "$(stage 02:1b:54:00:00:20)" = loads ]
	[ "$(stage 02:1b:54:00:00:30)" = tftp ]
	jq -e '.phones[] | select(.model == "7970") | .files[] |
		select(.name == "term70.default.loads") | .state == "missing"' <<<"$json"
	grep -A1 '^02:1b:54:00:00:20 7961 .* loads' "$log" | grep -q '^  loads-refused: '
	grep -q "^02:1b:54:00:00:30 7970 .*'term70.default.loads' missing.*for this model" "$log"
	nothing_left
	recover_pid=$dark_pid
	ended 6
	grep -q 'gave up after 1 minute: no link' "$BATS_TEST_TMPDIR/dark.log"
}
