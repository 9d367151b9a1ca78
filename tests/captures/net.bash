# The networks that captures are made in, in words: files, a cable, a recorder, servers, a phone.
# Loaded after lab.bash, by a row that runs in namespaces of its own.  A row lays out its files
# first; with build_only it ends where the network would begin.

# lay_out: an empty root with a site file
lay_out() {
	tftp=$root/srv/tftp
	[ -d "$tftp" ] || lab_site "$root"
}

# firmware [OPTION...]: of mkfirmware
firmware() {
	lay_out
	mkfirmware "$@" --package dir "$tftp"
	chmod -R a+rX "$root"
}

# xmldefault [ID LOAD]...
xmldefault() {
	lay_out
	lab_xmldefault "$tftp" "${call_manager_name:-$LAB_SERVER}" "$@"
	chmod a+r "$tftp/XMLDefault.cnf.xml"
}

# usual: a whole set for a 7961 and what names it
usual() {
	firmware --model 7961
	xmldefault 30018 "$LOAD" 115 "$LOAD"
}
LOAD=SCCP41.9-4-2SR3-1S

# no_more_files: what lan and its like begin with; from there on the TFTP root is /srv/tftp
no_more_files() {
	[ -z "${build_only-}" ] || exit 0
	lab_root "$root"
}

# lan: a cable between srv0 here and ph0 in the namespace "phone"
lan() {
	no_more_files
	lab_up
}

# lan_switch [NAME...]: a switch srv0, to which this host belongs, with the ports lan_phone and
# lan_NAME; at their ends, in namespaces, ph0 and NAME0, which has the address 192.0.2.2 on
lan_switch() {
	no_more_files
	lan_begins
	ip link add srv0 type bridge
	local name last=2
	for name in phone "$@"; do
		ip netns add "$name"
		local end=${name}0
		[ "$name" != phone ] || end=ph0
		ip link add "lan_$name" type veth peer name "$end" netns "$name"
		ip link set "lan_$name" master srv0 up
		ip -n "$name" link set lo up
		ip -n "$name" link set "$end" up
		[ "$name" = phone ] || ip -n "$name" addr add "192.0.2.$((last++))/24" dev "$end"
	done
	ip addr add "$LAB_SERVER/24" dev srv0
	ip link set srv0 up
	lab_wait 50 lab_carrier
}

lan_begins() {
	mount -t tmpfs none /run
	mkdir -p /run/netns
	ip link set lo up
}

# lan_wire RULE...: a cable of tests/tools/wire.c, its end A at ph0, B at srv0
lan_wire() {
	no_more_files
	lan_begins
	ip netns add phone
	wire ph0 srv0 "$@"
	ip link set ph0 netns phone
	ip -n phone link set lo up
	ip -n phone link set ph0 up
	ip addr add "$LAB_SERVER/24" dev srv0
	ip link set srv0 up
}

wire() {
	lab_start "$work/wire.$1" "$B/wire" "$@"
	lab_wait 50 grep -qs ready "$work/wire.$1"
}

# lan_trunk VID[,VID]: between two switches of which phone and server know nothing, the frames
# are tagged; the trunk's ends are trunk_a and trunk_b
lan_trunk() {
	no_more_files
	lan_begins
	ip netns add phone
	wire ph0 trunk_a "tag=$1"
	wire srv0 trunk_b "tag=$1"
	ip link add trunk type bridge
	ip link set trunk_a master trunk up
	ip link set trunk_b master trunk up
	ip link set trunk up
	ip link set ph0 netns phone
	ip -n phone link set ph0 up
	ip addr add "$LAB_SERVER/24" dev srv0
	ip link set srv0 up
}

# lan_relay: the phone's network is 192.0.2.0/24, with the gateway 192.0.2.254 in the namespace
# "relay"; the server stands behind it, at 10.9.0.1 on srv0
lan_relay() {
	no_more_files
	lan_begins
	ip netns add phone
	ip netns add relay
	ip -n phone link add ph0 type veth peer name down0 netns relay
	ip link add srv0 type veth peer name up0 netns relay
	ip addr add 10.9.0.1/24 dev srv0
	ip link set srv0 up
	ip route add 192.0.2.0/24 via 10.9.0.2
	ip -n relay addr add 192.0.2.254/24 dev down0
	ip -n relay addr add 10.9.0.2/24 dev up0
	ip -n relay link set down0 up
	ip -n relay link set up0 up
	ip -n phone link set ph0 up
	ip netns exec relay sysctl -qw net.ipv4.ip_forward=1
	lab_start "$work/relay.log" ip netns exec relay dnsmasq --keep-in-foreground --user= --group= \
		--port=0 --conf-file=/dev/null --dhcp-relay=192.0.2.254,10.9.0.1 --pid-file= \
		--log-facility=- --log-dhcp
	lab_wait 50 listens_in relay 67
}

listens_in() { ip netns exec "$1" ss -Hlnu "sport = :$2" | grep -q .; }

# record NAMESPACE|- INTERFACE [OPTION...]: dumpcap; begins when its socket is bound
record() {
	local in=() ns=$1 interface=$2 index=0
	shift 2
	[ "$ns" = - ] || in=(ip netns exec "$ns")
	[ "$interface" = any ] ||
		index=$("${in[@]}" ip -o link show "$interface" | cut -d: -f1)
	: >"$work/capture"
	lab_start "$work/dumpcap.log" "${in[@]}" dumpcap -q ${pcapng--P} -i "$interface" -w "$work/capture" "$@"
	recorder=$lab_pid
	lab_wait 100 recorder_hears "$index" "${in[@]}" ||
		{ cat "$work/dumpcap.log" >&2; return 1; }
}

# columns: sk RefCnt Type Proto Iface R Rmem User Inode
recorder_hears() {
	local index=$1 inode
	shift
	for inode in $("$@" awk -v i="$index" '$5 == i && $6 == 1 { print $9 }' /proc/net/packet); do
		ls -l "/proc/$recorder/fd" | grep -qF "socket:[$inode]" && return
	done
	return 1
}

record_ends() {
	[ -n "${recorder-}" ] || return 0
	sleep 0.6 # what the kernel's ring still holds comes within half a second
	kill -INT "$recorder" 2>/dev/null || true
	lab_wait 50 lab_gone "$recorder"
	recorder=
}

# serve [LINE...]: dnsmasq for DHCP and TFTP with these lines, and a call manager
serve() {
	call_manager
	dhcp enable-tftp tftp-root=/srv/tftp "$@"
}

# dhcp [LINE...]: dnsmasq on srv0
dhcp() {
	printf '%s\n' "$@" >"$work/dnsmasq.conf"
	chmod a+r "$work/dnsmasq.conf"
	lab_dnsmasq "$work/dnsmasq.log" "$work/dnsmasq.conf" ||
		{ cat "$work/dnsmasq.log" >&2; return 1; }
	dnsmasq=$lab_pid
}

# dnsmasq_in NAMESPACE OPTION...: another one, in that namespace
dnsmasq_in() {
	local ns=$1 log=$work/dnsmasq-$1.log
	shift
	lab_start "$log" ip netns exec "$ns" dnsmasq --keep-in-foreground --user= --group= \
		--conf-file=/dev/null --port=0 --no-ping --log-dhcp --log-facility=- --pid-file= \
		--dhcp-leasefile="$log.leases" "$@"
}

# tftpd [OPTION...]: tftpd-hpa on srv0
tftpd() {
	lab_start "$work/tftpd.log" in.tftpd --foreground --listen --secure --user root \
		--address "$LAB_SERVER:69" "$@" /srv/tftp
	tftpd=$lab_pid
	lab_wait 50 lab_listens 69
}

# kea [JQ-PROGRAM]: kea-dhcp4 on srv0; the program works on the inside of Dhcp4
kea() {
	jq -n --arg dir "$work" '{Dhcp4: ({
		"interfaces-config": {interfaces: ["srv0"]},
		"control-socket": {"socket-type": "unix", "socket-name": ($dir + "/socket")},
		"lease-database": {type: "memfile", persist: false},
		"valid-lifetime": 600,
		subnet4: [{id: 1, subnet: "192.0.2.0/24", pools: [{pool: "192.0.2.50 - 192.0.2.99"}],
			"option-data": [{name: "routers", data: "192.0.2.1"}]}],
		loggers: [{name: "kea-dhcp4", severity: "INFO", output_options: [{output: "stdout"}]}]
	} | '"${1:-.}"')}' >"$work/kea.json"
	lab_kea "$work" || { cat "$work/kea.log" >&2; return 1; }
}

# call_manager: accepts calls on TCP port 2000
call_manager() {
	lab_start "$work/manager.log" perl -MIO::Socket::INET -e '
		my $ear = IO::Socket::INET->new(LocalPort => 2000, Listen => 64, ReuseAddr => 1)
			or die $!;
		sleep'
	lab_wait 50 call_manager_listens
}
call_manager_listens() { ss -Hlnt "sport = :2000" | grep -q .; }

# phone [OPTION...]: to its end, however it ends
phone() {
	lab_phone "$B/cpr-phone" -i ph0 --no-delay --pause "${pause:-2}" "$@" \
		>"$work/phone.log" 2>&1 || [ $? = 6 ]
}

# phone_starts [OPTION...]: in the background; phone_says WORD waits for it to say so
phone_starts() {
	lab_start "$work/phone.log" ip netns exec phone "$B/cpr-phone" -i ph0 --no-delay \
		--pause "${pause:-2}" "$@"
	phone_pid=$lab_pid
}
phone_says() { lab_wait "${2:-300}" grep -qs "$1" "$work/phone.log"; }
phone_ends() { lab_wait 1800 lab_gone "$phone_pid"; }

# lose HOOK RULE: an nft rule in a chain of its own.  HOOK: input, output, or egress INTERFACE,
# which loses what a recorder at the server still sees.
lose() {
	local family=inet name=lose$((++loses)) hook="hook $1" rule=$2
	[ "$1" != egress ] || { family=netdev hook="hook egress device \"$2\"" rule=$3; }
	nft -f - <<-END
		table $family $name {
			chain c {
				type filter $hook priority 0
				$rule
			}
		}
	END
}
loses=0

# shows FILTER [TEST]: so many packets of the capture pass a filter of tshark's; -gt 0 unless
# given.  What proves that the fault is in it, without any code of ours.
shows() { checks+=("$1" "${2:--gt 0}"); }
checks=()

check_all() {
	local i n wrong
	for ((i = 0; i < ${#checks[@]}; i += 2)); do
		n=$(tshark -r "$work/capture" -Y "${checks[i]}" -T fields -e frame.number 2>/dev/null | wc -l)
		[ "$n" ${checks[i + 1]} ] || {
			echo "$name: '${checks[i]}' ${checks[i + 1]}, and it is $n" >&2
			return 1
		}
	done
	wrong=$(tshark -r "$work/capture" -Y "_ws.malformed${malformed:+ && !($malformed)}" 2>/dev/null)
	[ -z "$wrong" ] || {
		echo "$name: tshark finds malformed packets: $wrong" >&2
		return 1
	}
}

# make_one: the row $name, in namespaces of its own
make_one() {
	work=$(mktemp -d)
	trap made_one EXIT
	chmod 755 "$work"
	root=$work/root
	local began=$SECONDS file=$name.pcap
	"$name"
	record_ends
	check_all
	if [ -n "${zip-}" ]; then
		file=$file.gz
		gzip -9n <"$work/capture" >"$out/$file"
	else
		cp "$work/capture" "$out/$file"
	fi
	echo "$file: $(stat -c %s "$out/$file") bytes, $((SECONDS - began)) s"
}

made_one() {
	[ $? = 0 ] || { echo "$name: could not be made" && tail -n 5 "$work"/*.log; } >&2
	lab_stop
	umount /srv/tftp/* 2>/dev/null || true # unreadable
	rm -rf "$work"
}

# unreadable FILE: opens, and fails when it is read: the memory of a process, which begins with
# nothing
unreadable() {
	: >"$1"
	mount --bind "/proc/$$/mem" "$1"
}

mac_of() { ip "${@:2}" -o link show "$1" | sed 's/.*link.ether \([0-9a-f:]*\).*/\1/'; }
