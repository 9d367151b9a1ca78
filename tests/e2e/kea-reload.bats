# The Kea hook while the configuration changes under it: bad parameters never take DHCP or
# option 150 away, and never pass in silence.
bats_require_minimum_version 1.5.0
load lab.bash
load kea.bash

setup_file() { kea_setup_file; }
setup() { kea_setup; }
teardown() { kea_teardown; }

BAD='"tftp-servers": ["192.0.2.300"], "networks": [{"prefix": "10.1.0.0/99", "tftp-servers": ["10.1.0.5"]}]'

state() { kea_say option150-status | jq -r .arguments.state; }

# hup: the signal, until Kea is through with it
hup() {
	local n
	n=$(grep -c 'DHCP4_CONFIG_COMPLETE\|DHCP4_CONFIG_LOAD_FAIL' "$dir/kea.log")
	kill -HUP "$lab_kea_pid"
	lab_wait 50 eval "[ \$(grep -c 'DHCP4_CONFIG_COMPLETE\|DHCP4_CONFIG_LOAD_FAIL' '$dir/kea.log') -gt $n ]"
	# it answers commands again when the new configuration is committed
	kea_say status-get >/dev/null
}

# served: the phone's renewal and a new phone both get the first parameters' servers
served() {
	local address=$address # of the phone that renews
	renew
	[ "$(got type) $(got 150)" = 'ack c0000207c0000208' ] || return 1
	exchange "mac=00:1b:54:00:03:$((10 + served_n++))"
	servers c0000207c0000208
}
served_n=0

bad_by_file() {
	kea "$SERVERS" "$1"
	exchange
	reconfigure "$BAD" "$1 | .[\"valid-lifetime\"] = 777"
	[ "$result" = 1 ]
	grep -q 'goes on with its last good parameters' <<<"$text"
	# every fault, with its place
	grep -qE 'kea.json:[0-9]+:[0-9]+: parameters.tftp-servers\[0\]' <<<"$text"
	grep -qE 'kea.json:[0-9]+:[0-9]+: parameters.networks\[0\].prefix' <<<"$text"
	grep -q 'ERROR.*OPTION150_BAD_PARAMETERS.*10.1.0.0/99.*192.0.2.300' "$dir/kea.log"
	served
	# Kea's own change is in force
	[ "$(got 51)" = 00000309 ]
	[ "$(state)" = last-good ]
	kea_say option150-status | jq -e '.arguments.faults | length == 2'
	# again and again, and with strict, which is about the start
	for more in 1 2; do
		reconfigure "$BAD, \"strict\": true" "$1"
		[ "$result" = 1 ]
		served
	done
	reconfigure '"tftp-servers": ["192.0.2.9"]' "$1"
	[ "$result" = 0 ]
	[ "$(state)" = in-force ]
	exchange
	servers c0000209
}

@test "bad parameters at config-reload, single-threaded: result 1, phones go on" { bad_by_file "$SINGLE"; }
@test "bad parameters at config-reload, multi-threaded: result 1, phones go on" { bad_by_file "$MULTI"; }
@test "bad parameters at config-reload, threads on with them: result 1, phones go on" {
	kea "$SERVERS" "$SINGLE"
	exchange
	reconfigure "$BAD" "$MULTI"
	[ "$result" = 1 ]
	served
	reconfigure "$BAD" "$SINGLE"
	[ "$result" = 1 ]
	served
}

bad_by_wire() {
	kea "$SERVERS" "$1"
	exchange
	kea_config "$BAD" "$1"
	run -0 kea_say config-set "$(<"$dir/kea.json")"
	[ "$(jq .result <<<"$output")" = 1 ]
	jq -r .text <<<"$output" | grep -qE '<wire>:[0-9]+:[0-9]+: parameters.tftp-servers\[0\]'
	served
	kea_config "$SERVERS" "$1"
	run -0 kea_say config-set "$(<"$dir/kea.json")"
	[ "$(jq .result <<<"$output")" = 0 ]
	served
}

@test "bad parameters at config-set, single-threaded" { bad_by_wire "$SINGLE"; }
@test "bad parameters at config-set, multi-threaded" { bad_by_wire "$MULTI"; }

bad_by_signal() {
	kea "$SERVERS" "$1"
	exchange
	kea_config "$BAD" "$1"
	hup
	grep -q 'ERROR.*OPTION150_BAD_PARAMETERS' "$dir/kea.log"
	served
	[ "$(state)" = last-good ]
	kea_config '"tftp-servers": ["192.0.2.9"]' "$1"
	hup
	exchange
	servers c0000209
}

@test "bad parameters at SIGHUP, single-threaded: an ERROR, phones go on" { bad_by_signal "$SINGLE"; }
@test "bad parameters at SIGHUP, multi-threaded: an ERROR, phones go on" { bad_by_signal "$MULTI"; }

@test "a start with bad parameters serves DHCP without option 150, and says so" {
	for threads in "$SINGLE" "$MULTI"; do
		kea "$BAD" "$threads"
		grep -q 'ERROR.*OPTION150_INERT' "$dir/kea.log"
		exchange
		[ "$(got type)$(got 150)" = ack ]
		[ "$(state)" = inert ]
		run -0 kea_say option150-phones-get
		[ "$(jq .result <<<"$output")" = 1 ]
		reconfigure "$BAD" "$threads"
		[ "$result" = 1 ]
		grep -q 'is inert' <<<"$text"
		reconfigure "$SERVERS" "$threads"
		[ "$result" = 0 ]
		exchange
		servers c0000207c0000208
		lab_stop
	done
}

@test "with strict, a start with bad parameters is refused, in our words" {
	kea_config "$BAD, \"strict\": true"
	run ! lab_kea "$dir"
	grep -qE 'DHCP4_INIT_FAIL.*option150: .*kea.json:[0-9]+:[0-9]+: parameters.tftp-servers' "$dir/kea.log"
	# and with good ones it starts
	lab_stop
	kea "$SERVERS, \"strict\": true"
	exchange
	servers c0000207c0000208
}

@test "a library that joins a live server with bad parameters and strict takes nothing down" {
	kea "$SERVERS" "$MULTI | .[\"hooks-libraries\"] = []"
	exchange
	[ -z "$(got 150)" ]
	# Kea takes the rest of the configuration: it was not refused
	reconfigure "$BAD, \"strict\": true" "$MULTI | .[\"valid-lifetime\"] = 777"
	[ "$result" = 1 ]
	grep -q 'configuration applied' <<<"$text"
	exchange
	[ "$(got type)$(got 150) $(got 51)" = 'ack 00000309' ]
}

@test "another library refuses the configuration: our parameters stay those of the old one" {
	refusing() { echo "$SINGLE | .[\"hooks-libraries\"] |= [{library: \"$(realpath "$B/refuse.so")\", parameters: {refuse: $1}}] + ."; }
	kea "$SERVERS" "$(refusing false)"
	exchange
	reconfigure '"tftp-servers": ["192.0.2.9"]' "$(refusing true)"
	[ "$result" = 1 ]
	grep -q 'refused on purpose' <<<"$text"
	grep -q 'WARN.*OPTION150_OTHER_REFUSED' "$dir/kea.log"
	served
	reconfigure '"tftp-servers": ["192.0.2.9"]' "$(refusing false)"
	[ "$result" = 0 ]
	exchange
	servers c0000209
}

@test "no parameters at all are bad ones, and so is a list" {
	kea "$SERVERS"
	exchange
	reconfigure '' 'del(.["hooks-libraries"][0].parameters)'
	[ "$result" = 1 ]
	served
}

@test "a NUL in parameters is a fault, and hides nothing" {
	kea "$SERVERS"
	exchange
	reconfigure "\"tftp-servers\\u0000\": [\"192.0.2.1\", \"192.0.2.2\", \"192.0.2.3\"], \"tftp-servers\": [\"192.0.2.9\\u0000x\"]"
	[ "$result" = 1 ]
	grep -q 'parameters.tftp-servers?: there is no such key' <<<"$text"
	grep -q '"192.0.2.9?x" is not the address' <<<"$text"
	served
}

@test "a library that is listed twice goes by the first of the two, and says so" {
	local twice='.["hooks-libraries"] += [.["hooks-libraries"][0] | .parameters["tftp-servers"] = ["192.0.2.9"]]'
	kea "$SERVERS" "$twice"
	exchange
	servers c0000207c0000208
	grep -q 'ERROR.*OPTION150_BAD_PARAMETERS.*more than once' "$dir/kea.log"
	reconfigure "$SERVERS" "$twice"
	[ "$result" = 1 ]
	grep -q 'more than once' <<<"$text"
	served
	reconfigure "$SERVERS"
	[ "$result" = 0 ]
	served
}

@test "libreload changes nothing, after good parameters and after bad ones" {
	kea "$SERVERS"
	exchange
	kea_say libreload | jq -e '.result == 0'
	served
	reconfigure "$BAD"
	[ "$result" = 1 ]
	kea_say libreload | jq -e '.result == 0'
	served
	[ "$(state)" = last-good ]
}

@test "taken out of the configuration it sends nothing, put back it is as before" {
	kea "$SERVERS"
	exchange
	reconfigure "$SERVERS" '.["hooks-libraries"] = []'
	[ "$result" = 0 ]
	exchange
	[ -z "$(got 150)" ]
	kea_say list-commands | jq -e '.arguments | map(select(startswith("option150"))) == []'
	reconfigure "$SERVERS"
	exchange
	served
}

@test "a library replaced on the disk: the loaded one runs on, and status says so" {
	cp "$HOOK" "$dir/hook.so"
	HOOK=$dir/hook.so
	kea "$SERVERS"
	kea_say option150-status | jq -e '.arguments | .["restart-needed"] == false and .version == .["installed-version"]'
	sed 's/@(#)libdhcp_option150 [0-9]/@(#)libdhcp_option150 9/' "$HOOK" >"$dir/new"
	mv "$dir/new" "$HOOK"
	kea_say option150-status |
		jq -e '.arguments | .["restart-needed"] and .["installed-version"] == "9.1.0" and .version == "0.1.0"'
	reconfigure "$SERVERS"
	[ "$result" = 0 ]
	grep -q 'WARN.*OPTION150_REPLACED.*0.1.0 is loaded, 9.1.0' "$dir/kea.log"
	exchange
	served	# after a restart it is the one that runs
	lab_stop
	lab_kea "$dir"
	kea_say option150-status | jq -e '.arguments | .["restart-needed"] == false'
	exchange
	served
}
