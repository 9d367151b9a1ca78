# What the Kea hook knows of phones: recovery marks and how they last, the commands, the health
# of TFTP servers, and a wiped phone that comes back through all of it.
# kea-state-threads.bats is this file again, with threads.
bats_require_minimum_version 1.5.0
load lab.bash
load kea.bash

setup_file() { kea_setup_file; }
setup() { kea_setup; }
teardown() {
	kea_teardown
	! ip addr show dev srv0 | grep -q 192.0.2.7/ || ip addr del 192.0.2.7/24 dev srv0
}

RECOVERY="$SERVERS, \"recovery\": {\"tftp-servers\": [\"192.0.2.200\"]}"

# answer COMMAND [ARGUMENTS]: its result and text in $result and $text, all of it in $output
answer() {
	run -0 kea_say "$@"
	result=$(jq .result <<<"$output")
	text=$(jq -r .text <<<"$output")
}

mark() { answer option150-recovery-add "{\"hw-address\": \"00:1b:54:00:00:01\"$1}"; }
unmark() { answer option150-recovery-del '{"hw-address": "00:1b:54:00:00:01"}'; }
# one line for each phone in recovery
marks() { kea_say option150-recovery-list | jq -r '.arguments.phones[] | "\(."hw-address") \(.source) \(.stored)"'; }

@test "a phone is listed for recovery and taken off the list, and no other is touched" {
	kea "$RECOVERY"
	exchange
	servers c0000207c0000208
	mark
	[ "$result" = 0 ]
	[ "$(jq .arguments.stored <<<"$output")" = false ]
	[ "$(marks)" = '00:1b:54:00:00:01 command false' ]
	# its renewal already says so, and the lease holds the mark from now on
	renew
	[ "$(got 150)" = c00002c8 ]
	[ "$(marks)" = '00:1b:54:00:00:01 command true' ]
	grep -q '"option150".*00:1b:54:00:00:01' "$dir/leases.csv"
	exchange
	servers c00002c8
	[ "$(got siaddr)" = 192.0.2.200 ]
	exchange mac=00:1b:54:00:00:02
	servers c0000207c0000208
	unmark
	[ "$result" = 0 ]
	[ "$(jq .arguments.stored <<<"$output")" = true ]
	[ -z "$(marks)" ]
	exchange
	servers c0000207c0000208
	# the lease says so, to a partner that knows the mark
	tail -n 1 "$dir/leases.csv" | grep '"option150"' | grep -q '"until": 0'
	unmark
	[ "$result" = 3 ]
}

@test "a mark reaches a lease that Kea's cache would not store, and leaves it" {
	kea "$RECOVERY" '.["cache-threshold"] = 0.9'
	exchange
	mark
	renew
	[ "$(got 150)" = c00002c8 ]
	[ "$(marks)" = '00:1b:54:00:00:01 command true' ]
	lab_stop
	lab_kea "$dir"
	renew
	[ "$(got 150)" = c00002c8 ]
	unmark
	renew
	[ "$(got 150)" = c0000207c0000208 ]
	lab_stop
	lab_kea "$dir"
	renew
	[ "$(got 150)" = c0000207c0000208 ]
}

@test "a mark survives a restart of Kea, also a sudden one, and a reload" {
	kea "$RECOVERY"
	mark ', "ttl": 1000'
	exchange
	servers c00002c8
	reconfigure "$RECOVERY"
	exchange
	servers c00002c8
	kill -KILL "$lab_kea_pid"
	wait "$lab_kea_pid" || true
	lab_kea "$dir"
	[ -z "$(marks)" ] # not yet met
	exchange
	servers c00002c8
	[ "$(marks)" = '00:1b:54:00:00:01 command true' ]
	kea_say option150-recovery-list | jq -e '.arguments.phones[0].ttl | . > 900 and . <= 1000'
	# taken off before the phone was met again, it stays off
	lab_stop
	lab_kea "$dir"
	unmark
	exchange
	servers c0000207c0000208
	lab_stop
	lab_kea "$dir"
	exchange
	servers c0000207c0000208
}

@test "leases hold marks whatever was loaded last" {
	kea "$SERVERS"
	exchange
	# recovery begins by a reload, and stays in force over bad parameters and a libreload
	reconfigure "$RECOVERY"
	[ "$result" = 0 ]
	reconfigure '"tftp-servers": ["192.0.2.300"]'
	[ "$result" = 1 ]
	kea_say libreload >/dev/null
	mark
	exchange
	servers c00002c8
	[ "$(marks)" = '00:1b:54:00:00:01 command true' ]
	# without recovery servers it says nothing, and is taken off all the same
	reconfigure "$SERVERS"
	exchange
	servers c0000207c0000208
	unmark
	exchange
	tail -n 1 "$dir/leases.csv" | grep '"option150"' | grep -q '"until": 0'
}

@test "a mark ends with its time" {
	kea "$RECOVERY"
	mark ', "ttl": 4'
	exchange
	servers c00002c8
	lab_wait 100 eval '[ -z "$(marks)" ]'
	exchange
	servers c0000207c0000208
	[ -z "$(marks)" ]
	# the lease says so, to a partner that knows an older mark without end
	tail -n 1 "$dir/leases.csv" | grep '"option150"' | grep -q '"until": 0'
	lab_stop
	lab_kea "$dir"
	exchange
	servers c0000207c0000208
	[ -z "$(marks)" ]
}

@test "the next phone on the address does not inherit the mark" {
	kea "$RECOVERY" '.subnet4[0].pools = [{pool: "192.0.2.50 - 192.0.2.50"}] | .["valid-lifetime"] = 1 |
		.["expired-leases-processing"] = {"reclaim-timer-wait-time": 1, "hold-reclaimed-time": 3600}'
	mark
	exchange
	servers c00002c8
	sleep 2.5
	exchange mac=00:1b:54:00:00:02
	[ "$address" = 192.0.2.50 ]
	servers c0000207c0000208
	run ! grep -q option150 <(tail -n 1 "$dir/leases.csv")
}

@test "a mark in a lease that no command can have set is none" {
	kea "$RECOVERY"
	mark
	exchange
	lab_stop
	sed -i 's/"set": [0-9]*/"set": 9223372036854775807/' "$dir/leases.csv"
	lab_kea "$dir"
	exchange
	servers c0000207c0000208
	run ! grep -q option150 <(tail -n 1 "$dir/leases.csv")
	mark
	exchange
	servers c00002c8
}

# each_marked FIRST COUNT TTL: so many phones, by one process
each_marked() {
	perl -MIO::Socket::UNIX -e '
		my ($path, $first, $count, $ttl) = @ARGV;
		for my $n ($first .. $first + $count - 1) {
			my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
			my $mac = sprintf "00:1b:54:10:%02x:%02x", $n >> 8, $n & 255;
			local $/;
			print $socket qq({"command": "option150-recovery-add",
				"arguments": {"hw-address": "$mac", "ttl": $ttl}});
			my $answer = <$socket>;
			$answer =~ /"result": 0/ or die "$n: $answer\n";
		}' "$dir/socket" "$@"
}

@test "marks that are over make room, and one that holds goes on" {
	once
	kea "$RECOVERY"
	mark
	local first
	for first in 0 1000 2000; do
		each_marked $first 1000 1
		lab_wait 100 eval '[ "$(kea_say option150-recovery-list | jq .arguments.count)" = 1 ]'
	done
	exchange
	servers c00002c8
	[ "$(marks)" = '00:1b:54:00:00:01 command true' ]
	# no more at once than there is room for
	run -255 each_marked 3000 1024 1000
	[[ $output = 4023:*'no more than 1024 phones'* ]]
}

@test "other contexts of the lease stay" {
	kea "$RECOVERY" '.["store-extended-info"] = true'
	mark
	exchange giaddr=10.1.0.1 82=0104aabbccdd
	grep '10.1.0.50' "$dir/leases.csv" | tail -n 1 | grep '"ISC"' | grep -q '"option150"'
}

@test "what a command is told wrong is all named, with result 1" {
	kea "$RECOVERY"
	answer option150-recovery-add '{"hw-address": "00:1b", "ttl": 0, "for": "ever"}'
	[ "$result" = 1 ]
	grep -q "unknown argument 'for'.*'hw-address'.*'ttl' must be from 1" <<<"$text"
	local command
	for command in recovery-add recovery-del explain; do
		answer option150-$command
		[ "$result" = 1 ]
		grep -q "'hw-address' is missing" <<<"$text"
		answer option150-$command '["x"]'
		[ "$result" = 1 ]
		answer option150-$command '{"hw-address": 7}'
		[ "$result" = 1 ]
	done
	for command in status recovery-list phones-get; do
		answer option150-$command '{"nope": 1}'
		[ "$result" = 1 ]
	done
	answer option150-phones-get '{"limit": 0, "from": "here", "model": "4711", "looping": "yes"}'
	[ "$result" = 1 ]
	grep -q "'looping'.*" <<<"$text"
	grep -q "'limit'" <<<"$text"
	grep -q "'from'" <<<"$text"
	grep -q "'model'" <<<"$text"
	# without recovery servers a mark would say nothing
	reconfigure "$SERVERS"
	mark
	[ "$result" = 1 ]
	grep -q 'recovery.tftp-servers' <<<"$text"
	# what stands in the parameters is taken out there, and nothing else is done
	reconfigure "$SERVERS, \"recovery\": {\"tftp-servers\": [\"192.0.2.200\"], \"phones\": [\"00:1b:54:00:00:01\"]}"
	[ "$(marks)" = '00:1b:54:00:00:01 parameters true' ]
	for command in mark unmark; do
		$command
		[ "$result" = 1 ]
		grep -q 'recovery.phones' <<<"$text"
	done
	[ "$(marks)" = '00:1b:54:00:00:01 parameters true' ]
}

@test "phones-get pages and filters" {
	kea "$SERVERS"
	answer option150-phones-get
	[ "$result" = 3 ]
	local i
	for i in 11 12 13 14 15; do
		run -0 say discover class="$PHONE" mac=00:1b:54:00:00:$i
	done
	run -0 say discover class='Cisco Systems, Inc. IP Phone CP-7941G' mac=00:1b:54:00:00:16
	answer option150-phones-get '{"limit": 4}'
	[ "$(jq -c '[.result, .arguments.count, .arguments.total, .arguments.next]' <<<"$output")" = '[0,4,6,"00:1b:54:00:00:14"]' ]
	answer option150-phones-get '{"limit": 4, "from": "00:1b:54:00:00:14"}'
	[ "$(jq -c '[.arguments.phones[]."hw-address"]' <<<"$output")" = '["00:1b:54:00:00:15","00:1b:54:00:00:16"]' ]
	[ "$(jq .arguments.next <<<"$output")" = null ]
	answer option150-phones-get '{"limit": 6}'
	[ "$(jq -c '[.arguments.count, .arguments.next]' <<<"$output")" = '[6,null]' ]
	answer option150-phones-get '{"model": "7941"}'
	[ "$(jq -c '.arguments.phones[] | [.model, .reason, ."tftp-servers"]' <<<"$output")" = '["CP-7941G","sent",["192.0.2.7","192.0.2.8"]]' ]
	jq -e '.arguments.phones[] | ."last-answer" | . >= 0 and . < 60' <<<"$output"
	answer option150-phones-get '{"hw-address": "001b54000012"}'
	[ "$(jq .arguments.count <<<"$output")" = 1 ]
	answer option150-phones-get '{"looping": true}'
	[ "$result" = 3 ]
	for i in 1 2 3 4; do
		run -0 say discover class="$PHONE" mac=00:1b:54:00:00:12
	done
	answer option150-phones-get '{"looping": true}'
	[ "$(jq -r '.arguments.phones[]."hw-address"' <<<"$output")" = 00:1b:54:00:00:12 ]
	[ "$(statistic option150.looping)" = 1 ]
	grep -q 'WARN.*OPTION150_PHONE_LOOPING.*00:1b:54:00:00:12' "$dir/kea.log"
}

@test "phones-get claims no answer that was never given, nor lists what is no host's address" {
	kea "$SERVERS" '.subnet4[0].pools = []'
	run say discover class="$PHONE" mac=00:1b:54:00:00:17
	run say discover class="$PHONE" mac=00:00:00:00:00:00
	run say discover class="$PHONE" mac=01:1b:54:00:00:17
	answer option150-phones-get
	[ "$(jq -c '[.arguments.phones[] | ."hw-address", .reason, ."last-answer"]' <<<"$output")" = '["00:1b:54:00:00:17",null,null]' ]
}

@test "with no rows no phone is tracked, and marks work" {
	kea "$RECOVERY, \"track-phones\": 0"
	exchange
	servers c0000207c0000208
	answer option150-phones-get
	[ "$result" = 3 ]
	mark
	exchange
	servers c00002c8
	lab_stop
	lab_kea "$dir"
	exchange
	servers c00002c8
	unmark
	exchange
	servers c0000207c0000208
}

@test "a phone that is listed again keeps its mark in the lease, and the list says so" {
	kea "$RECOVERY"
	mark
	exchange
	mark
	[ "$(marks)" = '00:1b:54:00:00:01 command false' ]
	exchange
	[ "$(marks)" = '00:1b:54:00:00:01 command true' ]
}

@test "explain says what a phone would be sent, and why" {
	kea "$RECOVERY, \"networks\": [{\"prefix\": \"10.1.0.0/16\", \"tftp-servers\": [\"10.1.0.5\"]}]"
	explain() {
		answer option150-explain "{\"hw-address\": \"00:1b:54:00:00:01\", \"vendor-class\": \"$2\", \"ip-address\": \"$1\"}"
	}
	explain 10.1.2.3 "$PHONE"
	[ "$(jq -c '.arguments | [.reason, .model, ."tftp-servers"]' <<<"$output")" = '["sent","CP-7961G",["10.1.0.5"]]' ]
	grep -q 'networks\[0\], 10.1.0.0/16' <<<"$text"
	explain 192.0.2.50 "$PHONE"
	grep -q '192.0.2.7, 192.0.2.8, from tftp-servers' <<<"$text"
	mark
	explain 192.0.2.50 "$PHONE"
	grep -q '192.0.2.200, listed for recovery' <<<"$text"
	explain 192.0.2.50 'MSFT 5.0'
	[ "$(jq -r .arguments.reason <<<"$output")" = not-a-phone ]
}

# tftp_server [FILE]: dnsmasq as TFTP server at 192.0.2.7 that has it
tftp_server() {
	ip addr add 192.0.2.7/24 dev srv0 2>/dev/null || true
	mkdir -p "$dir/tftp"
	[ -z "$1" ] || echo x >"$dir/tftp/$1"
	printf '%s\n' enable-tftp "tftp-root=$dir/tftp" >"$dir/dnsmasq.conf"
	lab_start "$dir/dnsmasq.log" dnsmasq --keep-in-foreground --user= --group= --port=0 \
		--conf-file="$dir/dnsmasq.conf" --listen-address=192.0.2.7 --bind-interfaces \
		--log-facility=- --pid-file=
	tftp_pid=$lab_pid
	lab_wait 50 lab_listens 69
}

@test "a TFTP server that dies is named last, and first again when it is back" {
	local one="[\"192.0.2.7\", \"127.0.0.1\"]"
	tftp_server XMLDefault.cnf.xml
	kea "\"tftp-servers\": $one, \"health\": {\"interval\": 1, \"failures\": 1}"
	lab_wait 50 grep -q 'OPTION150_SERVER_DEAD.*127.0.0.1' "$dir/kea.log"
	# one thread, however many servers
	[ "$(cat "/proc/$lab_kea_pid/task/"*/comm | grep -c option150)" = 1 ]
	exchange
	servers c00002077f000001
	lab_stop "$tftp_pid"
	tftp_server_2() {
		lab_start "$dir/dnsmasq2.log" dnsmasq --keep-in-foreground --user= --group= \
			--port=0 --conf-file="$dir/dnsmasq.conf" --listen-address=127.0.0.1 \
			--bind-interfaces --log-facility=- --pid-file=
		second=$lab_pid
	}
	tftp_server_2
	lab_wait 80 grep -q 'OPTION150_SERVER_DEAD.*192.0.2.7' "$dir/kea.log"
	lab_wait 80 grep -q 'OPTION150_SERVER_ALIVE.*127.0.0.1' "$dir/kea.log"
	# a phone that renews or informs is told what it knows; one that starts gets the other order
	renew
	[ "$(got 150)" = c00002077f000001 ]
	inform
	[ "$(got 150)" = c00002077f000001 ]
	exchange
	servers 7f000001c0000207
	[ "$(got siaddr)" = 127.0.0.1 ]
	kea_say option150-status | jq -e '.arguments.servers == [
		{"ip-address": "192.0.2.7", alive: false, proven: true, "file-missing": false, misses: .arguments.servers[0].misses},
		{"ip-address": "127.0.0.1", alive: true, proven: true, "file-missing": false, misses: 0}]'
	# after a reload as well, and before it could have missed anything there
	reconfigure "\"tftp-servers\": $one, \"health\": {\"interval\": 60, \"failures\": 100}"
	[ "$result" = 0 ]
	exchange
	servers 7f000001c0000207
	reconfigure "\"tftp-servers\": $one, \"health\": {\"interval\": 1, \"failures\": 1}"
	[ "$result" = 0 ]
	# all dead: none is withdrawn
	lab_stop "$second"
	lab_wait 80 eval "[ \$(grep -c 'OPTION150_SERVER_DEAD.*127.0.0.1' '$dir/kea.log') = 2 ]"
	exchange
	servers c00002077f000001
	tftp_server ''
	lab_wait 80 grep -q 'OPTION150_SERVER_ALIVE.*192.0.2.7' "$dir/kea.log"
	exchange
	servers c00002077f000001
	# reloads while it probes
	reconfigure "\"tftp-servers\": $one, \"health\": {\"interval\": 1, \"failures\": 1, \"file\": \"absent\"}"
	[ "$result" = 0 ]
	lab_wait 50 grep -q 'OPTION150_FILE_MISSING.*192.0.2.7.*absent' "$dir/kea.log"
	kea_say libreload | jq -e '.result == 0'
	exchange
	servers c00002077f000001
}

@test "a real client: udhcpc is sent 150, 66 and siaddr" {
	kea "$SERVERS"
	printf '#!/bin/sh\n[ "$1" != bound ] || env >"%s"\n' "$dir/bound" >"$dir/script"
	chmod +x "$dir/script"
	lab_phone busybox udhcpc -i ph0 -f -q -n -t 3 -T 1 -s "$dir/script" -O 150 -O 66 -V "$PHONE"
	run -0 sh -c "grep -E '^(opt150|tftp|siaddr)=' '$dir/bound' | sort"
	[ "$output" = "opt150=c0000207c0000208
siaddr=192.0.2.7
tftp=192.0.2.7" ]
}

@test "a wiped 7961 comes back: Kea and the hook for DHCP, dnsmasq for TFTP" {
	mkfirmware --model 7961 --package dir "$dir/tftp"
	lab_xmldefault "$dir/tftp" "$LAB_SERVER" 30018 SCCP41.9-4-2SR3-1S
	chmod -R a+rX "$dir"
	tftp_server ''
	kea '"tftp-servers": ["192.0.2.7"], "health": {}'
	run -0 --separate-stderr lab_phone "$B/cpr-phone" -i ph0 --no-delay --pause 0 --json
	[ "$(jq -r '.phones[0].recovered' <<<"$output")" = true ]
	[ "$(jq -r '.phones[0].tftp.source' <<<"$output")" = 'option 150' ]
	[ "$(jq -r '.phones[0].tftp.servers | join(" ")' <<<"$output")" = 192.0.2.7 ]
	[ "$(statistic option150.sent)" -ge 2 ]
}

@test "cpr-phone sees every model's phone served, many at once" {
	kea "$SERVERS"
	run -0 --separate-stderr lab_phone "$B/cpr-phone" -i ph0 --no-delay --pause 0 \
		--scenario dhcp --count 40 --json
	[ "$(jq '[.phones[].tftp.servers | select(. == ["192.0.2.7", "192.0.2.8"])] | length' <<<"$output")" = 40 ]
	answer option150-status
	[ "$(jq .arguments.phones <<<"$output")" = 40 ]
}
