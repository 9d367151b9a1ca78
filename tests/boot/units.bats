# The units as a host has them, on a Debian that is booted.  Run it with `make check-boot`.
bats_require_minimum_version 1.5.0
load boot.bash

setup_file() {
	boot_root units
	systemctl --root "$root" is-enabled phone-cpr-helper.service phone-cpr-refresh.path \
		>"$BATS_FILE_TMPDIR/enabled" || true
	systemctl -q --root "$root" enable phone-cpr-helper.service
	mkdir "$root/etc/systemd/system/phone-cpr-helper.service.d"
	printf '[Service]\nExecStart=\nExecStart=cpr-helper watch --patience 3\nWatchdogSec=4\n' \
		>"$root/etc/systemd/system/phone-cpr-helper.service.d/patience.conf"
	mkdir -p "$root/etc/phone-cpr"
	echo 'call-managers = {"192.0.2.9"}' >"$root/etc/phone-cpr/site.conf"
	echo 'tftp-servers = {"127.0.0.1"}' >>"$root/etc/phone-cpr/site.conf"
	# others use the TFTP root, too
	mkdir -p "$root/srv/tftp"
	chmod 2775 "$root/srv/tftp"
	echo theirs >"$root/srv/tftp/pxelinux.0"
	cpr-conf generate --root "$root" --only xmldefault --no-reload
	boot
}

teardown_file() { boot_end; }

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || in_it journalctl -b --no-pager -n 60 -u 'phone-cpr-*'
}

alice() { in_it runuser -u alice -- "$@"; }

incoming=/var/lib/phone-cpr/incoming
status() { in_it cpr-helper status --json; }
known() { within 600 told "$1"; }
told() { status | jq -e "$1"; }
# package OPTION...: /srv/p.zip
package() { rm -f "$root/srv/p.zip"; mkfirmware "$@" "$root/srv/p.zip"; }
# entries EVENT: how many the journal has
entries() { in_it journalctl -b -o cat PHONE_CPR_EVENT="$1" | wc -l; }

@test "make install enables nothing" {
	[ "$(sort -u "$BATS_FILE_TMPDIR/enabled")" = disabled ]
}

@test "a boot makes the user, its folders, and its right to the TFTP root, which stays others'" {
	local spool=/var/lib/phone-cpr
	in_it id phone-cpr
	run -0 in_it stat -c '%a %U:%G' $spool $spool/{incoming,accepted,quarantine,dnsmasq,backup}
	[ "${lines[*]}" = "1775 root:phone-cpr 2770 phone-cpr:phone-cpr 750 phone-cpr:phone-cpr \
750 phone-cpr:phone-cpr 755 root:root 750 root:root" ]
	run -0 in_it stat -c '%a %U:%G' /srv/tftp /srv/tftp/.phone-cpr
	[ "${lines[*]}" = "2775 root:root 700 phone-cpr:phone-cpr" ]
	in_it getfacl -cp /srv/tftp | grep -x user:phone-cpr:rwx
	[ "$(in_it stat -c %U /srv/tftp/XMLDefault.cnf.xml)" = phone-cpr ]
	in_it chmod +t /srv/tftp
	run -1 in_it runuser -u phone-cpr -- mv /srv/tftp/pxelinux.0 /srv/tftp/x
	run -1 in_it runuser -u phone-cpr -- mv $spool/backup $spool/x
	run -1 in_it runuser -u phone-cpr -- mv $spool/generated.sha256 $spool/x
}

@test "systemd sees little to blame in the sandbox" {
	in_it systemd-analyze security --threshold=20 phone-cpr-helper.service
	in_it systemd-analyze security --threshold=20 phone-cpr-refresh.service
}

@test "the daemon says what it does, and is watched" {
	known '.state == "idle"'
	[ "$(show ActiveState)/$(show User)/$(show WatchdogUSec)" = active/phone-cpr/4s ]
	within 50 eval '[ "$(show StatusText)" = "watches, 0 in the queue" ]'
	[ "$(entries started)" = 1 ]
}

@test "what a member of the group drops is taken, as a file or a folder, and told in the journal" {
	in_it useradd -m -G phone-cpr alice
	package --seed 1
	alice cp /srv/p.zip $incoming/p.zip
	known '.accepted == 1 and .queue == [] and .state == "idle"'
	mkfirmware --model 7965 --package dir "$root/srv/d"
	alice mkdir $incoming/d
	alice cp -r /srv/d/. $incoming/d
	known '.accepted == 2 and .queue == [] and .state == "idle"'
	in_it ls /srv/tftp/SCCP41.9-4-2SR3-1S.loads /srv/tftp/term65.default.loads
	[ "$(in_it ls /var/lib/phone-cpr/accepted | paste -sd' ')" = "d p.zip" ]
	in_it journalctl --update-catalog
	in_it journalctl -b -x MESSAGE_ID=04823b9f77be463ba80312a69252002d >"$BATS_TEST_TMPDIR/log"
	grep 'p.zip: accepted' "$BATS_TEST_TMPDIR/log"
	grep 'The loads of a package are in the TFTP root' "$BATS_TEST_TMPDIR/log"
	[ "$(in_it journalctl -b -o json PHONE_CPR_PACKAGE=d PHONE_CPR_EVENT=accepted |
		jq -r '"\(.PRIORITY) \(._UID)"')" = "5 $(in_it id -u phone-cpr)" ]
}

# every_model_recovers N: as cpr-conf tells, which knows N
every_model_recovers() {
	in_it cpr-conf verify >"$BATS_TEST_TMPDIR/verify" || true
	awk -v n="$1" 'NF == 0 { exit } NR > 1 && $2 == "yes" { yes++ } END { exit !(yes == n && NR == n + 2) }' \
		"$BATS_TEST_TMPDIR/verify"
}

@test "phones recover with what it published" {
	every_model_recovers 6
}

@test "a folder in which its owner alone may write is published, and its staying there said" {
	mkfirmware --model 7971 --package dir "$root/srv/closed"
	alice cp -r /srv/closed $incoming/
	known '.accepted == 3 and .state == "idle"'
	in_it ls /srv/tftp/term71.default.loads
	within 50 eval '[ "$(entries failed)" = 1 ]'
	in_it journalctl -b -o cat PHONE_CPR_EVENT=failed | grep 'remove it by hand'
	alice rm -r $incoming/closed
	known '.queue == []'
}

@test "what another user has open for writing is waited for (CAP_LEASE)" {
	package --model 7931
	alice sh -c "(head -c 3000 /srv/p.zip; sleep 8; tail -c +3001 /srv/p.zip) >$incoming/slow.zip"
	known '.queue == [] and .state == "idle" and any(.packages[]; .name == "slow.zip" and .accepted)'
	[ "$(entries refused)" = 0 ]
}

@test "a refused package lies in quarantine, with its reasons" {
	package --model 7906 --defect missing
	alice cp /srv/p.zip $incoming/bad.zip
	known '.refused == 1 and .queue == [] and .state == "idle"'
	in_it grep . /var/lib/phone-cpr/quarantine/bad.zip.reason
	[ "$(entries refused)" = 1 ]
}

@test "a reload takes the site file, a damaged one is refused and the old one holds" {
	local pid=$(show MainPID)
	echo 'call-managers = {"192.0.2.77"}' >"$root/etc/phone-cpr/site.conf"
	echo 'tftp-servers = {"127.0.0.1"}' >>"$root/etc/phone-cpr/site.conf"
	in_it systemctl reload phone-cpr-helper
	within 100 in_it grep 192.0.2.77 /srv/tftp/XMLDefault.cnf.xml
	echo 'nonsense' >>"$root/etc/phone-cpr/site.conf"
	in_it systemctl reload phone-cpr-helper
	within 100 eval '[ "$(entries site-refused)" = 1 ]'
	sed -i '$d' "$root/etc/phone-cpr/site.conf"
	in_it systemctl reload phone-cpr-helper
	[ "$(show ActiveState) $(show MainPID)" = "active $pid" ]
}

@test "after SIGKILL it is back, and takes what was dropped meanwhile" {
	local pid=$(show MainPID)
	in_it kill -KILL "$pid"
	package --protocol sip
	alice cp /srv/p.zip $incoming/sip.zip
	within 200 eval '[ "$(show ActiveState)" = active ] && [ "$(show MainPID)" != '"$pid"' ]'
	known '.state == "idle" and any(.packages[]; .name == "sip.zip" and .accepted)'
	[ "$(show NRestarts)" = 1 ]
}

@test "one that hangs is ended by its watchdog, and started anew" {
	local pid=$(show MainPID)
	in_it kill -STOP "$pid"
	within 300 eval '[ "$(show ActiveState)" = active ] && [ "$(show MainPID)" != '"$pid"' ]'
	in_it journalctl -b -o cat -u phone-cpr-helper | grep -q 'Watchdog timeout'
}

@test "root imports and generates beside it, and the daemon goes on from there" {
	local before=$(entries not-published)
	package --model 7960 --seed 3
	in_it cpr-helper import /srv/p.zip
	in_it cpr-conf generate --no-reload
	[ -z "$(in_it find /srv/tftp -user root ! -name pxelinux.0 ! -path /srv/tftp)" ]
	# what root put there the daemon takes away or replaces
	in_it rm -f /srv/tftp/OS79XX.TXT
	within 100 in_it test -e /srv/tftp/OS79XX.TXT
	known '.state == "idle"'
	[ "$(in_it stat -c %U /srv/tftp/OS79XX.TXT)" = phone-cpr ]
	[ "$(entries not-published)" = "$before" ]
	in_it cpr-conf rollback --check || [ $? = 3 ]
}

@test "root trusts no backup that is not root's" {
	in_it mv /var/lib/phone-cpr/backup /var/lib/phone-cpr/root-backup
	in_it install -d -m 750 -o phone-cpr /var/lib/phone-cpr/backup
	in_it runuser -u phone-cpr -- mkdir -p /var/lib/phone-cpr/backup/9/was/etc
	in_it runuser -u phone-cpr -- sh -c 'cd /var/lib/phone-cpr/backup/9; echo evil >was/etc/cron
		echo "0 0 - /etc/cron" >manifest'
	run in_it cpr-conf rollback
	[ $status != 0 ]
	[[ $output = *"belongs to another user"* ]]
	run in_it test -e /etc/cron
	[ $status = 1 ]
	in_it rm -r /var/lib/phone-cpr/backup
	in_it mv /var/lib/phone-cpr/root-backup /var/lib/phone-cpr/backup
}

@test "a stop finishes the publish in hand" {
	package --model 7975 --size real
	alice cp /srv/p.zip $incoming/real.zip
	local child=$(in_it sh -c 'until pgrep -f "^[^ ]* import --confine"; do :; done')
	in_it kill -STOP "$child"
	in_it systemctl stop --no-block phone-cpr-helper
	sleep 1
	[ "$(show ActiveState)" = deactivating ]
	in_it kill -CONT "$child"
	within 300 eval '[ "$(show ActiveState)" = inactive ]'
	[ "$(show ActiveState)/$(show Result)" = inactive/success ]
	in_it ls /srv/tftp/SCCP75.9-4-2SR3-1S.loads /srv/tftp/term75.default.loads
	in_it grep SCCP75.9-4-2SR3-1S /srv/tftp/XMLDefault.cnf.xml
	[ -z "$(in_it find /srv/tftp -name '.*' ! -name .phone-cpr)" ]
}

@test "without a daemon: the path unit takes what is dropped, and nothing runs afterwards" {
	in_it systemctl start phone-cpr-refresh.path
	package --model 7906
	alice cp /srv/p.zip $incoming/again.zip
	within 300 in_it test -e /var/lib/phone-cpr/accepted/again.zip
	within 100 eval '[ "$(show ActiveState phone-cpr-refresh)/$(show Result phone-cpr-refresh)" = inactive/success ]'
	[ "$(show ActiveState phone-cpr-refresh.path)" = active ]
	[ -z "$(in_it pgrep cpr-helper)" ]
	# one or the other
	in_it systemctl start phone-cpr-helper
	[ "$(show ActiveState phone-cpr-refresh.path)" = inactive ]
}
