# The captures: a function each, named as the file.  Where a capture was made from says much about
# what is in it, so it varies: mostly the server's interface, sometimes the phone's end of the
# cable, "any", a trunk, the other side of a relay.

rows() { compgen -A function | grep -E "^(healthy|$(ids | paste -sd'|'))(-|$)" | sort; }

# ids: of the faults, from the contract's list
ids() {
	sed -n 's/^\tCPR_FAULT_\([A-Z0-9_]*\),$/\1/p' doctor/engine/faults.h | tr A-Z_ a-z-
}

# injected NAME: the fault that a capture of this name shows; nothing for a healthy one
injected() {
	local id best=
	for id in $(ids); do
		case $1 in
		"$id" | "$id"-*) [ ${#id} -lt ${#best} ] || best=$id ;;
		esac
	done
	echo "$best"
}

# Those that look like another fault until the plan is known (cpr-doctor --site), and which.
declare -A without_site=(
	[tftp-file-case]=tftp-file-missing
)
# more that are judged with it, and should say the same
with_site="tftp-file-case option150-byte-order option150-byte-order-lost-zero tftp-file-missing healthy-7961"

P=192.0.2.1 # the server

dhcp-no-offer() {
	usual
	lan
	record - srv0
	phone
	shows 'dhcp.option.dhcp == 1' '-ge 8'
	shows 'dhcp.option.dhcp == 2' '-eq 0'
}

# the phone's frames are in its voice VLAN, the server listens in none
dhcp-no-offer-vlan() {
	usual
	lan_wire tag=110
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	shows 'vlan.id == 110 && dhcp.option.dhcp == 1' '-ge 8'
	shows 'dhcp.option.dhcp == 2' '-eq 0'
}

# behind the relay the server is down
dhcp-no-offer-relay() {
	usual
	lan_relay
	record relay any
	phone
	shows 'dhcp.option.dhcp == 1 && dhcp.ip.relay == 192.0.2.254' '-ge 8'
	shows 'dhcp.option.dhcp == 2' '-eq 0'
}

# other phones are served: it is this one that the server ignores
dhcp-no-offer-ignored() {
	usual
	lan
	serve "dhcp-option=150,$P" dhcp-host=02:1b:54:00:00:0a,ignore
	record phone ph0
	phone
	shows 'dhcp.option.dhcp == 2' '-eq 0'
}

dhcp-late() {
	usual
	lan
	record - srv0
	phone_starts
	sleep 22
	serve "dhcp-option=150,$P"
	phone_ends
	shows 'dhcp.option.dhcp == 1' '-ge 6'
	shows 'dhcp.option.dhcp == 5'
}

# a switch port with spanning tree and without portfast
dhcp-late-stp() {
	usual
	lan_switch
	serve "dhcp-option=150,$P"
	ip link set lan_phone down
	ip link set srv0 type bridge stp_state 1 forward_delay 1100
	record phone ph0
	ip link set lan_phone up
	phone
	shows 'dhcp.option.dhcp == 1' '-ge 5'
	shows 'stp'
	shows 'dhcp.option.dhcp == 5'
}

# a home router on the same network: it offers too, and knows nothing of phones
dhcp-two-servers() {
	usual
	lan_switch router
	serve "dhcp-option=150,$P"
	home_router --dhcp-reply-delay=1
	record - srv0
	phone
	shows 'dhcp.option.dhcp == 2 && dhcp.option.dhcp_server_id == 192.0.2.2'
	shows 'dhcp.option.dhcp == 2 && dhcp.option.dhcp_server_id == 192.0.2.1'
	shows 'dhcp.option.dhcp == 5 && dhcp.option.dhcp_server_id == 192.0.2.1'
}

# the same, but its offer comes first
dhcp-two-servers-wrong-first() {
	usual
	lan_switch router
	serve "dhcp-option=150,$P" dhcp-reply-delay=1
	home_router
	record phone ph0
	phone
	shows 'dhcp.option.dhcp == 2 && dhcp.option.dhcp_server_id == 192.0.2.1'
	shows 'dhcp.option.dhcp == 5 && dhcp.option.dhcp_server_id == 192.0.2.2'
}

home_router() {
	dnsmasq_in router --interface=router0 --dhcp-range=192.0.2.150,192.0.2.160,10m "$@"
	lab_wait 50 listens_in router 67
}

# Kea names no next server of its own
dhcp-no-tftp-server() {
	usual
	lan
	record - srv0
	kea
	phone
	shows 'dhcp.option.dhcp == 5'
	shows 'dhcp.option.tftp_server_address || dhcp.option.tftp_server_name' '-eq 0'
	shows tftp '-eq 0'
}

dhcp-not-renewed-alike() {
	usual
	lan
	ip addr add 192.0.2.3/24 dev srv0 # the server too, so the phone gets on
	renews
	phone_starts --flash-rate 1500
	phone_says 'has the address'
	printf '150,192.0.2.3\n' >"$work/opts/.next"
	mv "$work/opts/.next" "$work/opts/phones"
	phone_ends
	shows 'dhcp.option.dhcp == 5 && dhcp.ip.client == 0.0.0.0'
	shows 'dhcp.option.dhcp == 5 && dhcp.ip.client != 0.0.0.0 && dhcp.option.tftp_server_address == 192.0.2.3'
}

# renews: leases that are renewed after 5 s, option 150 where it can be changed
renews() {
	mkdir "$work/opts"
	printf '150,%s\n' $P >"$work/opts/phones"
	chmod -R a+rX "$work/opts"
	serve "dhcp-optsdir=$work/opts" dhcp-option-force=option:T1,5
	record - srv0
}

# an option of one's own that holds text
option150-wrong-type() {
	usual
	lan
	record - srv0
	kea '.["option-def"] = [{name: "tftp", code: 150, type: "string"}] |
		.["option-data"] = [{code: 150, data: "192.0.2.1"}]'
	phone
	shows 'dhcp.option.dhcp == 5'
	shows tftp '-eq 0'
}

option150-wrong-type-length() {
	usual
	lan
	record phone ph0
	kea '.["option-data"] = [{code: 150, "csv-format": false, data: "06C000020100"}]'
	phone
	shows 'dhcp.option.dhcp == 5'
	shows tftp '-eq 0'
}

option150-byte-order() {
	usual
	lan
	serve dhcp-option=150,1.2.0.192
	record - srv0
	phone
	shows 'ip.dst == 1.2.0.192 && udp.dstport == 69' '-ge 4'
}

# tftpd32 wants 0x690AA8C0 for 192.168.10.105: a zero lost on the way makes it 192.168.154.6
option150-byte-order-lost-zero() {
	LAB_SERVER=192.168.10.105
	usual
	lan
	ip addr flush dev srv0
	ip addr add 192.168.10.105/24 dev srv0
	serve dhcp-option=150,192.168.154.6 dhcp-range=192.168.10.110,192.168.10.120,10m
	record - srv0
	phone
	shows 'ip.dst == 192.168.154.6 && udp.dstport == 69' '-ge 4'
}

# a name, no DNS server in the lease, no next server
option66-unresolved() {
	usual
	lan
	record - srv0
	kea '.["option-data"] = [{name: "tftp-server-name", data: "tftp.example"}]'
	phone
	shows 'dhcp.option.tftp_server_name == "tftp.example"'
	shows dns '-eq 0'
}

# the DNS server is silent, and the next server is nobody
NO_NEXT=dhcp-option=option:server-ip-address,192.0.2.99
option66-unresolved-silent() {
	usual
	lan
	lose input 'udp dport 53 drop'
	serve 'dhcp-option=66,"tftp.example"' dhcp-option=6,$P "$NO_NEXT"
	record - srv0
	phone
	shows 'dns.flags.response == 0' '-ge 3'
	shows 'dns.flags.response == 1' '-eq 0'
}

option66-unresolved-nxdomain() {
	usual
	lan
	serve 'dhcp-option=66,"tftp.example"' dhcp-option=6,$P "$NO_NEXT"
	dns --local=/example/
	record - srv0
	phone
	shows 'dns.flags.rcode == 3'
}

dns() {
	lab_start "$work/dns.log" dnsmasq --keep-in-foreground --user= --group= \
		--conf-file=/dev/null --no-resolv --no-hosts --pid-file= --listen-address=$P \
		--bind-interfaces --log-facility=- "$@"
	lab_wait 50 lab_listens 53
}

# the server of its former site, behind the gateway; nobody answers there
tftp-other-server() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone --defect alternate-tftp=10.77.0.5
	shows 'ip.dst == 10.77.0.5 && udp.dstport == 69' '-ge 4'
}

# one that is there, and has other files
tftp-other-server-answers() {
	usual
	lan_switch old
	serve "dhcp-option=150,$P"
	mkdir -p /srv/old
	dnsmasq_in old --enable-tftp --tftp-root=/srv/old
	lab_wait 50 listens_in old 69
	record - srv0
	phone --defect alternate-tftp=192.0.2.2
	shows 'tftp.opcode == 1'
	shows 'tftp.opcode == 5'
}

phone-never-asks() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	pause=8 phone --defect never-asks
	shows 'dhcp.option.dhcp == 5' '-ge 3'
	shows tftp '-eq 0'
}

phone-damaged() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone --defect damaged
	shows 'dhcp.option.vendor_class_id contains "79XX"'
	shows 'tftp.source_file == "termZZ.default.loads"'
}

# nobody listens: the server's kernel says so
tftp-no-answer() {
	usual
	lan
	dhcp "dhcp-option=150,$P"
	record - srv0
	phone
	shows 'tftp.opcode == 1' '-ge 4'
	shows 'icmp.type == 3 && icmp.code == 3'
}

tftp-no-answer-dropped() {
	usual
	lan
	lose input 'udp dport 69 drop'
	serve "dhcp-option=150,$P"
	record - any
	phone
	shows 'tftp.opcode == 1' '-ge 4'
	shows 'tftp.opcode == 3 || icmp' '-eq 0'
}

# a firewall between lets requests pass, but no answer from a port of its own
tftp-no-answer-replies-lost() {
	usual
	lan_switch
	lose egress lan_phone 'udp sport >= 1024 udp dport >= 1024 drop'
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	shows 'tftp.opcode == 1' '-ge 4'
	shows 'tftp.opcode == 3'
	shows 'tftp.opcode == 4' '-eq 0'
}

# nobody has that address
tftp-no-answer-no-host() {
	usual
	lan
	serve dhcp-option=150,192.0.2.77
	record - srv0
	phone
	shows 'arp.dst.proto_ipv4 == 192.0.2.77' '-ge 4'
	shows tftp '-eq 0'
}

tftp-file-missing() {
	usual
	rm "$tftp"/dsp41*
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	shows 'tftp.error.code == 1' '-ge 3'
}

tftp-file-missing-term() {
	usual
	rm "$tftp"/term61*
	lan
	call_manager
	dhcp "dhcp-option=150,$P"
	tftpd
	record phone ph0
	phone
	shows 'tftp.error.code == 1' '-ge 3'
}

tftp-file-missing-7960() {
	firmware --model 7960
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone -m 7960
	shows 'tftp.source_file == "OS79XX.TXT"' '-ge 3'
	shows 'tftp.error.code == 1' '-ge 3'
}

# two phones at once, and only one of them finds its files
tftp-file-missing-one-of-two() {
	usual
	firmware --model 7911
	rm "$tftp"/cnu11*
	xmldefault 30018 "$LOAD" 307 SCCP11.9-4-2SR3-1S
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone_starts -m 7911 -a 02:1b:54:00:00:14
	first=$phone_pid
	phone
	phone_pid=$first
	phone_ends
	shows 'tftp.error.code == 1 && eth.dst == 02:1b:54:00:00:14' '-ge 3'
}

# the list prints cnu41…, the file is called Cnu41…
tftp-file-case() {
	firmware --model 7961 --defect case
	xmldefault 30018 "$LOAD"
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	shows 'tftp.error.code == 1' '-ge 3'
}

tftp-access-denied() {
	usual
	chmod 600 "$tftp"/cnu41*
	chown nobody "$tftp"/cnu41*
	lan
	call_manager
	dhcp "dhcp-option=150,$P"
	tftpd
	record - srv0
	phone
	shows 'tftp.error.code == 2 || tftp.error.code == 0' '-ge 3'
}

# a copy of another load's term file under this name
loads-refused() {
	firmware --model 7961 --defect inner-name
	xmldefault 30018 "$LOAD"
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	pause=6 phone
	shows 'tftp.source_file == "term61.default.loads"' '-ge 3'
	shows 'tftp.source_file contains ".sbn"' '-eq 0'
}

# a board that the load does not know: the file itself is sound
loads-refused-hardware() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record phone ph0
	pause=6 phone --hardware-mask 0x80000000
	shows 'tftp.source_file == "term61.default.loads"' '-ge 3'
	shows 'tftp.source_file contains ".sbn"' '-eq 0'
}

image-refused() {
	firmware --model 7961 --defect truncated
	xmldefault 30018 "$LOAD"
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	pause=6 phone
	shows 'tftp.source_file == "term61.default.loads"' '-ge 3'
	shows 'tftp.source_file contains "cvm41"' '-ge 3'
}

# another version's image under the listed name
image-refused-renamed() {
	firmware --model 7961 --defect renamed
	xmldefault 30018 "$LOAD"
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	pause=6 phone
	shows 'tftp.source_file == "term61.default.loads"' '-ge 3'
}

# of each file only the first four blocks get through to the phone
tftp-stalled() {
	usual
	lan_switch
	# of TFTP's DATA the block's number, which stands behind UDP's header and the opcode
	lose egress lan_phone 'udp sport >= 1024 udp dport >= 1024 @th,64,16 3 @th,80,16 >= 5 drop'
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	shows 'tftp.opcode == 3' '-ge 15'
}

# the process that serves the file hangs
tftp-stalled-server() {
	usual
	lan_wire b:delay=150
	call_manager
	dhcp "dhcp-option=150,$P"
	tftpd
	record - srv0
	phone_starts
	lab_wait 300 tftpd_works
	kill -STOP "$(pgrep -P "$tftpd" | tail -n 1)"
	phone_ends
	shows 'tftp.opcode == 4' '-ge 15'
}
tftpd_works() { pgrep -P "$tftpd" >/dev/null; }

# A plain TFTP client that counts blocks in more than 16 bits, as a phone would that knows no
# roll-over, and a file of 33 MB; in.tftpd goes on with block 0.  cpr-phone plays no model whose
# files are that long, so busybox gets the address in the name of one.  Of the 130,000 packets the
# first and the last 300 are kept, and two of each 80 between.
tftp-block-wrap() {
	lay_out
	truncate -s 33600000 "$tftp/rootfs78xx.12-5-1SR2-2.sbn"
	lan
	dhcp "dhcp-option=150,$P"
	tftpd
	record - srv0 -s 342
	lab_phone ip link set ph0 address 00:1b:54:78:41:01
	lab_phone busybox udhcpc -i ph0 -f -q -n -t 5 -T 1 -s /bin/true -O 150 -O 66 \
		-V $'Cisco Systems, Inc. IP Phone CP-7841' >"$work/phone.log" 2>&1
	address=$(sed -n 's/.*lease of \([0-9.]*\) obtained.*/\1/p' "$work/phone.log")
	ip -n phone addr add "$address/24" dev ph0
	lab_phone tests/captures/tftp-plain $P rootfs78xx.12-5-1SR2-2.sbn 2>>"$work/phone.log" || true
	lab_phone tests/captures/tftp-plain $P rootfs78xx.12-5-1SR2-2.sbn 3 # it begins again
	record_ends
	tests/captures/pick "$work/capture" '$i <= 300 || $i > $n - 300 || $i % 80 < 2' >"$work/thin"
	mv "$work/thin" "$work/capture"
	zip=1
	shows 'tftp.opcode == 4 && tftp.block == 65535' '-ge 2'
	shows 'tftp.opcode == 3 && tftp.block == 0' '-ge 2'
}

# No real server sends an OACK to who asked for no option (RFC 2347), so this one is ours.
tftp-unexpected-oack() {
	usual
	lan
	call_manager
	dhcp "dhcp-option=150,$P"
	lab_start "$work/oackd.log" tests/captures/oackd $P
	lab_wait 50 lab_listens 69
	record - srv0
	phone
	shows 'tftp.opcode == 6' '-ge 3'
}

# A clone of the server on the same switch, with the same address: the switch shows it the
# requests too, and it answers each.
tftp-two-answerers() {
	usual
	lan_switch clone
	local mac
	mac=$(mac_of srv0)
	ip -n clone addr flush dev clone0
	ip -n clone addr add $P/24 dev clone0
	serve "dhcp-option=150,$P" dhcp-host=02:1b:54:00:00:0a,192.0.2.60
	ip netns exec clone sysctl -qw net.ipv4.conf.all.arp_ignore=8
	ip -n clone neigh add 192.0.2.60 lladdr 02:1b:54:00:00:0a dev clone0
	nft -f - <<-END
		table netdev clone {
			chain c {
				type filter hook ingress device lan_phone priority 0
				udp dport 69 ether daddr set $(mac_of clone0 -n clone) dup to lan_clone ether daddr set $mac
			}
		}
	END
	dnsmasq_in clone --enable-tftp --tftp-root=/srv/tftp
	lab_wait 50 listens_in clone 69
	record phone ph0
	phone
	shows 'icmp.type == 3 && udp.dstport != 69' '-ge 3'
}

# the server answers from another address of its
tftp-two-answerers-other-address() {
	usual
	lan
	ip addr add 192.0.2.3/24 dev srv0
	serve "dhcp-option=150,$P"
	nft -f - <<-END
		table ip nat {
			chain c {
				type nat hook postrouting priority srcnat
				udp sport >= 1024 udp dport >= 1024 snat to 192.0.2.3
			}
		}
	END
	record - srv0
	phone
	shows 'ip.src == 192.0.2.3 && udp && !icmp' '-ge 3'
	shows 'icmp.type == 3'
}

# the file cannot be read to its end: the server's medium is broken
tftp-aborted() {
	usual
	lan
	call_manager
	dhcp "dhcp-option=150,$P"
	unreadable /srv/tftp/dsp41*
	tftpd --permissive
	record - srv0
	phone
	shows 'tftp.opcode == 5 && tftp.error.code != 1' '-ge 3'
}

tftp-aborted-by-phone() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record phone ph0
	phone --defect flash-full
	shows 'tftp.opcode == 5 && tftp.error.code == 3' '-ge 3'
}

trust-list-blocks() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	pause=6 phone -s boot --defect trust-list
	shows 'tftp.source_file contains "ITLFile"' '-ge 3'
	shows 'tftp.source_file contains "SEP" && tftp.source_file contains "xml"' '-eq 0'
}

http-6970-dropped() {
	usual
	lan
	lose input 'tcp dport 6970 drop'
	serve "dhcp-option=150,$P"
	record - srv0
	phone -s boot --load "$LOAD"
	shows 'tcp.dstport == 6970' '-ge 9'
	shows 'tcp.srcport == 6970' '-eq 0'
}

xmldefault-missing() {
	usual
	rm "$tftp/XMLDefault.cnf.xml"
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	shows 'tftp.source_file == "XMLDefault.cnf.xml"' '-ge 3'
}

# it is there, but no XML
xmldefault-missing-broken() {
	usual
	echo '<Default><callManagerGroup>' >"$tftp/XMLDefault.cnf.xml"
	lan
	serve "dhcp-option=150,$P"
	record phone ph0
	phone
	shows 'tftp.source_file == "XMLDefault.cnf.xml"' '-ge 3'
}

xmldefault-no-load() {
	usual
	xmldefault 115 "$LOAD"
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	shows 'tcp.dstport == 2000'
}

call-manager-unreachable() {
	call_manager_name=10.77.0.9 usual
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone -s boot --load SCCP41.8-5-2S
	shows 'tcp.dstport == 2000 && ip.dst == 10.77.0.9' '-ge 3'
}

call-manager-unreachable-refused() {
	usual
	lan
	dhcp enable-tftp tftp-root=/srv/tftp "dhcp-option=150,$P"
	record phone ph0
	for _ in 1 2 3; do phone -s boot --load "$LOAD"; done
	shows 'tcp.srcport == 2000 && tcp.flags.reset == 1' '-ge 3'
}

healthy-7961() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	registers
}

# registers: what every healthy boot ends with
registers() { shows 'tcp.srcport == 2000 && tcp.flags.syn == 1 && tcp.flags.ack == 1'; }

healthy-7911-any() {
	firmware --model 7911
	xmldefault 307 SCCP11.9-4-2SR3-1S
	lan
	serve "dhcp-option=150,$P"
	record - any
	phone -m 7911
	registers
}

healthy-7940() {
	firmware --model 7940
	printf 'P0030801SR02 \r\n' >"$tftp/OS79XX.TXT"
	xmldefault 8 P0030801SR02
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone -m 7940
	registers
}

healthy-7960-sip() {
	firmware --model 7960 --protocol sip
	printf 'P0S3-8-12-00\r\n' >"$tftp/OS79XX.TXT"
	xmldefault 7 P0S3-8-12-00
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone -m 7960
	shows 'tftp.source_file contains "P0S3"'
}

healthy-7975-sip() {
	firmware --model 7975 --protocol sip
	xmldefault 437 SIP75.9-4-2SR3-1S
	lan
	serve "dhcp-option=150,$P"
	record phone ph0
	phone -m 7975
	shows 'tftp.source_file contains "sip.9-4-2"'
}

# while it writes its flash the phone answers nothing, and the server repeats the last block
healthy-slow-flash() {
	usual
	lan
	call_manager
	dhcp "dhcp-option=150,$P"
	tftpd
	record - srv0
	phone --defect flash-busy --flash-rate 400
	shows 'tftp.opcode == 3 && udp.length < 520' '-ge 20'
	registers
}

# at the server, whose phone is behind a router
healthy-relay() { relay - srv0; }
# at the router: what goes through it is seen twice
healthy-relay-any() { relay relay any; }

relay() {
	call_manager_name=10.9.0.1 usual
	lan_relay
	call_manager
	LAB_SERVER=10.9.0.1 dhcp enable-tftp tftp-root=/srv/tftp dhcp-option=150,10.9.0.1 \
		dhcp-option=3,192.0.2.254 dhcp-range=192.0.2.50,192.0.2.99,255.255.255.0,10m
	record "$@"
	phone
	shows 'dhcp.ip.relay == 192.0.2.254'
	registers
}

healthy-two-phones() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone --count 2
	shows 'eth.src == 02:1b:54:00:00:0b && tcp.dstport == 2000'
	registers
}

# XMLDefault names an older load than the term file: one more round of images, as it should be
healthy-other-load() {
	firmware --model 7961 --version 8-5-2S
	usual
	xmldefault 30018 SCCP41.8-5-2S
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	shows 'tftp.source_file == "SCCP41.8-5-2S.loads"'
	registers
}

# a phone that was never wiped, with a configuration of its own
healthy-boot() {
	usual
	sed "s/loadInformation[0-9]*/loadInformation/g; s/Default>/device>/" "$tftp/XMLDefault.cnf.xml" \
		>"$tftp/SEP021B5400000A.cnf.xml"
	rm "$tftp/XMLDefault.cnf.xml"
	lan
	serve "dhcp-option=150,$P"
	record - srv0
	phone -s boot --load "$LOAD"
	shows 'tftp.source_file == "SEP021B5400000A.cnf.xml"'
	registers
}

healthy-vlan() {
	usual
	lan_trunk 110
	serve "dhcp-option=150,$P"
	record - trunk_a
	phone
	shows 'vlan.id == 110 && tftp.opcode == 3'
	shows 'vlan.id == 110 && tcp.srcport == 2000 && tcp.flags.syn == 1'
}

# a provider's tag around the site's
healthy-qinq() {
	usual
	lan_trunk 20,110
	serve "dhcp-option=150,$P"
	pcapng= record - trunk_b
	phone
	shows 'tftp.opcode == 3'
	registers
}

# both say the same
healthy-two-servers() {
	usual
	lan_switch second
	serve "dhcp-option=150,$P"
	dnsmasq_in second --interface=second0 --dhcp-range=192.0.2.150,192.0.2.160,10m \
		--dhcp-option=150,$P
	lab_wait 50 listens_in second 67
	record - srv0
	phone
	shows 'dhcp.option.dhcp == 2 && dhcp.option.dhcp_server_id == 192.0.2.2'
	shows 'dhcp.option.dhcp == 2 && dhcp.option.dhcp_server_id == 192.0.2.1'
	registers
}

healthy-kea-tftpd-hpa() {
	usual
	lan
	record - srv0
	call_manager
	kea '.["option-def"] = [{name: "tftp", code: 150, type: "ipv4-address", array: true}] |
		.["option-data"] = [{code: 150, data: "192.0.2.1"}]'
	tftpd
	phone
	registers
}

# a name that nobody knows, and a next server that is right
option66-unresolved-next-server() {
	usual
	lan
	serve 'dhcp-option=66,"tftp.example"' dhcp-option=6,$P
	dns --local=/example/
	record - srv0
	phone
	shows 'dns.flags.rcode == 3'
	registers
}

healthy-renewal() {
	usual
	lan
	renews
	phone --flash-rate 1500
	shows 'dhcp.option.dhcp == 5 && dhcp.ip.client != 0.0.0.0'
	registers
}

# a bad cable: some is lost, comes twice, late or in the wrong order, and all gets there
healthy-bad-cable() {
	usual
	lan_wire a:drop=23 b:drop=17 a:twice=11 b:twice=13 b:swap=19 b:delay=5
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	registers
}

# two thirds of the packets of a while are lost, and then all is well again
healthy-loss() {
	usual
	lan_switch
	lose egress lan_phone 'udp sport >= 1024 udp dport >= 1024 numgen inc mod 7 == 0 drop'
	serve "dhcp-option=150,$P"
	record - srv0
	phone
	registers
}

# the plug is pulled in the middle of an image, and put back
healthy-unplugged() {
	usual
	lan_wire b:delay=40
	serve "dhcp-option=150,$P"
	record - srv0
	phone_starts
	phone_says 'cnu41'
	kill -KILL "$phone_pid"
	sleep 8
	phone
	registers
}

# whoever recorded it came when the phone was at its images already
healthy-begun-late() {
	usual
	lan_wire b:delay=40
	serve "dhcp-option=150,$P"
	phone_starts
	phone_says 'cnu41'
	record - srv0
	phone_ends
	shows 'dhcp.option.dhcp == 1' '-eq 1'
	registers
}

# recorded on all interfaces of a switch: every frame is there twice and more
healthy-copies() {
	usual
	lan_switch
	serve "dhcp-option=150,$P"
	record - any
	phone
	shows 'tftp.opcode == 1 && tftp.source_file == "term61.default.loads"' '-ge 2'
	registers
}

# a mirror port that shows one direction only
healthy-phone-only() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record - srv0 -f 'ether src 02:1b:54:00:00:0a'
	phone
	shows 'tftp.opcode == 4' '-ge 15'
	shows 'tftp.opcode == 3' '-eq 0'
}
healthy-server-only() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record - srv0 -f 'not ether src 02:1b:54:00:00:0a'
	phone
	shows 'udp.srcport != 67 && udp.length == 524' '-ge 15'
	shows 'tftp.opcode == 4' '-eq 0'
}

# tcpdump -s 96: the ends of options, lists and configurations are missing
healthy-cut-packets() {
	usual
	lan
	serve "dhcp-option=150,$P"
	malformed=dhcp
	record - srv0 -s 96
	phone
	registers
}

healthy-many() {
	usual
	lan
	serve "dhcp-option=150,$P"
	record - srv0 -s 200
	zip=1
	malformed='dhcp || tftp'
	phone --count 12
	registers
}
