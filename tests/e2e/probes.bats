# The questions that cpr-conf asks servers of its own host, asked of the real ones: what they
# answer, what they do not hear, and that nothing of it stays behind.
bats_require_minimum_version 1.5.0
load lab.bash
load kea.bash

setup_file() { kea_setup_file; }

setup() {
	kea_setup
	log=$dir/dnsmasq.log
	: >"$dir/none.conf"
}

teardown() {
	kea_teardown
	[ ! -f "$log" ] || sed 's/^/dnsmasq: /' "$log" | tail -n 30
}

# what a server of ours gives phones
dnsmasq_for_phones() {
	printf '%s\n' 'dhcp-vendorclass=set:p,"Cisco Systems, Inc. IP Phone"' \
		'dhcp-option=tag:p,150,192.0.2.7,192.0.2.8' 'dhcp-option=tag:p,66,192.0.2.7' \
		>"$dir/phones.conf"
	lab_dnsmasq "$log" "$dir/phones.conf" "$@"
}

# kea_for_phones raw|udp [JQ-PROGRAM]
kea_for_phones() {
	kea "$SERVERS" ".[\"interfaces-config\"][\"dhcp-socket-type\"] = \"$1\" | ${2-.}"
}

# sent SERVER SIADDR PHONE: the answer in $output
sent() {
	[ "$output" = "server=$1
phone=$3
150=192.0.2.7
150=192.0.2.8
66=192.0.2.7
siaddr=$2" ]
}

no_lease() { [ -z "$(grep -sv '^address,' "$1")" ]; }

@test "dnsmasq answers an INFORM to its own address, and no DISCOVER of its own host" {
	dnsmasq_for_phones
	run -0 --separate-stderr ask inform "$LAB_SERVER"
	sent "$LAB_SERVER" "$LAB_SERVER" "$LAB_SERVER"
	run -1 ask discover "$LAB_SERVER"
	[ "$output" = ETIMEDOUT ]
	no_lease "$log.leases"
}

@test "Kea with udp sockets: the same" {
	kea_for_phones udp
	run -0 --separate-stderr ask inform "$LAB_SERVER"
	sent "$LAB_SERVER" 192.0.2.7 "$LAB_SERVER"
	run -1 ask discover "$LAB_SERVER"
	[ "$output" = ETIMEDOUT ]
	no_lease "$dir/leases.csv"
}

@test "Kea with raw sockets: the other way round, and the offer leaves no lease" {
	kea_for_phones raw '.subnet4[0].pools[0].pool = "192.0.2.50 - 192.0.2.50"'
	run -0 --separate-stderr ask discover "$LAB_SERVER"
	sent "$LAB_SERVER" 192.0.2.7 192.0.2.50
	run -1 ask inform "$LAB_SERVER"
	[ "$output" = ETIMEDOUT ]
	no_lease "$dir/leases.csv"
	[ "$(kea_say statistic-get '{"name": "subnet[1].assigned-addresses"}' |
		jq -r '.arguments[][0][0]')" = 0 ]
	# the one address there is, is still free
	run -0 say discover class="$PHONE" mac=00:1b:54:00:00:77
	[ "$(got yiaddr)" = 192.0.2.50 ]
	# the one trace: the hook has seen a phone
	[ "$(kea_say option150-phones-get | jq -r '.arguments.phones[]["hw-address"]' | sort)" = \
		"00:1b:54:00:00:77
02:63:70:72:00:01" ]
}

@test "another host's offer is no answer of this one" {
	ip -n phone addr add 192.0.2.3/24 dev ph0
	lab_start "$log" ip netns exec phone dnsmasq --keep-in-foreground --user= --group= \
		--conf-file="$dir/none.conf" --port=0 --interface=ph0 --no-ping --log-dhcp \
		--log-facility=- --pid-file= --dhcp-leasefile="$log.leases" \
		--dhcp-range=192.0.2.150,192.0.2.199,10m
	lab_wait 50 grep -q started "$log"
	run -1 ask discover "$LAB_SERVER"
	ip -n phone addr del 192.0.2.3/24 dev ph0
	[ "$output" = ETIMEDOUT ]
	grep -q 'DHCPOFFER(ph0) 192.0.2.1[0-9]* 02:63:70:72:00:01' "$log" # it did answer
}

@test "a server that answers phones nothing is an answer, too" {
	lab_dnsmasq "$log" "$dir/none.conf"
	run -0 --separate-stderr ask inform "$LAB_SERVER"
	[ "$output" = "server=$LAB_SERVER
phone=$LAB_SERVER
66=0.0.0.0
siaddr=$LAB_SERVER" ]
}

@test "a DHCP client of the host's own on port 68 does no harm" {
	dnsmasq_for_phones
	lab_start "$dir/client.log" perl -MIO::Socket::INET -e '
		my $client = IO::Socket::INET->new(Proto => "udp", LocalPort => 68, ReuseAddr => 1) or die;
		sleep 60'
	lab_wait 50 lab_listens 68
	run -0 --separate-stderr ask inform "$LAB_SERVER"
	sent "$LAB_SERVER" "$LAB_SERVER" "$LAB_SERVER"
}

@test "no answer, no carrier, no such address" {
	run -1 ask inform "$LAB_SERVER"
	[ "$output" = ETIMEDOUT ]
	run -1 ask inform 203.0.113.1
	[ "$output" = EADDRNOTAVAIL ]
	ip -n phone link set ph0 down
	lab_wait 50 eval '! lab_carrier'
	run -1 ask inform "$LAB_SERVER"
	[ "$output" = ENETDOWN ]
	run -1 ask discover "$LAB_SERVER"
	[ "$output" = ENETDOWN ]
	ip -n phone link set ph0 up
	lab_wait 50 lab_carrier
}

# tftp_root: one file of each kind
tftp_root() {
	mkdir -p "$dir/tftp"
	head -c 1234 /dev/urandom >"$dir/tftp/odd"
	head -c 1024 /dev/urandom >"$dir/tftp/whole-blocks"
	: >"$dir/tftp/empty"
	head -c 200000 /dev/urandom >"$dir/tftp/large"
	echo secret >"$dir/tftp/closed"
	chmod 755 "$dir" "$dir/tftp"
	chmod 600 "$dir/tftp/closed"
}

# fetches CODE: what the server of $LAB_SERVER says of them; the code of what is closed
fetches() {
	local name
	for name in odd whole-blocks empty large; do
		ask fetch "$LAB_SERVER" "$name" >"$dir/got"
		cmp "$dir/got" "$dir/tftp/$name"
	done
	run -1 ask fetch "$LAB_SERVER" absent
	[ "$output" = $'0 bytes\nENOENT' ]
	run -1 ask fetch "$LAB_SERVER" closed
	echo "$output"
	[ "$output" = $'0 bytes\n'"$1" ]
	run -1 ask fetch "$LAB_SERVER" large 1500
	[ "$output" = $'1024 bytes\nEFBIG' ]
	run -0 ask fetch "$LAB_SERVER" whole-blocks 1024
}

@test "in.tftpd: whole files, absent, closed and too large ones" {
	[ -n "${B##*nobody*}" ] && [ "$(awk '{print $3}' /proc/self/uid_map)" -gt 1 ] ||
		skip "in.tftpd calls setgroups, which a user namespace denies"
	tftp_root
	chmod o+x "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
	lab_start "$dir/tftpd.log" in.tftpd -L -v -a "$LAB_SERVER:69" -s "$dir/tftp"
	lab_wait 50 lab_listens 69
	fetches EACCES
}

@test "dnsmasq: the same, and a transfer that is given up ends there and then" {
	tftp_root
	dnsmasq_for_phones --enable-tftp --tftp-root="$dir/tftp"
	if [ "$(id -u)" = 0 ] && [ "$(awk '{print $3}' /proc/self/uid_map)" -gt 1 ]; then
		fetches EACCES
	else # its owner reads it whatever the mode says
		chmod 644 "$dir/tftp/closed"
		rm "$dir/tftp/closed"
		fetches ENOENT
	fi
	grep -q 'that is enough' "$log"
}

@test "nobody listens on port 69" {
	run -1 ask fetch "$LAB_SERVER" anything
	[ "$output" = $'0 bytes\nECONNREFUSED' ] # and not ETIMEDOUT
}

@test "tshark finds the questions well-formed, and a 7961 in them" {
	tftp_root
	dnsmasq_for_phones --enable-tftp --tftp-root="$dir/tftp"
	lab_capture "$dir/all.pcapng"
	ask inform "$LAB_SERVER"
	run -1 ask discover "$LAB_SERVER"
	ask fetch "$LAB_SERVER" odd >"$dir/got"
	lab_captured "$dir/all.pcapng"
	shows() { tshark -r "$dir/all.pcapng" "$@" 2>/dev/null | sort -u; }
	run -0 shows -Y 'dhcp.type == 1' -T fields -e dhcp.option.dhcp -e dhcp.option.hostname \
		-e dhcp.option.vendor_class_id -e dhcp.hw.mac_addr -e dhcp.ip.client \
		-e dhcp.flags.bc -e dhcp.option.request_list_item
	echo "$output"
	[ "$output" = "1	SEP026370720001	Cisco Systems, Inc. IP Phone CP-7961G	02:63:70:72:00:01,02:63:70:72:00:01	0.0.0.0	1	1,66,6,3,15,150,35
8	SEP026370720001	Cisco Systems, Inc. IP Phone CP-7961G	02:63:70:72:00:01,02:63:70:72:00:01	192.0.2.1	0	1,66,6,3,15,150,35" ]
	[ "$(shows -Y tftp -T fields -e tftp.opcode)" = $'1\n3\n4' ]
	# checksums of what goes over lo are left to the hardware, the DISCOVER's is ours
	run -0 shows -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE \
		-Y 'dhcp.option.dhcp == 1 && udp.checksum.status == 1 && ip.checksum.status == 1' \
		-T fields -e udp.length
	[ "$output" = 556 ]
	run -0 shows -Y '_ws.malformed || _ws.expert.severity >= 0x600000'
	[ -z "$output" ]
}
