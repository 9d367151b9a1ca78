# The lab: two hosts on one machine, without root.  Loaded by every e2e test and by the demo,
# which run in network and mount namespaces of their own (tests/one): this side is the server,
# the namespace "phone" is the other end of a cable.  Nothing outlives the namespaces.

B=${B:-build/default}
PATH=$B:$PATH:/usr/sbin:/sbin
LAB_SERVER=192.0.2.1
lab_pids=()

# Two hosts: srv0 here (192.0.2.1/24), ph0 in the namespace "phone" (no address).
lab_up() {
	mount -t tmpfs none /run
	mkdir -p /run/netns
	ip link set lo up
	ip netns add phone
	ip link add srv0 type veth peer name ph0 netns phone
	ip addr add "$LAB_SERVER/24" dev srv0
	ip link set srv0 up
	ip -n phone link set lo up
	ip -n phone link set ph0 up
	lab_wait 50 lab_carrier
}

lab_down() {
	ip netns del phone
	ip link del srv0 2>/dev/null || true
	umount /run
}

lab_carrier() { ip -o link show srv0 | grep -q 'state UP'; }

# lab_wait TENTHS COMMAND...: until the command succeeds.  TENTHS are an idle machine's: a busy one
# has four times as long, and nobody waits longer than needed.
lab_wait() {
	local n=$((4 * $1))
	shift
	while ! "$@"; do
		[ $((n--)) -gt 0 ] || return 1
		sleep 0.1
	done
}

# lab_root DIR: what programs write below --root DIR stands where servers look for it.
lab_root() {
	mkdir -p "$1/srv/tftp" "$1/var/lib/phone-cpr"
	mount -t tmpfs none /srv
	mkdir -p /srv/tftp
	mount --bind "$1/srv/tftp" /srv/tftp
	mount -t tmpfs none /var/lib
	mkdir -p /var/lib/phone-cpr /var/lib/misc
	mount --bind "$1/var/lib/phone-cpr" /var/lib/phone-cpr
}

# lab_start LOG PROGRAM...: in the background; its pid is in lab_pid, and lab_stop ends it (of a
# function it would end the shell alone)
lab_start() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 </dev/null 3>&- &
	lab_pid=$!
	lab_pids+=("$lab_pid")
}

# lab_stop [PID...]: TERM, a deadline, KILL, each by its own pid; without PID all of them
lab_stop() {
	local pid pids=("$@")
	[ $# -gt 0 ] || pids=("${lab_pids[@]}")
	for pid in "${pids[@]}"; do
		kill -TERM "$pid" 2>/dev/null || continue
		lab_wait 30 lab_gone "$pid" || kill -KILL "$pid"
		wait "$pid" 2>/dev/null || true
	done
	[ $# -gt 0 ] || lab_pids=()
}

lab_gone() { case $(ps -o stat= -p "$1") in "" | Z*) true ;; *) false ;; esac; }

lab_listens() { ss -Hlnu "sport = :$1" | grep -q .; }

# lab_dnsmasq LOG CONFIG [OPTION...]: a real dnsmasq on srv0.  Without root it may not change
# its groups (a user namespace denies setgroups), hence the empty --user and --group.
lab_dnsmasq() {
	local log=$1 config=$2
	shift 2
	lab_start "$log" dnsmasq --keep-in-foreground --user= --group= --conf-file="$config" \
		--port=0 --interface=srv0 --bind-interfaces --no-ping --log-dhcp --log-facility=- \
		--pid-file= --dhcp-leasefile="$log.leases" \
		--dhcp-range=192.0.2.50,192.0.2.99,10m "$@"
	lab_wait 50 lab_listens 67
}

# lab_capture FILE: records what passes every interface of this side.  That tshark says it
# captures proves nothing: dumpcap may not have its socket yet.  A datagram of ours in the file
# does; one more at the end, lab_captured, and all that went before it is in the file, too.
lab_capture() {
	lab_mark=0
	lab_start "$1.log" tshark -q -i any -w "$1"
	lab_wait 300 lab_marked "$1"
}

lab_captured() {
	: $((++lab_mark))
	lab_wait 300 lab_marked "$1" && lab_stop "$lab_pid"
}

# Nobody listens on the discard port; whether the last datagram was refused does not matter.
lab_marked() {
	echo "mark $lab_mark of the lab" >/dev/udp/127.0.0.1/9 || true
	grep -aqs "mark $lab_mark of the lab" "$1"
} 2>/dev/null

# lab_phone COMMAND...: on the phone's side of the cable
lab_phone() { ip netns exec phone "$@"; }

# lab_site DIR [LINE...]: a site file below DIR for the lab's server
lab_site() {
	mkdir -p "$1/etc/phone-cpr" "$1/srv/tftp" "$1/var/lib/phone-cpr"
	printf '%s\n' "tftp-servers = {\"$LAB_SERVER\"}" "call-managers = {\"$LAB_SERVER\"}" \
		"${@:2}" >"$1/etc/phone-cpr/site.conf"
}

# lab_xmldefault DIR CALL_MANAGER [ID LOAD]...: DIR/XMLDefault.cnf.xml
lab_xmldefault() {
	local file=$1/XMLDefault.cnf.xml manager=$2
	shift 2
	{
		echo '<Default><callManagerGroup><members><member priority="0"><callManager>'
		echo "<processNodeName>$manager</processNodeName>"
		echo '</callManager></member></members></callManagerGroup>'
		while [ $# -gt 1 ]; do
			echo "<loadInformation$1>$2</loadInformation$1>"
			shift 2
		done
		echo '</Default>'
	} >"$file"
}

# What a program needs in its environment that loads the hook: the library's sanitizers must
# come first into one that has none, and what Kea itself leaks is not ours to see.
lab_kea_env=()
if ldd "$B/libdhcp_option150.so" 2>/dev/null | grep -q libasan; then
	lab_kea_env=("LD_PRELOAD=$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
		"ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0")
fi

# lab_kea DIR: a real kea-dhcp4 with DIR/kea.json, its log in DIR/kea.log, its control socket
# at DIR/socket, until it serves.  Words before the program: lab_kea DIR ip netns exec NAME
lab_kea() {
	local dir=$1
	shift
	: >"$dir/kea.log" # of an earlier start
	lab_start "$dir/kea.log" env KEA_LOCKFILE_DIR="$dir" KEA_PIDFILE_DIR="$dir" \
		"${lab_kea_env[@]}" "$@" kea-dhcp4 -c "$dir/kea.json"
	lab_kea_pid=$lab_pid
	lab_wait 200 lab_kea_up "$dir" "$lab_pid" && grep -q DHCP4_STARTED "$dir/kea.log"
}

lab_kea_up() { grep -q DHCP4_STARTED "$1/kea.log" || lab_gone "$2"; }

# lab_kea_say DIR COMMAND [ARGUMENTS]: a command to its control socket; prints the answer
lab_kea_say() {
	jq -cn --arg command "$2" --argjson arguments "${3:-null}" \
		'{$command} + if $arguments == null then {} else {$arguments} end' |
		perl -MIO::Socket::UNIX -e '
			my $socket = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$ARGV[0]: $!\n";
			local $/;
			print $socket <STDIN>;
			print <$socket>;' "$1/socket"
}
