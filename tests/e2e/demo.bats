# `make demo`, as the README promises it: twice in a row, and nothing is left behind.
bats_require_minimum_version 1.5.0
load lab.bash

traces() {
	ip -o addr
	ip -o link | sed 's/state .*//'
	ip netns
	ls -A "$BATS_TEST_TMPDIR/tmp"
}

@test "the demo brings the phone back, twice, and leaves nothing behind" {
	mkdir "$BATS_TEST_TMPDIR/tmp"
	traces >"$BATS_FILE_TMPDIR/before"
	local turn
	for turn in 1 2; do
		run -0 --separate-stderr env TMPDIR="$BATS_TEST_TMPDIR/tmp" "$BATS_TEST_DIRNAME/demo" "$B"
		echo "$stderr"
		[[ ${lines[-1]} == "7961 "*": recovered"* ]]
		[[ $stderr != *unreachable* ]]
		[[ $stderr == *"jar41sccp.9-4-2ES26.sbn"*"100 %"*"cvm41sccp.9-4-2ES26.sbn"*"100 %"* ]]
		traces | diff "$BATS_FILE_TMPDIR/before" -
	done
}
