# The attack corpus: each package with the reason for which it is refused, or what of it is not
# taken; imported by hand and as the daemon does it.
bats_require_minimum_version 1.5.0
load lab.bash

load=SCCP41.9-4-2SR3-1S

# CASE  what the refusal says; a '+': the package is taken, and nothing of the lie is
zips='
wrong-crc       cannot be unpacked (ZIP bad CRC
longer          cannot be unpacked (Truncated ZIP
shorter         cannot be unpacked (ZIP bad CRC
zip64-huge      cannot be unpacked (Truncated ZIP
zip64-wrap      no whole zip
zip64-short     no whole zip
duplicate       with other bytes
same-twice      +
case-twins      +
overlap         +
overlap-many    +
overlap-inside  +
latin-1         +
bad-utf-8       a name that cannot be read
shift-jis       +
overlong        a name that cannot be read
second-name     leads out of the package
utf-16          +
nul             with other bytes
long-name       +
long-path       does not start with a signature
longest         +
backslash       leads out of the package
slip            leads out of the package
slip-local      leads out of the package
drive           is an absolute path
link            is a link
link-through    is a link
device          is a device or a pipe
pipe            does not start with a signature
folder-image    +
no-name         +
no-end          no whole zip
directory-away  no whole zip
'

tars='
pax-slip      leads out of the package
pax-absolute  is an absolute path
pax-size      cannot be unpacked (Truncated tar
pax-long      +
pax-length    does not start with a signature
gnu-slip      leads out of the package
gnu-link      is a link
link-through  is a link
hardlink-own  is a link
device        is a device or a pipe
duplicate     with other bytes
latin-1       +
bad-utf-8     +
longer        cannot be unpacked (Truncated tar
shorter       no whole zip, tar
huge          cannot be unpacked (Truncated tar
negative      negative size
wrong-sum     no whole zip, tar
sparse        more than a hundred times its size
'

# the same of mkfirmware --evil
made='
dotdot     leads out of the package
absolute   is an absolute path
symlink    is a link
hardlink   is a link
device     is a device or a pipe
fifo       is a device or a pipe
many       more than 1,000 firmware files
bomb       more than a hundred times its size
truncated  no whole zip
nest       lies in more than 3 archives
encrypted  is encrypted
'

setup() {
	root=$BATS_TEST_TMPDIR/root
	tftp=$root/srv/tftp
	lab_site "$root"
	cd "$BATS_TEST_TMPDIR"
	mkfirmware --version 9-4-2SR3-1S --package dir p
	good=$(cd p && ls *.sbn "$load.loads"; printf '%s\n' term41.default.loads term61.default.loads)
}

# What of the package there is, kept term files and all
taken() { find "$tftp" -type f ! -name XMLDefault.cnf.xml -printf '%f\n' | sort -u; }

# one CASE PACKAGE REASON
one() {
	local how code
	for how in "" --confine; do
		find "$tftp" -mindepth 1 -delete
		code=0
		cpr-helper import $how --root "$root" "$2" >said 2>&1 || code=$?
		if [ "$3" = + ]; then
			[ $code = 0 ] && [ "$(taken)" = "$(sort <<<"$good")" ]
		else
			[ $code = 4 ] && grep -qF -- "$3" said && [ -z "$(taken)" ]
		fi || {
			echo "$1 $how: exit $code, not '$3'"
			cut -c1-300 said
			taken
			return 1
		}
		[ -z "$(find "$tftp" -name 'staging-*' -o -name lock)" ]
		# nothing in it speaks to a terminal
		run ! grep -q '[[:cntrl:]]' said
	done
}

# lies KIND TABLE
lies() {
	local name reason
	while read -r name reason; do
		[ -n "$name" ] || continue
		"$BATS_TEST_DIRNAME/evil-$1" "$name" p "$name.$1"
		one "$name" "$name.$1" "$reason"
	done <<<"$2"
}

@test "zips that lie" { lies zip "$zips"; }
@test "tars that lie" { lies tar "$tars"; }

@test "archives that mean harm" {
	local name reason
	while read -r name reason; do
		[ -n "$name" ] || continue
		mkfirmware --evil "$name" --version 9-4-2SR3-1S "$name.zip"
		one "$name" "$name.zip" "$reason"
	done <<<"$made"
}
