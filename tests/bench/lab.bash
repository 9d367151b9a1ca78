# What the benchmark of the Kea hook measures with: a kea-dhcp4 in each of its variants, perfdhcp
# as the relay of a network full of phones, and two meters.  Loaded by tests/bench/hook.

. tests/e2e/lab.bash
PHONE='Cisco Systems, Inc. IP Phone CP-7961G'
PHONE_HEX=$(printf %s "$PHONE" | od -An -tx1 | tr -d ' \n')
HOOK=$(realpath "$B/libdhcp_option150.so")
FLEX=$(dpkg -L kea-common | grep -m 1 '/libdhcp_flex_option\.so$')
RELAY=10.150.0.1      # of the only network
SITE_RELAY=10.7.208.1 # of the site in the middle, for Kea searches its networks from the first on

bench_lab() {
	lab_up
	ip -n phone addr add 192.0.2.40/24 dev ph0
	ip -n phone addr add $RELAY/16 dev ph0
	ip -n phone addr add $SITE_RELAY/22 dev ph0
}

# serve VARIANT [WORD...]: kea-dhcp4, behind the words, until it sends what it should
serve() {
	local variant=$1 dir=$work/kea want got
	shift
	rm -rf "$dir"
	mkdir "$dir"
	drives=0
	jq -n --arg variant "$variant" --arg dir "$dir" --arg hook "$HOOK" --arg flex "$FLEX" \
		-f tests/bench/variants.jq >"$dir/kea.json"
	lab_kea "$dir" "$@" || lab_wait 1800 grep -q DHCP4_STARTED "$dir/kea.log" ||
		die "$variant: $(tail -n 3 "$dir/kea.log")"
	case $variant in
	*none) relay=$RELAY want= ;;
	*-*) want=0a07d0050a07d006 ;;
	*) relay=$RELAY want=c0000207c0000208 ;;
	esac
	[[ $variant != *-* ]] || relay=$SITE_RELAY
	got=$(lab_phone tests/e2e/dhcp-say discover class="$PHONE" giaddr="$relay" wait=60)
	got=$(sed -n 's/^150=//p' <<<"$got")
	[ "$got" = "$want" ] || die "$variant sends option 150 '$got' instead of '$want'"
}

# drive RATE EXCHANGES: so many new phones ask through the relay; $answered: how many of them to
# the end, $answers: OFFERs and ACKs.  Each variant is asked by the same phones.
drive() {
	local mac
	mac=$(printf '00:1b:54:%02x:%02x:00' $((drives / 256)) $((drives % 256)))
	drives=$((drives + 1 + $2 / 256))
	lab_phone perfdhcp -4 -l "$relay" -r "$1" -n "$2" -R 65536 -b "mac=$mac" -d 5 -W 1000000 \
		-o "60,$PHONE_HEX" "$LAB_SERVER" >"$work/perfdhcp" 2>&1 ||
		[ $? = 3 ] || { cat "$work/perfdhcp" >&2; die "perfdhcp failed"; }
	read -r answered answers < <(awk '/^received packets:/ { sum += last = $3 } END { print last, sum }' "$work/perfdhcp")
}

# Nanoseconds that the server ran, in all its threads.
cpu() { cat "/proc/$lab_kea_pid"/task/*/schedstat | awk '{ sum += $1 } END { printf "%d\n", sum }'; }

# enough VARIANT GOT WANTED PERCENT
enough() {
	[ $(($2 * 100)) -lt $(($3 * $4)) ] || return 0
	say "$1: only $2 of $3 were answered, too much else runs here"
	return 1
}

# measure_cpu VARIANT BURSTS: the nanoseconds of one exchange, two answers, are in $cost.  Phones
# ask in bursts that the socket's buffer holds, or the time would be that of waking up for each.
# On a busy machine perfdhcp gives up some before their REQUEST.
measure_cpu() {
	local before all=0 burst=80 i
	serve "$1"
	drive 20000 $burst
	before=$(cpu)
	for ((i = 0; i < $2; i++)); do
		drive 20000 $burst
		all=$((all + answers))
	done
	cost=$(($(cpu) - before))
	lab_stop
	enough "$1" $all $((2 * $2 * burst)) 60 || return
	cost=$((2 * cost / all))
}

# How user-mode instructions can be counted here: pmu, callgrind or nothing; how in $method.
choose_counter() {
	if perf stat -x, -e instructions:u true 2>&1 | grep -q '^[0-9]'; then
		counter=pmu
		method="counted by the processor (perf stat -e instructions:u)"
	elif [ -n "$(type -P valgrind)" ] && [ -n "$(type -P callgrind_control)" ]; then
		counter=callgrind
		method="counted by callgrind, because the processor here counts none"
	else
		counter=
		method="not counted: the processor here counts none, and there is no valgrind"
	fi
}

# measure_instructions VARIANT RATE EXCHANGES: those of one are in $cost
measure_instructions() { "measure_by_$counter" "$@"; }

measure_by_pmu() {
	serve "$1"
	drive "$2" 20
	perf stat -x, -e instructions:u -p "$lab_kea_pid" -o "$work/perf" &
	local perf=$!
	sleep 0.5
	drive "$2" "$3"
	kill -INT $perf # of TERM it dies without a word
	wait $perf || true
	lab_stop
	enough "$1" "$answered" "$3" 100 || return
	cost=$(($(awk -F, '/instructions:u/ { print $1 }' "$work/perf") / answered))
}

measure_by_callgrind() {
	rm -f "$work"/callgrind*
	serve "$1" valgrind --tool=callgrind "--callgrind-out-file=$work/callgrind"
	drive "$2" 20
	control -z
	drive "$2" "$3"
	control -d
	lab_stop
	enough "$1" "$answered" "$3" 100 || return
	cost=$(($(sed -n 's/^summary: //p' "$work/callgrind.1") / answered))
}

control() {
	callgrind_control "$1" "$lab_kea_pid" >"$work/control" 2>&1 ||
		die "callgrind_control: $(cat "$work/control")"
}

# instructions_of COMMAND...: all of them
instructions_of() {
	if [ $counter = pmu ]; then
		perf stat -x, -e instructions:u -o "$work/perf" "$@" >/dev/null
		awk -F, '/instructions:u/ { print $1 }' "$work/perf"
	else
		valgrind --tool=callgrind "--callgrind-out-file=$work/callgrind" "$@" >/dev/null 2>&1
		sed -n 's/^summary: //p' "$work/callgrind"
	fi
}
