# A load comes, is replaced or removed while a phone is in the middle of an image of the old
# one: that transfer ends with the old bytes, all of them, whatever server it is from, and
# other phones recover with the new load meanwhile.
#
# The phone is stopped in the middle of a file of a size as real ones have, and goes on when all
# is published: servers repeat a block for half a minute at least.
bats_require_minimum_version 1.5.0
load lab.bash
load watch.bash

old=SCCP41.8-5-2S new=SCCP41.9-4-2SR3-1S

setup_file() {
	lab_up
}

setup() {
	command -v tshark >/dev/null || skip "tshark is not installed"
}

teardown() {
	lab_stop
	umount -q /srv/tftp /srv /var/lib/phone-cpr /var/lib || true
	watch_teardown
}

# serve SERVER: the old load, from dnsmasq or in.tftpd, and the daemon
serve() {
	watch_setup "tftpd-hpa { enable = $([ "$1" = dnsmasq ] && echo false || echo true) }"
	lab_root "$root"
	mkfirmware --version 8-5-2S --size real old.zip
	mkfirmware --version 9-4-2SR3-1S new.zip
	unzip -qoj old.zip -d old
	unzip -qoj new.zip -d new
	cpr-helper import --root "$root" old.zip
	cpr-conf generate --root "$root"
	lab_dnsmasq dnsmasq.log "$root/etc/dnsmasq.d/phone-cpr.conf"
	[ "$1" = dnsmasq ] || lab_start tftpd.log in.tftpd -L --secure --user nobody \
		--address "$LAB_SERVER:69" /srv/tftp
	lab_wait 50 lab_listens 69
	watch
	known '.state == "idle"'
}

# in_tftpd: skips where it cannot run
in_tftpd() {
	[ "$(id -u)" = 0 ] && grep -qx allow /proc/self/setgroups ||
		skip "in.tftpd calls setgroups, which a user namespace without root denies"
}

phone() { lab_phone "$B/cpr-phone" -i ph0 --model 7961 --no-delay --pause 0 "$@"; }

# begins: a phone, stopped in the middle of apps41.*, the third image: by its record, which
# has 574 bytes for each block of 512 and 62 for its answer, that is from 2.3 to 3.7 MB
begins() {
	local try
	for try in {1..30}; do
		rm -f phone.pcap
		lab_start phone.json ip netns exec phone "$B/cpr-phone" -i ph0 --model 7961 \
			--no-delay --pause 0 --json --timeout 100 --pcap phone.pcap
		phone=$lab_pid
		until larger phone.pcap 2500000 || lab_gone "$phone"; do sleep 0.01; done
		kill -STOP "$phone"
		lab_wait 50 stopped
		larger phone.pcap 3500000 || return 0
		kill -CONT "$phone"
		lab_stop "$phone"
	done
	return 1
}
larger() { [ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -gt "$2" ]; }
stopped() { [ "$(ps -o stat= -p "$phone" | head -c 1)" = T ]; }

# ends: it goes on, and comes back; what it got is in got/, its second copy of a name apart
ends() {
	kill -CONT "$phone"
	lab_wait 600 lab_gone "$phone"
	files_of phone.pcap got
	sed -n '/^{/,$p' phone.json | jq -e '.phones[0].recovered'
	# in one go: asked for once
	[ "$(tshark -r phone.pcap -Y "tftp.opcode == 1 && tftp.source_file contains \"$image\"" | wc -l)" = 1 ]
	cmp "got/$image" "old/$image"
}
image=apps41.8-5-2TH1-9.sbn

files_of() { tshark -q -r "$1" --export-objects "tftp,$2" 2>/dev/null; }

# another_gets FOLDER: a phone comes back with the images of this one
another_gets() {
	local file
	phone --mac 02:1b:54:00:00:77 --pcap other.pcap
	files_of other.pcap other
	for file in "$1"/*.sbn; do
		cmp "$file" "other/${file##*/}"
	done
}

all_old() {
	local file
	for file in old/*.sbn; do
		cmp "$file" "got/${file##*/}"
	done
}

a_new_load() {
	serve "$1"
	begins
	cp new.zip "$spool/incoming/"
	accepted
	another_gets new
	ends
	all_old
}

the_load_replaced() {
	serve "$1"
	mkfirmware --version 8-5-2S --size real --seed 2 other.zip
	unzip -qoj other.zip -d changed
	begins
	cpr-helper import --replace --root "$root" other.zip
	another_gets changed
	ends
	cmp got/cvm41sccp.8-5-2TH1-9.sbn changed/cvm41sccp.8-5-2TH1-9.sbn
}

the_load_removed() {
	serve "$1"
	begins
	cp new.zip "$spool/incoming/"
	accepted
	cpr-helper remove --root "$root" $old
	[ -z "$(find "$tftp" -iname '*8-5-2*')" ]
	another_gets new
	ends
	cmp got/apps41.9-4-2ES26.sbn new/apps41.9-4-2ES26.sbn
}

@test "dnsmasq: a new load comes" { a_new_load dnsmasq; }
@test "dnsmasq: the load is replaced by other bytes" { the_load_replaced dnsmasq; }
@test "dnsmasq: the load is removed, and another is told" { the_load_removed dnsmasq; }
@test "in.tftpd: a new load comes" { in_tftpd; a_new_load in.tftpd; }
@test "in.tftpd: the load is replaced by other bytes" { in_tftpd; the_load_replaced in.tftpd; }
@test "in.tftpd: the load is removed, and another is told" { in_tftpd; the_load_removed in.tftpd; }
