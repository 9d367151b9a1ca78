# cpr-helper watch: whatever brings a package, it is taken once it is whole; what is not is
# left, then put aside with its reasons; and no server is told of anything.
bats_require_minimum_version 1.5.0
load lab.bash
load watch.bash

setup_file() {
	lab_up
}

setup() {
	watch_setup
	lab_root "$root"
	watch
}

teardown() {
	lab_stop
	umount /srv/tftp /srv /var/lib/phone-cpr /var/lib
	watch_teardown
}

@test "cp, mv, a folder, rsync and a slow scp each end in what a phone can recover with" {
	local way n=0
	for way in cp mv folder rsync inplace slow; do
		find "$tftp" -mindepth 1 -delete
		mkfirmware --seed $((++n)) p.zip
		case $way in
		cp) cp p.zip "$spool/incoming/" ;;
		mv) mv p.zip "$spool/incoming/" ;;
		folder) mkfirmware --package dir d && cp -r d "$spool/incoming/" ;;
		rsync) rsync p.zip "$spool/incoming/" ;;
		inplace) rsync --inplace --bwlimit=20 p.zip "$spool/incoming/" ;;
		slow)
			{
				head -c 5000 p.zip
				sleep 1.2
				tail -c +5001 p.zip
			} >"$spool/incoming/p.zip"
			;;
		esac
		accepted $n
		whole
	done
	[ -z "$(ls "$spool/incoming")$(ls "$spool/quarantine")" ]
	[ "$(ls "$spool/accepted" | wc -l)" = 5 ] # keep
}

@test "a phone recovers from what was dropped, and dnsmasq was told nothing" {
	local dnsmasq=$BATS_TEST_TMPDIR/dnsmasq.log
	cpr-conf generate --root "$root"
	lab_dnsmasq "$dnsmasq" "$root/etc/dnsmasq.d/phone-cpr.conf"
	mkfirmware --model 7965 --size real p.zip
	cp p.zip "$spool/incoming/"
	accepted
	run -0 --separate-stderr lab_phone "$B/cpr-phone" -i ph0 --model 7965 --no-delay --pause 1 --json
	[ "$(jq -r '.phones[0].stage' <<<"$output")" = recovered ]
	[ "$(grep -c 'started, version' "$dnsmasq")" = 1 ]
}

@test "half a package waits; completed it is taken, given up it is put aside" {
	mkfirmware p.zip
	head -c 9000 p.zip >"$spool/incoming/half.zip"
	known '.queue[0].state == "waiting"'
	cp p.zip "$spool/incoming/half.zip"
	accepted
	head -c 9000 p.zip >"$spool/incoming/dead.zip"
	known '.refused == 1'
	grep -q 'no whole zip' "$spool/quarantine/dead.zip.reason"
	[ ! -e "$spool/incoming/dead.zip" ]
	whole
}

@test "loose files complete each other in whatever order" {
	mkfirmware --package dir d
	cp d/SCCP*.loads "$spool/incoming/"
	known '.queue[0].state == "waiting"'
	cp d/*.sbn d/term* "$spool/incoming/"
	accepted 8
	whole
	[ -e "$tftp/term61.default.loads" ]
}

@test "transfers in flight, links and hostile archives are not taken" {
	mkfirmware p.zip
	cp p.zip "$spool/incoming/p.zip.part"
	ln -s "$PWD/p.zip" "$spool/incoming/link.zip"
	mkfirmware --evil dotdot "$spool/incoming/evil.zip"
	known '.refused == 2'
	grep -q 'neither a file nor a folder' "$spool/quarantine/link.zip.reason"
	grep -q 'do not trust' "$spool/quarantine/evil.zip.reason"
	[ -e "$spool/incoming/p.zip.part" ]
	[ -z "$(find "$tftp" -type f ! -name XMLDefault.cnf.xml)" ]
	mv "$spool/incoming/p.zip.part" "$spool/incoming/p.zip"
	accepted
}

@test "firmware put into the TFTP root by hand is noticed" {
	mkfirmware --package dir d
	cp d/* "$tftp/"
	known '.state == "idle" and [.models[] | select(.model == "7961" and .recoverable)] != []'
	grep -q SCCP41 "$tftp/XMLDefault.cnf.xml"
}

@test "a load that is deleted by hand is told no longer, another server's is" {
	mkfirmware --version 9-4-2SR3-1S new.zip
	cp new.zip "$spool/incoming/"
	accepted
	mkfirmware --version 8-5-2S old.zip
	cp old.zip "$spool/incoming/"
	accepted 2
	sed -i 's|</Default>|<loadInformation8>P0030801SR02</loadInformation8>&|' \
		"$tftp/XMLDefault.cnf.xml"
	known '.state == "idle" and .here == ["SCCP41.9-4-2SR3-1S"]'
	lab_stop # also while it does not run
	rm "$tftp"/SCCP41.9-4-2SR3-1S.loads
	watch
	lab_wait 100 grep -q 'load .SCCP41.9-4-2SR3-1S. was removed' "$log"
	known '.state == "idle" and (.models[] | select(.model == "7961").load == "SCCP41.8-5-2S")'
	run ! grep -q 9-4-2SR3-1S "$tftp/XMLDefault.cnf.xml"
	grep -q P0030801SR02 "$tftp/XMLDefault.cnf.xml"
	rm "$tftp"/SCCP41.8-5-2S.loads
	known '.state == "idle" and .here == []'
	run ! grep -q SCCP41 "$tftp/XMLDefault.cnf.xml"
	grep -q P0030801SR02 "$tftp/XMLDefault.cnf.xml"
}

@test "a TFTP root that vanishes and comes back is served again without a restart" {
	mv "$tftp" "$tftp.away"
	lab_wait 50 grep -q 'TFTP root .* is gone' "$log"
	mkfirmware p.zip
	cp p.zip "$spool/incoming/"
	mv "$tftp.away" "$tftp"
	lab_wait 100 grep -q 'TFTP root .* is there' "$log"
	accepted
	whole
}

@test "a second one refuses, SIGHUP rereads the site file, SIGTERM ends it" {
	run -1 --separate-stderr cpr-helper watch --root "$root"
	[[ $stderr == *"another cpr-helper watches it"* ]]
	echo 'nonsense = "x"' >>"$root/etc/phone-cpr/site.conf"
	kill -HUP "$watcher"
	lab_wait 50 grep -q 'site file is not taken' "$log"
	sed -i '$d' "$root/etc/phone-cpr/site.conf"
	kill -HUP "$watcher"
	mkfirmware p.zip
	cp p.zip "$spool/incoming/"
	accepted
	kill -TERM "$watcher"
	wait "$watcher"
	told '.running | not'
	grep -q 'phone_cpr_packages_accepted_total 1' "$spool/metrics.prom"
	[ "$(stat -c %a "$spool/metrics.prom")" = 644 ]
	cpr-helper status --root "$root" | grep -q 'does not run; 1 packages accepted'
}

@test "what was dropped while it did not run is taken when it starts" {
	lab_stop
	mkfirmware p.zip
	cp p.zip "$spool/incoming/"
	watch
	accepted
	whole
}

@test "once: it ends when nothing is left, and waits for what is in flight" {
	lab_stop
	mkfirmware p.zip
	cp p.zip "$spool/incoming/p.zip.part"
	watch --once
	sleep 1
	kill -0 "$watcher"
	mv "$spool/incoming/p.zip.part" "$spool/incoming/p.zip"
	wait "$watcher"
	told '.accepted == 1 and .queue == []'
	whole
}

@test "what it publishes itself is not looked at twice, what others do meanwhile is" {
	lab_stop
	mkdir bin
	cp "$B/cpr-helper" bin/
	cat >bin/cpr-conf <<-END
		#!/bin/bash
		echo "\$1" >>"$PWD/runs"
		"$B/cpr-conf" "\$@"
		code=\$?
		if [ "\$1" = generate ] && rm "$PWD/meddle" 2>/dev/null; then
			sed -i /loadInformation/d "$tftp/XMLDefault.cnf.xml"
		fi
		exit \$code
	END
	chmod +x bin/cpr-conf
	B=$PWD/bin watch
	known '.state == "idle"'
	mkfirmware p.zip
	cp p.zip "$spool/incoming/"
	accepted
	mkfirmware --model 7841 q.zip
	cp q.zip "$spool/incoming/"
	accepted 2
	[ "$(xargs <runs)" = "generate verify generate verify generate verify" ]
	mkfirmware --model 6921 r.zip
	: >meddle
	cp r.zip "$spool/incoming/"
	accepted 3
	[ "$(tail -n +7 runs | xargs)" = "generate verify generate verify" ]
	[ "$(grep -c loadInformation "$tftp/XMLDefault.cnf.xml")" -ge 4 ]
}
