# The daemon, and apart its children, killed at each call that changes something while a package
# is taken: what is served is whole at once; after the next start nothing is left of what was
# cut off, and the package is taken, or put aside with its reasons.
#
# Only with CRASH_FULL=1, for it takes minutes: every call of every kind.  (Of the staging folder, whose
# name is another each time, the calls of an import are in import.bats.)
bats_require_minimum_version 1.5.0
load lab.bash

load=SCCP41.9-4-2SR3-1S
CALLS="renameat unlinkat mkdirat fsync linkat fchmod write"

setup() {
	strace -o /dev/null true || skip "strace may not trace here"
	[ -n "${CRASH_FULL-}" ] || skip "it takes minutes: CRASH_FULL=1 tests/run e2e:root:watch-crash"
	# what leaks is not seen under strace
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
	root=$BATS_TEST_TMPDIR/root
	spool=$root/var/lib/phone-cpr
	tftp=$root/srv/tftp
	cd "$BATS_TEST_TMPDIR"
	lab_site "$root"
	mkdir -p "$spool/incoming" "$spool/accepted" "$spool/quarantine"
	mkfirmware --version 9-4-2SR3-1S p.zip
	mkfirmware --version 8-5-2S old.zip
	cp old.zip "$spool/incoming/"
	once
	cp p.zip "$spool/incoming/"
}

once() { timeout "${patience-60}" "$@" cpr-helper watch --root "$root" --once --settle 0.1 --patience 0 >log 2>&1; } 2>/dev/null

# sweep NAME CHECK STRACE-OPTION...: every one of each call, from a state of `kept`
sweep() {
	local name=$1 check=$2 call n points=0
	shift 2
	rm -rf kept
	cp -a "$root" kept
	for call in $CALLS; do
		n=1
		while
			rm -rf "$root"
			cp -a kept "$root"
			once strace -qq -o trace "$@" -e "trace=$call,exit_group" \
				-e "inject=$call:signal=SIGKILL:when=$n" || true
			grep -q 'killed by SIGKILL' trace
		do
			points=$((points + 1))
			served && $check && patience=60 once && sound || {
				echo "$name: $call $n"
				cat trace log
				find "$tftp" "$spool" | sort
				return 1
			}
			n=$((n + 1))
		done
	done
	echo "# $name: $points points" >&3
	[ $points -ge 10 ]
}

# What phones see is whole, whenever they look.
served() {
	[ ! -e "$tftp/$load.loads" ] || [ "$(ls "$tftp" | grep -c '9-4-2ES26.sbn')" = 5 ] || return 1
	! grep -q $load "$tftp/XMLDefault.cnf.xml" || [ -e "$tftp/$load.loads" ] || return 1
	# a term file that is not put in place yet is the only thing that may lack
	cpr-conf verify --root "$root" --json >verified || true
	jq -e '[.models[] | select(.recoverable | not)] == [] and ([.findings[] |
		select(.severity == "error" and .id != "term-not-served")] == [])' verified >/dev/null || {
		cat verified
		return 1
	}
}

# After the next start.
sound() {
	[ -z "$(find "$tftp" "$spool" -name '.*' ! -name .phone-cpr)" ] || return 1
	[ -z "$(find "$tftp/.phone-cpr" -name 'staging-*' -o -name lock)" ] || return 1
	[ -z "$(ls "$spool/incoming")" ] || return 1
	reasons || return 1
	[ -e "$spool/accepted/p.zip" ] || return 1
	[ -e "$tftp/$load.loads" ] || return 1
	[ "$(cpr-helper status --root "$root" --json | jq -c '[.queue, .state]')" = '[[],"idle"]' ] || return 1
	served && cpr-conf verify --root "$root" >/dev/null && cpr-conf generate --root "$root" --check --only links --only term --only xmldefault >checked 2>&1
}

# Each refused package has its reasons.
reasons() {
	local one
	for one in "$spool"/quarantine/*; do
		case $one in *'*' | *.reason) continue ;; esac
		[ -s "$one.reason" ] || return 1
	done
}

# Whoever is killed, the package is where it was, or where it belongs.
somewhere() { [ -e "$spool/incoming/p.zip" ] || [ -e "$spool/accepted/p.zip" ]; }

# The daemon outlived its child: it put the package aside; it is given to it once more.
put_aside() {
	reasons || return 1
	! somewhere || return 0
	grep -q 'ended by signal 9' "$spool/quarantine/p.zip.reason" || return 1
	mv "$spool/quarantine/p.zip" "$spool/incoming/"
	rm "$spool/quarantine/p.zip.reason"
}

@test "the daemon is killed" {
	sweep daemon somewhere
}

@test "the import is killed, the daemon lives" {
	patience=8 # also cpr-conf may be hit, which is tried again after half a minute
	sweep import put_aside -f -P "$tftp" -P "$tftp/.phone-cpr" -P "$tftp/.phone-cpr/lock" \
		-P "$tftp/.phone-cpr/terms" -P "$tftp/.phone-cpr/terms/$load"
}

@test "cpr-conf is killed, the daemon lives" {
	cpr-helper import --root "$root" --confine "$spool/incoming/p.zip"
	# another load, so that XMLDefault changes, too
	echo 'upgrade = "auto"' >>"$root/etc/phone-cpr/site.conf"
	patience=5 # it would try again after half a minute
	sweep cpr-conf put_aside -f -P "$tftp" -P "$tftp/XMLDefault.cnf.xml" \
		-P "$tftp/term61.default.loads"
}
