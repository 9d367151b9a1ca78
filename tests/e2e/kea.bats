# The Kea hook in a real kea-dhcp4: who is sent which TFTP servers, in which messages, and that
# what the administrator configured wins.  kea-threads.bats is this file again, with threads.
bats_require_minimum_version 1.5.0
load lab.bash
load kea.bash

setup_file() { kea_setup_file; }
setup() { kea_setup; }
teardown() { kea_teardown; }

@test "the library exports Kea's entry points and nothing else" {
	run -0 --separate-stderr sh -c "nm -D --defined-only '$HOOK' | cut -d' ' -f3 | sort"
	[ "$output" = "command_processed
dhcp4_srv_configured
load
multi_threading_compatible
pkt4_receive
pkt4_send
unload
version" ]
	readelf -d "$HOOK" | grep -q NODELETE
	# nor is there a way to write a file, run a program, look up a name, read the environment
	# or stop Kea's packet threads
	[[ $B = */asan ]] ||
		run ! sh -c "nm -DC --undefined-only '$HOOK' | grep -E ' (fopen|open|creat|execv|execl|posix_spawn|fork|system|popen|getaddrinfo|getenv)|ofstream|MultiThreading'"
}

@test "the message sources are those of the messages file" {
	"$BATS_TEST_DIRNAME/../../kea-hook/make-messages" "$dir"
	for file in option150_messages.h option150_messages.cc; do
		diff -u "$BATS_TEST_DIRNAME/../../kea-hook/$file" "$dir/$file"
	done
}

@test "a phone is sent 150, 66 and siaddr in OFFER, ACK, renewal and INFORM, asked for or not" {
	kea "$SERVERS"
	for ask in 1,66,6,3,15,150,35 1,3,6 ''; do
		exchange ask="$ask"
		servers c0000207c0000208
		[ "$(got siaddr)" = 192.0.2.7 ]
		[ "$(got 66)" = 3139322e302e322e37 ]
		renew ask="$ask"
		[ "$(got type) $(got 150) $(got siaddr)" = "ack c0000207c0000208 192.0.2.7" ]
		inform ask="$ask"
		[ "$(got type) $(got 150) $(got siaddr)" = "ack c0000207c0000208 192.0.2.7" ]
	done
}

# Every string that the unit test of vendor classes has: KIND, and the option in hex
vendor_classes() {
	perl -ne '$kind = "phone" if /\bphones\[\]/; $kind = "look-alike" if /\blook_alikes\[\]/;
		next unless $kind && /^\t\{(NUL|PLAIN)\((SYSTEMS)? ?(?:"(.*?)")?\)/;
		$text = ($2 ? "Cisco Systems, Inc. IP Phone" : "") . ($3 // "") . ($1 eq "NUL" ? "\0" : "");
		$text =~ s/\\0/\0/g;
		print "$kind ", unpack("H*", $text), "\n" if $text ne ""' \
		"$BATS_TEST_DIRNAME/../unit/test-vendor.c"
}

@test "phones are told from look-alikes by their vendor class" {
	kea "$SERVERS"
	local kind class n=0 phones=0 others=0
	while read -r kind class; do
		run -0 say discover 60="$class" mac="$(printf '00:1b:54:00:01:%02x' $((n++)))"
		case $kind in
		phone)
			[ "$(got 150) $(got 66)" = "c0000207c0000208 $(hex 192.0.2.7)" ] || { echo "phone: $class"; return 1; }
			phones=$((phones + 1))
			;;
		look-alike)
			[ "$(got 150)$(got 66) $(got siaddr)" = ' 0.0.0.0' ] || { echo "look-alike: $class"; return 1; }
			others=$((others + 1))
			;;
		esac
	done < <(vendor_classes)
	[ "$phones" -ge 60 ]
	[ "$others" -ge 20 ]
	# without an option 60 at all
	exchange class= mac=00:1b:54:00:02:01
	[ -z "$(got 150)$(got 66)" ]
	[ "$(statistic option150.sent)" = "$phones" ]
	[ "$(statistic option150.not-a-phone)" = $((others + 2)) ]
	kea_say statistic-get-all | jq -e '.arguments | .["option150.sent"] | length == 1'
}

@test "a phone that sends option 124 of Cisco's instead of 60 is one" {
	kea "$SERVERS"
	local text
	text=$(printf '%02x' ${#PHONE})$(printf %s "$PHONE" | od -An -tx1 | tr -d ' \n')
	run -0 say discover "124=00000009$text"
	[ "$(got 150)" = c0000207c0000208 ]
	# another enterprise, and one cut short
	run -0 say discover "124=0000000a$text"
	[ -z "$(got 150)" ]
	run say discover "124=00000009${text::20}"
	[ -z "$(got 150)" ]
}

@test "a phone that starts again or rebinds gets it, one that leaves is no matter" {
	kea "$SERVERS"
	exchange
	# INIT-REBOOT: the address, and no server
	run -0 say request class="$PHONE" address="$address"
	[ "$(got type) $(got 150)" = 'ack c0000207c0000208' ]
	# REBINDING: by broadcast
	ip -n phone addr add "$address/32" dev ph0
	run say request class="$PHONE" ciaddr="$address" from="$address" server=255.255.255.255
	ip -n phone addr del "$address/32" dev ph0
	[ "$(got type) $(got 150)" = 'ack c0000207c0000208' ]
	run -1 say release class="$PHONE" ciaddr="$address" from=192.0.2.40 sid=192.0.2.1 wait=1
	exchange
	servers c0000207c0000208
	run -1 say decline class="$PHONE" address="$address" sid=192.0.2.1 wait=1
	exchange
	servers c0000207c0000208
	run ! grep -a OPTION150_CALLOUT_FAILED "$dir/kea.log"
}

@test "BOOTP passes by, with Kea's own library for it and without" {
	kea "$SERVERS"
	run -1 say bootp class="$PHONE" wait=1
	reconfigure "$SERVERS" '.["hooks-libraries"] |= [{library: "'"$HOOKS"'/libdhcp_bootp.so"}] + .'
	[ "$result" = 0 ]
	# that library has packed the answer before ours sees it
	run -0 say bootp class="$PHONE"
	[[ $(got yiaddr) = 192.0.2.* ]]
	exchange mac=00:1b:54:00:00:02
	servers c0000207c0000208
	run ! grep -a OPTION150_CALLOUT_FAILED "$dir/kea.log"
}

@test "a NAK holds none of it" {
	kea "$SERVERS" '.authoritative = true'
	run -0 say request class="$PHONE" address=198.51.100.1
	[ "$(got type)$(got 150)$(got 66) $(got siaddr)" = 'nak 0.0.0.0' ]
}

@test "each network has its own servers, by relay and locally, the longest prefix first" {
	kea "$SERVERS, \"networks\": [
		{\"prefix\": \"10.0.0.0/8\", \"tftp-servers\": [\"10.0.0.5\"]},
		{\"prefix\": \"10.2.0.0/16\", \"tftp-servers\": [\"10.2.0.5\", \"10.2.0.6\", \"10.2.0.7\"]}]"
	exchange
	servers c0000207c0000208
	exchange giaddr=10.1.0.1
	servers 0a000005
	[ "$(got siaddr)" = 10.0.0.5 ]
	exchange giaddr=10.2.0.1
	servers 0a0200050a020006
	# an INFORM has no lease: its own address says where it is
	ip -n phone addr add 10.1.7.7/32 dev ph0
	run -0 say inform class="$PHONE" ciaddr=10.1.7.7 from=10.1.7.7 mac=00:1b:54:00:00:09
	ip -n phone addr del 10.1.7.7/32 dev ph0
	[ "$(got 150)" = 0a000005 ]
	# by a relay the same; where the phone names no address, the relay's
	ip -n phone addr add 10.2.7.7/32 dev ph0
	run -0 say inform class="$PHONE" ciaddr=10.2.7.7 giaddr=10.1.0.1 at=10.2.7.7 mac=00:1b:54:00:00:0a
	ip -n phone addr del 10.2.7.7/32 dev ph0
	[ "$(got type) $(got 150)" = 'ack 0a0200050a020006' ]
	run -0 say inform class="$PHONE" giaddr=10.1.0.1 mac=00:1b:54:00:00:0b
	[ "$(got type) $(got 150)" = 'ack 0a000005' ]
}

@test "a phone for whose network there is no list gets none, and is counted" {
	kea '"networks": [{"prefix": "10.1.0.0/16", "tftp-servers": ["10.1.0.5"]}]'
	exchange
	[ -z "$(got 150)$(got 66)" ]
	[ "$(got type) $(got siaddr)" = 'ack 0.0.0.0' ]
	exchange giaddr=10.1.0.1 mac=00:1b:54:00:00:02
	servers 0a010005
	[ "$(statistic option150.no-server) $(statistic option150.sent)" = '2 2' ]
}

@test "in a shared network the lease's own address decides, also when the first pool is full" {
	kea "\"networks\": [
		{\"prefix\": \"192.0.2.0/24\", \"tftp-servers\": [\"192.0.2.5\"]},
		{\"prefix\": \"203.0.113.0/24\", \"tftp-servers\": [\"203.0.113.5\"]}]" \
		'.subnet4 = [] | .["shared-networks"] = [{name: "floor", interface: "srv0", subnet4: [
			{id: 1, subnet: "192.0.2.0/24", pools: [{pool: "192.0.2.50 - 192.0.2.50"}]},
			{id: 2, subnet: "203.0.113.0/24", pools: [{pool: "203.0.113.50 - 203.0.113.60"}]}]}]'
	exchange
	[ "$address" = 192.0.2.50 ]
	servers c0000205
	exchange mac=00:1b:54:00:00:02
	[[ $address = 203.0.113.* ]]
	servers cb007105
}

# where an administrator may put option 150, as jq programs on the inside of Dhcp4
level() {
	local option='{name: "tftp-servers", data: "9.9.9.9"}'
	case $1 in
	global) echo ".[\"option-data\"] = [$option]" ;;
	class) echo ".[\"client-classes\"] = [{name: \"p\", test: \"substring(option[60].hex,0,5) == 'Cisco'\", \"option-data\": [$option]}]" ;;
	shared) echo ".[\"shared-networks\"] = [{name: \"s\", \"option-data\": [$option], subnet4: [.subnet4[0]]}] | .subnet4 |= .[1:]" ;;
	subnet) echo ".subnet4[0][\"option-data\"] = [$option]" ;;
	pool) echo ".subnet4[0].pools[0][\"option-data\"] = [$option]" ;;
	required) echo ".[\"client-classes\"] = [{name: \"r\", test: \"substring(option[60].hex,0,5) == 'Cisco'\", \"only-if-required\": true, \"option-data\": [$option]}] | .subnet4[0][\"require-client-classes\"] = [\"r\"]" ;;
	host) echo ".subnet4[0].reservations = [{\"hw-address\": \"00:1b:54:00:00:01\", \"option-data\": [$option]}]" ;;
	global-host) echo ".[\"reservations-global\"] = true | .reservations = [{\"hw-address\": \"00:1b:54:00:00:01\", \"option-data\": [$option]}]" ;;
	undefined) echo '.["option-def"] = [] | .["option-data"] = [{code: 150, "csv-format": false, data: "09090909"}]' ;;
	esac
}

@test "an option 150 of the admin's own wins at every level, asked for or not" {
	kea "$SERVERS"
	local level ask
	for level in global class required shared subnet pool host global-host undefined; do
		reconfigure "$SERVERS" "$(level $level)"
		[ "$result" = 0 ]
		for ask in 1,66,6,3,15,150,35 1,3,6 ''; do
			echo "level $level, asks $ask"
			exchange ask="$ask"
			servers 09090909
			# the rest follows the option that goes out
			[ "$(got siaddr) $(got 66)" = '9.9.9.9 392e392e392e39' ]
			renew ask="$ask"
			[ "$(got 150)" = 09090909 ]
			# Kea gives no option of a pool to an INFORM: what the ACK said is said again
			inform ask="$ask"
			[ "$(got 150)" = 09090909 ]
		done
	done
	[ "$(statistic option150.sent)" -lt "$(statistic option150.kept-admin)" ]
}

@test "of the admin's own at all levels at once, Kea's precedence holds: the host's" {
	kea "$SERVERS"
	local program=. n=0 level
	for level in global class shared pool host; do
		program="$program | $(level $level | sed "s/9.9.9.9/9.9.9.$((n + 1))/")"
		n=$((n + 1))
	done
	# the shared network has taken the subnet in
	local subnet='.["shared-networks"][0].subnet4[0]'
	program="${program//.subnet4\[0]./$subnet.} | $subnet[\"option-data\"] = [{name: \"tftp-servers\", data: \"9.9.9.99\"}]"
	reconfigure "$SERVERS" "$program"
	[ "$result" = 0 ]
	exchange
	servers 09090905
	exchange mac=00:1b:54:00:00:02
	servers 09090904
}

@test "override and the recovery list beat the admin's option 150" {
	kea "$SERVERS"
	local level
	for level in global class required shared subnet pool host global-host; do
		echo "level $level"
		reconfigure "$SERVERS, \"override\": true" "$(level $level)"
		exchange
		servers c0000207c0000208
		reconfigure "$SERVERS, \"recovery\": {\"tftp-servers\": [\"192.0.2.200\"],
			\"phones\": [\"00:1b:54:00:00:01\"]}" "$(level $level)"
		exchange
		servers c00002c8
		renew
		[ "$(got 150)" = c00002c8 ]
		# the one phone, not the next
		reconfigure "$SERVERS, \"recovery\": {\"tftp-servers\": [\"192.0.2.200\"],
			\"phones\": [\"00:1b:54:00:00:02\"]}" "$(level $level)"
		exchange
		servers 09090909
	done
	[ "$(statistic option150.recovery-sent)" -ge 24 ]
}

@test "the admin's option 66 and next server stay beside our option 150, and fallbacks can be off" {
	kea "$SERVERS" '.["option-data"] = [{name: "tftp-server-name", data: "tftp.example"}] |
		.subnet4[0]["next-server"] = "192.0.2.33"'
	exchange ask=1,3
	servers c0000207c0000208
	[ "$(got 66) $(got siaddr)" = "$(printf tftp.example | od -An -tx1 | tr -d ' \n') 192.0.2.33" ]
	reconfigure "$SERVERS, \"fallbacks\": false"
	exchange
	servers c0000207c0000208
	[ "$(got 66) $(got siaddr)" = ' 0.0.0.0' ]
}

@test "only the models that are named are served" {
	kea "$SERVERS, \"models\": [\"7941\"]"
	exchange
	[ -z "$(got 150)" ]
	exchange class='Cisco Systems, Inc. IP Phone CP-7941G'
	servers c0000207c0000208
	[ "$(statistic option150.other-model)" = 2 ]
}

@test "a list of what the phone asks for survives, however odd it is" {
	kea "$SERVERS" '.["option-data"] = [{name: "domain-name", data: "example"}]'
	# two options 55 in one message
	run -0 say discover class="$PHONE" ask=1,3 55=0f
	[ "$(got 150)" = c0000207c0000208 ]
	run -0 say discover class="$PHONE" ask="$(seq -s, 1 254)"
	[ "$(got 150) $(got 15)" = 'c0000207c0000208 6578616d706c65' ]
}

@test "what an admin's class sees of option 55 is as the manual page says" {
	# evaluated early, or by how the list begins; the whole of it only early
	kea "$SERVERS" '.subnet4[0]["require-client-classes"] = ["late", "begins"] |
		.["option-def"] += [{name: "a", code: 224, type: "uint8"}, {name: "b", code: 225, type: "uint8"}, {name: "c", code: 226, type: "uint8"}] |
		.["client-classes"] = [
			{name: "early", test: "option[55].hex == 0x010306", "option-data": [{name: "a", data: "1", "always-send": true}]},
			{name: "late", "only-if-required": true, test: "option[55].hex == 0x010306", "option-data": [{name: "b", data: "1", "always-send": true}]},
			{name: "begins", "only-if-required": true, test: "substring(option[55].hex,0,3) == 0x010306", "option-data": [{name: "c", data: "1", "always-send": true}]}]'
	exchange ask=1,3,6
	servers c0000207c0000208
	[ "$(got 224),$(got 225),$(got 226)" = 01,,01 ]
	# of others nothing is touched
	exchange ask=1,3,6 class='MSFT 5.0' mac=00:1b:54:00:00:02
	[ "$(got 224),$(got 225),$(got 226)" = 01,01,01 ]
}
