# What generate remembers of the files in the TFTP root: it saves time, and never tells a lie.
bats_require_minimum_version 1.5.0
load lab.bash

setup() {
	root=$BATS_TEST_TMPDIR/root
	tftp=$root/srv/tftp
	cache=$root/var/lib/phone-cpr/inspected
	image=$tftp/cnu41.9-4-2ES26.sbn
	lab_site "$root"
	cd "$BATS_TEST_TMPDIR"
	mkfirmware --package dir --model 7961 "$tftp"
	cpr-conf generate --root "$root"
	sleep 0.1
}

# opened COMMAND...: the names of the firmware files that it opens, with how often
opened() {
	# a tracer and LeakSanitizer do not go together
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=openat,openat2 -o "$BATS_TEST_TMPDIR/trace" \
		"$@" >&2 || [ $? = 3 ]
	sed -n 's/.*"\([^"/]*\.\(sbn\|loads\|SBN\|LOADS\)\)".* = [0-9]*$/\1/p' \
		"$BATS_TEST_TMPDIR/trace" | sort | uniq -c | sort -rn
}

# opened_at_all COMMAND...: "1 FILE" for each file below --root
opened_at_all() {
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -y -e trace=openat,openat2 \
		-o "$BATS_TEST_TMPDIR/trace" "$@" 2>"$BATS_TEST_TMPDIR/said"
	sed -n '/O_DIRECTORY/!s/.* = [0-9]*<\(.*\/root\/.*\)>$/\1/p' "$BATS_TEST_TMPDIR/trace" |
		sort | uniq -c | sed 's/^ *//'
}

@test "a second run opens no firmware, and its memory stays as it is" {
	before=$(stat -c '%i %y' "$cache")
	[ -z "$(opened cpr-conf generate --root "$root")" ]
	[ "$(stat -c '%i %y' "$cache")" = "$before" ]
	[ -z "$(opened cpr-conf generate --root "$root" --check)" ]
	[ "$(opened cpr-conf verify --root "$root" | wc -l)" = 8 ]
	[ -z "$(opened cpr-conf verify --root "$root" --known)" ]
}

@test "a run that changes nothing opens no file twice, in the TFTP root or elsewhere" {
	mkfirmware --package dir --model 7960 --protocol sip "$tftp"
	echo 'model "7960" { recovery = "P0S3-8-12-00" }' >>"$root/etc/phone-cpr/site.conf"
	cpr-conf generate --root "$root"
	run -0 opened_at_all cpr-conf generate --root "$root"
	echo "$output"
	grep -q 'nothing to change' "$BATS_TEST_TMPDIR/said"
	grep -q '^1 .*/XMLDefault.cnf.xml$' <<<"$output"
	grep -q '^1 .*/OS79XX.TXT$' <<<"$output"
	grep -q '^1 .*/generated.sha256$' <<<"$output"
	grep -q '^1 .*/inspected$' <<<"$output"
	run ! grep -v '^1 ' <<<"$output"
}

@test "a file that changed is read, alone and once" {
	truncate -s +1 "$image"
	[ "$(opened cpr-conf generate --root "$root" --check | tr -s ' ')" = " 1 ${image##*/}" ]
}

@test "an image that was damaged in place, with its size and mtime put back, is noticed" {
	touch -r "$image" "$BATS_TEST_TMPDIR/time"
	# the first byte of its header
	printf '\377' | dd of="$image" bs=1 conv=notrunc status=none
	touch -r "$BATS_TEST_TMPDIR/time" "$image"
	run -0 cpr-conf plan --root "$root"
	echo "$output"
	[[ $output == *"missing: cnu41.9-4-2ES26.sbn"* ]]
	run -6 cpr-conf verify --root "$root" --known
}

@test "what import looked into is not looked into again, unless it changed since" {
	strace -o /dev/null true || skip "strace may not trace here"
	mkfirmware --model 7841 p.zip
	mkfirmware --model 7942 q.zip
	# so that all is older than a tick when it is put
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o trace -e inject=renameat2:delay_exit=100000:when=1 \
		cpr-helper import --confine --root "$root" p.zip
	[ -z "$(opened cpr-helper import --confine --dry-run --root "$root" q.zip | grep -v 42)" ]
	[ -z "$(opened cpr-conf generate --root "$root" --check)" ]
	touch "$tftp"/rootfs78xx*
	[ "$(opened cpr-conf generate --root "$root" --check | grep -c rootfs78xx)" = 1 ]
}

@test "a memory that is damaged, foreign, cut off, endless or another version's costs time alone" {
	cpr-conf plan --root "$root" >"$BATS_TEST_TMPDIR/plan"
	cp "$cache" "$BATS_TEST_TMPDIR/good"
	damage() {
		case $1 in
		empty) : >"$cache" ;;
		noise) head -c 5000 /dev/urandom >"$cache" ;;
		cut) truncate -s -1 "$cache" ;;
		flipped) printf '\001' | dd of="$cache" bs=1 seek=300 conv=notrunc status=none ;;
		version) sed -i 's/0\.1\.0/0.0.9/' "$cache" ;;
		large) truncate -s 100M "$cache" ;;
		folder) rm "$cache" && mkdir "$cache" ;;
		link) ln -sf /etc/passwd "$cache" ;;
		fifo) rm "$cache" && mkfifo "$cache" ;;
		esac
	}
	for kind in empty noise cut flipped version large folder link fifo; do
		echo "# $kind"
		cp "$BATS_TEST_TMPDIR/good" "$cache"
		damage "$kind"
		[ "$(opened cpr-conf generate --root "$root" --check | wc -l)" = 8 ]
		cpr-conf plan --root "$root" | diff "$BATS_TEST_TMPDIR/plan" -
		cpr-conf generate --root "$root"
		[ "$kind" = folder ] || [ -z "$(opened cpr-conf generate --root "$root" --check)" ]
		rm -rf "$cache"
	done
	[ "$(head -c 5 /etc/passwd)" = root: ]
}

@test "another root's memory is no use" {
	cp -R "$root" "$BATS_TEST_TMPDIR/other"
	[ "$(opened cpr-conf generate --root "$BATS_TEST_TMPDIR/other" --check | wc -l)" = 8 ]
}

@test "--check, --print, plan and verify write none" {
	rm "$cache"
	cpr-conf generate --root "$root" --check
	cpr-conf generate --root "$root" --print term
	cpr-conf plan --root "$root"
	cpr-conf verify --root "$root"
	[ ! -e "$cache" ]
	cpr-conf generate --root "$root"
	[ "$(stat -c %a "$cache")" = 644 ]
}

@test "uninstall forgets" {
	cpr-conf uninstall --root "$root" --check || [ $? = 3 ]
	[ -e "$cache" ]
	cpr-conf uninstall --root "$root"
	[ ! -e "$cache" ]
}
