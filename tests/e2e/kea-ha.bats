# Two Kea servers with the stock HA library, hot-standby, both with the hook: what a phone is
# told does not hang on which of them tells it.
bats_require_minimum_version 1.5.0
load lab.bash
load kea.bash

# A bridge here, two hosts with a server each on it, and the phone.
setup_file() {
	lab_up
	ip addr flush dev srv0
	ip link add br0 type bridge
	ip link set br0 up
	ip link set srv0 master br0
	local name n=1
	for name in one two; do
		ip netns add $name
		ip -n $name link set lo up
		ip link add $name type veth peer name srv0 netns $name
		ip link set $name master br0 up
		ip -n $name addr add 192.0.2.$((n++))/24 dev srv0
		ip -n $name link set srv0 up
	done
	ip -n phone addr add 192.0.2.40/24 dev ph0
	ip -n phone route add default dev ph0
	lab_wait 50 lab_carrier
	for name in one two; do
		lab_wait 50 eval "ip -n $name -o link show srv0 | grep -q 'state UP'"
	done
}

# server NAME PARAMETERS: its configuration, and the server
server() {
	dir=$BATS_TEST_TMPDIR/$1
	mkdir -p "$dir"
	kea_config "$2" '.["multi-threading"] = {"enable-multi-threading": true, "thread-pool-size": 2, "packet-queue-size": 64} |
		.["hooks-libraries"] = [{library: "'"$HOOKS"'/libdhcp_lease_cmds.so"},
			{library: "'"$HOOKS"'/libdhcp_ha.so", parameters: {"high-availability": [{
				"this-server-name": "'"$1"'", mode: "hot-standby", "heartbeat-delay": 300,
				"max-response-delay": 1000, "max-ack-delay": 500, "max-unacked-clients": 0,
				"multi-threading": {"enable-multi-threading": true, "http-dedicated-listener": true,
					"http-listener-threads": 2, "http-client-threads": 2},
				peers: [{name: "one", url: "http://192.0.2.1:8001/", role: "primary", "auto-failover": true},
					{name: "two", url: "http://192.0.2.2:8001/", role: "standby", "auto-failover": true}]}]}}] +
			.["hooks-libraries"]'
	lab_kea "$dir" ip netns exec "$1"
}

on() { dir=$BATS_TEST_TMPDIR/$1; }
in_state() { kea_say ha-heartbeat | jq -e --arg state "$1" '.arguments.state == $state' >/dev/null; }

setup() {
	server one "$PARAMETERS"
	one_pid=$lab_kea_pid
	server two "$PARAMETERS"
	both_ready
}

both_ready() {
	local name
	for name in one two; do
		on $name
		lab_wait 200 in_state hot-standby
	done
}

# one_dies: suddenly, and the other notices
one_dies() {
	kill -KILL "$one_pid"
	wait "$one_pid" || true
	on two
	lab_wait 200 in_state partner-down
}

teardown() {
	lab_stop
	local name
	for name in one two; do
		grep -v ' INFO ' "$BATS_TEST_TMPDIR/$name/kea.log" | tail -n 20
	done
}

PARAMETERS='"tftp-servers": ["192.0.2.7", "192.0.2.8"], "balance": true,
	"recovery": {"tftp-servers": ["192.0.2.200"]}'

@test "one server dies: the phone gets its option 150 from the other, and stays in recovery" {
	exchange server=255.255.255.255
	local normal
	normal=$(got 150)
	servers "$normal"
	on one
	kea_say option150-recovery-add '{"hw-address": "00:1b:54:00:00:01", "ttl": 1000}' | jq -e '.result == 0'
	exchange server=255.255.255.255
	servers c00002c8
	[ "$(got 54)" = c0000201 ]
	# another, that is not in recovery
	exchange server=255.255.255.255 mac=00:1b:54:00:00:02
	local other
	other=$(got 150)
	[ ${#other} = 16 ]
	one_dies
	exchange server=255.255.255.255
	servers c00002c8
	[ "$(got 54)" = c0000202 ]
	kea_say option150-recovery-list | jq -e '.arguments.phones[0] | ."hw-address" == "00:1b:54:00:00:01" and .ttl > 900'
	exchange server=255.255.255.255 mac=00:1b:54:00:00:02
	servers "$other"
}

@test "what a command said last holds, also on a server that met what it said before" {
	local normal phone='{"hw-address": "00:1b:54:00:00:01"}'
	on one
	exchange server=255.255.255.255
	normal=$(got 150)
	kea_say option150-recovery-add "$phone" | jq -e '.result == 0'
	exchange server=255.255.255.255
	servers c00002c8
	one_dies
	# the other has the mark now, in its memory too
	exchange server=255.255.255.255
	servers c00002c8
	kea_say option150-recovery-list | jq -e '.arguments.count == 1'
	on one
	lab_kea "$dir" ip netns exec one
	one_pid=$lab_kea_pid
	both_ready
	# taken off on the one that serves, and it is met by a phone there
	on one
	lab_wait 100 eval 'exchange server=255.255.255.255 && [ "$(got 54)" = c0000201 ]'
	servers c00002c8
	kea_say option150-recovery-del "$phone" | jq -e '.result == 0'
	exchange server=255.255.255.255
	servers "$normal"
	one_dies
	exchange server=255.255.255.255
	[ "$(got 54)" = c0000202 ]
	servers "$normal"
	kea_say option150-recovery-list | jq -e '.arguments.count == 0'
	# and listed again
	kea_say option150-recovery-add "$phone" | jq -e '.result == 0'
	exchange server=255.255.255.255
	servers c00002c8
}

@test "balance gives the same order on both, and both orders" {
	local name i
	for name in one two; do
		on $name
		for i in {10..40}; do
			kea_say option150-explain "{\"hw-address\": \"00:1b:54:00:00:$i\",
				\"vendor-class\": \"$PHONE\", \"ip-address\": \"192.0.2.$i\"}" |
				jq -c '.arguments["tftp-servers"]'
		done >"$BATS_TEST_TMPDIR/$name.orders"
	done
	cmp "$BATS_TEST_TMPDIR/one.orders" "$BATS_TEST_TMPDIR/two.orders"
	[ "$(sort -u "$BATS_TEST_TMPDIR/one.orders" | wc -l)" = 2 ]
}
