# Phones that fetch firmware and ask for addresses notice nothing of a hundred generates.
bats_require_minimum_version 1.5.0
load lab.bash
load host.bash

setup_file() {
	lab_up
	host_up
}

setup() { host_setup; }

teardown() { ! host_has_root || host_stop; }

# until_told COMMAND...: again and again until the file "end" is there; counts in $1.n, ends at
# the first failure with $1.failed
until_told() {
	local name=$1 n=0
	shift
	while [ ! -e "$dir/end" ]; do
		"$@" || {
			touch "$dir/$name.failed"
			return
		}
		n=$((n + 1))
		echo "$n" >"$dir/$name.n"
	done
}

fetch() {
	lab_phone curl -sS --max-time 60 -o "$dir/got" "tftp://$LAB_SERVER/firmware.bin" &&
		cmp "$dir/got" /srv/tftp/firmware.bin
}

# The offer is one of the two that the site files say.  (udhcpc would hear every block of the
# transfer, too, and miss offers over it.)
ask() {
	lab_phone "$BATS_TEST_DIRNAME/dhcp-say" discover \
		class='Cisco Systems, Inc. IP Phone CP-7961G' >"$dir/offer" || return
	grep -qx '150=c0000201\|150=c0000201c0000209' "$dir/offer" || { cat "$dir/offer"; return 1; }
}

@test "a transfer of 5 MB and a DHCP client go on through 100 generates" {
	dir=$BATS_TEST_TMPDIR
	mkfirmware --model 7961 --package dir /srv/tftp
	head -c 5000000 /dev/urandom >/srv/tftp/firmware.bin
	chmod 644 /srv/tftp/firmware.bin
	ip -n phone addr add 192.0.2.40/24 dev ph0
	host_site
	host_dnsmasq
	cpr-conf generate
	pid=$(host_pid dnsmasq)

	until_told fetch fetch >"$dir/fetch.log" 2>&1 3>&- &
	fetcher=$!
	until_told ask ask >"$dir/ask.log" 2>&1 3>&- &
	asker=$!
	for i in $(seq 50); do
		sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.1", "192.0.2.9"}/' /etc/phone-cpr/site.conf
		cpr-conf generate >"$dir/said" 2>&1 || { cat "$dir/said"; break; }
		sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.1"}/' /etc/phone-cpr/site.conf
		cpr-conf generate >"$dir/said" 2>&1 || { cat "$dir/said"; break; }
	done
	touch "$dir/end"
	wait "$fetcher" "$asker"
	echo "# $i times to and fro: $(<"$dir/fetch.n") transfers, $(<"$dir/ask.n") offers" >&3
	cat "$dir/fetch.log" "$dir/ask.log"
	[ ! -e "$dir/fetch.failed" ]
	[ ! -e "$dir/ask.failed" ]
	[ "$i" = 50 ]
	[ "$(<"$dir/fetch.n")" -gt 1 ]
	[ "$(<"$dir/ask.n")" -gt 10 ]
	[ "$pid" = "$(host_pid dnsmasq)" ]
}
