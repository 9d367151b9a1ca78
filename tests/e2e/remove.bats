# cpr-helper remove: nothing tells phones of the load, then it goes, with what only it needs;
# cut off anywhere, no list lacks an image, and a second run completes it.
bats_require_minimum_version 1.5.0
load lab.bash

new=SCCP41.9-4-2SR3-1S old=SCCP41.8-5-2S sip=SIP41.9-4-2SR3-1S

setup() {
	# what leaks is not seen under strace
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
	root=$BATS_TEST_TMPDIR/root
	tftp=$root/srv/tftp
	lab_site "$root" 'tftpd-hpa { enable = true }'
	cd "$BATS_TEST_TMPDIR"
	mkfirmware --version 9-4-2SR3-1S new.zip
	mkfirmware --version 8-5-2S old.zip
	mkfirmware --version 9-4-2SR3-1S --protocol sip sip.zip
}

import() { cpr-helper import --root "$root" "$@" >/dev/null; }
remove() { cpr-helper remove --root "$root" "$@"; }
# told ID: what XMLDefault tells this model to run
told() { grep -o "<loadInformation$1[ >][^<]*" "$tftp/XMLDefault.cnf.xml" | sed 's/.*>//'; }
settled() {
	cpr-conf generate --root "$root" --check --only links --only term --only xmldefault &&
		[ -z "$(find "$tftp" -xtype l)" ] &&
		[ -z "$(find "$tftp" -name 'removing-*' -o -name 'staging-*' -o -name lock)" ]
}
state() { (cd "$tftp" && find . ! -type d -printf '%P %i %T@ %l\n' | sort); }

@test "all of it goes, and another load takes its place" {
	import new.zip
	[ "$(told 30018)" = $new ]
	import old.zip
	run -0 --separate-stderr remove --json $new.loads
	[ "$(jq -c '[.load, (.removed | map(select(endswith("sbn"))) | length), .terms, .kept]' <<<"$output")" = \
		"[\"$new\",10,[\"$new/term41.default.loads\",\"$new/term61.default.loads\"],[]]" ]
	[ -z "$(find "$tftp" -iname '*9-4-2*')" ]
	[ "$(told 30018)" = $old ]
	[ "$tftp/term61.default.loads" -ef "$tftp/.phone-cpr/terms/$old/term61.default.loads" ]
	cpr-conf verify --root "$root"
	settled
}

@test "the last one: XMLDefault, term files and the private folder tell of nothing" {
	import new.zip
	remove $new
	[ -z "$(told '[0-9]*')" ]
	[ "$(find "$tftp" -mindepth 1 ! -name .phone-cpr -printf %P)" = XMLDefault.cnf.xml ]
	settled
}

@test "images that another list names stay, and that is said; a SIP phone stays one" {
	import old.zip sip.zip new.zip
	printf '%s\n' 'model "7961" { load = "'$sip'" }' >>"$root/etc/phone-cpr/site.conf"
	cpr-conf generate --root "$root" --only xmldefault
	sed -i '$d' "$root/etc/phone-cpr/site.conf"
	run -0 --separate-stderr remove $new
	[[ $output == *"kept: cnu41.9-4-2ES26.sbn, $sip names it, too"* ]]
	[ -e "$tftp/cnu41.9-4-2ES26.sbn" ]
	[ ! -e "$tftp/jar41sccp.9-4-2ES26.sbn" ]
	cpr-conf verify --root "$root"
	[ "$(told 30018)" = $sip ]
	settled
	mkfirmware --version 8-5-2S --protocol sip sip-old.zip
	import sip-old.zip
	remove $sip
	[ "$(told 30018)" = SIP41.8-5-2S ]
	[ "$(told 115)" = $old ]
	settled
}

@test "firmware that was put there by hand goes, too; a term file of no load keeps its images" {
	mkfirmware --version 9-4-2SR3-1S --package dir p
	cp p/*.sbn p/*.loads "$tftp"
	cpr-conf generate --root "$root" --only xmldefault
	remove $new
	[ "$(find "$tftp" -mindepth 1 ! -name .phone-cpr -printf %P)" = XMLDefault.cnf.xml ]
	settled
	mkfirmware --version 8-5-2S --package dir q
	cp q/*.sbn q/*.loads "$tftp"
	mkfirmware --version 9-4-2SR3-1S --protocol sip --package dir r
	cp r/*.sbn r/term61* "$tftp"
	import new.zip
	run -0 --separate-stderr remove $new
	[[ $output == *"kept: cnu41.9-4-2ES26.sbn, term61.default-"* ]]
}

@test "pinned, unknown, no name: refused, nothing is touched" {
	import new.zip old.zip
	state >before
	for pin in "load = \"$new\"" "recovery = \"$new\""; do
		echo "model \"7961\" { $pin }" >>"$root/etc/phone-cpr/site.conf"
		for how in "" --dry-run; do
			run -4 --separate-stderr remove $how $new
			[[ $stderr == *"site.conf: model \"7961\": $pin: this load is to be removed"*"take the line out"* ]]
			[[ $stderr == *"nothing was removed"* ]]
		done
		sed -i '$d' "$root/etc/phone-cpr/site.conf"
	done
	run -4 --separate-stderr remove SCCP41.9-4-2SR3-1
	[[ $stderr == *"did you mean '$new'?"* ]]
	for name in ../etc . .phone-cpr term61.default XMLDefault.cnf "" nonsense; do
		run -4 --separate-stderr remove "$name"
		[[ $stderr == *"there is no load '$name'"* ]]
	done
	run -2 remove
	run -2 remove $new $old
	run -0 --separate-stderr remove --dry-run $new
	[[ $output == *"would go: $new.loads"* ]]
	state | diff before -
}

@test "lines of XMLDefault for another TFTP server stay, those of models without firmware go" {
	import new.zip old.zip
	sed -i "s|</Default>|<loadInformation8>P0030801SR02</loadInformation8><loadInformation20000>$new</loadInformation20000>&|" \
		"$tftp/XMLDefault.cnf.xml"
	remove $new
	[ "$(told 8)" = P0030801SR02 ]
	run ! grep -q $new "$tftp/XMLDefault.cnf.xml"
}

@test "7960: OS79XX.TXT follows, and goes with the last" {
	mkfirmware --model 7960 one.zip
	import one.zip
	load=$(cd "$tftp" && ls P*.loads)
	[ -s "$tftp/OS79XX.TXT" ]
	remove "$load"
	[ "$(find "$tftp" -mindepth 1 ! -name .phone-cpr -printf %P)" = XMLDefault.cnf.xml ]
}

@test "a load that is one image" {
	printf x >"$tftp/P00305000301.sbn"
	remove P00305000301
	[ -z "$(find "$tftp" -mindepth 1 ! -name .phone-cpr)" ]
}

@test "a transfer under way finishes" {
	import new.zip
	unzip -qo new.zip -d p
	exec 7<"$tftp/jar41sccp.9-4-2ES26.sbn"
	remove $new
	cmp "$(find p -name 'jar41sccp*')" - <&7
	exec 7<&-
}

@test "no XMLDefault: none is made" {
	import new.zip
	rm "$tftp/XMLDefault.cnf.xml"
	sed -i '/^call-managers/d' "$root/etc/phone-cpr/site.conf"
	remove $new
	[ -z "$(find "$tftp" -mindepth 1 ! -name .phone-cpr)" ]
}

@test "an XMLDefault that cannot be read: nothing is removed" {
	import new.zip old.zip
	echo '<Default>' >"$tftp/XMLDefault.cnf.xml"
	state >before
	run -4 --separate-stderr remove $new
	[[ $stderr == *"XMLDefault.cnf.xml:"*"nothing was removed"* ]]
	state | diff before -
}

CALLS=renameat,renameat2,unlinkat,mkdirat,fsync,openat,linkat,symlinkat,write

# killed CALL N: a removal that is killed at its N-th CALL, its own or its child's
killed() {
	strace -f -qq -o trace -e "trace=$1" -e "inject=$1:signal=SIGKILL:when=$2" \
		cpr-helper remove --root "$root" $new >log 2>&1 || true
	grep -q 'killed by SIGKILL' trace
}

@test "killed at each call that changes something: no list lacks an image, the next completes it" {
	strace -o trace true || skip "strace may not trace here"
	import new.zip old.zip sip.zip
	cp -a "$root" kept
	remove $new
	(cd "$tftp" && find . | sort) >expected
	cp "$tftp/XMLDefault.cnf.xml" expected.xml
	local call n points=0
	for call in renameat unlinkat mkdirat fsync linkat; do
		n=0
		while
			rm -rf "$root"
			cp -a kept "$root"
			killed $call $((++n))
		do
			points=$((points + 1))
			# 6: a finding.  Of the old load nothing may be missing, nor of the new one while told.
			cpr-conf verify --root "$root" --json 2>/dev/null >found || true
			jq -e '[.models[] | select(.recoverable | not)] == []' found || {
				echo "$call $n"
				cat found
				return 1
			}
			[ -e "$tftp/$new.loads" ] || ! grep -q $new "$tftp/XMLDefault.cnf.xml"
			[ ! -e "$tftp/$new.loads" ] || [ "$(ls "$tftp" | grep -c '9-4-2ES26.sbn')" = 7 ]
			remove $new >said 2>&1 || grep -q 'there is no load' said
			(cd "$tftp" && find . | sort) | diff expected - || {
				echo "$call $n: $(<said)"
				return 1
			}
			cmp expected.xml "$tftp/XMLDefault.cnf.xml"
			settled || {
				echo "$call $n: $(<said)"
				cat log trace
				return 1
			}
		done
		[ $n -gt 1 ] || echo "# no $call" >&3
	done
	echo "# $points points" >&3
	[ $points -gt 25 ]
}
