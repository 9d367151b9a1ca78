# A TFTP root in which a daemon's user is at home: what root brings there is his, what he
# replaces needs no backup, and root trusts no backup of his.
bats_require_minimum_version 1.5.0
load lab.bash

setup() {
	setpriv --reuid=nobody --clear-groups true 2>/dev/null || skip "needs another user"
	root=$BATS_TEST_TMPDIR/root
	spool=$root/var/lib/phone-cpr
	tftp=$root/srv/tftp
	lab_site "$root" 'tftpd-hpa { enable = true }'
	mkdir -p "$tftp/.phone-cpr" "$spool/backup"
	chmod 1777 "$tftp" "$spool"
	chmod 750 "$spool/backup"
	chown nobody "$tftp/.phone-cpr"
	cd "$BATS_TEST_TMPDIR"
	# bats' folders are closed to others, and so may be the clone
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/ "$BATS_TEST_TMPDIR"
	cp "$B/cpr-conf" "$B/cpr-helper" .
}

as_nobody() { setpriv --reuid=nobody --clear-groups --bounding-set=-all "$@"; }
publish() { as_nobody ./cpr-conf generate --root "$root" --only links --only term --only xmldefault --no-reload; }
roots() { find "$tftp" -mindepth 1 -user root; }

@test "what root imports and generates is the user's, and he goes on from there" {
	mkfirmware p.zip
	cpr-helper import --root "$root" p.zip
	[ -L "$tftp/sccp41.9-4-2sr3-1s.loads" ]
	[ -e "$tftp/XMLDefault.cnf.xml" ]
	[ -z "$(roots)" ]
	rm "$tftp/SCCP41.9-4-2SR3-1S.loads"
	mkfirmware --protocol sip q.zip
	as_nobody ./cpr-helper import --confine --root "$root" q.zip
	run publish; echo "$output"; [ $status = 0 ]
	[ ! -L "$tftp/sccp41.9-4-2sr3-1s.loads" ]
	[ "$(ls -A "$spool/backup")" = 1 ] # of root's import
}

@test "a folder that root keeps a term file in is the user's, too, and files of others stay theirs" {
	mkfirmware p.zip
	echo mine >"$tftp/term61.default.loads"
	echo theirs >"$tftp/pxelinux.0"
	chown daemon "$tftp/pxelinux.0"
	cpr-helper import --root "$root" p.zip
	[ "$(roots)" = "" ]
	[ "$(stat -c %U "$tftp/pxelinux.0")" = daemon ]
	run publish; echo "$output"; [ $status = 0 ]
}

@test "who may not read the kept term files is told, and that nothing is done" {
	mkfirmware p.zip
	cpr-helper import --root "$root" p.zip
	chmod 700 "$tftp/.phone-cpr"
	as_daemon() { setpriv --reuid=daemon --clear-groups --bounding-set=-all "$@"; }
	for how in "" --check "--only term" "--print term"; do
		run -1 as_daemon ./cpr-conf generate --root "$root" $how
		echo "$output"
		[[ $output == *"/srv/tftp: '.phone-cpr' cannot be read (Permission denied)"* ]]
		[[ $output == *"nothing is done"* ]]
		[[ $output != *"nothing to change"* ]]
	done
	run -0 as_daemon ./cpr-conf generate --root "$root" --print dnsmasq # it is made without
}

@test "root gives away nothing behind a link, and no file of several names" {
	mkfirmware p.zip
	mkdir "$root/etc/secret"
	ln -s ../../../etc/secret "$tftp/.phone-cpr/terms"
	run cpr-helper import --root "$root" p.zip
	[ "$(stat -c %U "$root/etc/secret")" = root ]
	[ -z "$(find "$root/etc" -user nobody)" ]
}

@test "what he may not replace is said, and the rest is published" {
	mkfirmware p.zip
	echo '<Default/>' >"$tftp/XMLDefault.cnf.xml"
	as_nobody ./cpr-helper import --confine --root "$root" p.zip
	run publish; echo "$output"; [ $status = 1 ]
	[[ $output == *"XMLDefault.cnf.xml: cannot write it"* ]]
	[[ $output == *"nothing of it is put back"* ]]
	[ -e "$tftp/term61.default.loads" ]
	chown nobody "$tftp/XMLDefault.cnf.xml"
	run publish; echo "$output"; [ $status = 0 ]
	[ -z "$(ls -A "$spool/backup")" ]
}

@test "root puts back nothing that another user could have written" {
	chown nobody "$spool/backup"
	as_nobody mkdir -p "$spool/backup/9/was/etc"
	as_nobody sh -c "cd '$spool/backup/9'; echo evil >was/etc/cron; echo '0 0 - /etc/cron' >manifest"
	run -1 cpr-conf rollback --root "$root"
	[[ $output == *"belongs to another user"* ]]
	[ ! -e "$root/etc/cron" ]
	run -1 cpr-conf generate --root "$root"
	[[ $output == *"belongs to another user"* ]]
	chown -R root "$spool/backup"
	run -0 cpr-conf rollback --root "$root"
	[ -e "$root/etc/cron" ]
}
