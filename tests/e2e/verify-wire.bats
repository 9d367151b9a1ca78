# cpr-conf verify on the wire: what the TFTP servers of the plan give out, beside the TFTP root.
bats_require_minimum_version 1.5.0
load lab.bash

OTHER=192.0.2.3

setup_file() {
	lab_up
	ip -n phone addr add $OTHER/24 dev ph0
}

setup() {
	root=$BATS_TEST_TMPDIR/root
	other=$BATS_TEST_TMPDIR/other
	tftp=$root/srv/tftp
	chmod o+x "$BATS_TEST_TMPDIR"
	lab_site "$root" "tftp-servers = {\"$LAB_SERVER\", \"$OTHER\"}"
	sed -i 1d "$root/etc/phone-cpr/site.conf" # that of the lab
	lab_root "$root"
	mkfirmware --model 7961 --package dir "$tftp"
	mkdir "$other"
	cp -a "$tftp/." "$other/"
	: >"$BATS_TEST_TMPDIR/none.conf"
}

teardown() {
	lab_stop
	umount /srv/tftp /srv /var/lib/phone-cpr /var/lib
}

# tftpd FOLDER [COMMAND...]: a real dnsmasq that serves it, here or where the command leads
tftpd() {
	local folder=$1 log=$BATS_TEST_TMPDIR/tftpd.log
	shift
	lab_start "$log" "$@" dnsmasq --keep-in-foreground --user= --group= --port=0 \
		--conf-file="$BATS_TEST_TMPDIR/none.conf" --log-facility=- --pid-file= \
		--enable-tftp --tftp-root="$folder"
	lab_wait 50 grep -q "TFTP root is" "$log"
}

# verify [OPTION...]: the findings on the wire, one a line; without --root, as on a live host
verify() {
	cpr-conf verify --json --site "$root/etc/phone-cpr/site.conf" "$@" | jq -r '.findings[] |
		select(.id | test("^(tftp-root|server)-")) | "\(.id) \(.severity) \(.file)"'
}

@test "all the same: no finding, with and without --servers" {
	tftpd "$tftp"
	tftpd "$other" ip netns exec phone
	run -0 --separate-stderr verify
	[ -z "$output" ]
	run -0 --separate-stderr verify --servers
	[ -z "$output" ]
}

@test "this host's server serves another folder" {
	rm "$other/"term*.loads
	tftpd "$other"
	run -0 --separate-stderr verify
	[[ $output = "tftp-root-differs error term"[46]"1.default.loads" ]]
	run -6 cpr-conf verify --site "$root/etc/phone-cpr/site.conf"
	[[ $output == *"asked for over TFTP at 192.0.2.1, which is this host, it is not there"* ]]
	# below --root the servers are another host's
	run cpr-conf verify --root "$root"
	[[ $output != *tftp-root-differs* ]]
}

@test "nothing serves TFTP on this host" {
	run -0 --separate-stderr verify
	[ "$output" = "server-silent error " ]
	tftpd "$other" ip netns exec phone
	run -0 --separate-stderr verify --servers
	[ "$output" = "server-silent warning " ]
}

@test "--servers: one byte, a length, a name and a right that differ on the other server" {
	printf X | dd of="$other/term61.default.loads" bs=1 seek=600 conv=notrunc status=none
	echo >>"$other/SCCP41.9-4-2SR3-1S.loads"
	tftpd "$tftp"
	tftpd "$other" ip netns exec phone
	run -0 --separate-stderr verify
	[ -z "$output" ]
	run -0 --separate-stderr verify --servers
	[ "$(sort <<<"$output")" = "server-differs warning SCCP41.9-4-2SR3-1S.loads
server-differs warning term61.default.loads" ]
	truncate -s 20 "$other/term61.default.loads"
	rm "$other/SCCP41.9-4-2SR3-1S.loads"
	run -0 --separate-stderr verify --servers
	[ "$(sort <<<"$output")" = "server-differs error SCCP41.9-4-2SR3-1S.loads
server-differs warning term61.default.loads" ]
}

@test "--servers: a network's servers are asked, too, and one in no network is told once" {
	echo 'network "10.0.0.0/8" { tftp-servers = {"10.9.9.9"} }' >>"$root/etc/phone-cpr/site.conf"
	tftpd "$tftp"
	tftpd "$other" ip netns exec phone
	run -0 --separate-stderr verify --servers
	[ "$output" = "server-silent warning " ]
	run cpr-conf verify --site "$root/etc/phone-cpr/site.conf" --servers
	[[ $output == *"TFTP server 10.9.9.9"*"gets no answer"* ]]
}
