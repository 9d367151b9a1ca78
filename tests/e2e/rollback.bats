# What generate replaces can be put back: by rollback, one run a step, and after a run that was
# killed or met a full disk.  Below --root, where no server is told.
bats_require_minimum_version 1.5.0
load lab.bash

setup() {
	root=$BATS_TEST_TMPDIR/root
	tftp=$root/srv/tftp
	backup=$root/var/lib/phone-cpr/backup
	lab_site "$root"
	mkfirmware --model 7961 --package dir "$tftp"
	mkdir -p "$tftp/.phone-cpr/terms/SCCP41.9-4-2SR3-1S"
	mv "$tftp"/term*.loads "$tftp/.phone-cpr/terms/SCCP41.9-4-2SR3-1S/"
}

generate() { cpr-conf generate --root "$root" "$@"; }
rollback() { cpr-conf rollback --root "$root" "$@"; }
site() { lab_site "$root" "$@"; }
servers() { sed -i "s/^tftp-servers.*/tftp-servers = {\"$1\"}/" "$root/etc/phone-cpr/site.conf"; }

# All that is there, but for backups: names, modes, links, bytes.  What is recorded of it is
# true.
state() {
	sed "s|  /|  $root/|" "$root/var/lib/phone-cpr/generated.sha256" 2>/dev/null |
		{ ! grep . >"$BATS_TEST_TMPDIR/record" || sha256sum --quiet -c "$BATS_TEST_TMPDIR/record"; }
	(cd "$root" && find . -path ./var/lib/phone-cpr/backup -prune -o \
		\( -type f -o -type l \) ! -name site.conf ! -name generated.sha256 ! -name inspected -printf '%p %m %n %l ' \
		-exec sh -c 'sha256sum <"$1"' - {} \; | sort)
}

@test "rollback puts back one run after the other, to the byte and the mode" {
	printf '<Default>\n <!-- mine -->\n</Default>\n' >"$tftp/XMLDefault.cnf.xml"
	chmod 640 "$tftp/XMLDefault.cnf.xml"
	echo mine >"$tftp/term61.default.loads"
	first=$(state)
	run -0 generate
	second=$(state)
	servers 192.0.2.7
	run -0 generate
	third=$(state)
	[ "$(stat -c %a "$backup" "$backup/1" "$backup/2" | paste -sd ' ')" = "750 750 750" ]
	[ "$(find "$root/etc" "$tftp" -name '*backup*')" = "" ]

	run -3 rollback --check --diff
	[ "$third" = "$(state)" ]
	run -0 rollback
	[[ $output == *"wrote '/var/lib/phone-cpr/dnsmasq/phone-cpr'"* ]]
	[[ $output == *"the site file still says"* ]]
	diff <(echo "$second") <(state)
	run -0 rollback
	# what was put there by hand is kept beside, as generate said
	diff <(echo "$first") <(state | grep -v '/terms/term61.default-' |
		sed '/term61.default.loads/s/ 644 2 / 644 1 /')
	run -1 rollback
	[[ $output == *"nothing to go back to"* ]]
	# and forth again it goes by generate
	servers "$LAB_SERVER"
	run -0 generate
	diff <(echo "$second") <(state)
}

@test "OS79XX.TXT that a pin replaced comes back" {
	mkfirmware --model 7960 --package dir "$tftp"
	load=$(basename "$(ls "$tftp"/P0*.loads | head -n 1)" .loads)
	printf 'P003MINE' >"$tftp/OS79XX.TXT"
	site "model \"7960\" { recovery = \"$load\" }"
	run -0 generate
	[ "$(<"$tftp/OS79XX.TXT")" = "$load" ]
	[ "$(<"$backup/1/was/srv/tftp/OS79XX.TXT")" = P003MINE ]
	run -0 rollback
	[ "$(<"$tftp/OS79XX.TXT")" = P003MINE ]
}

@test "a file that was changed since is not overwritten, and nothing else either" {
	run -0 generate
	servers 192.0.2.7
	run -0 generate
	sed -i 's/<Default>/<Default><!-- mine -->/' "$tftp/XMLDefault.cnf.xml"
	servers 192.0.2.8
	run -0 generate --only dnsmasq
	echo '# mine' >>"$root/var/lib/phone-cpr/dnsmasq/phone-cpr"
	before=$(state)
	run -4 rollback
	[[ $output == *"dnsmasq/phone-cpr: it was changed since"* ]]
	[ "$before" = "$(state)" ]
	sed -i '/# mine/d' "$root/var/lib/phone-cpr/dnsmasq/phone-cpr"
	run -0 rollback
	grep -q ',150,192.0.2.7$' "$root/var/lib/phone-cpr/dnsmasq/phone-cpr"
}

@test "what was put back by hand is no step of its own" {
	run -0 generate
	servers 192.0.2.7
	run -0 generate
	cp "$backup/2/was/var/lib/phone-cpr/dnsmasq/phone-cpr" "$root/var/lib/phone-cpr/dnsmasq/phone-cpr"
	run -0 rollback --check
	[ -d "$backup/2" ]
	run -0 rollback
	[[ $output == *"nothing to change"* ]]
	[ "$(ls -A "$backup")" = 1 ]
	run -0 rollback
	[ ! -e "$root/var/lib/phone-cpr/dnsmasq/phone-cpr" ]
}

# A backup may be the work of the user that imports firmware, and root's rollback writes it.
@test "a backup makes no file set-uid" {
	run -0 generate
	servers 192.0.2.7
	run -0 generate
	chmod 6755 "$backup/2/was/var/lib/phone-cpr/dnsmasq/phone-cpr"
	run -0 rollback
	[ "$(stat -c %a "$root/var/lib/phone-cpr/dnsmasq/phone-cpr")" = 755 ]
}

# Whoever may write into the folder could name files there for root to remove.
@test "a record that another user made is not believed" {
	[ "$(id -u)" = 0 ] && setpriv --reuid=1 --clear-groups true 2>/dev/null || skip "one user only"
	run -0 generate
	echo victim >"$root/etc/victim"
	(cd "$root" && sha256sum etc/victim | sed 's|  |  /|') >>"$root/var/lib/phone-cpr/generated.sha256"
	chown 1 "$root/var/lib/phone-cpr/generated.sha256"
	run -1 generate
	[[ $output == *"generated.sha256: cannot read it: it belongs to a user that is not root"* ]]
	run -1 cpr-conf uninstall --root "$root"
	[ -e "$root/etc/victim" ]
}

@test "a record that is damaged costs no more than a question" {
	run -0 generate
	printf '%064d  no-path-at-all\n\n%064d  \nx\n' 1 2 >>"$root/var/lib/phone-cpr/generated.sha256"
	run -0 generate
	run -0 cpr-conf uninstall --root "$root"
}

@test "of the backups the newest stay" {
	site 'keep = 2'
	for i in 1 2 3 4; do
		servers "192.0.2.$i"
		run -0 generate
	done
	[ "$(ls -A "$backup" | sort -n | paste -sd ' ')" = "3 4" ]
	run -0 generate
	[ "$(ls -A "$backup" | sort -n | paste -sd ' ')" = "3 4" ]
}

@test "a run that was killed is undone by the next one, which then does its own" {
	run -0 generate
	before=$(state)
	servers 192.0.2.7
	# the record, the backup's folder, and the first name of several
	for n in $(seq 20); do
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run strace -qq -o /dev/null \
			-e "inject=renameat:signal=SIGKILL:when=$n" \
			cpr-conf generate --root "$root"
		[ "$status" = 137 ] || break
		if [ -d "$backup/2.unfinished" ]; then
			! grep -q ',150,192.0.2.7$' "$root/var/lib/phone-cpr/dnsmasq/phone-cpr" || break
			# one that came to no file yet leaves nothing either
			run -0 generate --only term
			diff <(echo "$before") <(state)
		fi
	done
	[ "$status" = 137 ]
	run -3 generate --check
	[[ $output == *"a run was cut off"* ]]
	[ -d "$backup/2.unfinished" ]
	run -0 generate --only term
	[[ $output == *"the last run was cut off"*"put back"* ]]
	diff <(echo "$before") <(state)
	[ "$(ls -A "$backup")" = 1 ]
	run -0 generate
	grep -q ',150,192.0.2.7$' "$root/var/lib/phone-cpr/dnsmasq/phone-cpr"
	run -0 generate
	[[ $output == *"nothing to change"* ]]
}

@test "where nothing can be saved, nothing is touched" {
	run -0 generate
	before=$(state)
	servers 192.0.2.7
	mount -t tmpfs -o size=4k none "$backup"
	head -c 4096 /dev/zero >"$backup/full" || true
	run -1 generate
	[[ $output == *"cannot save there what would be replaced: No space left on device; nothing was touched"* ]]
	[ "$before" = "$(state)" ]
	[ "$(ls -A "$backup")" = full ]
	umount "$backup"
}

@test "Ctrl-C once files are being replaced puts them back" {
	run -0 generate
	before=$(state)
	servers 192.0.2.7
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run -1 strace -qq -o /dev/null \
		-e inject=renameat:signal=SIGINT:when=4 cpr-conf generate --root "$root"
	[[ $output == *"interrupted; putting back"*"rolled back"* ]]
	[ "$before" = "$(state)" ]
	[ "$(ls -A "$backup")" = 1 ]
}

@test "a backup folder of somebody else's is not trusted" {
	[ "$(id -u)" = 0 ] && chown nobody "$root" 2>/dev/null || skip "needs two users"
	run -0 generate
	before=$(state)
	chown nobody "$backup"
	run -1 rollback
	[[ $output == *"it belongs to another user"* ]]
	servers 192.0.2.7
	run -1 generate
	[ "$before" = "$(state)" ]
	chown 0 "$backup"
	run -0 rollback
	[ ! -e "$tftp/XMLDefault.cnf.xml" ]
}
