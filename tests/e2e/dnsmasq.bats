# What cpr-conf generates, on a real dnsmasq: who gets which TFTP server, that a change is in
# force without a restart, and that the linked term file is served.
bats_require_minimum_version 1.5.0
load lab.bash

setup_file() { lab_up; }

setup() {
	root=$BATS_TEST_TMPDIR/root
	log=$BATS_TEST_TMPDIR/dnsmasq.log
	lab_site "$root"
	lab_root "$root"
	mkfirmware --model 7961 --package dir "$root/srv/tftp"
	printf '#!/bin/sh\n[ "$1" != bound ] || env >"%s"\n' "$BATS_TEST_TMPDIR/bound" \
		>"$BATS_TEST_TMPDIR/script"
	chmod +x "$BATS_TEST_TMPDIR/script"
}

teardown() {
	lab_stop
	umount /srv/tftp /srv /var/lib/phone-cpr /var/lib
	[ ! -f "$log" ] || sed 's/^/dnsmasq: /' "$log" | tail -n 30
}

site() { lab_site "$root" "$@" && cpr-conf generate --root "$root"; }

# serve [dhcp-range tag]
serve() {
	lab_start "$log" dnsmasq --keep-in-foreground --user= --group= --port=0 --no-ping \
		--conf-file="$root/etc/dnsmasq.d/phone-cpr.conf" --interface=srv0 \
		--bind-interfaces --log-dhcp --log-facility=- --pid-file= \
		--dhcp-leasefile="$log.leases" --dhcp-range="${1-}192.0.2.50,192.0.2.99,10m"
	lab_wait 50 lab_listens 67
}

# asks VENDOR-CLASS: what the client was sent is in $BATS_TEST_TMPDIR/bound
asks() {
	rm -f "$BATS_TEST_TMPDIR/bound"
	lab_phone busybox udhcpc -i ph0 -f -q -n -t 3 -T 1 -s "$BATS_TEST_TMPDIR/script" \
		-O 150 -O 66 -V "$1"
	grep -E '^(opt150|tftp|siaddr)=' "$BATS_TEST_TMPDIR/bound" | sort
}

PHONE='Cisco Systems, Inc. IP Phone CP-7961G'

@test "150, 66 and siaddr name the same server, to phones alone" {
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.7", "192.0.2.8"}/' "$root/etc/phone-cpr/site.conf"
	cpr-conf generate --root "$root"
	serve
	run -0 --separate-stderr asks "$PHONE"
	[ "$output" = "opt150=c0000207c0000208
siaddr=192.0.2.7
tftp=192.0.2.7" ]
	run -0 --separate-stderr asks 'Cisco AP c1240'
	[ "$output" = "siaddr=$LAB_SERVER" ]
}

@test "a change of the site file is in force without a restart" {
	site
	serve
	run -0 --separate-stderr asks "$PHONE"
	grep -qx opt150=c0000201 <<<"$output"
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.9"}/' "$root/etc/phone-cpr/site.conf"
	cpr-conf generate --root "$root"
	lab_wait 50 eval "asks '$PHONE' | grep -qx opt150=c0000209"
	run -0 --separate-stderr asks "$PHONE"
	[ "$output" = "opt150=c0000209
siaddr=192.0.2.9
tftp=192.0.2.9" ]
}

@test "a network's own servers reach the range with its tag, the general ones the others" {
	site 'network "192.0.2.0/24" { tftp-servers = {"192.0.2.33"} }'
	serve set:net-192.0.2.0-24,
	run -0 --separate-stderr asks "$PHONE"
	[ "$output" = "opt150=c0000221
siaddr=192.0.2.33
tftp=192.0.2.33" ]
	lab_stop
	serve
	run -0 --separate-stderr asks "$PHONE"
	[ "$output" = "opt150=c0000201
siaddr=192.0.2.1
tftp=192.0.2.1" ]
}

@test "a network that is added reaches its range after the restart that is asked for" {
	site 'network "10.1.0.0/16" { tftp-servers = {"192.0.2.44"} }'
	serve set:net-192.0.2.0-24,
	run -0 --separate-stderr asks "$PHONE"
	grep -qx opt150=c0000201 <<<"$output"
	run -0 site 'network "10.1.0.0/16" { tftp-servers = {"192.0.2.44"} }' \
		'network "192.0.2.0/24" { tftp-servers = {"192.0.2.33"} }'
	[[ $output == *"restart it once"* ]]
	lab_stop
	serve set:net-192.0.2.0-24,
	run -0 --separate-stderr asks "$PHONE"
	grep -qx opt150=c0000221 <<<"$output"
}

@test "the term file that generate links is what TFTP gives out" {
	mkdir -p "$root/srv/tftp/.phone-cpr/terms/SCCP41.9-4-2SR3-1S"
	mv "$root"/srv/tftp/term*.loads "$root/srv/tftp/.phone-cpr/terms/SCCP41.9-4-2SR3-1S/"
	chmod 700 "$root/srv/tftp/.phone-cpr"
	site
	serve
	ip -n phone addr add 192.0.2.40/24 dev ph0
	lab_phone curl -sS --max-time 20 -o "$BATS_TEST_TMPDIR/got" \
		"tftp://$LAB_SERVER/term61.default.loads"
	cmp "$BATS_TEST_TMPDIR/got" "$root/srv/tftp/term61.default.loads"
	ip -n phone addr del 192.0.2.40/24 dev ph0
}
