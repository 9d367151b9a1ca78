# cpr-helper watch below a root of the test's own: loaded after lab.bash.

watch_setup() {
	root=$BATS_TEST_TMPDIR/root
	spool=$root/var/lib/phone-cpr
	tftp=$root/srv/tftp
	log=$BATS_TEST_TMPDIR/watch.log
	lab_site "$root" "$@"
	cd "$BATS_TEST_TMPDIR"
}

watch_teardown() {
	[ ! -f "${log-}" ] || sed 's/^/watch: /' "$log" | tail -n 40
}

# watch [OPTION...]: the daemon, until it is ready
watch() {
	lab_start "$log" "$B/cpr-helper" watch --root "$root" --settle 0.3 --patience 2 \
		--again 1 "$@"
	watcher=$lab_pid
	lab_wait 100 grep -q "watches '" "$log"
}

status() { cpr-helper status --root "$root" --json; }
# known EXPRESSION: of the status, in a while
known() { lab_wait "${patience-150}" told "$1"; }
told() { status 2>/dev/null | jq -es "length == 1 and (.[0] | $1)" >/dev/null; }
accepted() { known ".accepted >= ${1-1} and .queue == [] and .state == \"idle\""; }
# said PATTERN: the daemon or a child of it, in a while
said() { lab_wait "${patience-150}" grep -q -e "$1" "$log"; }

# Nothing of what is on its way is left, and no list lacks an image.
whole() {
	[ -z "$(find "$tftp" -name '.*' ! -name .phone-cpr)" ]
	[ -z "$(find "$tftp/.phone-cpr" -name 'staging-*' -o -name lock)" ]
	cpr-conf verify --root "$root" >/dev/null
}

# state DIR: every name in its TFTP root, with kind, mode, names, target and bytes
state() {
	(cd "$1/srv/tftp" && find . -printf '%P %y %m %n %l\n' | sort &&
		find . -type f -exec sha256sum {} + | sort -k 2)
}
