# cpr-conf on trees that are damaged, edited by hand or half there: what it says, what it
# leaves alone, and that dnsmasq takes what it writes.
bats_require_minimum_version 1.5.0
load lab.bash

setup() {
	root=$BATS_TEST_TMPDIR/root
	tftp=$root/srv/tftp
	static=$root/etc/dnsmasq.d/phone-cpr.conf
	live=$root/var/lib/phone-cpr/dnsmasq/phone-cpr
	lab_site "$root"
}

# put MKFIRMWARE-OPTION...: straight into the TFTP root, as an admin with unzip does it
put() { mkfirmware --package dir "$@" "$tftp"; }

conf() { cpr-conf "$1" --root "$root" "${@:2}"; }

# finds ID FILE: verify exits 6 and has this finding, for people and as JSON
finds() {
	run -6 --separate-stderr conf verify
	echo "$output"
	grep -qF "$2" <<<"$output"
	grep -qF "($1)" <<<"$output"
	run -6 --separate-stderr conf verify --json
	jq -e --arg id "$1" --arg file "$2" \
		'.findings[] | select(.id == $id and .file == $file and .remedy != "")' <<<"$output"
}

# Names, bytes, inodes and times of all files.
state() { find "$root" -type f -printf '%P %i %T@ %m ' -exec sha256sum {} \; | sort; }

@test "a healthy set: exit 0, all keys of the contract, no finding of weight" {
	put --model 7961 --version 8-5-2S
	put --model 7961
	run -0 --separate-stderr conf verify --json
	echo "$output"
	[ "$(jq -c '.models[0] | keys_unsorted' <<<"$output")" = \
		'["model","device_id","recoverable","recovery_file","load","protocol","missing"]' ]
	jq -e '[.models[] | select(.model == "7961")] == [{"model": "7961", "device_id": 30018,
		"recoverable": true, "recovery_file": "term61.default.loads",
		"load": "SCCP41.9-4-2SR3-1S", "protocol": "sccp", "missing": []}]' <<<"$output"
	jq -e '.findings == []' <<<"$output"
}

@test "a set of 9.4(2) alone: a note, for phones below 8.3(3) do not take it" {
	put --model 7961
	run -0 --separate-stderr conf verify --json
	jq -e '[.findings[] | [.id, .severity, .file]] == [
		["upgrade-path", "note", "term41.default.loads"],
		["upgrade-path", "note", "term61.default.loads"]]' <<<"$output"
}

@test "SCCP and SIP unpacked into one folder: the one that was overwritten is named" {
	put --model 7961
	put --model 7961 --protocol sip
	run -0 --separate-stderr conf verify --json
	echo "$output"
	jq -e '.findings[] | select(.id == "term-collision" and .severity == "warning" and
		.file == "term61.default.loads")' <<<"$output"
}

@test "an old load for a board that may be newer; an image beyond plain TFTP" {
	put --model 7945 --version 8-5-4S
	put --model 7841
	truncate -s 33553920 "$tftp"/rootfs78xx*.sbn
	run --separate-stderr conf verify --json
	echo "$output"
	jq -e '.findings[] | select(.id == "hardware-mask" and .severity == "warning")' <<<"$output"
	jq -e '.findings[] | select(.id == "beyond-tftp" and (.file | startswith("rootfs78xx")))' \
		<<<"$output"
}

@test "a link with an absolute path" {
	put --model 7961
	mv "$tftp/dsp41.9-4-2ES26.sbn" "$root/srv/"
	ln -s /srv/dsp41.9-4-2ES26.sbn "$tftp/dsp41.9-4-2ES26.sbn"
	finds absolute-link dsp41.9-4-2ES26.sbn
}

@test "a phone's file with a password in it" {
	put --model 7961
	echo '<device><sshPassword></sshPassword><devicePool/></device>' >"$tftp/SEP001B54AABB01.cnf.xml"
	run -0 --separate-stderr conf verify --json
	jq -e '[.findings[] | select(.id == "secret-readable")] == []' <<<"$output"
	echo '<device><sshUserId>a</sshUserId><sshPassword>b</sshPassword></device>' \
		>"$tftp/SEP001B54AABBCC.cnf.xml"
	cp "$tftp/SEP001B54AABBCC.cnf.xml" "$tftp/SEP001B54AABBDD.cnf.xml"
	run -0 --separate-stderr conf verify --json
	jq -e '.findings[] | select(.id == "secret-readable" and .severity == "warning" and
		.file == "SEP001B54AABBCC.cnf.xml") | .text ==
		"it has something in <sshPassword>, and 1 more such files"' <<<"$output"
	chmod 600 "$tftp"/SEP*
	run -0 --separate-stderr conf verify --json
	jq -e '[.findings[] | select(.id == "secret-readable")] == []' <<<"$output"
}

@test "a line that is missing in Kea's own file, and a network that dnsmasq cannot tell" {
	put --model 7961
	printf '%s\n' 'kea { enable = true }' 'dnsmasq { enable = false }' \
		>>"$root/etc/phone-cpr/site.conf"
	finds line-missing /etc/kea/kea-dhcp4.conf
	sed -i '/^kea\|^dnsmasq/d' "$root/etc/phone-cpr/site.conf"
	echo 'network "10.1.0.0/16" { tftp-servers = {"10.1.0.5"} }' >>"$root/etc/phone-cpr/site.conf"
	mkdir -p "$root/etc"
	echo 'dhcp-range=10.1.0.50,10.1.0.99,255.255.0.0' >"$root/etc/dnsmasq.conf"
	run -0 --separate-stderr conf verify --json
	echo "$output"
	jq -e '.findings[] | select(.id == "network-not-served" and .severity == "warning" and
		(.file | startswith("/etc/dnsmasq.conf")))' <<<"$output"
}

# on_host COMMAND...: as on a live host, for what lies below the root stands in its place
on_host() {
	lab_root "$root"
	cp "$root/etc/phone-cpr/site.conf" "$BATS_TEST_TMPDIR/site.conf"
	run --separate-stderr cpr-conf verify --site "$BATS_TEST_TMPDIR/site.conf" --json
	umount /srv/tftp /srv /var/lib/phone-cpr /var/lib
	echo "$output"
}

@test "what the servers' own users cannot read" {
	[ "$(id -u)" = 0 ] && setpriv --reuid=1 --clear-groups true 2>/dev/null ||
		skip "only root can become another user"
	local user
	for user in tftp dnsmasq; do
		getent passwd "$user" >/dev/null || skip "there is no user $user here"
	done
	put --model 7961
	conf generate
	chmod 755 "$BATS_TEST_TMPDIR" "$root" "$root/srv" "$root/srv/tftp" "$root/var/lib/phone-cpr"
	on_host
	jq -e '[.findings[] | select(.id == "closed-to-server")] == []' <<<"$output"

	chmod 750 "$root/srv/tftp"
	on_host
	jq -e '[.findings[] | select(.id == "closed-to-server") | [.file, .severity]] ==
		[["/srv/tftp", "error"]]' <<<"$output"
	jq -e '.findings[] | select(.id == "closed-to-server").text | startswith("the user dnsmasq ")' \
		<<<"$output"
	chmod 755 "$root/srv/tftp"

	chmod 600 "$live"
	on_host
	jq -e '[.findings[] | select(.id == "closed-to-server").file] ==
		["/var/lib/phone-cpr/dnsmasq/phone-cpr"]' <<<"$output"
	chmod 750 "$root/var/lib/phone-cpr"
	on_host
	jq -e '[.findings[] | select(.id == "closed-to-server").file] == ["/var/lib/phone-cpr"]' \
		<<<"$output"
	chmod 755 "$root/var/lib/phone-cpr"
	chmod 644 "$live"

	echo 'tftpd-hpa { enable = true }' >>"$root/etc/phone-cpr/site.conf"
	chmod 640 "$tftp/XMLDefault.cnf.xml"
	on_host
	jq -e '[.findings[] | select(.id == "closed-to-server") | [.file, .text]] ==
		[["/srv/tftp/XMLDefault.cnf.xml", "the user tftp cannot read it: permission denied"]]' \
		<<<"$output"
}

@test "an empty TFTP root, and none, are no good health" {
	finds no-firmware /srv/tftp
	rmdir "$tftp"
	finds no-firmware /srv/tftp
}

@test "a folder among the kept sets that is not of our making is left out" {
	put --model 7961
	mkdir -p "$tftp/.phone-cpr/terms/"$'odd\033[2J\377'
	cp "$tftp/term61.default.loads" "$tftp/.phone-cpr/terms/"odd*/
	truncate -s 200 "$tftp/.phone-cpr/terms/"odd*/*
	run -0 conf verify
	[[ $output != *$'\033'* ]]
	conf generate --only term
}

@test "a missing image" {
	put --model 7961 --defect missing
	finds missing-image apps41.9-4-2ES26.sbn
	jq -e '.models[] | select(.model == "7961") | (.recoverable | not) and
		.missing == ["apps41.9-4-2ES26.sbn"]' <<<"$output"
}

@test "a missing image of a load that the site file pins" {
	put --model 7961 --defect missing
	echo 'model "7961" { load = "SCCP41.9-4-2SR3-1S" recovery = "SCCP41.9-4-2SR3-1S" }' \
		>>"$root/etc/phone-cpr/site.conf"
	finds missing-image apps41.9-4-2ES26.sbn
	finds pin-not-served SCCP41.9-4-2SR3-1S.loads
	state >"$BATS_TEST_TMPDIR/before"
	run -4 conf generate
	[[ $output == *"not complete (apps41.9-4-2ES26.sbn)"* ]]
	state | diff "$BATS_TEST_TMPDIR/before" -
	rm "$tftp"/*
	put --model 7961 --version 8-5-2S
	put --model 7961
	sed -i /^model/d "$root/etc/phone-cpr/site.conf"
	echo 'model "7961" { recovery = "SCCP41.9-4-2SR3-1S" }
		model "7961G-GE" { recovery = "SCCP41.8-5-2S" }' >>"$root/etc/phone-cpr/site.conf"
	run -6 conf verify
	[[ $output == *"give them the same recovery"* ]]
}

@test "a renamed image" {
	put --model 7961
	mv "$tftp/dsp41.9-4-2ES26.sbn" "$BATS_TEST_TMPDIR/dsp"
	put --model 7961 --version 8-5-2S
	mv "$tftp"/dsp41.8-5-2*.sbn "$tftp/dsp41.9-4-2ES26.sbn"
	finds renamed dsp41.9-4-2ES26.sbn
}

@test "another version's image under the listed name" {
	put --model 7961 --defect renamed
	run -6 conf verify --json
	echo "$output"
	jq -e '.findings[] | select(.id == "renamed" and (.file | endswith(".sbn")))' <<<"$output"
}

@test "a truncated image" {
	put --model 7961 --defect truncated
	finds truncated-image cvm41sccp.9-4-2ES26.sbn
}

@test "an image cut off inside its header" {
	put --model 7961
	truncate -s 200 "$tftp/cnu41.9-4-2ES26.sbn"
	finds container-malformed cnu41.9-4-2ES26.sbn
}

@test "an empty image" {
	put --model 7961
	: >"$tftp/cnu41.9-4-2ES26.sbn"
	finds container-malformed cnu41.9-4-2ES26.sbn
}

@test "a .loads with another name inside" {
	put --model 7961 --defect inner-name
	finds loads-inner-name SCCP41.9-4-2SR3-1S.loads
	finds loads-inner-name term61.default.loads
}

@test "a main list copied to the term file's name" {
	put --model 7961
	cp "$tftp/SCCP41.9-4-2SR3-1S.loads" "$tftp/term61.default.loads"
	finds loads-inner-name term61.default.loads
}

@test "an image in another case" {
	put --model 7961 --defect case
	finds wrong-case apps41.9-4-2ES26.sbn
	jq -e '.findings[] | select(.id == "wrong-case").text | contains("APPS41.9-4-2ES26.SBN")' \
		<<<"$output"
}

@test "a term file in another case" {
	put --model 7961
	mv "$tftp/term61.default.loads" "$tftp/TERM61.default.loads"
	finds wrong-case term61.default.loads
	finds no-term-file term61.default.loads
}

@test "a file that only its owner may read" {
	put --model 7961
	chmod 600 "$tftp/jar41sccp.9-4-2ES26.sbn"
	finds unreadable jar41sccp.9-4-2ES26.sbn
}

@test "a set without its term files" {
	put --model 7961
	rm "$tftp"/term*.loads
	finds no-term-file term61.default.loads
}

@test "kept term files that nobody linked" {
	put --model 7961
	mkdir -p "$tftp/.phone-cpr/terms/SCCP41.9-4-2SR3-1S"
	mv "$tftp"/term*.loads "$tftp/.phone-cpr/terms/SCCP41.9-4-2SR3-1S/"
	finds term-not-served term61.default.loads
	conf generate
	conf verify
	[ "$(stat -c %i "$tftp/term61.default.loads")" = \
		"$(stat -c %i "$tftp/.phone-cpr/terms/SCCP41.9-4-2SR3-1S/term61.default.loads")" ]
}

@test "XMLDefault names a load that is not here: a warning, not a failure" {
	put --model 7961
	echo '<Default><loadInformation436 model="7965">SCCP45.8-5-2S</loadInformation436></Default>' \
		>"$tftp/XMLDefault.cnf.xml"
	run -0 --separate-stderr conf verify --json
	jq -e '.findings[] | select(.id == "dangling-load" and .severity == "warning" and
		.file == "SCCP45.8-5-2S.loads")' <<<"$output"
}

@test "odd bytes in names are shown as question marks, and JSON stays JSON" {
	put --model 7960
	printf '<Default><loadInformation436>\303\244\303\244&#10;&#x9b;x</loadInformation436></Default>' \
		>"$tftp/XMLDefault.cnf.xml"
	printf 'P\377\033[2J\n' >"$tftp/OS79XX.TXT"
	run -6 --separate-stderr conf verify --json
	jq -e '.findings[] | select(.id == "dangling-load").file | test("^[?]+x[.]loads$")' <<<"$output"
	jq -e '.findings[] | select(.id == "os79xx").text | contains("P??[2J")' <<<"$output"
	run -6 conf verify
	[[ $output != *$'\033'* ]]
	cp "$tftp/P0030801SR02.sbn" "$BATS_TEST_TMPDIR/"$'odd\377.sbn'
	run -6 --separate-stderr cpr-conf inspect --json "$BATS_TEST_TMPDIR/"$'odd\377.sbn'
	jq -e '.file | endswith("odd?.sbn")' <<<"$output"
}

@test "an XMLDefault that cannot be parsed is a finding, and generate leaves it alone" {
	put --model 7961
	printf '<Default>\n<a>\n</Default>\n' >"$tftp/XMLDefault.cnf.xml"
	finds xmldefault-malformed XMLDefault.cnf.xml
	state >"$BATS_TEST_TMPDIR/before"
	run -4 conf generate
	echo "$output"
	grep -q '/srv/tftp/XMLDefault.cnf.xml:3: ' <<<"$output"
	state | diff "$BATS_TEST_TMPDIR/before" -
}

@test "entities and a DOCTYPE in XMLDefault are refused, not followed" {
	put --model 7961
	cat >"$tftp/XMLDefault.cnf.xml" <<-'EOF'
		<!DOCTYPE Default [<!ENTITY x SYSTEM "file:///etc/passwd">]>
		<Default><directoryURL>&x;</directoryURL></Default>
	EOF
	run -4 conf generate
	[[ $output == *DOCTYPE* ]]
	[[ $output != *root:* ]]
}

@test "an XMLDefault that is a link: verify reads it, generate does not replace it" {
	put --model 7961
	conf generate
	mkdir "$tftp/mine"
	mv "$tftp/XMLDefault.cnf.xml" "$tftp/mine/mine.xml"
	ln -s mine/mine.xml "$tftp/XMLDefault.cnf.xml"
	run -0 --separate-stderr conf verify --json
	jq -e '[.findings[] | select(.severity != "note")] == []' <<<"$output"
	sed -i 's/>SCCP41[^<]*</>OLD</' "$tftp/mine/mine.xml"
	run -4 conf generate
	[[ $output == *"XMLDefault.cnf.xml: it is no file that cpr-conf could have written"* ]]
	[ -L "$tftp/XMLDefault.cnf.xml" ]
	# whoever may write here does not have root read what is elsewhere
	mv "$tftp/mine" "$root/srv/mine"
	ln -sf ../mine/mine.xml "$tftp/XMLDefault.cnf.xml"
	run -4 conf verify
	[[ $output == *"no regular file"* ]]
	rm "$tftp/XMLDefault.cnf.xml"
	mkdir "$tftp/XMLDefault.cnf.xml"
	run -4 conf generate
	[[ $output == *"no regular file"* ]]
}

@test "an XMLDefault that generate changes keeps its owner and mode, but that phones get it" {
	put --model 7961
	conf generate
	sed -i 's/>SCCP41[^<]*</>OLD</' "$tftp/XMLDefault.cnf.xml"
	chmod 660 "$tftp/XMLDefault.cnf.xml"
	[ "$(id -u)" != 0 ] || chown 12:34 "$tftp/XMLDefault.cnf.xml" 2>/dev/null || skip "one user only"
	before=$(stat -c '%u %g' "$tftp/XMLDefault.cnf.xml")
	conf generate
	run ! grep OLD "$tftp/XMLDefault.cnf.xml"
	[ "$(stat -c '%u %g %a' "$tftp/XMLDefault.cnf.xml")" = "$before 664" ]
	# with the right bytes, too
	chmod 640 "$tftp/XMLDefault.cnf.xml"
	run -3 conf generate --check
	conf generate
	[ "$(stat -c '%u %g %a' "$tftp/XMLDefault.cnf.xml")" = "$before 644" ]
	run -0 conf generate --check
}

@test "an XMLDefault in which phones could not read the managed lines is refused, with the line" {
	put --model 7961
	printf '%s\n' '<Default>' '<callManagerGroup><members><member><callManager>' \
		'<ports><ethernetPhonePort>many</ethernetPhonePort></ports>' \
		'<processNodeName>192.0.2.9</processNodeName>' \
		'</callManager></member></members></callManagerGroup></Default>' >"$tftp/XMLDefault.cnf.xml"
	state >"$BATS_TEST_TMPDIR/before"
	run -4 conf generate
	[[ $output == *"/srv/tftp/XMLDefault.cnf.xml:3: phones could not read it with <ethernetPhonePort>"* ]]
	state | diff "$BATS_TEST_TMPDIR/before" -
}

@test "an XMLDefault of two megabytes is refused" {
	put --model 7961
	{ echo '<Default>'; head -c 2000000 /dev/zero | tr '\0' ' '; echo '</Default>'; } \
		>"$tftp/XMLDefault.cnf.xml"
	run -4 conf generate
	[[ $output == *"more than"* ]]
}

@test "7960: OS79XX.TXT absent, then written; with a blank: a warning" {
	put --model 7960
	finds os79xx OS79XX.TXT
	conf generate
	[ "$(od -An -c "$tftp/OS79XX.TXT" | tr -d ' ')" = 'P0030801SR02\n' ]
	conf verify
	printf 'P0030801SR02 \r\n' >"$tftp/OS79XX.TXT"
	run -0 --separate-stderr conf verify --json
	jq -e '.findings[] | select(.id == "os79xx" and .severity == "warning")' <<<"$output"
	printf 'P0S3-8-12-00' >"$tftp/OS79XX.TXT"
	finds os79xx OS79XX.TXT
}

@test "dnsmasq takes what is generated" {
	put --model 7961
	echo 'network "10.1.0.0/16" { tftp-servers = {"10.1.0.5"} }' >>"$root/etc/phone-cpr/site.conf"
	run -0 conf generate
	echo "$output"
	[[ $output == *"dnsmasq: restart it once, for /etc/dnsmasq.d/phone-cpr.conf is new"* ]]
	[[ $output == *"set:net-10.1.0.0-16"* ]]
	dnsmasq --test -C "$static"
	run ! grep -q tftp-lowercase "$static"
	[ "$(stat -c %a "$static" "$live" "${live%/*}" | paste -sd ' ')" = "644 644 755" ]
	(umask 077; rm -r "$root/etc/dnsmasq.d" "$root/var"; conf generate)
	[ "$(stat -c %a "$static" "$live" "${live%/*}" | paste -sd ' ')" = "644 644 755" ]
}

@test "a folder that dnsmasq cannot get through is named" {
	put --model 7961
	chmod 750 "$root/var/lib/phone-cpr"
	run -0 conf generate
	[[ $output == *"chmod o+x '/var/lib/phone-cpr'"* ]]
	chmod 755 "$root/var/lib/phone-cpr"
	run -0 conf generate
	[[ $output != *chmod* ]]
}

@test "what dnsmasq refuses is not written" {
	put --model 7961
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\n{ echo; echo "dnsmasq: bad option at line 3 of $3"; } >&2\nexit 1\n' \
		>"$BATS_TEST_TMPDIR/bin/dnsmasq"
	chmod +x "$BATS_TEST_TMPDIR/bin/dnsmasq"
	state >"$BATS_TEST_TMPDIR/before"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run -4 conf generate
	echo "$output"
	[[ $output == *"/etc/dnsmasq.d/phone-cpr.conf:3: dnsmasq refuses what would be generated (bad option);"* ]]
	state | diff "$BATS_TEST_TMPDIR/before" -
}

@test "a second run changes no byte, inode or time; --check agrees" {
	put --model 7961
	run -3 conf generate --check
	[ ! -e "$static" ]
	run -0 conf generate
	state >"$BATS_TEST_TMPDIR/first"
	run -0 conf generate
	[[ $output == *"nothing to change"* ]]
	state | diff "$BATS_TEST_TMPDIR/first" -
	run -0 conf generate --check
	state | diff "$BATS_TEST_TMPDIR/first" -
	run -0 --separate-stderr conf generate --json
	jq -e '.changed == false and .reloads == [] and
		([.files[].state] | unique) == ["unchanged"]' <<<"$output"
}

@test "a changed site file changes the live file alone, and asks for no restart" {
	put --model 7961
	conf generate
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.77"}/' "$root/etc/phone-cpr/site.conf"
	run -3 --separate-stderr conf generate --check --diff
	echo "$output"
	grep -qx -- '+tag:cisco-phone,tag:!phone-cpr-net,150,192.0.2.77' <<<"$output"
	grep -qx -- "-tag:cisco-phone,tag:!phone-cpr-net,150,$LAB_SERVER" <<<"$output"
	run -0 --separate-stderr conf generate --json
	jq -e '.changed and .reloads == [] and
		[.files[] | select(.state == "changed").path] == ["/var/lib/phone-cpr/dnsmasq/phone-cpr"]' \
		<<<"$output"
}

@test "a network that is taken out asks for a restart" {
	put --model 7961
	echo 'network "10.1.0.0/16" { tftp-servers = {"10.1.0.5"} }' >>"$root/etc/phone-cpr/site.conf"
	conf generate
	sed -i '/^network/d' "$root/etc/phone-cpr/site.conf"
	run -0 --separate-stderr conf generate --json
	jq -e '.reloads == ["dnsmasq"]' <<<"$output"
}

@test "a network that is added, or a live file that was removed, asks for a restart" {
	put --model 7961
	echo 'network "10.1.0.0/16" { tftp-servers = {"10.1.0.5"} }' >>"$root/etc/phone-cpr/site.conf"
	conf generate
	echo 'network "10.2.0.0/16" { tftp-servers = {"10.2.0.5"} }' >>"$root/etc/phone-cpr/site.conf"
	run -0 --separate-stderr conf generate --json
	jq -e '.reloads == ["dnsmasq"]' <<<"$output"
	[[ $stderr == *"restart it once, for /etc/dnsmasq.d/phone-cpr.conf has changed"* ]]
	rm "$live"
	run -0 --separate-stderr conf generate --json
	jq -e '.reloads == ["dnsmasq"]' <<<"$output"
}

@test "two runs at a time: the second waits for the first" {
	put --model 7961
	local log=$BATS_TEST_TMPDIR/generate.log holder
	lab_start /dev/null flock --no-fork "$root/var/lib/phone-cpr" sleep 600
	holder=$lab_pid
	lab_wait 50 eval '! flock -n "$root/var/lib/phone-cpr" true'
	run -3 conf generate --check # it only reads
	[[ $output != *waiting* ]]
	lab_start "$log" conf generate
	lab_wait 100 grep -q 'waiting for another cpr-conf' "$log"
	lab_stop "$holder"
	wait "$lab_pid"
	run -0 conf generate --check
}

@test "a full disk: nothing has changed, which file it was is said, exit 1" {
	put --model 7961
	mkdir -p "$root/etc/dnsmasq.d/phone-cpr.conf/in-the-way"
	run -4 conf generate
	[[ $output == *"/etc/dnsmasq.d/phone-cpr.conf: it is no file"* ]]
	rm -r "$root/etc/dnsmasq.d"
	mkdir "$root/etc/dnsmasq.d"
	mount -t tmpfs -o size=4k none "$root/etc/dnsmasq.d"
	head -c 4096 /dev/zero >"$root/etc/dnsmasq.d/full.dpkg-old" || true
	run -1 conf generate
	echo "$output"
	[[ $output == *"/etc/dnsmasq.d/phone-cpr.conf: cannot write it: No space left"* ]]
	[[ $output == *"rolled back: the old files are in place"* ]]
	[ ! -e "$root/var/lib/phone-cpr/dnsmasq/phone-cpr" ]
	[ ! -e "$tftp/XMLDefault.cnf.xml" ]
	[ -z "$(ls -A "$root/var/lib/phone-cpr/backup")" ]
	[ "$(ls -A "$root/etc/dnsmasq.d")" = full.dpkg-old ]
	umount "$root/etc/dnsmasq.d"
	conf generate
}

@test "a TFTP root that is missing is made, one that is closed is named" {
	rmdir "$tftp"
	run -0 conf generate --only dnsmasq
	[ "$(stat -c %a "$tftp")" = 755 ]
	chmod 750 "$tftp"
	run -0 conf generate --only dnsmasq
	[[ $output == *"would not start: chmod o+rx '/srv/tftp'"* ]]
}

@test "stdout that is full is said, by exit status, too" {
	for command in "verify --root $root" "plan --root $root --json" models \
		"generate --root $root --print dnsmasq" "inspect $0"; do
		run -1 bash -c "cpr-conf $command >/dev/full"
		[[ $output == *"cannot print"* ]]
	done
}

@test "a hand edit is noticed, named by its line and not overwritten" {
	put --model 7961
	conf generate
	sed -i '2s/^/# mine: /' "$static"
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.77"}/' "$root/etc/phone-cpr/site.conf"
	state >"$BATS_TEST_TMPDIR/before"
	run -4 conf generate
	echo "$output"
	[[ $output == *"/etc/dnsmasq.d/phone-cpr.conf:2: it was edited by hand"* ]]
	state | diff "$BATS_TEST_TMPDIR/before" -
	run -4 conf generate --check
	rm "$static"
	conf generate
}

@test "a file of somebody else's in our place is not overwritten" {
	put --model 7961
	mkdir -p "${static%/*}"
	echo 'port=0' >"$static"
	run -4 conf generate
	[[ $output == *"not of our making"* ]]
	[ "$(cat "$static")" = port=0 ]
}

@test "--only: the TFTP side touches no DHCP; a switched-off emitter says so" {
	put --model 7961
	run -0 conf generate --only term --only xmldefault
	[ -e "$tftp/XMLDefault.cnf.xml" ]
	[ ! -e "$static" ] && [ ! -e "$root/var/lib/phone-cpr/generated.sha256" ]
	echo 'dnsmasq { enable = false }' >>"$root/etc/phone-cpr/site.conf"
	run -0 conf generate
	[ ! -e "$static" ]
	run -4 conf generate --only dnsmasq
	[[ $output == *"dnsmasq { enable = true }"* ]]
}

@test "--print shows a candidate and writes nothing" {
	put --model 7961
	state >"$BATS_TEST_TMPDIR/before"
	run -0 --separate-stderr conf generate --print xmldefault
	xmllint --noout - <<<"$output"
	run -0 --separate-stderr conf generate --print dnsmasq
	grep -q '^dhcp-optsdir=/var/lib/phone-cpr/dnsmasq$' <<<"$output"
	state | diff "$BATS_TEST_TMPDIR/before" -
}

@test "what is missing from the site file is named by its key" {
	put --model 7961
	echo 'tftp-servers = {}' >"$root/etc/phone-cpr/site.conf"
	run -4 conf generate
	echo "$output"
	[[ $output == *call-managers* ]]
	[ ! -e "$static" ]
}

@test "below --root the host's own address is not taken for the image's" {
	put --model 7961
	ip link set lo up
	ip link add own0 type dummy 2>/dev/null || ip link add own0 type veth peer name own1
	ip addr add 198.51.100.7/24 dev own0
	ip link set own0 up
	echo "call-managers = {\"$LAB_SERVER\"}" >"$root/etc/phone-cpr/site.conf"
	run -4 conf generate
	[[ $output == *"set tftp-servers"* ]]
	run -0 --separate-stderr cpr-conf plan --site "$root/etc/phone-cpr/site.conf"
	[[ $output == *"198.51.100.7"* ]]
	ip link del own0
}

@test "inspect: containers, own names, exit status" {
	put --model 7961
	run -0 --separate-stderr cpr-conf inspect --json "$tftp/term61.default.loads" \
		"$tftp/jar41sccp.9-4-2ES26.sbn"
	echo "$output"
	jq -se '.[0] | .container == "signed" and .own_name == "term61.default.loads" and
		.kind == "loads" and (.lists | length) == 5 and .lists[0] == "jar41sccp.9-4-2ES26.sbn"' \
		<<<"$output"
	jq -se '.[1] | .kind == "image" and .complete == true and .lists == [] and
		.hardware_compatibility == null' <<<"$output"
	truncate -s -9 "$tftp/jar41sccp.9-4-2ES26.sbn"
	run -6 cpr-conf inspect "$tftp/jar41sccp.9-4-2ES26.sbn"
	[[ $output == *"NOT COMPLETE"* ]]
	run -1 cpr-conf inspect "$tftp/no-such-file"
	run -1 cpr-conf inspect "$tftp"
	run -2 cpr-conf inspect
}

@test "models: the table, and vendor classes of phones and of others" {
	[ "$(cpr-conf models --json | jq '[.[].device_id] | length == (unique | length)')" = true ]
	[ "$(cpr-conf models --json | jq -r '.[] | select(.model == "7961").recovery_file')" = \
		term61.default.loads ]
	[ "$(cpr-conf models --vendor-class 'Cisco Systems, Inc. IP Phone CP-7961G')" = 7961 ]
	run -6 cpr-conf models --vendor-class 'Cisco AP c1240'
	run -6 --separate-stderr cpr-conf models --vendor-class docsis1.0 --json
	jq -e '.phone == false and .model == null' <<<"$output"
	run -6 --separate-stderr cpr-conf models --vendor-class $'\377' --json
	jq -e '.vendor_class == "?"' <<<"$output"
}

@test "usage: a mistyped command or emitter, and what is too much" {
	run -2 cpr-conf
	run -2 cpr-conf verfy
	[[ $output == *"did you mean 'verify'"* ]]
	run -2 cpr-conf generate --only dnsmsq
	[[ $output == *"did you mean 'dnsmasq'"* ]]
	for command in verify plan generate rollback uninstall models; do
		run -2 cpr-conf "$command" extra
		[[ $output == *"'extra' is too much"* ]]
	done
	run -2 conf generate --print term --check
	run -2 conf generate --diff --json
	run -0 cpr-conf --help
	[[ $output == *generate*verify* ]]
	run -0 cpr-conf generate --help
	[[ $output == *xmldefault* ]]
	run -0 cpr-conf --version
}
