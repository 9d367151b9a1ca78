# Bench mode to the good end: one command, an interface and a package.
bats_require_minimum_version 1.5.0
load lab.bash
load bench.bash

setup_file() { bench_setup_file; }
setup() { bench_setup; }
teardown() { bench_teardown; }

@test "two wiped 7961s on the bench come back, and nothing is left behind" {
	bench
	lab_phone "$B/cpr-phone" -i ph0 --model 7961 --count 2 --no-delay
	ended 0
	[ "$(grep -c '^02:1b:54:00:00:.* 7961 .* recovered$' "$log")" = 2 ]
	tr -d ' ' <"$log" | grep -q '123456789\*0#'
	grep -q 'jar41sccp' "$log"
	nothing_left
}
