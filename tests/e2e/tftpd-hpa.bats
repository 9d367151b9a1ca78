# A real in.tftpd with the map that cpr-conf generates: firmware in every spelling, at once when
# it is imported, and nothing else touched.
bats_require_minimum_version 1.5.0
load lab.bash

setup_file() {
	lab_up
	ip -n phone addr add 192.0.2.40/24 dev ph0
}

setup() {
	[ "$(id -u)" = 0 ] && grep -qx allow /proc/self/setgroups ||
		skip "in.tftpd calls setgroups, which a user namespace without root denies"
	root=$BATS_TEST_TMPDIR/root
	log=$BATS_TEST_TMPDIR/tftpd.log
	tftp=$root/srv/tftp
	lab_site "$root" 'tftpd-hpa { enable = true }'
	lab_root "$root"
}

teardown() {
	[ -n "${root-}" ] || return 0 # skipped
	lab_stop
	umount /srv/tftp /srv /var/lib/phone-cpr /var/lib
}

# As the line in /etc/default/tftpd-hpa says, which the map itself tells.
serve() {
	local map=$root/etc/phone-cpr/tftpd-hpa.map options
	options=$(sed -n 's/^# TFTP_OPTIONS="\(.*\)"$/\1/p' "$map")
	[[ $options == *" /etc/phone-cpr/tftpd-hpa.map "* ]]
	lab_start "$log" in.tftpd -L ${options/ \/etc/ $root/etc} --user nobody \
		--address "$LAB_SERVER:69" /srv/tftp
	pid=$lab_pid
	lab_wait 50 lab_listens 69
}

# got NAME FILE: what is asked for by that name is this file
got() {
	echo "# $1"
	rm -f "$BATS_TEST_TMPDIR/got"
	lab_phone curl -sS --path-as-is --max-time 10 -o "$BATS_TEST_TMPDIR/got" "tftp://$LAB_SERVER/$1" &&
		cmp "$BATS_TEST_TMPDIR/got" "$2"
}

spellings() { echo "$1" "${1,,}" "${1^^}" "${1^}" "/$1" "/${1^^}"; }

@test "every spelling of every file, with a slash in front or without" {
	local file name
	mkfirmware --model 7961 --defect listed-case --package dir "$tftp"
	mkfirmware --model 7921 --package dir "$tftp"
	mkfirmware --model 7841 --package dir "$tftp"
	mkfirmware --model 6921 --package dir "$tftp"
	mkfirmware --model 7960 --protocol sip --package dir "$tftp"
	cpr-conf generate --root "$root"
	serve
	for file in $(find "$tftp" -maxdepth 1 -type f -printf '%P\n'); do
		[[ $file != README* ]] || continue # the package's notes
		for name in $(spellings "$file"); do
			got "$name" "$tftp/$file"
		done
	done
}

@test "new firmware is served in every spelling by the process that runs" {
	local file name
	mkfirmware --model 7961 --version 8-5-2S --package dir "$tftp"
	cpr-conf generate --root "$root"
	serve
	stat -c '%i %Y' "$root/etc/phone-cpr/tftpd-hpa.map" >"$BATS_TEST_TMPDIR/map"
	mkfirmware --model 7961 --version 9-4-2SR3-1S "$BATS_TEST_TMPDIR/new.zip"
	cpr-helper import --root "$root" "$BATS_TEST_TMPDIR/new.zip"
	for file in SCCP41.9-4-2SR3-1S.loads jar41sccp.9-4-2ES26.sbn term61.default.loads; do
		for name in $(spellings "$file"); do
			got "$name" "$tftp/$file"
		done
	done
	stat -c '%i %Y' "$root/etc/phone-cpr/tftpd-hpa.map" | diff "$BATS_TEST_TMPDIR/map" -
	kill -0 "$pid"
}

@test "boot files and SEP files keep their names, whatever those are" {
	local name
	mkfirmware --model 7961 --package dir "$tftp"
	mkdir -p "$tftp/pxelinux.cfg" "$tftp/EFI/BOOT"
	for name in pxelinux.0 BOOTX64.EFI EFI/BOOT/GRUBX64.EFI pxelinux.cfg/C0000228 Kernel.IMG \
		SEP001B54AABBCC.cnf.xml CTLSEP001B54AABBCC.tlv ITLFile.tlv RINGLIST.XML; do
		echo "$name" >"$tftp/$name"
	done
	cpr-conf generate --root "$root"
	serve
	for name in pxelinux.0 BOOTX64.EFI EFI/BOOT/GRUBX64.EFI pxelinux.cfg/C0000228 Kernel.IMG \
		SEP001B54AABBCC.cnf.xml CTLSEP001B54AABBCC.tlv ITLFile.tlv RINGLIST.XML; do
		got "$name" "$tftp/$name"
	done
	run ! got sep001b54aabbcc.cnf.xml "$tftp/SEP001B54AABBCC.cnf.xml"
	run ! got .phone-cpr/terms "$tftp/pxelinux.0"
	[ -z "$(find "$tftp" -name '*sep0*' -o -name 'bootx64*')" ]
}

@test "links go with their files; a file of that name stays" {
	mkfirmware --model 7961 --package dir "$tftp"
	echo other >"$tftp/sccp41.9-4-2sr3-1s.loads"
	cpr-conf generate --root "$root"
	[ "$(cat "$tftp/sccp41.9-4-2sr3-1s.loads")" = other ]
	[ "$(readlink "$tftp/apps41.9-4-2es26.sbn")" = apps41.9-4-2ES26.sbn ]
	rm "$tftp/apps41.9-4-2ES26.sbn"
	ln -s ../elsewhere/DSP41.SBN "$tftp/dsp41.9-4-2es27.sbn"
	run -0 cpr-conf generate --root "$root"
	[[ $output == *"removed '/srv/tftp/apps41.9-4-2es26.sbn'"* ]]
	[ ! -L "$tftp/apps41.9-4-2es26.sbn" ]
	[ -L "$tftp/dsp41.9-4-2es27.sbn" ]
	run -0 cpr-conf generate --root "$root"
	[[ $output == *"nothing to change"* ]]
}
