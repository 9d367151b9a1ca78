# cpr-doctor on captures of real faults (tests/captures): it names what was put in, proves it with
# packets of that phone, and says nothing of it before it is seen.
bats_require_minimum_version 1.5.0

setup() {
	B=$(realpath "$B")
	PATH=$B:$PATH
	cd "$BATS_TEST_DIRNAME/../.."
	. tests/captures/net.bash
	. tests/captures/rows.bash
	. tests/captures/judge.bash
}

# once: what takes long, and shows the same as another user
once() { [ "${MODE-}" != nobody ] || skip "once is enough, in another mode"; }

@test "every fault of the contract has a capture, and ten and more are healthy" {
	local id
	for id in $(ids); do
		ls tests/captures/"$id".pcap* >/dev/null
	done
	[ "$(ls tests/captures/healthy-*.pcap* | wc -l)" -ge 10 ]
	# the rows and the files are the same
	diff <(rows) <(captures | cut -d' ' -f1 | sort)
}

@test "each capture: what cpr-doctor names is what docs/DOCTOR.md says, and every fault stands there" {
	once
	tests/captures/matrix --check
	local id
	for id in $(ids); do
		grep -q "^- \*\*\`$id\`\*\*" docs/DOCTOR.md
	done
}

@test "a healthy phone is seen to come back, not only not blamed" {
	local name file
	while read -r name file; do
		named "$file" >"$BATS_TEST_TMPDIR/named"
		[ -z "$(<"$BATS_TEST_TMPDIR/named")" ]
		case $name in
		# one direction alone shows no answer
		*-phone-only | *-server-only) ;;
		# a SIP phone's registration is not played
		*-sip) jq -e '.phones | length == 1 and .[0].stage != "dhcp"' <<<"$json" ;;
		*) jq -e '.phones | length > 0 and all(.recovered)' <<<"$json" ;;
		esac >/dev/null || {
			echo "$name: $json"
			return 1
		}
	done < <(captures | grep ^healthy-)
}

# strangers FILE: of the lines "mac address frame" in said, those whose frame is not that phone's
strangers() {
	tshark -r "$1" -T fields -e frame.number -e eth.src -e eth.dst -e sll.src.eth \
		-e dhcp.hw.mac_addr -e ip.src -e ip.dst -e arp.src.proto_ipv4 -e arp.dst.proto_ipv4 2>/dev/null |
		awk -v said_n="$(wc -l <"$BATS_TEST_TMPDIR/said")" 'NR <= said_n { said[FNR] = $0; n = FNR; next }
			{ line[$1] = $0 }
			END {
				for (i = 1; i <= n; i++) {
					split(said[i], f, " ")
					if (!(f[3] in line) || (!index(line[f[3]], f[1]) && !index(line[f[3]], f[2])))
						print said[i], line[f[3]]
				}
			}' "$BATS_TEST_TMPDIR/said" -
}

@test "the packets that a verdict names are there, and are that phone's" {
	once
	local name file found wrong=
	while read -r name file; do
		[ -n "$(injected "$name")" ] || continue
		named "$file" >/dev/null
		jq -r '.phones[] | .mac as $mac | .ip as $ip | .faults[] |
			if (.frames | length) == 0 then "no-frames \(.id) 0"
			else .frames[] | "\($mac) \($ip) \(.)" end' <<<"$json" >"$BATS_TEST_TMPDIR/said"
		found=$(strangers "$file")
		[ -z "$found" ] || wrong+="$name: $found"$'\n'
	done < <(captures)
	printf %s "$wrong"
	[ -z "$wrong" ]
}

@test "another dissector finds no packet malformed, but where the capture cut them" {
	once
	local all=$BATS_TEST_TMPDIR/all
	mergecap -w "$all" $(ls tests/captures/*.pcap* | grep -Ev '/healthy-(cut-packets|many)\.')
	run -0 --separate-stderr tshark -r "$all" -Y 'tftp || dhcp'
	[ "${#lines[@]}" -gt 5000 ]
	run -0 --separate-stderr tshark -r "$all" -Y _ws.malformed
	echo "$output"
	[ -z "$output" ]
}

@test "a capture that ends early, wherever, shows no fault that the whole does not have" {
	run -0 --separate-stderr cuts tests/captures/*.pcap*
	# until an OFFER comes nobody can know that it comes late
	run -1 grep -v '/dhcp-late.* dhcp-no-offer$' <<<"$output"
	echo "$output"
	[ -z "$output" ]
}

@test "a healthy capture that begins late, wherever, shows no fault" {
	once
	run -0 --separate-stderr cuts --late tests/captures/healthy-*.pcap*
	echo "$output"
	[ -z "$output" ]
}

@test "a healthy capture without DHCP, of one direction, with packets lost shows no fault" {
	run -0 --separate-stderr cuts --partly tests/captures/healthy-*.pcap*
	echo "$output"
	[ -z "$output" ]
}

@test "made anew, captures show the same" {
	local name out=$BATS_TEST_TMPDIR/new
	mkdir "$out"
	set -- phone-damaged tftp-file-missing xmldefault-no-load tftp-unexpected-oack \
		option150-wrong-type healthy-boot
	JOBS=6 tests/captures/make --out "$out" "$@"
	for name in "$@"; do
		[ "$(named "$out/$name.pcap")" = "$(injected "$name")" ]
	done
}
