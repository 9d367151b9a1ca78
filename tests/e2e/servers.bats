# The servers as cpr-conf finds them on a host: their merged configuration on trial, which
# lines of the admin's are missing, and how each is told of a change.
bats_require_minimum_version 1.5.0
load lab.bash
load host.bash

LIBRARIES=/usr/lib/x86_64-linux-gnu/kea/hooks

setup_file() {
	lab_up
	host_up
	host_has_root || return 0
	# where Kea looks for libraries; without sanitizers, for Kea has none
	mkdir -p "$BATS_FILE_TMPDIR/hooks"
	cp "$LIBRARIES"/*.so "$BATS_FILE_TMPDIR/hooks/"
	cp "${B%/*}/default/libdhcp_option150.so" "$BATS_FILE_TMPDIR/hooks/"
	mount --bind "$BATS_FILE_TMPDIR/hooks" "$LIBRARIES"
}

setup() {
	host_setup
	rm -rf /srv/tftp/* /srv/tftp/.phone-cpr /var/lib/phone-cpr/* /etc/dnsmasq.d/* \
		/etc/dnsmasq.conf /etc/default/dnsmasq* /etc/kea/* /etc/dhcp/phone-cpr.conf
	mkdir -p /var/lib/dhcp
	mkfirmware --model 7961 --package dir /srv/tftp
	ours=/etc/kea/phone-cpr.json
	bin=$BATS_TEST_TMPDIR/bin
	mkdir "$bin"
	# where other users find a checker that is slow, or tells what it saw
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "${BATS_TEST_TMPDIR%/*}" "$BATS_TEST_TMPDIR"
	host_site
}

teardown() {
	host_has_root || return 0
	service isc-dhcp-server stop >/dev/null 2>&1 || true
	service dnsmasq stop lan >/dev/null 2>&1 || true
	host_stop
}

files() { find /etc /srv/tftp /var/lib/phone-cpr ! -type d -printf '%p %i %T@\n' | sort; }

# refused TEXT...: generate refuses, says each, and has touched nothing
refused() {
	local before text
	before=$(files)
	run cpr-conf generate
	echo "$output"
	[ "$status" = 4 ]
	for text in "$@"; do
		[[ $output == *"$text"* ]] || { echo "not said: $text"; return 1; }
	done
	diff <(echo "$before") <(files)
}

# kept FILE TEXT: generate takes none of it away, and says why
kept() {
	run -0 cpr-conf generate
	[[ $output == *"$2"*"nothing to change"* ]]
	[ -e "$1" ]
}

# site_without_dnsmasq [LINE...]
site_without_dnsmasq() { host_site 'dnsmasq { enable = false }' "$@"; }

@test "dnsmasq: a fault in a file that another one leads to is told by its line, and since when" {
	: >/etc/dnsmasq-more
	host_dnsmasq conf-file=/etc/dnsmasq-more
	printf '# mine\n\ndomain-needed\nno-such=1\n' >/etc/dnsmasq-more
	refused "/etc/dnsmasq-more:4: dnsmasq refuses this line as it stands, also without any change of ours (bad option)"
}

@test "dnsmasq: what its --test does not see is looked for" {
	host_dnsmasq
	printf 'tftp-root=/srv/none\nconf-file=/etc/none\n' >/etc/dnsmasq.d/mine
	dnsmasq --test -C /dev/null --tftp-root=/srv/none
	refused "/etc/dnsmasq.d/mine:1: /srv/none is not there" "/etc/dnsmasq.d/mine:2: /etc/none is not there"
	# and it is true that dnsmasq would not start
	echo enable-tftp >>/etc/dnsmasq.d/mine
	sed -i 2d /etc/dnsmasq.d/mine
	run ! service dnsmasq restart
	echo tftp-no-fail >>/etc/dnsmasq.d/mine
	run -0 cpr-conf generate --no-reload
}

@test "dnsmasq: an option that may stand once stands twice with drop-ins, and not by our copies" {
	host_dnsmasq conf-dir=/etc/dnsmasq.d dhcp-script=/bin/true
	run -0 cpr-conf generate
	echo dhcp-script=/bin/true >/etc/dnsmasq.d/mine
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.9"}/' /etc/phone-cpr/site.conf
	refused "/etc/dnsmasq.conf:10: dnsmasq refuses this line as it stands" "illegal repeated keyword"
}

@test "dnsmasq: an instance that reads our folder is tried and restarted, another one is not" {
	host_dnsmasq
	sed -i /CONFIG_DIR/d /etc/default/dnsmasq
	sed 's/srv0/lo/; s/^dhcp-.*//; s/^port=.*/port=5300/' /etc/dnsmasq.conf >/etc/dnsmasq-alone
	mv /etc/dnsmasq.conf /etc/dnsmasq-lan
	mv /etc/dnsmasq-alone /etc/dnsmasq.conf
	printf 'DNSMASQ_OPTS="--conf-file=/etc/dnsmasq-lan"\n%s\n' \
		CONFIG_DIR=/etc/dnsmasq.d,.dpkg-dist >/etc/default/dnsmasq.lan
	service dnsmasq restart
	service dnsmasq restart lan
	lab_wait 50 lab_listens 67
	alone=$(cat /run/dnsmasq/dnsmasq.pid) lan=$(cat /run/dnsmasq/dnsmasq.lan.pid)
	echo no-such=1 >/etc/dnsmasq.d/mine
	refused "/etc/dnsmasq.d/mine:1: dnsmasq refuses this line as it stands"
	rm /etc/dnsmasq.d/mine
	run -0 cpr-conf generate
	[[ $output == *"dnsmasq: restarting it once"*"dnsmasq: answers as it should"* ]]
	[ "$alone" = "$(cat /run/dnsmasq/dnsmasq.pid)" ]
	[ "$lan" != "$(cat /run/dnsmasq/dnsmasq.lan.pid)" ]
	run -0 host_asks
	grep -qx opt150=c0000201 <<<"$output"
}

@test "dnsmasq: that nothing reads our folder is told, with the line" {
	host_dnsmasq
	sed -i /CONFIG_DIR/d /etc/default/dnsmasq
	service dnsmasq restart
	run -0 cpr-conf generate
	[[ $output == *"dnsmasq: put into /etc/default/dnsmasq, on a line of its own: CONFIG_DIR=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new ("* ]]
	[[ $output != *"restarting"* ]]
}

@test "Kea: one include, wherever it stands, and later changes by config-reload alone" {
	site_without_dnsmasq 'kea { enable = true  mode = "class" }'
	host_kea
	run -0 cpr-conf generate
	[[ $output == *'put into /etc/kea/kea-dhcp4.conf, as the last entry of "client-classes" in "Dhcp4"'*'<?include "/etc/kea/phone-cpr.json"?>'* ]]
	echo '[ {"name": "mine"}, <?include "/etc/kea/phone-cpr.json"?> ] // classes' >/etc/kea/classes.json
	sed -i 's|"Dhcp4": {|&"client-classes": <?include "/etc/kea/classes.json"?>,|' \
		/etc/kea/kea-dhcp4.conf
	chmod 640 /etc/kea/kea-dhcp4.conf
	chown root:_kea /etc/kea/kea-dhcp4.conf
	lab_stop
	host_kea_start
	pid=$host_kea_pid
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.9"}/' /etc/phone-cpr/site.conf
	run -0 cpr-conf generate
	[[ $output != *"put into"* ]]
	[[ $output == *"kea-dhcp4-server: answers as it should"* ]]
	grep -c DHCP4_CONFIG_COMPLETE /var/log/kea/kea-dhcp4.log
	[ "$(grep -c DHCP4_CONFIG_COMPLETE /var/log/kea/kea-dhcp4.log)" = 2 ]
	run -0 host_asks
	grep -qx opt150=c0000209 <<<"$output"
	[ "$pid" = "$(pgrep -o kea-dhcp4)" ]

	# the candidate is tried in its place, by the server's own user, and nothing stays there
	cat >"$bin/kea-dhcp4" <<-EOT
	#!/bin/sh
	{ id -un; ls -A /etc/kea; cat "\$2"; } >"$BATS_TEST_TMPDIR/seen"
	stat -c '%a %U:%G' "\$2" >>"$BATS_TEST_TMPDIR/seen"
	exec /usr/sbin/kea-dhcp4 "\$@"
	EOT
	chmod +x "$bin/kea-dhcp4"
	: >"$BATS_TEST_TMPDIR/seen"
	chmod 666 "$BATS_TEST_TMPDIR/seen"
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.1"}/' /etc/phone-cpr/site.conf
	PATH=$bin:$PATH run -0 cpr-conf generate
	cat "$BATS_TEST_TMPDIR/seen"
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/seen")" = _kea ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/seen")" = "640 root:_kea" ]
	grep -qx .classes.json.cpr-check "$BATS_TEST_TMPDIR/seen"
	grep -q '<?include "/etc/kea/.classes.json.cpr-check"?>' "$BATS_TEST_TMPDIR/seen"
	[ "$(ls -A /etc/kea | sort | tr '\n' ' ')" = "classes.json kea-dhcp4.conf phone-cpr.json " ]
}

@test "Kea: faults of the admin's are told by file and line, and since when" {
	site_without_dnsmasq 'kea { enable = true  mode = "class" }'
	cpr-conf generate
	host_kea '.["client-classes"] = ["INCLUDED"]'
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.9"}/' /etc/phone-cpr/site.conf
	cp /etc/kea/kea-dhcp4.conf "$BATS_TEST_TMPDIR/good"
	line=$(grep -n '"valid-lifetime"' /etc/kea/kea-dhcp4.conf | cut -d: -f1)
	sed -i 's/"valid-lifetime"/"valid-lifetim"/' /etc/kea/kea-dhcp4.conf
	refused "/etc/kea/kea-dhcp4.conf:$line: kea-dhcp4 refuses it as it stands, also without any change of ours" 'unexpected keyword "valid-lifetim"'
	line=$(grep -n '"pools"' "$BATS_TEST_TMPDIR/good" | cut -d: -f1)
	sed 's/192.0.2.99/192.0.3.99/' "$BATS_TEST_TMPDIR/good" >/etc/kea/kea-dhcp4.conf
	refused "/etc/kea/kea-dhcp4.conf:" "as it stands" "a pool of type V4, with the following address range: 192.0.2.50-192.0.3.99"
	sed 's/192.0.3.99/192.0.2.99/; s/client-classes/hooks-libraries/' "$BATS_TEST_TMPDIR/good" \
		>/etc/kea/kea-dhcp4.conf
	refused 'with mode = "class" <?include "/etc/kea/phone-cpr.json"?> belongs into "client-classes", not into "hooks-libraries"'
	run -0 host_asks
	grep -qx opt150=c0000201 <<<"$output"
}

@test "Kea: a library that is not there is refused before Kea hears of it" {
	site_without_dnsmasq 'kea { enable = true }'
	host_kea
	mv "$LIBRARIES/libdhcp_option150.so" "$LIBRARIES/away"
	run cpr-conf generate
	mv "$LIBRARIES/away" "$LIBRARIES/libdhcp_option150.so"
	[ "$status" = 4 ]
	[[ $output == *"/etc/phone-cpr/site.conf: kea { mode = \"hook\" } needs $LIBRARIES/libdhcp_option150.so, which is not there: install the package kea-hook-option150"* ]]
	[ ! -e "$ours" ]
}

@test "Kea: what the admin wrote for the hook himself goes by the hook's own rules" {
	site_without_dnsmasq 'kea { enable = true }'
	host_kea '.["hooks-libraries"] = [{library: "'$LIBRARIES'/libdhcp_option150.so",
		parameters: {"tftp-servers": ["192.0.2.300"]}}]'
	refused '/etc/kea/kea-dhcp4.conf: kea runs with it, but its hook libdhcp_option150.so does not take' '192.0.2.300'
}

@test "Kea: a refusal of the reload is told in its own words, and undone" {
	site_without_dnsmasq 'kea { enable = true  mode = "class" }'
	cpr-conf generate
	host_kea '.["client-classes"] = ["INCLUDED"]'
	# not in force yet; -t does not ask libraries
	cp "${B%/*}/default/refuse.so" "$LIBRARIES/"
	jq -n '{library: "'$LIBRARIES'/refuse.so", parameters: {refuse: true}}' >/etc/kea/mine.json
	sed -i 's|"Dhcp4": {|&"hooks-libraries": [ <?include "/etc/kea/mine.json"?> ],|' \
		/etc/kea/kea-dhcp4.conf
	before=$(cat "$ours")
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.9"}/' /etc/phone-cpr/site.conf
	run cpr-conf generate
	echo "$output"
	[ "$status" = 1 ] # the way back is refused, too
	[[ $output == *"/etc/kea/kea-dhcp4.conf: kea-dhcp4 refused to go on with it: "*"refused on purpose"* ]]
	[ "$before" = "$(cat "$ours")" ]
	run -0 host_asks
	grep -qx opt150=c0000201 <<<"$output"
	sed -i s/true/false/ /etc/kea/mine.json
	run -0 cpr-conf generate
	run -0 host_asks
	grep -qx opt150=c0000209 <<<"$output"
}

@test "Kea: a trial that is ended leaves nothing, and the next one removes what SIGKILL left" {
	site_without_dnsmasq 'kea { enable = true  mode = "class" }'
	host_kea
	local begun=$BATS_TEST_TMPDIR/begun go=$BATS_TEST_TMPDIR/go
	printf '#!/bin/sh\ntouch %s\nuntil [ -e %s ]; do sleep 0.05; done\nexec /usr/sbin/kea-dhcp4 "$@"\n' \
		"$begun" "$go" >"$bin/kea-dhcp4"
	chmod +x "$bin/kea-dhcp4"
	chmod 777 "$BATS_TEST_TMPDIR"
	before=$(files)
	for signal in TERM INT HUP; do
		rm -f "$begun" "$go"
		PATH=$bin:$PATH lab_start "$BATS_TEST_TMPDIR/log" env --default-signal cpr-conf generate
		lab_wait 50 test -e "$begun"
		[ "$(ls -A /etc/kea | grep -c cpr-check)" = 2 ]
		kill -$signal "$lab_pid"
		touch "$go"
		status=0
		wait "$lab_pid" || status=$?
		[ "$status" = $((128 + $(kill -l $signal))) ]
		diff <(echo "$before") <(files)
	done
	rm -f "$begun" "$go"
	PATH=$bin:$PATH lab_start "$BATS_TEST_TMPDIR/log" cpr-conf generate
	lab_wait 50 test -e "$begun"
	kill -KILL "$lab_pid"
	wait "$lab_pid" || true
	[ "$(ls -A /etc/kea | grep -c cpr-check)" = 2 ]
	touch "$go"
	run -0 cpr-conf generate
	[ "$(ls -A /etc/kea | grep -c cpr-check)" = 0 ]
}

@test "tftpd-hpa: its options line is told whole, with the admin's own options" {
	site_without_dnsmasq 'tftpd-hpa { enable = true }'
	host_tftpd -v --blocksize 1468
	run -0 cpr-conf generate
	[[ $output == *'tftpd-hpa: put into /etc/default/tftpd-hpa:4, in the place of this line, and restart tftpd-hpa'*': TFTP_OPTIONS="--secure -v --blocksize 1468 --map-file /etc/phone-cpr/tftpd-hpa.map --port-range 30000:30999" ('* ]]
	[[ $output != *restarting* ]]
	pid=$(host_pid in.tftpd)
	host_tftpd -m /etc/phone-cpr/tftpd-hpa.map
	run -0 cpr-conf verify --json || true
	jq -e '.findings[] | select(.id == "option-missing") | .text | test("ports of the transfers")' <<<"$output"
	host_tftpd -R 4000:4100 -m /etc/phone-cpr/tftpd-hpa.map
	# a map of an older version is put right, and tftpd-hpa told
	sed -i '$d' /etc/phone-cpr/tftpd-hpa.map
	hash=$(sha256sum /etc/phone-cpr/tftpd-hpa.map)
	sed -i "s|.*tftpd-hpa.map|$hash|" /var/lib/phone-cpr/generated.sha256
	pid=$(host_pid in.tftpd)
	run cpr-conf generate
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"tftpd-hpa: restarting it once"*"tftpd-hpa: answers as it should"* ]]
	[[ $output != *"put into"* ]]
	[ "$pid" != "$(host_pid in.tftpd)" ]
	# while the options name it, the map stays
	site_without_dnsmasq
	kept /etc/phone-cpr/tftpd-hpa.map "/etc/default/tftpd-hpa:4: take --map-file /etc/phone-cpr/tftpd-hpa.map out first"
}

@test "ISC dhcpd: its include, its faults and its restart" {
	site_without_dnsmasq 'isc-dhcpd { enable = true }'
	printf '%s\n' 'INTERFACESv4="srv0"' >/etc/default/isc-dhcp-server
	printf '%s\n' '# mine' 'subnet 192.0.2.0 netmask 255.255.255.0 {' ' range 192.0.2.50 192.0.2.99;' '}' \
		>/etc/dhcp/dhcpd.conf
	service isc-dhcp-server start
	run -0 cpr-conf generate
	[[ $output == *'isc-dhcp-server: put into /etc/dhcp/dhcpd.conf, as its first line, so that what you set yourself wins, and restart isc-dhcp-server: include "/etc/dhcp/phone-cpr.conf"; ('* ]]
	[[ $output != *restarting* ]]
	sed -i '1i include "/etc/dhcp/phone-cpr.conf";' /etc/dhcp/dhcpd.conf
	service isc-dhcp-server restart
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.9"}/' /etc/phone-cpr/site.conf
	cp /etc/dhcp/dhcpd.conf "$BATS_TEST_TMPDIR/good"
	sed -i '4i option nonsense 1;' /etc/dhcp/dhcpd.conf
	refused "/etc/dhcp/dhcpd.conf:4: dhcpd refuses it as it stands, also without any change of ours (unknown option dhcp.nonsense)"
	cp "$BATS_TEST_TMPDIR/good" /etc/dhcp/dhcpd.conf
	pid=$(host_pid dhcpd)
	run -0 cpr-conf generate
	[[ $output == *"isc-dhcp-server: restarting it"* ]]
	[[ $output != *"put into"* ]]
	[ "$pid" != "$(host_pid dhcpd)" ]
	[ "$(ls -A /etc/dhcp | grep -c cpr-check)" = 0 ]
	run -0 host_asks
	grep -qx opt150=c0000209 <<<"$output"
	site_without_dnsmasq
	kept /etc/dhcp/phone-cpr.conf '/etc/dhcp/dhcpd.conf:1: take include "/etc/dhcp/phone-cpr.conf"; out first'
}

@test "below --root nothing of this host is asked or told" {
	host_dnsmasq
	root=$BATS_TEST_TMPDIR/root
	lab_site "$root" 'dnsmasq { enable = true } kea { enable = true  mode = "class" }'
	mkdir -p "$root/etc/kea" "$root/etc/dnsmasq.d" "$root/etc/default"
	echo CONFIG_DIR=/etc/dnsmasq.d >"$root/etc/default/dnsmasq"
	echo '{' >"$root/etc/kea/kea-dhcp4.conf"
	pid=$(host_pid dnsmasq)
	run -0 cpr-conf generate --root "$root"
	[[ $output != *restarting* ]]
	[ "$pid" = "$(host_pid dnsmasq)" ]
	# but dnsmasq's lines there are tried
	echo no-such=1 >"$root/etc/dnsmasq.d/mine"
	rm "$root/etc/dnsmasq.d/phone-cpr.conf"
	run -4 cpr-conf generate --root "$root"
	[[ $output == *"/etc/dnsmasq.d/mine:1: dnsmasq refuses this line as it stands"* ]]
}
