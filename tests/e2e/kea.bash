# What the tests of the Kea hook share: a configuration, and a phone that says single messages.
# Loaded after lab.bash.

PHONE='Cisco Systems, Inc. IP Phone CP-7961G'
HOOKS=/usr/lib/$(gcc -print-multiarch)/kea/hooks # Kea's own
HOOK=$(realpath "$B/libdhcp_option150.so")
SERVERS='"tftp-servers": ["192.0.2.7", "192.0.2.8"]'
SINGLE='.["multi-threading"] = {"enable-multi-threading": false}'
MULTI='.["multi-threading"] = {"enable-multi-threading": true, "thread-pool-size": 2, "packet-queue-size": 64}'
# what kea_config begins with: a file of tests whose name ends in -threads is another file again
case $BATS_TEST_FILENAME in
*-threads.bats) THREADS=$MULTI ;;
*) THREADS=$SINGLE ;;
esac

kea_setup_file() {
	lab_up
	# the phone's side has addresses of its own, also of two relays
	ip -n phone addr add 192.0.2.40/24 dev ph0
	ip -n phone addr add 10.1.0.1/16 dev ph0
	ip -n phone addr add 10.2.0.1/16 dev ph0
}

kea_setup() {
	# under the sanitizers everything takes several times as long, and threads show more
	[[ $B != */asan || ! -e ${BATS_TEST_FILENAME%.bats}-threads.bats ]] ||
		skip "under the sanitizers only with threads"
	dir=$BATS_TEST_TMPDIR
}

# once: what takes long, and shows the same in every mode
once() {
	case ${MODE-} in
	nobody | asan) skip "once is enough, in another mode" ;;
	esac
}

kea_teardown() {
	lab_stop
	[ ! -f "$dir/kea.log" ] || grep -av ' INFO ' "$dir/kea.log" | tail -n 15
}

# kea_config PARAMETERS [JQ-PROGRAM]: DIR/kea.json with the hook's parameters (the inside of
# the object), changed by THREADS and the program, which work on the inside of Dhcp4
kea_config() {
	jq -n --arg dir "$dir" --arg hook "$HOOK" --argjson parameters "{${1-}}" '{Dhcp4: ({
		"interfaces-config": {interfaces: ["srv0"]},
		"control-socket": {"socket-type": "unix", "socket-name": ($dir + "/socket")},
		"lease-database": {type: "memfile", name: ($dir + "/leases.csv"), "lfc-interval": 0},
		"valid-lifetime": 600,
		"option-def": [{name: "tftp-servers", code: 150, type: "ipv4-address", array: true}],
		subnet4: [
			{id: 1, subnet: "192.0.2.0/24", pools: [{pool: "192.0.2.50 - 192.0.2.99"}]},
			{id: 2, subnet: "10.1.0.0/16", pools: [{pool: "10.1.0.50 - 10.1.0.99"}]},
			{id: 3, subnet: "10.2.0.0/16", pools: [{pool: "10.2.0.50 - 10.2.0.99"}]}],
		"hooks-libraries": [{library: $hook, parameters: $parameters}],
		loggers: [{name: "kea-dhcp4", severity: "INFO", output_options: [{output: "stdout"}]}]
	} | '"$THREADS | ${2:-.}"')}' >"$dir/kea.json"
}

# kea PARAMETERS [JQ-PROGRAM]: a server with them
kea() {
	kea_config "$@"
	lab_kea "$dir"
}

kea_say() { lab_kea_say "$dir" "$@"; }

# say TYPE [key=value...]: one message, as dhcp-say has it; SAY: more of these
say() { lab_phone "$BATS_TEST_DIRNAME/dhcp-say" "$1" $SAY "${@:2}"; }
SAY=

# got KEY: from the answer in $output
got() { sed -n "s/^$1=//p" <<<"$output"; }

# exchange [key=value...]: DISCOVER and REQUEST of a phone; the answers are in $offer and
# $output, the address in $address
exchange() {
	run -0 say discover class="$PHONE" "$@"
	offer=$output
	address=$(got yiaddr)
	local sid
	sid=$(got 54)
	sid=$(printf '%d.%d.%d.%d' "0x${sid:0:2}" "0x${sid:2:2}" "0x${sid:4:2}" "0x${sid:6:2}")
	run -0 say request class="$PHONE" "$@" address="$address" sid="$sid"
}

# servers LIST: 150 of the OFFER and of the ACK after exchange, in hex
servers() {
	local ack
	ack=$(got 150)
	[ "$(sed -n 's/^150=//p' <<<"$offer") $ack" = "$1 $1" ] || {
		echo "150 in OFFER and ACK: $(sed -n 's/^150=//p' <<<"$offer") $ack"
		return 1
	}
}

# renew [key=value...]: the phone of the last exchange renews its lease
renew() {
	ip -n phone addr add "$address/32" dev ph0
	run say request class="$PHONE" "$@" ciaddr="$address" from="$address"
	ip -n phone addr del "$address/32" dev ph0
	[ "$status" = 0 ]
}

# inform [key=value...]: of a phone that has 192.0.2.40 otherwise
inform() { run -0 say inform class="$PHONE" "$@" ciaddr=192.0.2.40 from=192.0.2.40; }

# hex TEXT: as the answers show options
hex() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }

# reconfigure PARAMETERS [JQ-PROGRAM]: a new configuration by config-reload; the answer's
# result is in $result, its text in $text
reconfigure() {
	kea_config "$@"
	local answer
	answer=$(kea_say config-reload)
	result=$(jq -r .result <<<"$answer")
	text=$(jq -r .text <<<"$answer")
}

# statistic NAME: its last value
statistic() { kea_say statistic-get "{\"name\": \"$1\"}" | jq -r ".arguments[\"$1\"][0][0]"; }
