# The doctor's page (--html) in a real browser, and what --mask hides in all reports.
bats_require_minimum_version 1.5.0
load lab.bash

CAPTURES=$BATS_TEST_DIRNAME/../captures

setup_file() {
	ip link set lo up
}

# report CAPTURE [OPTION...]: the page in $page, the JSON of the same run in $json
report() {
	page=$BATS_TEST_TMPDIR/$(basename "$1").html json=$BATS_TEST_TMPDIR/$(basename "$1").json
	local status=0
	cpr-doctor --json --html "$page" "$@" >"$json" || status=$?
	[ "$status" = 0 ] || [ "$status" = 6 ]
}

# browse OPTION...: headless Chromium on $page; its log in $log, what the net stack did in $net
browse() {
	log=$BATS_TEST_TMPDIR/browser.log net=$BATS_TEST_TMPDIR/net.json
	HOME=$BATS_TEST_TMPDIR timeout 120 chromium --headless --no-sandbox --disable-gpu \
		--user-data-dir="$BATS_TEST_TMPDIR/profile" --disable-dev-shm-usage \
		--disable-background-networking --disable-component-update --no-first-run \
		--enable-logging=stderr --log-net-log="$net" "$@" "file://$page" 2>"$log"
}

browser_or_skip() {
	command -v chromium >/dev/null || skip "chromium is not installed"
	case $MODE in asan | nobody) skip "the page is the same; the browser sees it once" ;; esac
}

# requests: the URLs that were asked for, but the browser's own, which go to its maker (and
# nowhere: there is no way out of this namespace)
requests() {
	grep -o '"url":"[^"]*"' "$net" | cut -d '"' -f 4 | sort -u |
		grep -v -E '^(chrome|data|devtools):|^https?://[a-z0-9.]*\.(google|googleapis|gvt1)\.com/' ||
		true
}

@test "the browser shows each event of each phone, says nothing and asks nobody" {
	browser_or_skip
	local name
	for name in healthy-two-phones tftp-file-missing; do
		report "$CAPTURES/$name.pcap"
		browse --dump-dom >"$BATS_TEST_TMPDIR/dom"
		[ "$(jq '[.phones[].events | length] | add' "$json")" -gt 20 ]
		[ "$(grep -o 'class="row[ "]' "$BATS_TEST_TMPDIR/dom" | wc -l)" = \
			"$(jq '[.phones[].events | length] | add' "$json")" ]
		[ "$(grep -c '<section class="phone"' "$BATS_TEST_TMPDIR/dom")" = \
			"$(jq '.phones | length' "$json")" ]
		[ "$(grep -c 'class="fault"' "$BATS_TEST_TMPDIR/dom")" = \
			"$(jq '[.phones[].faults | length] | add' "$json")" ]
		run -1 grep CONSOLE "$log"
		run -0 requests
		echo "$output"
		[ -z "$output" ]
	done
	# which would be seen
	page=$BATS_TEST_TMPDIR/asks.html
	echo '<img src="http://127.0.0.1:9/x.png"><script>console.log("said")</script>' >"$page"
	browse --dump-dom >"$BATS_TEST_TMPDIR/dom"
	grep -q 'CONSOLE.*said' "$log"
	[ "$(requests)" = http://127.0.0.1:9/x.png ]
}

@test "what proves a fault is marked, and a picture of the page is kept" {
	browser_or_skip
	report "$CAPTURES/tftp-file-missing.pcap"
	grep -q 'class="row proof"' "$page"
	mkdir -p "$B/artifacts"
	browse --hide-scrollbars --window-size=1100,2200 \
		--screenshot="$B/artifacts/doctor-page.png"
	browse --hide-scrollbars --window-size=1100,2200 --blink-settings=preferredColorScheme=0 \
		--screenshot="$B/artifacts/doctor-page-dark.png"
	# light and dark are two pictures
	! cmp -s "$B/artifacts/doctor-page.png" "$B/artifacts/doctor-page-dark.png" || return 1
	[ "$(od -An -tx1 -N4 "$B/artifacts/doctor-page.png")" = " 89 50 4e 47" ]
}

@test "the page is well-formed, and holds no script and no address of a resource" {
	local capture
	for capture in "$CAPTURES"/*.pcap; do
		report "$capture"
		xmllint --html --noout "$page" 2>"$BATS_TEST_TMPDIR/xmllint" || true
		# xmllint knows HTML 4: no section, no svg
		run -1 grep -v -e 'Tag [a-z]* invalid' -e '^ *[<^]' -e '^[^:]*$' \
			"$BATS_TEST_TMPDIR/xmllint"
		run -1 grep -i -E '<script|javascript:|url\(|src=|@import|https?:' "$page"
	done
}

@test "--mask: what a report named is in no masked report, and the story is the same" {
	local capture plain what form
	plain=$BATS_TEST_TMPDIR/plain.json
	for capture in "$CAPTURES"/*.pcap; do
		report "$capture"
		cp "$json" "$plain"
		report "$capture" --mask
		cpr-doctor --mask "$capture" >"$BATS_TEST_TMPDIR/text" || true
		jq -r '(.phones[] | .mac, .ip, .name, .lease.server, .lease.tftp_servers[]?),
			.servers[].address | select(. and . != "0.0.0.0")' "$plain" | sort -u \
			>"$BATS_TEST_TMPDIR/names"
		# one of them holds what servers say alone, which names no phone
		[ -s "$BATS_TEST_TMPDIR/names" ] || [ "$(jq ".phones | length" "$plain")" = 0 ]
		while read -r what; do
			for form in "$json" "$page" "$BATS_TEST_TMPDIR/text"; do
				run -1 grep -n -w -F -i -e "$what" "$form"
			done
		done <"$BATS_TEST_TMPDIR/names"
		diff <(jq -c '[.phones[] | .stage, .recovered, [.faults[] | .id, .frames],
				[.events[] | .frames, .from]]' "$plain") \
			<(jq -c '[.phones[] | .stage, .recovered, [.faults[] | .id, .frames],
				[.events[] | .frames, .from]]' "$json")
	done
}

@test "a page that cannot be written is said, and an old one stays whole until the new is there" {
	run -1 --separate-stderr cpr-doctor --html /nowhere/page.html "$CAPTURES/healthy-7961.pcap"
	[[ "$stderr" = *"/nowhere/page.html: cannot be written"* ]]
	local page=$BATS_TEST_TMPDIR/page.html
	head -c 1000000 /dev/zero | tr '\0' x >"$page"
	cpr-doctor --html "$page" "$CAPTURES/healthy-7961.pcap"
	[ "$(tail -n 1 "$page")" = "</body></html>" ]
	[ "$(tr -d -c x <"$page" | wc -c)" -lt 1000 ]
	# stdin that is no capture: nothing was read, and the page is as it was
	cp "$page" "$page.old"
	cpr-doctor --html "$page" - </dev/null || [ $? = 4 ]
}
