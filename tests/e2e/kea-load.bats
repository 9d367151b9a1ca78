# The Kea hook under strain: malformed messages by the thousand, and reloads under load.
bats_require_minimum_version 1.5.0
load lab.bash
load kea.bash

setup_file() { kea_setup_file; }
setup() { kea_setup; }
teardown() { kea_teardown; }

counter() { kea_say statistic-get "{\"name\": \"$1\"}" | jq ".arguments[\"$1\"][0][0]"; }

@test "ten thousand malformed messages, and phones are served all the while" {
	# DEBUG, so that what is logged of them is formatted too
	kea "$SERVERS, \"track-phones\": 100, \"recovery\": {\"tftp-servers\": [\"192.0.2.200\"]}" \
		"$MULTI | .loggers += [{name: \"kea-dhcp4.option150-hooks\", severity: \"DEBUG\", debuglevel: 99,
			output_options: [{output: \"$dir/hook.log\"}]}] | .subnet4[0].pools = [{pool: \"192.0.2.100 - 192.0.2.250\"}] |
			.[\"valid-lifetime\"] = 1"
	local i
	for i in {1..10}; do
		lab_phone "$BATS_TEST_DIRNAME/dhcp-storm" 1000 "$((${STORM_SEED:-1} + i))"
		# by a relay: the pool here may be full of addresses that were declined
		exchange giaddr=10.1.0.1
		servers c0000207c0000208
		[ "$(got siaddr) $(got 66)" = "192.0.2.7 $(hex 192.0.2.7)" ]
	done
	# most of them arrived, some that Kea itself cannot read, and phones were among them
	[ "$(counter pkt4-received)" -gt 5000 ]
	[ "$(counter pkt4-parse-failed)" -gt 100 ]
	[ "$(counter option150.sent)" -gt 100 ]
	[ "$(kea_say option150-status | jq .arguments.phones)" -le 100 ]
	run ! grep -a OPTION150_CALLOUT_FAILED "$dir/kea.log" "$dir/hook.log"
	run ! lab_gone "$lab_kea_pid"
}

# threads and descriptors of the server
held() {
	ls "/proc/$lab_kea_pid/task" | wc -l
	ls "/proc/$lab_kea_pid/fd" | wc -l
}

memory() { awk '/^VmRSS:/ { print $2 * 1024 }' "/proc/$lab_kea_pid/status"; }

# The sockets that no name is bound to are the prober's, of the server's own ones.
probers_sockets() { ss -Hunap | grep "pid=$lab_kea_pid," | grep -vc ':67 '; }

reloads() {
	# a prober of its own each time: 127.0.0.1 answers nothing
	local parameters='"tftp-servers": ["192.0.2.7", "192.0.2.8"], "health": {"interval": 1, "failures": 100}'
	kea_config "$parameters" "$1"
	lab_kea "$dir"
	exchange
	kea_say config-reload | jq -e '.result == 0'
	# the prober opens its two sockets with its first two rounds
	lab_wait 50 eval '[ "$(probers_sockets)" = 2 ]'
	local before rss
	before=$(held)
	rss=$(memory)
	lab_start "$dir/perfdhcp.log" ip netns exec phone perfdhcp -4 -l ph0 -r 200 -R 40 -p 3600 \
		-W 100000 -o "60,$(printf %s "$PHONE" | od -An -tx1 | tr -d ' \n')" "$LAB_SERVER"
	local perf=$lab_pid i
	# the sanitizers make each of them several times as long
	local times=${RELOADS:-200}
	[[ $B != */asan ]] || times=40
	for ((i = 1; i <= times; i++)); do
		# one in ten is bad, one in ten is a libreload
		case $i in
		*3) kea_config "$BAD" "$1" ;;
		*4) kea_config "$parameters" "$1" ;;
		esac
		if [[ $i = *7 ]]; then
			kea_say libreload >/dev/null
		else
			kea_say config-reload >/dev/null
		fi
	done
	lab_stop "$perf"
	kea_say config-reload | jq -e '.result == 0'
	renew
	[ "$(got type) $(got 150)" = 'ack c0000207c0000208' ]
	exchange mac=00:1b:54:00:00:02
	servers c0000207c0000208
	[ "$(counter option150.sent)" -gt 20 ]
	lab_wait 50 eval '[ "$(probers_sockets)" = 2 ]'
	echo "# $times reloads: threads and descriptors" $before "before," $(held) "after, RSS $rss and $(memory)" >&3
	[ "$(held)" = "$before" ]
	# and it ends when told to
	[[ $B = */asan ]] || {
		kill -TERM "$lab_kea_pid"
		lab_wait 100 lab_gone "$lab_kea_pid"
		wait "$lab_kea_pid"
	}
}
BAD='"tftp-servers": ["192.0.2.300"]'

@test "reloads under load, single-threaded: nothing is lost, phones are served" {
	reloads '.["multi-threading"] = {"enable-multi-threading": false}'
}
@test "reloads under load, multi-threaded: nothing is lost, phones are served" { reloads "$MULTI"; }

# How many DISCOVERs go unanswered while the server reloads again and again: RELOADS, LOST and
# SENT of a server that is configured by the jq program.
under_reloads() {
	kea_config "$SERVERS, \"health\": {\"interval\": 1, \"failures\": 100}" "$1"
	lab_kea "$dir"
	local n=0 perf
	lab_start "$dir/perfdhcp.log" ip netns exec phone perfdhcp -4 -l ph0 -i -r 200 -R 40 \
		-p "${SECONDS_EACH:-6}" -o "60,$(hex "$PHONE")" "$LAB_SERVER"
	perf=$lab_pid
	while ! lab_gone "$perf"; do
		kea_say config-reload | jq -e '.result == 0' >/dev/null
		n=$((n + 1))
		sleep 0.1
	done
	lab_stop
	awk -v n="$n" '/^sent packets:/ { sent = $3 } /^received packets:/ { print n, sent - $3, sent }' "$dir/perfdhcp.log"
}

# A message is lost while Kea has no sockets, so what is lost of a steady stream measures how
# long a reload takes.  Half as long again is what these figures may differ by chance; a hook
# that once read its own file at each reload made it twice as long.  On a busy machine chance
# may be more than that, but not in five rounds together.
@test "reloads leave no more messages unanswered than without the hook, and no phone" {
	once
	local round hook n lost sent
	local -A reloads=([with]=0 [without]=0) all=([with]=0 [without]=0)
	for round in 1 2 3 4 5; do
		for hook in without with; do
			read -r n lost sent < <(under_reloads "$(
				[ $hook = with ] || echo '.["hooks-libraries"] = [] |') $MULTI")
			[ "$sent" -gt 500 ]
			echo "# $hook the hook: $n reloads, $lost of $sent unanswered" >&3
			reloads[$hook]=$((reloads[$hook] + n))
			all[$hook]=$((all[$hook] + lost))
		done
		[ $round -lt 2 ] || [ $((2 * all[with] * reloads[without])) -gt \
			$((3 * all[without] * reloads[with])) ] || break
	done
	[ $((2 * all[with] * reloads[without])) -le $((3 * all[without] * reloads[with])) ]
	# phones ask again
	kea "$SERVERS" "$MULTI"
	lab_start "$dir/phones.log" ip netns exec phone "$B/cpr-phone" -i ph0 --no-delay --pause 0 \
		--scenario dhcp --count 20 --json
	local phones=$lab_pid
	while ! lab_gone "$phones"; do
		kea_say config-reload | jq -e '.result == 0' >/dev/null
		sleep 0.1
	done
	sed -n '/^{/,$p' "$dir/phones.log" |
		jq -e '[.phones[].tftp.servers | select(. == ["192.0.2.7", "192.0.2.8"])] | length == 20'
}

table() { kea_say option150-status | jq ".arguments[\"$1\"]"; }

@test "more phones than the table has rows: it takes no more memory, and they are served" {
	once
	kea "$SERVERS" "$MULTI"
	exchange
	local before bytes filled
	before=$(memory)
	bytes=$(table table-bytes)
	flood() {
		lab_phone perfdhcp -4 -l ph0 -i -r 10000 -R 200000 -p 10 -W 100000 \
			-o "60,$(hex "$PHONE")" "$LAB_SERVER" >"$dir/perfdhcp.log" || true
	}
	flood
	filled=$(memory)
	flood
	echo "# $(counter pkt4-received) messages, $(table phones) phones, table $bytes bytes, RSS $before, $filled, $(memory)" >&3
	[ "$(counter pkt4-received)" -gt 100000 ]
	[ "$(table phones)" -le 65536 ]
	[ "$(table phones)" -gt 60000 ]
	[ "$(table table-bytes)" = "$bytes" ]
	[ "$filled" -lt $((before + bytes + 8 * 1024 * 1024)) ]
	[ "$(memory)" -lt $((filled + 2 * 1024 * 1024)) ]
	# a long page, and a new phone
	kea_say option150-phones-get '{"limit": 10000}' | jq -e '.arguments | .count == 10000 and .total > 60000'
	exchange mac=00:1b:54:00:00:02
	servers c0000207c0000208
}
