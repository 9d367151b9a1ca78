# Bench mode: when it refuses, and that nothing is left behind whatever happens to it.
bats_require_minimum_version 1.5.0
load lab.bash
load bench.bash

setup_file() { bench_setup_file; }
setup() { bench_setup; }
teardown() { bench_teardown; }

# other_dhcp ADDRESS [OPTION...]: a dnsmasq on the phones' side of the cable
other_dhcp() {
	ip -n phone addr add "$1/24" dev ph0
	lab_start "$BATS_TEST_TMPDIR/$1.log" ip netns exec phone dnsmasq --keep-in-foreground --user= --group= \
		--conf-file=/dev/null --port=0 --interface=ph0 --bind-interfaces --no-ping \
		--pid-file= --dhcp-leasefile="$BATS_TEST_TMPDIR/$1.leases" --log-facility=- \
		--dhcp-range=192.0.2.100,192.0.2.120 "${@:2}"
	lab_wait 50 grep -q 'DHCP, IP range' "$BATS_TEST_TMPDIR/$1.log"
}

no_other_dhcp() {
	lab_stop
	ip -n phone addr flush dev ph0
}

@test "other DHCP servers are refused by name, also one for phones only and one for all but phones" {
	other_dhcp 192.0.2.7 --dhcp-vendorclass="set:p,IP Phone" --dhcp-ignore=tag:!p
	run -1 cpr-recover -i srv0 --yes "$BATS_FILE_TMPDIR/package.zip"
	echo "$output"
	grep -q '192\.0\.2\.7' <<<"$output"
	no_other_dhcp
	other_dhcp 192.0.2.8 --dhcp-vendorclass="set:p,IP Phone" --dhcp-ignore=tag:p
	run -1 cpr-recover -i srv0 --yes "$BATS_FILE_TMPDIR/package.zip"
	echo "$output"
	grep -q '192\.0\.2\.8' <<<"$output"
	no_other_dhcp
	nothing_left
}

@test "another DHCP server that answers somebody while it serves ends it" {
	bench
	other_dhcp 192.0.2.7
	busybox udhcpc -f -n -q -t 5 -T 1 -i srv0 -s /bin/true
	ended 1
	grep -q 'another DHCP server.*192\.0\.2\.7' "$log"
	no_other_dhcp
	nothing_left
}

@test "whoever holds port 67 or 69 is named" {
	lab_dnsmasq "$BATS_TEST_TMPDIR/other.log" /dev/null --enable-tftp --tftp-root="$BATS_TEST_TMPDIR"
	run -1 cpr-recover -i srv0 --yes "$BATS_FILE_TMPDIR/package.zip"
	echo "$output"
	grep -q "67.*dnsmasq\|dnsmasq.*67" <<<"$output"
	grep -q "$lab_pid" <<<"$output"
}

@test "a second bench is refused, and is no phone to the first" {
	bench
	run -1 cpr-recover -i srv0 --yes "$BATS_FILE_TMPDIR/package.zip" nowhere.zip
	echo "$output"
	grep -q "67.*$(dnsmasqs)" <<<"$output"
	grep -q 'nowhere.zip' <<<"$output"
	kill -INT "$recover_pid"
	ended 1
	run ! grep -q 'asks for an address' "$log"
	nothing_left
}

@test "an address that cannot be one is a slip of usage: nothing is sent" {
	for address in 192.0.2.1 192.0.2.1/33 192.0.2.0/24 nonsense; do
		run -2 cpr-recover -i srv0 --yes -a "$address" "$BATS_FILE_TMPDIR/package.zip"
		grep -qF "'$address'" <<<"$output"
	done
}

@test "a network that is reached another way is not taken over" {
	ip route add 198.51.100.0/25 via 192.0.2.99 dev srv0
	run -1 cpr-recover -i srv0 --yes --address 198.51.100.1/24 "$BATS_FILE_TMPDIR/package.zip"
	echo "$output"
	grep -q "198.51.100.1/24 is reached by 'srv0'" <<<"$output"
	ip route del 198.51.100.0/25
	nothing_left
}

@test "a package that is none is refused before anything is served" {
	echo nonsense >"$BATS_TEST_TMPDIR/broken.zip"
	run -4 cpr-recover -i srv0 --yes "$BATS_TEST_TMPDIR/broken.zip"
	echo "$output"
	grep -q broken.zip <<<"$output"
	nothing_left
}

@test "the TFTP root holds what phones ask for and no more" {
	bench
	ip -n phone addr add 192.0.2.40/24 dev ph0
	get() { lab_phone curl -sS --path-as-is --max-time 5 -o "$BATS_TEST_TMPDIR/got" "tftp://$LAB_SERVER/$1"; }
	get term61.default.loads
	run ! get .phone-cpr/terms/SCCP41.9-4-2SR3-1S/term61.default.loads
	run ! get ../dnsmasq.conf
	[ -z "$(find /run/phone-cpr-recover.*/tftp -mindepth 1 -type d)" ]
	ip -n phone addr del 192.0.2.40/24 dev ph0
}

@test "Ctrl-C cleans up" {
	bench
	kill -INT "$recover_pid"
	ended 1
	nothing_left
}

# On a terminal, where it asks first.
@test "Ctrl-C at the question ends it" {
	mkfifo "$BATS_TEST_TMPDIR/keys"
	exec 8<>"$BATS_TEST_TMPDIR/keys"
	script -qec "cpr-recover -i srv0 $BATS_FILE_TMPDIR/package.zip" /dev/null \
		<&8 >"$log" 2>&1 3>&- &
	recover_pid=$!
	lab_pids+=("$recover_pid")
	lab_wait 150 grep -q 'y/N' "$log"
	printf '\003' >&8
	ended 1
	exec 8>&-
	grep -q 'interrupted' "$log"
	nothing_left
}

@test "dnsmasq dies: the end is said and clean" {
	bench
	kill -KILL $(dnsmasqs)
	ended 1
	grep -q dnsmasq "$log"
	nothing_left
}

@test "cpr-recover is killed: no dnsmasq stays, and the next run cleans up" {
	bench --address 198.51.100.1/24
	kill -KILL "$recover_pid"
	lab_wait 50 no_listener
	bench --address 198.51.100.1/24
	kill -TERM "$recover_pid"
	ended 1
	nothing_left
}

@test "the address is put back where it was cleared, and what was set for good meanwhile stays" {
	bench
	ip addr flush dev srv0
	lab_wait 50 has_address dynamic
	lab_phone "$B/cpr-phone" -i ph0 --model 7961 --scenario dhcp --no-delay
	ip addr flush dev srv0
	ip addr add "$LAB_SERVER/24" dev srv0
	kill -INT "$recover_pid"
	ended 1
	has_address permanent
	nothing_left
}
has_address() { ip -o addr show dev srv0 "$1" | grep -qF "$LAB_SERVER/24"; }

@test "the interface goes: the end is said" {
	ip link add gone0 type veth peer name gone1
	ip link set gone0 up
	ip link set gone1 up
	lab_start "$log" cpr-recover -i gone0 --yes "$BATS_FILE_TMPDIR/package.zip"
	recover_pid=$lab_pid
	lab_wait 150 lab_listens 67
	ip link del gone0
	ended 1
	grep -q "'gone0' is gone" "$log"
	nothing_left
}

@test "an interface without address gets one, and loses it" {
	ip addr del "$LAB_SERVER/24" dev srv0
	before=$(addresses)
	lab_start "$log" cpr-recover -i srv0 --yes "$BATS_FILE_TMPDIR/package.zip"
	recover_pid=$lab_pid
	lab_wait 150 lab_listens 67
	addresses | grep -q '^srv0 192\.168\.150\.1/24'
	lab_phone "$B/cpr-phone" -i ph0 --model 7961 --scenario dhcp --no-delay
	kill -INT "$recover_pid"
	ended 1
	nothing_left
	ip addr add "$LAB_SERVER/24" dev srv0
}

@test "no such interface: one clear line" {
	run -1 cpr-recover -i nowhere0 --yes "$BATS_FILE_TMPDIR/package.zip"
	grep -q nowhere0 <<<"$output"
	[ "$(wc -l <<<"$output")" = 1 ]
}
