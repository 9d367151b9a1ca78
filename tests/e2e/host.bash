# A host of one's own for generate: /etc, /run, /srv and what packages keep below /var are
# copies that nobody else sees, and servers are started by their packages' own init scripts.
# Loaded after lab.bash, by tests that run as root: in.tftpd and the scripts need it.

host_has_root() { [ "$(id -u)" = 0 ] && grep -q ' 4294967295$' /proc/self/uid_map; }

# host_setup: first in setup, which bats lets skip a test, as it does not let setup_file
host_setup() {
	host_has_root || skip "servers' scripts need root"
	mountpoint -q /etc # what is removed below it must be the copy
}

# host_up: after lab_up, in setup_file
host_up() {
	host_has_root || return 0
	host_private=$BATS_FILE_TMPDIR/host
	mkdir -p "$host_private/etc"
	cp -a /etc/. "$host_private/etc/"
	mount --bind "$host_private/etc" /etc
	local dir
	for dir in /srv /var/lib /var/log /var/cache; do
		[ -d "$dir" ] || continue
		mount -t tmpfs -o mode=755 none "$dir"
	done
	mkdir -p /var/lib/misc /var/lib/kea /var/lib/phone-cpr /var/log/kea /run/kea /run/lock/kea
	mkdir -p /srv/tftp /var/lib/dpkg
	rm -rf /etc/dnsmasq.d /etc/phone-cpr
	mkdir -p /etc/dnsmasq.d /etc/phone-cpr
}

# host_dnsmasq [LINE...]: Debian's dnsmasq for srv0, with lines of the admin's own
host_dnsmasq() {
	printf '%s\n' port=0 interface=srv0 bind-interfaces no-ping log-dhcp \
		log-facility=/var/log/dnsmasq.log dhcp-leasefile=/var/lib/misc/dnsmasq.leases \
		dhcp-range=192.0.2.50,192.0.2.99,10m "$@" >/etc/dnsmasq.conf
	cat >/etc/default/dnsmasq <<-'EOT'
	ENABLED=1
	DNSMASQ_EXCEPT=lo
	CONFIG_DIR=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new
	IGNORE_RESOLVCONF=yes
	EOT
	service dnsmasq restart
	lab_wait 50 lab_listens 67
}

# host_tftpd [OPTION...]: Debian's tftpd-hpa
host_tftpd() {
	cat >/etc/default/tftpd-hpa <<-EOT
	TFTP_USERNAME="tftp"
	TFTP_DIRECTORY="/srv/tftp"
	TFTP_ADDRESS="$LAB_SERVER:69"
	TFTP_OPTIONS="--secure $*"
	EOT
	service tftpd-hpa restart
	lab_wait 50 lab_listens 69
}

# host_kea [JQ-PROGRAM]: kea-dhcp4 for srv0; the program works on the inside of Dhcp4, and what
# it makes "INCLUDED" is our file
host_kea() {
	jq -n '{Dhcp4: ({
		"interfaces-config": {interfaces: ["srv0"]},
		"control-socket": {"socket-type": "unix", "socket-name": "/run/kea/kea4-ctrl-socket"},
		"lease-database": {type: "memfile", "lfc-interval": 0},
		"valid-lifetime": 600,
		subnet4: [{id: 1, subnet: "192.0.2.0/24", pools: [{pool: "192.0.2.50 - 192.0.2.99"}]}],
		loggers: [{name: "kea-dhcp4", severity: "INFO",
			output_options: [{output: "/var/log/kea/kea-dhcp4.log"}]}]
	} | '"${1:-.}"')}' | sed 's|"INCLUDED"|<?include "/etc/kea/phone-cpr.json"?>|' \
		>/etc/kea/kea-dhcp4.conf
	host_kea_start
}

# Its init script cannot end it: the name that it looks for is longer than the kernel's.
host_kea_start() {
	rm -f /var/log/kea/kea-dhcp4.log
	lab_start /var/log/kea/stdout env KEA_LOCKFILE_DIR=none KEA_PIDFILE_DIR=/run \
		kea-dhcp4 -c /etc/kea/kea-dhcp4.conf
	host_kea_pid=$lab_pid
	lab_wait 100 grep -sq DHCP4_STARTED /var/log/kea/kea-dhcp4.log
}

# host_stop: all of them
host_stop() {
	local name
	for name in dnsmasq tftpd-hpa; do
		service "$name" stop >/dev/null 2>&1 || true
	done
	lab_stop
}

host_pid() { pgrep -o "$1"; } # the namespace's own: tests/one makes one for pids

# host_asks [VENDOR-CLASS]: what a client on the cable is sent: 150, 66 and siaddr
host_asks() {
	local bound=$BATS_TEST_TMPDIR/bound
	printf '#!/bin/sh\n[ "$1" != bound ] || env >"%s"\n' "$bound" >"$BATS_TEST_TMPDIR/script"
	chmod +x "$BATS_TEST_TMPDIR/script"
	rm -f "$bound"
	lab_phone busybox udhcpc -i ph0 -f -q -n -t 3 -T 1 -s "$BATS_TEST_TMPDIR/script" \
		-O 150 -O 66 -V "${1-Cisco Systems, Inc. IP Phone CP-7961G}" >/dev/null 2>&1
	grep -E '^(opt150|tftp|siaddr)=' "$bound" | sort
}

# host_site [LINE...]: a site file for this host
host_site() {
	printf '%s\n' "tftp-servers = {\"$LAB_SERVER\"}" "call-managers = {\"$LAB_SERVER\"}" \
		"$@" >/etc/phone-cpr/site.conf
}
