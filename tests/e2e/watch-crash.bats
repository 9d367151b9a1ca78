# The daemon, and apart its children, killed at each call that changes something while a package
# is taken: what is served is whole at once; after the next start nothing is left of what was
# cut off, and the package is taken, or put aside with its reasons.
#
# One call of each kind, or with CRASH_FULL=1, which takes minutes, every one.  (Of the staging
# folder, whose name is another each time, the calls of an import are in import.bats.)
bats_require_minimum_version 1.5.0
load lab.bash

load=SCCP41.9-4-2SR3-1S
CALLS="renameat unlinkat mkdirat fsync linkat fchmod write"

setup() {
	strace -o /dev/null true || skip "strace may not trace here"
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

helper() { exec "$@" cpr-helper watch --root "$root" --once --settle 0.1 --patience 0 --again 0.5; }
once() { (helper timeout 60) >log 2>&1; }

# points STRACE-OPTION...: "CALL N" for every call that a whole run has, or for one of each kind:
# the first, the one in the middle, by turns.  (strace counts for each process apart.)
points() {
	(helper strace -qq -o trace "$@" -e "trace=${CALLS// /,}") >log 2>&1
	sed -nE 's/^([0-9]+ +)?([a-z]+)\(.*/\1- \2/p' trace | awk -v full="${CRASH_FULL-}" '
		++n[$1, $NF] > most[$NF] { most[$NF]++ }
		END {
			for (call in most) {
				middle = ++kinds % 2 ? 1 : int((most[call] + 1) / 2)
				for (i = full ? 1 : middle; i <= (full ? most[call] : middle); i++)
					print call, i
			}
		}'
}

# hit CALL N STRACE-OPTION...: a run that is killed there.  Where the daemon outlives it, it is told
# to end, for the same call of the child that it starts next would be hit again.  (strace itself
# heeds no signal.)
hit() {
	local call=$1 n=$2 pid
	shift 2
	rm -f trace # the one before
	helper strace -qq -o trace "$@" -e "trace=$call,exit_group" \
		-e "inject=$call:signal=SIGKILL:when=$n" >log 2>&1 3>&- &
	pid=$!
	lab_wait 600 killed_or_gone "$pid"
	pkill -TERM -P "$pid" || true
	lab_wait 600 lab_gone "$pid"
	wait "$pid" || true
	was_killed
}
was_killed() { grep -qs 'killed by SIGKILL' trace; }
killed_or_gone() { was_killed || lab_gone "$1"; }

# sweep NAME LEAST CHECK STRACE-OPTION...: from a state of `kept`, at so many points at least
sweep() {
	local name=$1 least=$2 check=$3 point all n=0
	shift 3
	rm -rf kept
	cp -a "$root" kept
	mapfile -t all < <(points "$@")
	for point in "${all[@]}"; do
		rm -rf "$root"
		cp -a kept "$root"
		# a run has a write more or less
		hit $point "$@" || continue
		n=$((n + 1))
		served && $check && once && sound || {
			echo "$name: $point"
			cat trace log
			find "$tftp" "$spool" | sort
			return 1
		}
	done
	echo "# $name: $n of ${#all[@]} points" >&3
	[ "$n" -ge "$least" ]
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
	sweep daemon 5 somewhere
}

@test "the import is killed, the daemon lives" {
	sweep import 5 put_aside -f -P "$tftp" -P "$tftp/.phone-cpr" -P "$tftp/.phone-cpr/lock" \
		-P "$tftp/.phone-cpr/terms" -P "$tftp/.phone-cpr/terms/$load"
}

@test "cpr-conf is killed, the daemon lives" {
	cpr-helper import --root "$root" --confine "$spool/incoming/p.zip"
	# another load, so that XMLDefault changes, too
	echo 'upgrade = "auto"' >>"$root/etc/phone-cpr/site.conf"
	sweep cpr-conf 4 put_aside -f -P "$tftp" -P "$tftp/XMLDefault.cnf.xml" \
		-P "$tftp/term61.default.loads"
}
