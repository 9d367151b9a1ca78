# Very much at once: hundreds of packages, and more events than the kernel keeps.  Each ends in
# what a fresh look at the same files makes, byte for byte.
bats_require_minimum_version 1.5.0
load lab.bash
load watch.bash

setup() {
	# in memory: thousands of files, each of which is synced
	mkdir "$BATS_TEST_TMPDIR/root" "$BATS_TEST_TMPDIR/fresh"
	mount -t tmpfs none "$BATS_TEST_TMPDIR/root"
	mount -t tmpfs none "$BATS_TEST_TMPDIR/fresh"
	watch_setup
	fresh=$PWD/fresh
	patience=1200
}

teardown() {
	lab_stop
	umount "$root" "$fresh"
	watch_teardown
}

@test "two hundred packages at once end as they do one by one, and keep holds" {
	local model n each=40
	[ "${MODE-}" != asan ] || each=8 # sanitizers cost a minute
	mkdir first packages
	lab_site "$fresh"
	for model in 7961 7965 7906 7975 7971; do
		mkfirmware --model $model --version 8-5-2S first/$model.zip
		for ((n = 1; n <= each; n++)); do
			mkfirmware --model $model --version 9-$n-1S packages/$model-$n.zip
		done
	done
	# phones are told of these, and no drop changes that, in whatever order it is taken
	cpr-helper import --root "$root" first/* >/dev/null
	cpr-helper import --root "$fresh" first/* >/dev/null
	cp "$tftp/XMLDefault.cnf.xml" .
	watch
	known '.state == "idle"'
	cp packages/* "$spool/incoming/"
	cp packages/7961-1.zip "$spool/incoming/again.zip"
	mkfirmware --defect missing --version 10-1-1S "$spool/incoming/bad.zip"
	mkfirmware --evil dotdot "$spool/incoming/evil.zip"
	known '.accepted == '$((5 * each + 1))' and .refused == 2 and .queue == [] and .state == "idle"'
	whole
	cmp XMLDefault.cnf.xml "$tftp/XMLDefault.cnf.xml"
	[ "$(ls "$spool/accepted" | wc -l)" = 5 ]
	[ "$(ls "$spool/quarantine")" = $'bad.zip\nbad.zip.reason\nevil.zip\nevil.zip.reason' ]
	cpr-helper import --root "$fresh" $(ls -dr packages/*) >/dev/null
	state "$root" >ours
	[ "$(grep -c '\.loads f' ours)" -gt $((10 * each)) ]
	state "$fresh" | diff - ours
}

# flood FOLDER: two events a file, in all more than the kernel keeps: 20,480 where it keeps 16,384
flood() {
	perl -e '
		my ($folder, $n) = @ARGV;
		for (1 .. $n) {
			open my $f, ">", "$folder/.$_" or die "$folder: $!\n";
			close $f;
			unlink "$folder/.$_";
		}' "$1" "$(($(</proc/sys/fs/inotify/max_queued_events) * 5 / 8))"
}

# overflows FOLDER HAPPENS: with the daemon stopped, this folder is flooded, then HAPPENS does
# in one root what no event tells of, and in another, which a daemon only comes to, the same
overflows() {
	mkfirmware --version 8-5-2S old.zip
	mkfirmware new.zip
	mkfirmware --model 7965 --package dir 7965
	mkfirmware --model 7975 --package dir 7975
	cpr-helper import --root "$root" old.zip
	cpr-conf generate --root "$root" --only links --only term --only xmldefault
	watch --patience 0
	known '.state == "idle" and .here == ["SCCP41.8-5-2S"]'
	kill -STOP "$watcher"
	cp -a "$root/." "$fresh"
	flood "$root/$1"
	$2 "$root"
	kill -CONT "$watcher"
	said 'too much happened at once'
	known "$3"
	lab_stop
	$2 "$fresh"
	timeout 60 cpr-helper watch --once --settle 0.1 --patience 0 --root "$fresh"
	state "$root" >ours
	state "$fresh" | diff - ours
	[ "$(cd "$spool" && ls quarantine accepted)" = "$(cd "$fresh/var/lib/phone-cpr" && ls quarantine accepted)" ]
	[ "$(grep -c 'too much' "$log")" = 1 ]
}

in_the_root() {
	cp 7965/*.loads 7965/*.sbn "$1/srv/tftp/"
	rm "$1/srv/tftp/SCCP41.8-5-2S.loads"
}

@test "the queue of events overflows: what happened in the TFTP root is noticed" {
	overflows var/lib/phone-cpr/incoming in_the_root \
		'.state == "idle" and .here == ["SCCP45.9-4-2SR3-1S"]'
	grep -q SCCP45 "$tftp/XMLDefault.cnf.xml"
	run ! grep -q SCCP41 "$tftp/XMLDefault.cnf.xml"
}

in_incoming() {
	cp new.zip "$1/var/lib/phone-cpr/incoming/"
	cp -r 7975 "$1/var/lib/phone-cpr/incoming/"
	head -c 9000 new.zip >"$1/var/lib/phone-cpr/incoming/half.zip"
}

@test "the queue of events overflows: what was dropped is taken" {
	overflows srv/tftp in_incoming \
		'.accepted == 2 and .refused == 1 and .queue == [] and .state == "idle"'
	whole
	[ -e "$tftp/term75.default.loads" ]
}
