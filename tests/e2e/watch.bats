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

# both_serve: dnsmasq, and in.tftpd beside it where that can run
both_serve() {
	cpr-conf generate --root "$root"
	lab_dnsmasq dnsmasq.log "$root/etc/dnsmasq.d/phone-cpr.conf"
	tftpd=
	[ "$(id -u)" = 0 ] && grep -qx allow /proc/self/setgroups || return 0
	tftpd=192.0.2.2
	ip addr replace $tftpd/24 dev srv0
	lab_start tftpd.log in.tftpd -L --secure --user nobody --address $tftpd:69 /srv/tftp
	lab_wait 50 listens_at $tftpd
}
# fetched: in.tftpd, too, gives all of it, whole
fetched() {
	local file
	ip -n phone addr add 192.0.2.40/24 dev ph0
	for file in $(cd "$tftp" && ls); do
		lab_phone curl -sS --max-time 60 -o got "tftp://$tftpd/$file"
		cmp got "$tftp/$file"
	done
	ip -n phone addr del 192.0.2.40/24 dev ph0
}
listens_at() { ss -Hlnu "src $1:69" | grep -q .; }

# drop WAY: p.zip into incoming/
drop() {
	local half="$spool/incoming/p.zip"
	case $1 in
	cp) cp p.zip "$spool/incoming/" ;;
	mv) cp p.zip q.zip && mv q.zip "$spool/incoming/" ;;
	folder) rm -rf d && unzip -qoj p.zip -d d && cp -r d "$spool/incoming/" ;;
	rsync) rsync p.zip "$spool/incoming/" ;;
	inplace) rsync --inplace --bwlimit=8000 p.zip "$spool/incoming/" ;;
	slow)
		head -c 5000 p.zip
		sleep 1.2
		tail -c +5001 p.zip | head -c 3000000
		sleep 0.7
		tail -c +3005001 p.zip
		;;
	cp-killed)
		(head -c 4000000 p.zip && exec sleep 60) >"$half" 3>&- &
		lab_wait 50 at_least "$half" 4000000
		kill -KILL $!
		is_half
		cp p.zip "$spool/incoming/"
		;;
	rsync-killed)
		! timeout -s KILL 1 rsync --bwlimit=2000 p.zip "$spool/incoming/" || return 1
		rsync p.zip "$spool/incoming/"
		;;
	inplace-killed)
		! timeout -s KILL 1 rsync --inplace --bwlimit=2000 p.zip "$spool/incoming/" || return 1
		is_half
		rsync --inplace p.zip "$spool/incoming/"
		;;
	esac
}
at_least() { [ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -ge "$2" ]; }

# what lies in incoming/ is seen to be no whole package, and nothing of it is published
is_half() {
	known '.queue[0].state == "waiting"'
	[ -z "$(find "$tftp" -name '*.loads' -o -name '*.sbn')" ]
}

@test "cp, mv, a folder, rsync, a slow scp and what was killed end as an import, and phones recover" {
	local way size n=0
	lab_stop
	watch --patience 60
	both_serve
	for way in cp mv folder rsync inplace slow cp-killed rsync-killed inplace-killed; do
		echo "# $way"
		find "$tftp" -mindepth 1 -delete
		known '.state == "idle" and .models == []'
		case $way in cp | mv | folder | rsync) size=small ;; *) size=real ;; esac
		mkfirmware --seed $((++n)) --size $size p.zip
		if [ $way = slow ]; then
			drop slow >"$spool/incoming/p.zip"
		else
			drop $way
		fi
		accepted $n
		whole
		rm -rf fresh
		lab_site fresh
		cpr-helper import --root fresh p.zip
		state fresh >expected
		state "$root" | diff expected -
		lab_phone "$B/cpr-phone" -i ph0 --no-delay --pause 0
		[ -z "$tftpd" ] || fetched
	done
	[ -z "$(ls "$spool/incoming")$(ls "$spool/quarantine")" ]
	[ "$(ls "$spool/accepted" | wc -l)" = 5 ] # keep
	[ "$(grep -c 'started, version' dnsmasq.log)" = 1 ]
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
	lab_stop
	watch --patience 60
	mkfirmware p.zip
	head -c 9000 p.zip >"$spool/incoming/half.zip"
	known '.queue[0].state == "waiting"'
	cp p.zip "$spool/incoming/half.zip"
	accepted
	lab_stop
	watch
	head -c 9000 p.zip >"$spool/incoming/dead.zip"
	known '.refused == 1'
	grep -q 'no whole zip' "$spool/quarantine/dead.zip.reason"
	[ ! -e "$spool/incoming/dead.zip" ]
	whole
}

@test "loose files complete each other in whatever order" {
	lab_stop
	watch --patience 60
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
