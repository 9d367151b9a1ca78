# cpr-helper import: what comes in, what does not, and that nothing of what does not is left.
bats_require_minimum_version 1.5.0
load lab.bash

setup() {
	root=$BATS_TEST_TMPDIR/root
	tftp=$root/srv/tftp
	lab_site "$root"
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	lab_stop
	! mountpoint -q "$tftp" || umount "$tftp"
}

import() { cpr-helper import --root "$root" "$@"; }

# Everything of the TFTP root but the folders' times, which a look into them may change.
snapshot() {
	(
		cd "$tftp"
		find . -type d -printf '%P %y %m\n' -o -printf '%P %y %m %l %s %i %T@\n' | sort
		find . -type f -exec sha256sum {} + | sort
	)
}

# unchanged COMMAND...: its status, or 99 when the TFTP root is not the same afterwards
unchanged() {
	local code=0
	snapshot >"$BATS_TEST_TMPDIR/before"
	"$@" || code=$?
	snapshot | diff "$BATS_TEST_TMPDIR/before" - || return 99
	return $code
}

files() { (cd "$tftp" && find . ! -type d -printf '%P\n' | grep -v '^XMLDefault' | LC_ALL=C sort); }

# The one line of refusal.
one_line() {
	echo "$stderr"
	[ "$(wc -l <<<"$stderr")" = 1 ]
	[[ $stderr == cpr-helper:\ *:* ]]
}

load41=SCCP41.9-4-2SR3-1S

@test "every wrapping brings the same files, readable, under their own names" {
	local kind
	for kind in zip zip-folder tar-in-zip tar cop dir; do
		find "$tftp" -mindepth 1 -delete
		mkfirmware --version 9-4-2SR3-1S --package $kind "p.$kind"
		(umask 077 && import "p.$kind")
		diff - <(files | grep -v '^term') <<-EOF
			.phone-cpr/terms/$load41/term41.default.loads
			.phone-cpr/terms/$load41/term61.default.loads
			$load41.loads
			apps41.9-4-2ES26.sbn
			cnu41.9-4-2ES26.sbn
			cvm41sccp.9-4-2ES26.sbn
			dsp41.9-4-2ES26.sbn
			jar41sccp.9-4-2ES26.sbn
		EOF
		[ -z "$(find "$tftp" -type f ! -perm 644)" ]
		[ "$(stat -c %a "$tftp/.phone-cpr")" = 700 ]
	done
	# The bytes are those of the package; mkfirmware's last turn wrote them as plain files.
	local name
	for name in p.dir/*.sbn; do
		cmp "$name" "$tftp/${name##*/}"
	done
	cmp p.dir/term61.default.loads "$tftp/.phone-cpr/terms/$load41/term61.default.loads"
}

@test "names that are not ASCII, around the firmware" {
	mkfirmware --package dir p
	mkdir 'Prüfung ☎'
	mv p/* 'Prüfung ☎'
	echo x >'Prüfung ☎/Lies mich.txt'
	zip -qr p.zip Pr*
	# As Windows does: the flag that names are UTF-8, in both headers.
	LC_ALL=C perl -0777 -pi -e 's/(PK\x03\x04...)(.)/$1.chr(ord($2)|8)/ges;
		s/(PK\x01\x02.....)(.)/$1.chr(ord($2)|8)/ges' p.zip
	run -0 --separate-stderr import --json p.zip
	jq -e '.packages[0] | .accepted and (.left_out | length) == 1' <<<"$output"
	find "$tftp" -mindepth 1 -delete
	printf x >"$(printf 'Pr\xfcfung')"
	mkdir latin
	mv Pr* latin
	import latin
}

@test "every family of phones comes in" {
	local model
	for model in 7906 7931 7941G-GE 7942 7965 7970 7975 7960 7921 6921 7841; do
		mkfirmware --model $model "$model.zip"
		import "$model.zip"
	done
	run -0 --separate-stderr import --json ./*.zip
	[ "$(jq '[.packages[] | select(.accepted and (.changed | not))] | length' <<<"$output")" = 11 ]
}

@test "the second time changes nothing and says so" {
	mkfirmware p.zip
	import p.zip
	run -0 unchanged import p.zip
	[[ $output == *"already there"* ]]
}

@test "json" {
	mkfirmware --version 9-4-2SR3-1S p.zip
	run -0 --separate-stderr import --json p.zip
	[ "$(jq -c '.packages[0] | [.package, .accepted, .changed, .loads, .left_out, .refused]' <<<"$output")" = \
		"[\"p.zip\",true,true,[\"$load41\"],[\"README.txt\"],[]]" ]
	[ "$(jq -r '.packages[0].files[] | select(.name == "jar41sccp.9-4-2ES26.sbn") | .state' <<<"$output")" = new ]
	[ "$(jq '.packages[0].files | length' <<<"$output")" = 8 ]
	run -0 --separate-stderr import --json p.zip
	[ "$(jq -c '[.packages[0].changed, ([.packages[0].files[].state] | unique)]' <<<"$output")" = '[false,["there"]]' ]
	mkfirmware --defect missing --version 8-5-2S bad.zip
	run -4 --separate-stderr import --json bad.zip
	[ "$(jq -c '.packages[0] | [.accepted, .changed, (.refused | length)]' <<<"$output")" = '[false,false,1]' ]
}

@test "SCCP and SIP term files of one name are both kept" {
	mkfirmware --protocol sccp sccp.zip
	mkfirmware --protocol sip sip.zip
	import sccp.zip sip.zip
	[ "$(find "$tftp/.phone-cpr/terms" -name term61.default.loads | wc -l)" = 2 ]
	[ "$(find "$tftp/.phone-cpr/terms" -name term61.default.loads -exec sha256sum {} + | cut -c1-64 | sort -u | wc -l)" = 2 ]
	# Both in one folder, as they come from a download.
	find "$tftp" -mindepth 1 -delete
	mkdir both
	mv sccp.zip sip.zip both
	import both
	[ "$(find "$tftp/.phone-cpr/terms" -name term61.default.loads | wc -l)" = 2 ]
}

@test "a term file whose load is nowhere has a set of its own" {
	mkfirmware --package dir p
	rm p/SCCP*.loads
	import p
	[ "$(basename "$(dirname "$tftp"/.phone-cpr/terms/*/term61.default.loads)")" = \
		"term61.default-$(sha256sum p/term61.default.loads | cut -c1-8)" ]
}

@test "another spelling in the list becomes a relative link" {
	local defect link
	for defect in case listed-case; do
		find "$tftp" -mindepth 1 -delete
		mkfirmware --defect $defect p.zip
		import p.zip
		link=$(find "$tftp" -maxdepth 1 -type l)
		[ -f "$link" ]
		[[ $(readlink "$link") != */* ]]
		[ "$(readlink "$link" | tr A-Z a-z)" = "$(basename "$link" | tr A-Z a-z)" ]
		unchanged import p.zip
	done
}

@test "a spelling changed by unpacking is repaired" {
	mkfirmware --package dir p
	mv p/jar41sccp.* p/"$(basename p/jar41sccp.* | tr a-z A-Z)"
	mv p/term61.default.loads p/TERM61.DEFAULT.LOADS
	run -0 import p
	[[ $output == *"its own spelling"* ]]
	[ -n "$(find "$tftp" -maxdepth 1 -name 'jar41sccp.*.sbn')" ]
	[ -z "$(find "$tftp" -name '[A-Z]*.SBN' -o -name 'TERM*')" ]
}

@test "nothing but firmware is taken" {
	mkfirmware --package dir p
	echo x | tee p/XMLDefault.cnf.xml p/SEP001122334455.cnf.xml p/CTLSEP001122334455.tlv \
		p/ITLFile.tlv p/pxelinux.0 p/.hidden >/dev/null
	ln -s /etc/passwd p/jar41sccp.1-0.sbn
	mkfifo p/cnu41.1-0.sbn
	run -0 --separate-stderr import --json p
	[ "$(jq -c '.packages[0].left_out | sort' <<<"$output")" = \
		'["CTLSEP001122334455.tlv","ITLFile.tlv","SEP001122334455.cnf.xml","XMLDefault.cnf.xml","cnu41.1-0.sbn","jar41sccp.1-0.sbn","pxelinux.0"]' ]
	run ! grep -qx x -r "$tftp" --include='XMLDefault*'
	[ -z "$(files | grep -E 'SEP|CTL|ITL|pxe|hidden|1-0')" ]
}

@test "a hostile or broken archive is refused with one line, the root byte-identical" {
	local evil
	mkfirmware --version 8-5-2S there.zip
	import there.zip
	for evil in dotdot absolute symlink hardlink device fifo many bomb truncated nest encrypted; do
		mkfirmware --evil $evil --version 9-4-2SR3-1S "$evil.zip"
		echo "# $evil"
		run -4 --separate-stderr unchanged import "$evil.zip"
		one_line
	done
	for evil in tar cop tar-in-zip; do
		mkfirmware --evil truncated --package $evil --version 9-4-2SR3-1S "truncated.$evil"
		run -4 --separate-stderr unchanged import "truncated.$evil"
		one_line
	done
	[ ! -e /tmp/jar41sccp.9-4-2ES26.sbn ]
}

@test "a gzip stream: its checksum is compared, all of it counts, what follows it does not" {
	mkfirmware --package cop good.cop.sgn
	cp good.cop.sgn bad.cop.sgn
	perl -e 'open F, "+<", "bad.cop.sgn"; seek F, -8, 2; print F "\0\0\0\0"'
	run -4 --separate-stderr unchanged import bad.cop.sgn
	one_line
	[[ $stderr == *checksum* ]]
	truncate -s -4 good.cop.sgn
	run -4 --separate-stderr unchanged import good.cop.sgn
	one_line
	mkfirmware --package tar p.tar
	{ cat p.tar; head -c 50M /dev/zero; } | gzip >bomb.tgz
	run -4 --separate-stderr unchanged import bomb.tgz
	one_line
	[[ $stderr == *"hundred times"* ]]
	# of two members, and behind the last file of the tar
	{ head -c 5000 p.tar | gzip; { tail -c +5001 p.tar; head -c 5000 /dev/zero; } | gzip; } >two.tgz
	head -c -8 two.tgz >short.tgz
	run -4 --separate-stderr unchanged import short.tgz
	one_line
	[[ $stderr == *checksum* ]]
	# in a file, and in a header of the tar
	for at in 9000 300; do
		cp two.tgz flipped.tgz
		perl -e 'open F, "+<", "flipped.tgz"; seek F, shift, 0; print F "????"' $at
		run -4 --separate-stderr unchanged import flipped.tgz
		one_line
		[[ $stderr == *checksum* ]]
	done
	import two.tgz
	{ gzip <p.tar; echo trailing; } >tail.tgz
	import tail.tgz
}

@test "so many files that judging them would take for ever" {
	mkdir many
	(cd many && seq 1001 | sed 's/.*/jar41sccp.&.sbn/' | xargs touch)
	run -4 --separate-stderr unchanged import many
	one_line
	[[ $stderr == *"1,000 firmware files"* ]]
	# Of one name, each other: one line for each but the first.
	mkdir twins
	for i in $(seq 30); do
		mkdir "twins/$i"
		echo "$i" >"twins/$i/jar41sccp.1.sbn"
	done
	run -4 --separate-stderr unchanged import twins
	[ "$(grep -c "is also there as" <<<"$stderr")" = 29 ]
}

@test "an empty root stays empty" {
	mkfirmware --evil dotdot p.zip
	run -4 import p.zip
	[ -z "$(find "$tftp" -mindepth 1)" ]
}

@test "every defect is refused and named, the root byte-identical" {
	local row
	mkfirmware --version 8-5-2S there.zip
	import there.zip
	for row in "missing:is not there" "renamed:was renamed" "truncated:is damaged" "inner-name:was renamed"; do
		mkfirmware --defect "${row%%:*}" --version 9-4-2SR3-1S p.zip
		echo "# $row"
		run -4 --separate-stderr unchanged import p.zip
		echo "$stderr"
		[[ $stderr == *"${row#*:}"* ]]
	done
}

@test "all reasons come in one run" {
	mkfirmware --version 9-4-2SR3-1S --package dir p
	rm p/cnu41.*
	truncate -s -5 p/apps41.*
	mv p/dsp41.9-4-2ES26.sbn p/dsp41.9-4-2ES27.sbn
	run -4 --separate-stderr unchanged import p
	echo "$stderr"
	[[ $stderr == *"'cnu41.9-4-2ES26.sbn' is not there"* ]]
	[[ $stderr == *"p: apps41.9-4-2ES26.sbn: is damaged"* ]]
	[[ $stderr == *"p: dsp41.9-4-2ES27.sbn: was renamed"* ]]
}

@test "what is no package is refused" {
	echo hello >text
	run -4 --separate-stderr import text
	one_line
	mkdir empty
	run -4 --separate-stderr import empty
	one_line
	run -4 --separate-stderr import nowhere.zip
	one_line
	: >zero.zip
	run -4 --separate-stderr import zero.zip
	one_line
	[ -z "$(find "$tftp" -mindepth 1)" ]
}

@test "one name twice: the same bytes once, other bytes refused" {
	mkfirmware --package dir a
	cp -r a twice
	mkdir twice/again
	cp a/jar41sccp.* twice/again
	import twice
	find "$tftp" -mindepth 1 -delete
	mkfirmware --seed 2 --package dir b
	cp b/jar41sccp.* twice/again
	run -4 --separate-stderr unchanged import twice
	one_line
	[[ $stderr == *"twice: jar41sccp."*"with other bytes"* ]]
}

@test "other bytes under a name that is there: only with --replace, and a reader keeps the old" {
	mkfirmware --seed 1 --package dir a
	mkfirmware --seed 2 --package dir b
	import a
	run -4 --separate-stderr unchanged import b
	echo "$stderr"
	[[ $stderr == *--replace* ]]
	local jar
	jar=$(cd a && echo jar41sccp.*)
	exec 7<"$tftp/$jar"
	run -0 --separate-stderr import --replace --json b
	[ "$(jq -r --arg jar "$jar" '.packages[0].files[] | select(.name == $jar) | .state' <<<"$output")" = replaced ]
	cmp a/"$jar" - <&7
	exec 7<&-
	cmp b/"$jar" "$tftp/$jar"
	unchanged import b
}

@test "what fails half way is undone, replaced files too" {
	mkfirmware --seed 1 --version 9-4-2SR3-1S --package dir a
	mkfirmware --seed 2 --version 9-4-2SR3-1S --package dir b
	ln -s nowhere in-the-way
	# New files: the set's folder cannot be made, at the very end.
	mkdir -p "$tftp/.phone-cpr/terms"
	mv in-the-way "$tftp/.phone-cpr/terms/$load41"
	run -1 --separate-stderr unchanged import a
	one_line
	# Replaced files.
	rm "$tftp/.phone-cpr/terms/$load41"
	import a
	rm -r "$tftp/.phone-cpr/terms/$load41"
	ln -s nowhere "$tftp/.phone-cpr/terms/$load41"
	run -1 --separate-stderr unchanged import --replace b
	one_line
}

@test "files that nobody may read are put again, readable" {
	mkfirmware p.zip
	import p.zip
	chmod 600 "$tftp"/jar41sccp.*
	import p.zip
	[ -z "$(find "$tftp" -type f ! -perm 644)" ]
}

@test "another user's files in the root: named, and left alone" {
	mkfirmware --version 9-4-2SR3-1S p.zip
	import p.zip
	chmod 000 "$tftp"/jar41sccp.*
	run -4 --separate-stderr unchanged setpriv --bounding-set=-all \
		cpr-helper import --root "$root" p.zip
	one_line
	[[ $stderr == *"give everybody read permission"* ]]
	chmod 644 "$tftp"/jar41sccp.*
	chown nobody "$tftp" "$tftp"/*.sbn || skip "only root can give files away"
	chmod 1777 "$tftp"
	mkfirmware --seed 2 --version 9-4-2SR3-1S other.zip
	run -1 --separate-stderr unchanged setpriv --bounding-set=-all \
		cpr-helper import --root "$root" --replace other.zip
	one_line
	[[ $stderr == *"to whom the files there belong"* ]]
}

@test "--dry-run says all and touches nothing" {
	mkfirmware p.zip
	run -0 unchanged import --dry-run p.zip
	[[ $output == *"would add 8"* ]]
	[ -z "$(find "$tftp" -mindepth 1)" ]
	mkfirmware --defect missing bad.zip
	run -4 unchanged import --dry-run bad.zip
}

@test "a package completes what another brought, and takes nothing of it" {
	mkfirmware --version 9-4-2SR3-1S --package dir p
	mkdir images
	mv p/*.sbn images
	run -4 import p
	import images
	import p
	mkfirmware --protocol sip --version 9-4-2SR3-1S sip.zip
	import sip.zip
	unchanged import images p
}

@test "one package is refused, the other still comes in" {
	mkfirmware good.zip
	mkfirmware --model 7975 --defect missing bad.zip
	run -4 import bad.zip good.zip
	[ -n "$(find "$tftp" -maxdepth 1 -name 'SCCP41.*.loads')" ]
	[ -z "$(find "$tftp" -name '*75*')" ]
}

@test "a full disk: one clear line, nothing visible" {
	mount -t tmpfs -o size=4m none "$tftp" || skip "no tmpfs can be mounted here"
	mkfirmware --size real p.zip
	run -1 --separate-stderr import p.zip
	one_line
	[[ $stderr == *"no room"* ]]
	[ -z "$(find "$tftp" -mindepth 1)" ]
	umount "$tftp"
	mount -t tmpfs -o size=40m none "$tftp"
	import p.zip
	umount "$tftp"
	mount -t tmpfs -o ro none "$tftp"
	run -1 --separate-stderr import p.zip
	one_line
}

@test "a private folder that is none, or another user's: one clear line" {
	mkfirmware p.zip
	local make
	for make in "touch" "ln -s /nowhere" "ln -s /srv"; do
		$make "$tftp/.phone-cpr"
		run -1 --separate-stderr import p.zip
		one_line
		[[ $stderr == *"is no folder"* ]]
		rm "$tftp/.phone-cpr"
	done
	mkdir -m 000 "$tftp/.phone-cpr"
	run -1 --separate-stderr setpriv --bounding-set=-all \
		cpr-helper import --root "$root" p.zip
	one_line
	[[ $stderr == *"to whom it belongs"* ]]
}

@test "names that a terminal or JSON must not get as they are" {
	local odd=$'a\nb\e[2J\xff.zip'
	echo x >"$odd"
	run -4 --separate-stderr import "$odd"
	one_line
	[[ $stderr == *'a?b?[2J'* ]]
	run -4 --separate-stderr import --json "$odd"
	[[ $(jq -r '.packages[0].refused[0]' <<<"$output") == *"is no whole zip"* ]]
}

@test "no TFTP root: one clear line" {
	rmdir "$tftp"
	mkfirmware p.zip
	run -1 --separate-stderr import p.zip
	one_line
	[[ $stderr == *tftp-root* ]]
}

# The limit on file size kills it in the middle of an image, as SIGKILL would.
@test "a killed import leaves nothing to be seen, and the next cleans up" {
	mkfirmware --size real p.zip
	run bash -c "ulimit -c 0; ulimit -f 1000; exec cpr-helper import --root '$root' p.zip"
	[ "$status" -gt 128 ]
	[ -n "$(find "$tftp/.phone-cpr" -name 'staging-*')" ]
	[ -z "$(find "$tftp" -mindepth 1 -maxdepth 1 ! -name .phone-cpr)" ]
	import p.zip
	[ -z "$(find "$tftp/.phone-cpr" -name 'staging-*' -o -name lock)" ]
	unchanged import p.zip
}

# hit CALL N HOW: an import of p.zip whose N-th CALL is hit, its status in $status; fails when it
# has not so many.  (LeakSanitizer cannot work beside strace.)
hit() {
	find "$tftp" -mindepth 1 -delete
	status=0
	ASAN_OPTIONS=detect_leaks=0 strace -o trace -e "trace=$1" -e "inject=$1:$3:when=$2" \
		cpr-helper import --root "$root" p.zip >log 2>&1 || status=$?
	grep -q 'INJECTED\|SIGKILL' trace
}

@test "an image that was unpacked is looked into once, and opened once more to be synced" {
	strace -o trace true || skip "strace may not trace here"
	mkfirmware --model 7841 p.zip
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o trace -e trace=openat,openat2 \
		cpr-helper import --confine --root "$root" p.zip
	[ "$(grep -c '"\.in", O_RDONLY.* = [0-9]' trace)" = 7 ]
	[ "$(grep -c '"rootfs78xx[^/]*", .* = [0-9]' trace)" = 1 ]
}

@test "killed at any rename, mkdir or fsync: no list without its images, and the next completes it" {
	strace -o trace true || skip "strace may not trace here"
	mkfirmware --version 9-4-2SR3-1S --defect listed-case p.zip
	import p.zip
	local call n whole=$(files)
	for call in renameat mkdirat fsync; do
		n=0
		while hit "$call" $((++n)) signal=SIGKILL; do
			[ "$status" = 137 ]
			[ -z "$(find "$tftp" -mindepth 1 -maxdepth 1 -name '.*' ! -name .phone-cpr)" ]
			[ ! -e "$tftp/$load41.loads" ] || [ "$(files | grep -c '^[^/]*sbn')" = 6 ]
			[ ! -e "$tftp/.phone-cpr/terms" ] || [ -e "$tftp/$load41.loads" ]
			import p.zip
			[ "$(files)" = "$whole" ]
		done
		[ $n -gt 10 ]
	done
}

@test "failed at any rename, mkdir or fsync: nothing of it is there" {
	strace -o trace true || skip "strace may not trace here"
	mkfirmware --version 9-4-2SR3-1S --defect listed-case p.zip
	import p.zip
	local call n whole=$(files)
	for call in renameat mkdirat fsync; do
		n=0
		while hit "$call" $((++n)) error=EIO; do
			# all is published, and the memory of what was seen costs time alone
			if grep -q ': accepted' log; then
				[ "$status" = 0 ] && [ "$(files)" = "$whole" ]
				continue
			fi
			[ "$status" = 1 ]
			grep -q '^cpr-helper: .*Input/output error' log
			[ -z "$(files)" ]
		done
		[ $n -gt 10 ]
	done
}

staging_there() { compgen -G "$tftp/.phone-cpr/staging-*" >/dev/null; }

# signalled NUMBER: an import that got it while it was unpacking; its status in $status
signalled() {
	local try pid
	for try in $(seq 20); do
		find "$tftp" -mindepth 1 -delete
		lab_start "$BATS_TEST_TMPDIR/log" cpr-helper import --root "$root" p.zip
		pid=$lab_pid
		until staging_there || lab_gone "$pid"; do :; done
		kill "-$1" "$pid" 2>/dev/null || true
		status=0
		wait "$pid" || status=$?
		[ -e "$tftp/jar41sccp.9-4-2ES26.sbn" ] || return 0
	done
	return 1
}

@test "SIGKILL and SIGTERM in the middle" {
	mkfirmware --size real --version 9-4-2SR3-1S p.zip
	signalled KILL
	[ "$status" = 137 ]
	import p.zip
	[ -z "$(find "$tftp/.phone-cpr" -name 'staging-*' -o -name lock)" ]
	signalled TERM
	cat "$BATS_TEST_TMPDIR/log"
	[ "$status" = 1 ]
	grep -q interrupted "$BATS_TEST_TMPDIR/log"
	[ -z "$(find "$tftp" -mindepth 1)" ]
}

@test "two imports at once: one waits, both come in" {
	mkfirmware --size real --protocol sccp a.zip
	mkfirmware --size real --protocol sip b.zip
	local a b
	lab_start a.log cpr-helper import --root "$root" a.zip
	a=$lab_pid
	lab_start b.log cpr-helper import --root "$root" b.zip
	b=$lab_pid
	wait "$a" || { cat a.log; false; }
	wait "$b" || { cat b.log; false; }
	unchanged import a.zip b.zip
	[ -z "$(find "$tftp/.phone-cpr" -name 'staging-*' -o -name lock)" ]
}

@test "an import that waits says so" {
	mkfirmware p.zip
	mkdir -m 700 "$tftp/.phone-cpr"
	lab_start flock.log flock --no-fork "$tftp/.phone-cpr/lock" sleep 600
	local holder=$lab_pid
	lab_wait 50 eval '! flock -n "$tftp/.phone-cpr/lock" true'
	lab_start import.log cpr-helper import --root "$root" p.zip
	lab_wait 100 grep -q 'another import is at work' import.log
	lab_stop "$holder"
	wait "$lab_pid"
}

@test "what cpr-conf says counts, the firmware stays" {
	mkdir bin
	cp "$B/cpr-helper" bin
	printf '#!/bin/sh\necho "$@" >>%s\nexit 5\n' "$BATS_TEST_TMPDIR/args" >bin/cpr-conf
	chmod +x bin/cpr-conf
	mkfirmware p.zip
	run -5 --separate-stderr bin/cpr-helper import --json --root "$root" \
		--site "$root/etc/phone-cpr/site.conf" p.zip
	jq -e '.packages[0].accepted' <<<"$output"
	[[ $stderr == *"cpr-conf generate --only links --only term --only xmldefault"* ]]
	grep -qx -- "generate --only links --only term --only xmldefault --site $root/etc/phone-cpr/site.conf --root $root" args
	[ -n "$(find "$tftp" -maxdepth 1 -name 'SCCP41.*.loads')" ]
	# Nothing changed, but what failed before is tried again.
	printf '#!/bin/sh\necho again\n' >bin/cpr-conf
	run -0 bin/cpr-helper import --root "$root" p.zip
	[[ $output == *again* ]]
}

@test "without a call manager the term files are served all the same" {
	sed -i '/^call-managers/d' "$root/etc/phone-cpr/site.conf"
	mkfirmware p.zip
	run -4 --separate-stderr import p.zip
	[[ $stderr == *"set call-managers"* ]]
	[[ $stderr == *"cpr-conf generate --only xmldefault"* ]]
	[ -f "$tftp/term61.default.loads" ]
	[ ! -e "$tftp/XMLDefault.cnf.xml" ]
}

@test "usage" {
	run -2 cpr-helper
	run -2 cpr-helper watch --settle soon
	run -2 cpr-helper import
	run -2 cpr-helper import --nonsense p.zip
	run -0 cpr-helper --help
	[[ $output == *import* ]]
	run -0 cpr-helper import --help
	[[ $output == *--dry-run* ]]
	run -0 cpr-helper --version
	echo nonsense >"$root/etc/phone-cpr/site.conf"
	mkfirmware p.zip
	run -4 import p.zip
}
