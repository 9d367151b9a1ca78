# The main job on real servers: a package comes in by cpr-helper, cpr-conf writes what the
# servers need, a real dnsmasq (and a real in.tftpd) serves, and a wiped phone comes back.
bats_require_minimum_version 1.5.0
load lab.bash

setup_file() {
	lab_up
}

setup() {
	root=$BATS_TEST_TMPDIR/root
	log=$BATS_TEST_TMPDIR/dnsmasq.log
	lab_site "$root"
	lab_root "$root"
}

teardown() {
	lab_stop
	umount /srv/tftp /srv /var/lib/phone-cpr /var/lib
	[ ! -f "$log" ] || sed 's/^/dnsmasq: /' "$log" | tail -n 40
}

# take_in MODEL WRAPPING [MKFIRMWARE-OPTION...]
take_in() {
	local package=$BATS_TEST_TMPDIR/package
	case $2 in cop) package+=.cop.sgn ;; *) package+=.zip ;; esac
	mkfirmware --model "$1" --package "$2" "${@:3}" "$package"
	cpr-helper import --root "$root" "$package"
	cpr-conf generate --root "$root"
	cpr-conf verify --root "$root"
}

serve() {
	dnsmasq --test -C "$root/etc/dnsmasq.d/phone-cpr.conf"
	lab_dnsmasq "$log" "$root/etc/dnsmasq.d/phone-cpr.conf" "$@"
}

# recovers MODEL: the simulated phone comes back, having asked what such a phone asks
recovers() {
	run -0 --separate-stderr lab_phone "$B/cpr-phone" -i ph0 --model "$1" --no-delay --pause 1 --json
	echo "$output"
	[ "$(jq -r '.phones[0].stage' <<<"$output")" = recovered ]
	[ "$(jq -r '.phones[0].recovered' <<<"$output")" = true ]
}

# what dnsmasq says it sent, in order
sent_by_dnsmasq() {
	sed -n 's|.*dnsmasq-tftp\[[0-9]*\]: sent /srv/tftp/\(.*\) to .*|\1|p' "$log"
}

@test "a wiped 7961 recovers from a zip, list order, by dnsmasq's own log" {
	take_in 7961 zip --version 9-4-2SR3-1S --size real
	serve
	recovers 7961
	run -0 sent_by_dnsmasq
	echo "$output"
	[ "$(head -n 6 <<<"$output")" = "term61.default.loads
jar41sccp.9-4-2ES26.sbn
cnu41.9-4-2ES26.sbn
apps41.9-4-2ES26.sbn
dsp41.9-4-2ES26.sbn
cvm41sccp.9-4-2ES26.sbn" ]
	grep -q '^XMLDefault.cnf.xml$' <<<"$output"
	for trust in CTLSEP ITLSEP ITLFile SEP; do
		grep -q "file /srv/tftp/$trust.* not found" "$log"
	done
}

@test "7961, 7941G-GE, 7906, 7965, 7975 and 7960 recover from zip, nested tar and .cop.sgn" {
	local model wrap
	for model in 7961 7941G-GE 7906 7965 7975 7960; do
		for wrap in zip tar-in-zip cop; do
			find "$root/srv/tftp" -mindepth 1 -delete
			take_in "$model" "$wrap"
			[ -f "$log" ] || serve
			recovers "$model"
		done
	done
}

@test "7975 recovers from a SIP package with a folder" {
	take_in 7975 zip-folder --protocol sip
	serve
	recovers 7975
}

@test "7960 recovers by OS79XX.TXT" {
	take_in 7960 zip
	serve
	recovers 7960
	sent_by_dnsmasq | head -n 1 | grep -qx OS79XX.TXT
}

@test "a list that prints capitals: the image is served under both spellings" {
	take_in 7961 zip --protocol sip --version 8-3-1S
	serve
	recovers 7961
	sent_by_dnsmasq | grep -q '^Jar41sip'
}

@test "busybox udhcpc reads option 150 as c0a80a69 for 192.168.10.105" {
	lab_site "$root" 'protocol = "sccp"'
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.168.10.105"}/' "$root/etc/phone-cpr/site.conf"
	take_in 7961 zip
	serve
	printf '#!/bin/sh\n[ "$1" != bound ] || env >"%s"\n' "$BATS_TEST_TMPDIR/bound" >"$BATS_TEST_TMPDIR/script"
	chmod +x "$BATS_TEST_TMPDIR/script"
	lab_phone busybox udhcpc -i ph0 -f -q -n -t 3 -T 1 -s "$BATS_TEST_TMPDIR/script" \
		-O 150 -O 66 -V 'Cisco Systems, Inc. IP Phone CP-7961G'
	cat "$BATS_TEST_TMPDIR/bound"
	grep -qx 'opt150=c0a80a69' "$BATS_TEST_TMPDIR/bound"
	grep -q '^siaddr=192.168.10.105$' "$BATS_TEST_TMPDIR/bound"
	grep -q '^tftp=192.168.10.105' "$BATS_TEST_TMPDIR/bound"
}

@test "an access point that asks for option 150 gets none" {
	take_in 7961 zip
	serve
	printf '#!/bin/sh\n[ "$1" != bound ] || env >"%s"\n' "$BATS_TEST_TMPDIR/bound" >"$BATS_TEST_TMPDIR/script"
	chmod +x "$BATS_TEST_TMPDIR/script"
	local class
	for class in 'Cisco AP c1240' 'Cisco AP C9120AX' 'docsis1.0' 'Cisco Systems, Inc.'; do
		rm -f "$BATS_TEST_TMPDIR/bound"
		lab_phone busybox udhcpc -i ph0 -f -q -n -t 3 -T 1 -s "$BATS_TEST_TMPDIR/script" \
			-O 150 -O 66 -V "$class"
		cat "$BATS_TEST_TMPDIR/bound"
		grep -q '^ip=192.0.2' "$BATS_TEST_TMPDIR/bound"
		run ! grep -q '^opt150=' "$BATS_TEST_TMPDIR/bound"
	done
}

# files named by the term file, read by another program than ours: strings of the payload
listed() { strings -n 8 "$root/srv/tftp/term61.default.loads" | tr -d '\r' | grep -E '^[a-z0-9]+\..*\.sbn *$'; }

@test "an independent TFTP client fetches every listed file byte-identical" {
	take_in 7961 zip --size real
	serve
	ip -n phone addr add 192.0.2.40/24 dev ph0
	[ "$(listed | wc -l)" = 5 ]
	local name
	for name in term61.default.loads XMLDefault.cnf.xml $(listed); do
		lab_phone curl -sS --max-time 60 -o "$BATS_TEST_TMPDIR/got" "tftp://$LAB_SERVER/$name"
		cmp "$BATS_TEST_TMPDIR/got" "$root/srv/tftp/$name"
	done
	ip -n phone addr del 192.0.2.40/24 dev ph0
}

@test "a real tftpd-hpa serves what was published, with dnsmasq for DHCP" {
	[ "$(id -u)" = 0 ] && grep -qx allow /proc/self/setgroups ||
		skip "in.tftpd calls setgroups, which a user namespace without root denies"
	lab_site "$root" 'tftpd-hpa { enable = true }'
	take_in 7961 zip
	serve
	lab_start "$BATS_TEST_TMPDIR/tftpd.log" in.tftpd -L --secure --user nobody \
		--address "$LAB_SERVER:69" /srv/tftp
	lab_wait 50 lab_listens 69
	run ! grep -q tftp-root "$root/etc/dnsmasq.d/phone-cpr.conf"
	recovers 7961
}

@test "four phones at once recover" {
	take_in 7961 zip
	serve
	run -0 --separate-stderr lab_phone "$B/cpr-phone" -i ph0 --model 7961 --count 4 --no-delay --json
	[ "$(jq '[.phones[] | select(.recovered)] | length' <<<"$output")" = 4 ]
}
