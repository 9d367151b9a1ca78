# The proof that cpr-conf asks of each server after a change, of the real ones: right, wrong,
# silent, and what cannot be told.
bats_require_minimum_version 1.5.0
load lab.bash
load kea.bash

setup_file() { kea_setup_file; }

setup() {
	kea_setup
	root=$dir/root
	log=$dir/dnsmasq.log
	chmod o+x "$dir"
	lab_site "$root"
	lab_root "$root"
	mkfirmware --model 7961 --package dir "$root/srv/tftp"
}

teardown() {
	kea_teardown
	umount /srv/tftp /srv /var/lib/phone-cpr /var/lib
	[ ! -f "$log" ] || sed 's/^/dnsmasq: /' "$log" | tail -n 20
}

site() { sed -i "1s/.*/tftp-servers = {$1}/" "$root/etc/phone-cpr/site.conf"; }

# proof SERVER [CHANGE...]: what ask says of it, when the command CHANGE comes in between
proof() {
	local name=$1 asker
	shift
	coproc asker { exec ask server "$name" "$root" 3>&-; }
	local out=${asker[0]} in=${asker[1]} line
	read -r line <&"$out"
	[ "$line" = looked ]
	[ $# = 0 ] || "$@" 3>&- >&2
	echo >&"$in"
	cat <&"$out"
}

serve_dnsmasq() {
	cpr-conf generate --root "$root" --only dnsmasq
	lab_start "$log" dnsmasq --keep-in-foreground --user= --group= --port=0 --no-ping \
		--conf-file="$root/etc/dnsmasq.d/phone-cpr.conf" --interface=srv0 \
		--bind-interfaces --log-dhcp --log-facility=- --pid-file= \
		--dhcp-leasefile="$log.leases" --dhcp-range="${1-}192.0.2.50,192.0.2.99,10m"
	lab_wait 50 lab_listens 67
}

# (not lab_stop: a subshell cannot wait for a child of its parent)
stop() { kill "$lab_pid" && lab_wait 100 lab_gone "$lab_pid"; }

@test "dnsmasq: right" {
	serve_dnsmasq
	run -0 --separate-stderr proof dnsmasq
	[ "$output" = ok ]
}

@test "dnsmasq: the old servers still, though the site file says others" {
	serve_dnsmasq
	site '"192.0.2.1", "192.0.2.9"'
	run -0 --separate-stderr proof dnsmasq
	echo "$output"
	[ "$output" = "failed
at 192.0.2.1 (srv0) phones are sent 192.0.2.1 in option 150, and it should be 192.0.2.1, 192.0.2.9" ]
}

@test "dnsmasq: dead after the change" {
	serve_dnsmasq
	run -0 --separate-stderr proof dnsmasq stop
	echo "$output"
	[ "${lines[0]}" = failed ]
	[ "${lines[1]}" = "at 192.0.2.1 (srv0) it answers no more" ]
	[[ $output == *"192.0.2.1 is refused: nothing listens on UDP port 69"* ]]
}

@test "dnsmasq: not there before either" {
	run -0 --separate-stderr proof dnsmasq
	echo "$output"
	[ "${lines[0]}" = unproven ]
	[ "${lines[1]}" = "at 192.0.2.1 (srv0) nobody answers" ]
}

@test "dnsmasq: a network whose range has no tag gets everyone's servers" {
	echo 'network "192.0.2.0/24" { tftp-servers = {"192.0.2.33"} }' >>"$root/etc/phone-cpr/site.conf"
	serve_dnsmasq
	run -0 --separate-stderr proof dnsmasq
	echo "$output"
	[ "${lines[0]}" = unproven ]
	[[ ${lines[1]} == *"it should be 192.0.2.33: a line of your own wins, or one is missing" ]]
}

@test "dnsmasq serves another folder over TFTP" {
	serve_dnsmasq
	mkdir "$dir/srv2"
	run -0 --separate-stderr proof dnsmasq mount --bind "$dir/srv2" /srv/tftp
	umount /srv/tftp
	echo "$output"
	[ "${lines[0]}" = failed ]
	[[ ${lines[1]} == *'.default.loads" lies in /srv/tftp, but asked for over TFTP at 192.0.2.1 it is not there'* ]]
}

# kea_serves raw|udp [JQ-PROGRAM]
kea_serves() {
	echo 'dnsmasq { enable = false } kea { enable = true mode = "hook" }' \
		>>"$root/etc/phone-cpr/site.conf"
	site '"192.0.2.7", "192.0.2.8"'
	kea "$SERVERS" ".[\"interfaces-config\"][\"dhcp-socket-type\"] = \"$1\" | ${2-.}"
}

@test "Kea with either kind of sockets: right" {
	kea_serves udp
	run -0 --separate-stderr proof kea-dhcp4-server
	[ "$output" = ok ]
	lab_stop
	kea_config "$SERVERS"
	lab_kea "$dir"
	run -0 --separate-stderr proof kea-dhcp4-server
	[ "$output" = ok ]
}

other_servers() { reconfigure '"tftp-servers": ["192.0.2.9"]'; }
no_interface() { reconfigure "$SERVERS" '.["interfaces-config"].interfaces = []'; }

@test "Kea with raw sockets: other servers after the change, and no answer any more" {
	kea_serves raw
	run -0 --separate-stderr proof kea-dhcp4-server other_servers
	echo "$output"
	[ "$output" = "failed
at 192.0.2.1 (srv0) phones are sent 192.0.2.9 in option 150, and it should be 192.0.2.7, 192.0.2.8" ]
	run -0 --separate-stderr proof kea-dhcp4-server no_interface
	echo "$output"
	[ "${lines[1]}" = "at 192.0.2.1 (srv0) it answers no more" ]
}

@test "Kea: an option 150 of the admin's own is told, and is no fault" {
	kea_serves raw '.subnet4[0]["option-data"] = [{name: "tftp-servers", data: "9.9.9.9"}]'
	run -0 --separate-stderr proof kea-dhcp4-server
	echo "$output"
	[ "${lines[0]}" = unproven ]
	[[ ${lines[1]} == *"phones are sent 9.9.9.9 in option 150"*"a line of your own wins"* ]]
}
