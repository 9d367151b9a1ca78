# The Kea hook in a real kea-dhcp4 under valgrind: all that it does once, and nothing is lost,
# nor read or written where it should not be.
bats_require_minimum_version 1.5.0
load lab.bash
load kea.bash

setup_file() { kea_setup_file; }
setup() {
	once
	kea_setup
}
teardown() { kea_teardown; }

# No error at all, whosever: Kea itself makes none, but for what is "possibly lost".
@test "nothing is lost, nor misused, in packets, commands, reloads, marks and probes" {
	local parameters="$SERVERS, \"balance\": true,
		\"networks\": [{\"prefix\": \"10.1.0.0/16\", \"tftp-servers\": [\"10.1.0.5\", \"127.0.0.1\"]}],
		\"health\": {\"interval\": 1, \"failures\": 1},
		\"recovery\": {\"tftp-servers\": [\"192.0.2.200\"], \"phones\": [\"00:1b:54:00:00:77\"]}"
	kea_config "$parameters" "$MULTI"
	lab_kea "$dir" valgrind --leak-check=full --show-leak-kinds=definite \
		--errors-for-leak-kinds=definite --num-callers=30 --log-file="$dir/valgrind.log"
	local i phone='{"hw-address": "00:1b:54:00:00:01"}'
	SAY=wait=20
	for i in 01 02 03 04 05 06 07 08 09 10 77; do
		exchange mac=00:1b:54:00:00:$i giaddr=10.1.0.1
		[ "$(got type)" = ack ]
	done
	for i in 1 2 3 4 5; do
		exchange
	done
	renew
	inform
	run -0 say discover class='MSFT 5.0'
	kea_say option150-recovery-add "$phone" | jq -e '.result == 0'
	renew
	[ "$(got 150)" = c00002c8 ]
	local command
	for command in status phones-get recovery-list; do
		kea_say option150-$command | jq -e '.result == 0'
		kea_say option150-$command '{"nope": 1}' | jq -e '.result == 1'
	done
	kea_say option150-phones-get '{"limit": 2, "from": "00:1b:54:00:00:02"}' | jq -e '.arguments.next'
	kea_say option150-explain "{\"hw-address\": \"00:1b:54:00:00:01\", \"vendor-class\": \"$PHONE\",
		\"ip-address\": \"192.0.2.50\"}" | jq -e '.result == 0'
	kea_say option150-recovery-del "$phone" | jq -e '.result == 0'
	renew
	reconfigure '"tftp-servers": ["192.0.2.300"], "networks": 7' "$MULTI"
	[ "$result" = 1 ]
	kea_say libreload | jq -e '.result == 0'
	reconfigure "$parameters, \"track-phones\": 100" "$SINGLE"
	[ "$result" = 0 ]
	exchange
	reconfigure "$parameters" "$MULTI"
	[ "$result" = 0 ]
	lab_wait 100 grep -q 'OPTION150_SERVER_DEAD' "$dir/kea.log"
	lab_phone "$BATS_TEST_DIRNAME/dhcp-storm" 200 7
	exchange mac=00:1b:54:00:00:99 giaddr=10.1.0.1
	kill -TERM "$lab_kea_pid"
	lab_wait 300 lab_gone "$lab_kea_pid"
	wait "$lab_kea_pid"
	cat "$dir/valgrind.log"
	grep -q 'definitely lost: 0 bytes in 0 blocks' "$dir/valgrind.log"
	grep -q 'ERROR SUMMARY: 0 errors' "$dir/valgrind.log"
}
