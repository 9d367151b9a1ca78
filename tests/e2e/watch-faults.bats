# What a host may do to cpr-helper watch: no room, no writing, no descriptors, no TFTP root, a
# folder that is not its own.  It says so in a clear line, phones are served what was there,
# and without a restart the package is taken when the fault is gone.
bats_require_minimum_version 1.5.0
load lab.bash
load watch.bash

old=SCCP41.8-5-2S new=SCCP41.9-4-2SR3-1S

setup_file() {
	lab_up
}

setup() {
	watch_setup
	mkfirmware --version 8-5-2S old.zip
	mkfirmware --version 9-4-2SR3-1S new.zip
}

teardown() {
	lab_stop
	watch_teardown
	umount -q /srv/tftp /srv /var/lib/phone-cpr /var/lib "$tftp" "$spool" || true
}

# served: the daemon, with the old load in place, and a dnsmasq from which phones recover
served() {
	lab_root "$root"
	cpr-helper import --root "$root" old.zip
	cpr-conf generate --root "$root"
	lab_dnsmasq "$BATS_TEST_TMPDIR/dnsmasq.log" "$root/etc/dnsmasq.d/phone-cpr.conf"
	(cd "$tftp" && find . | sort) >before
	watch
	known '.state == "idle"'
}

# comes_back LOAD: a wiped phone, with these images
comes_back() {
	lab_phone "$B/cpr-phone" -i ph0 --model 7961 --no-delay --pause 0 --json >phone.json
	jq -e '.phones[0].recovered' phone.json
	sed -n 's/.*"name": "\(apps41.*\)".*/\1/p' phone.json | head -n 1 >image
	cmp "$tftp/$(<image)" "$(unzipped "$1")/$(<image)"
}

unzipped() {
	local zip=new
	[ "$1" != $old ] || zip=old
	unzip -qoj $zip.zip -d $zip
	echo $zip
}

# the old load serves, nothing of the new one is there
as_before() {
	comes_back $old
	[ ! -e "$tftp/$new.loads" ]
	(cd "$tftp" && find . ! -name filler | sort) | diff before -
}

recovers() {
	accepted "${1-1}"
	whole
	comes_back $new
	[ -z "$(ls "$spool/incoming")" ]
	kill -0 "$watcher"
}

fill() { ! cat /dev/zero >"$1/filler" 2>/dev/null; }

# stay_full FOLDER: what a program that was writing gives back is filled, too; ends with the filler
stay_full() {
	fill "$1"
	lab_start /dev/null bash -c 'while [ -e "$1" ]; do
			cat /dev/zero >>"$1" 2>/dev/null
			sleep 0.05
		done' stay_full "$1/filler"
	filler=$lab_pid
}

@test "the TFTP root is full" {
	mount -t tmpfs -o size=200k none "$tftp"
	served
	fill "$tftp"
	cp new.zip "$spool/incoming/"
	said "new.zip: no room in '.*/srv/tftp' .*: make room"
	known '.queue[0].state == "waiting"'
	as_before
	rm "$tftp/filler"
	recovers
	# once, however often it was tried
	[ "$(grep -c 'new.zip: could not be taken' "$log")" = 1 ]
}

@test "the TFTP root has room for some of a package, and none for XMLDefault" {
	mount -t tmpfs -o size=200k none "$tftp"
	served
	fill "$tftp"
	truncate -s -16k "$tftp/filler"
	cp new.zip "$spool/incoming/"
	said "new.zip: no room in"
	as_before
	rm "$spool/incoming/new.zip"
	known '.queue == []'
	fill "$tftp"
	cp "$tftp/XMLDefault.cnf.xml" .
	echo 'call-managers = {"192.0.2.77"}' >>"$root/etc/phone-cpr/site.conf"
	kill -HUP "$watcher"
	said 'XMLDefault are not all in place'
	cmp XMLDefault.cnf.xml "$tftp/XMLDefault.cnf.xml"
	rm "$tftp/filler"
	lab_wait 100 grep -q 192.0.2.77 "$tftp/XMLDefault.cnf.xml"
	known '.state == "idle"'
	whole
}

@test "/var/lib/phone-cpr is full" {
	mount -t tmpfs -o size=200k none "$spool"
	served
	cp new.zip "$spool/incoming/"
	head -c 9000 new.zip >"$spool/incoming/half.zip"
	stay_full "$spool"
	said "cannot write '.*status.json'"
	said 'new.zip: accepted'
	said 'cannot save there what would be replaced: No space left'
	said "half.zip: cannot be moved .*it is tried again"
	comes_back $old
	known '.refused == 0'
	lab_stop "$filler"
	rm "$spool/filler"
	known '.refused == 1 and .accepted == 1'
	[ -s "$spool/quarantine/half.zip.reason" ]
	recovers
	[ "$(grep -c "cannot write '" "$log")" = 1 ]
	[ "$(grep -c 'half.zip: cannot be moved' "$log")" = 1 ]
}

@test "the TFTP root is read-only" {
	mount -t tmpfs none "$tftp"
	served
	mount -o remount,bind,ro "$tftp"
	cp new.zip "$spool/incoming/"
	said "TFTP root '.*': Read-only file system"
	known '.queue[0].state == "waiting"'
	as_before
	mount -o remount,bind,rw "$tftp"
	recovers
	[ "$(grep -c 'new.zip: could not be taken' "$log")" = 1 ]
}

@test "/var/lib/phone-cpr is read-only" {
	mount -t tmpfs none "$spool"
	served
	cp new.zip "$spool/incoming/"
	mount -o remount,bind,ro "$spool"
	said "new.zip: cannot be moved .*Read-only file system.*it is tried again"
	said 'XMLDefault are not all in place'
	comes_back $old
	mount -o remount,bind,rw "$spool"
	recovers
	told '.accepted == 1'
}

@test "no file descriptor is left, or one, or two: whatever cannot be opened" {
	local spare free=0
	served
	while [ -e "/proc/$watcher/fd/$free" ]; do
		free=$((free + 1))
	done
	for spare in 0 1 2; do
		: >"$log"
		prlimit --pid "$watcher" --nofile=$((free + spare)):
		mkfirmware --version 9-$spare-2S "$spool/incoming/$spare.zip"
		said 'Too many open files; '
		[ ! -e "$tftp/SCCP41.9-$spare-2S.loads" ]
		[ $spare != 0 ] || comes_back $old
		prlimit --pid "$watcher" --nofile=1024:
		accepted $((spare + 1))
		cpr-helper remove --root "$root" SCCP41.9-$spare-2S
		known '.state == "idle"'
		kill -0 "$watcher"
	done
	cp new.zip "$spool/incoming/"
	recovers 4
}

@test "the TFTP root is moved away and back, and another folder put in its place" {
	served
	umount /srv/tftp
	mv "$tftp" "$tftp.away"
	said "TFTP root '.*' is gone (No such file"
	cp new.zip "$spool/incoming/"
	known '.queue[0].name == "new.zip"'
	mv "$tftp.away" "$tftp"
	mount --bind "$tftp" /srv/tftp
	said "TFTP root '.*' is there"
	recovers
	# above it, of which it sees no event
	mv "$root/srv" "$root/srv.away"
	cp -a "$root/srv.away" "$root/srv"
	rm "$tftp"/*9-4-2*
	mount --bind "$tftp" /srv/tftp
	cp old.zip "$spool/incoming/"
	accepted 2
	comes_back $old
	rm "$tftp/$old.loads"
	said "load '$old' was removed"
}

@test "the file system of the TFTP root is unmounted, and mounted again" {
	mkdir kept
	mount -t tmpfs none kept
	mount --bind kept "$tftp"
	served
	umount /srv/tftp "$tftp"
	said "TFTP root '.*' is gone ('.*/srv/tftp' is not mounted)"
	cp new.zip "$spool/incoming/"
	known '.queue[0].name == "new.zip"'
	# nothing is put into the folder below
	sleep 1
	[ -z "$(ls -A "$tftp")" ]
	mount --bind kept "$tftp"
	mount --bind kept /srv/tftp
	said "TFTP root '.*' is there"
	recovers
	run ! grep -q 'was removed' "$log"
	umount kept
}

@test "a folder of another user's, who alone may write in it, is published and stays, and that is said once" {
	setpriv --reuid=nobody --clear-groups true 2>/dev/null || skip "needs another user"
	mkdir -p "$spool/incoming"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/ "$BATS_TEST_TMPDIR"
	cp "$B/cpr-helper" "$B/cpr-conf" .
	chown -R nobody "$spool" "$tftp"
	chmod 777 "$spool/incoming"
	umask 022
	unzip -qoj new.zip -d theirs
	cp -r theirs "$spool/incoming/"
	chown -R daemon "$spool/incoming/theirs"
	lab_start "$log" setpriv --reuid=nobody --clear-groups --bounding-set=-all \
		./cpr-helper watch --root "$root" --settle 0.3 --patience 2 --again 0.3
	watcher=$lab_pid
	said 'theirs: accepted'
	known '.state == "idle" and .accepted == 1 and (.queue[0].why | test("remove it by hand"))'
	cpr-helper status --root "$root" | grep -q "cannot be moved out of '.*/incoming' (Permission denied): remove it by hand"
	whole
	# it is taken once: not when another comes, nor when it is looked at again
	cp old.zip "$spool/incoming/"
	chmod 666 "$spool/incoming/old.zip"
	known '.state == "idle" and .accepted == 2 and (.queue | length) == 1'
	touch "$spool/incoming/.x"
	sleep 1
	told '.accepted == 2'
	[ "$(grep -c 'theirs: accepted' "$log")" = 1 ]
	[ "$(grep -c 'theirs: cannot be moved' "$log")" = 1 ]
	rm -r "$spool/incoming/theirs"
	known '.queue == []'
}
