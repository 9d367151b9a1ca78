# generate on a host with real servers: it tells them, proves what they answer, and puts all
# back where they do not.
bats_require_minimum_version 1.5.0
load lab.bash
load host.bash

setup_file() {
	lab_up
	host_up
}

setup() {
	host_setup
	rm -rf /srv/tftp/* /srv/tftp/.phone-cpr /var/lib/phone-cpr/* /etc/dnsmasq.d/*
	rm -f /etc/kea/phone-cpr.json /etc/phone-cpr/tftpd-hpa.map
	mkfirmware --model 7961 --package dir /srv/tftp
	conf=/etc/dnsmasq.d/phone-cpr.conf
	live=/var/lib/phone-cpr/dnsmasq/phone-cpr
	backup=/var/lib/phone-cpr/backup
	host_site
}

teardown() {
	host_has_root || return 0
	host_stop
	[ ! -f /var/log/dnsmasq.log ] || tail -n 5 /var/log/dnsmasq.log
	rm -f /var/log/dnsmasq.log
}

state() {
	find /etc/dnsmasq.d /etc/kea /srv/tftp /var/lib/phone-cpr -type f -printf '%p %i %T@ %s %m\n' |
		sort
}

reads() { grep -c 'read \|started' /var/log/dnsmasq.log; }

@test "dnsmasq: generate, change, check, diff; a second run touches nothing" {
	host_dnsmasq
	run -3 cpr-conf generate --check --diff
	[ ! -e "$conf" ]
	run -0 --separate-stderr cpr-conf generate --json
	echo "$stderr"
	jq -e '.changed and .rolled_back == false and .reloads == ["dnsmasq"] and
		.probe == [{server: "dnsmasq", result: "ok", text: ""}] and .needs == []' <<<"$output"
	run -0 host_asks
	[ "$output" = "opt150=c0000201
siaddr=192.0.2.1
tftp=192.0.2.1" ]

	before=$(state) pid=$(host_pid dnsmasq) reads=$(reads)
	run -0 cpr-conf generate
	[ "${lines[-1]}" = "cpr-conf: nothing to change" ]
	[ "$before" = "$(state)" ]
	[ "$pid $reads" = "$(host_pid dnsmasq) $(reads)" ]

	# in force without a restart
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.9"}/' /etc/phone-cpr/site.conf
	run -3 cpr-conf generate --check
	run -0 cpr-conf generate
	[ "$pid" = "$(host_pid dnsmasq)" ]
	run -0 host_asks
	grep -qx opt150=c0000209 <<<"$output"
	run -0 cpr-conf rollback
	[ "$pid" = "$(host_pid dnsmasq)" ]
	run -0 host_asks
	grep -qx opt150=c0000201 <<<"$output"
}

@test "an admin's drop-in that is broken is refused before anything is touched" {
	host_dnsmasq
	echo 'no-such-option=1' >/etc/dnsmasq.d/mine
	before=$(state) pid=$(host_pid dnsmasq)
	run -4 cpr-conf generate
	[[ $output == *"/etc/dnsmasq.d/mine:1: "* ]]
	[ "$before $pid" = "$(state) $(host_pid dnsmasq)" ]
}

@test "a probe that fails puts all back, and the old state serves again" {
	host_dnsmasq
	run -0 cpr-conf generate
	before=$(state | grep -v /backup/) 
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.9"}/' /etc/phone-cpr/site.conf
	# what we write never gets into force: the folder that is watched is another one by now
	mv /var/lib/phone-cpr/dnsmasq /var/lib/phone-cpr/away
	cp -a /var/lib/phone-cpr/away /var/lib/phone-cpr/dnsmasq
	before=$(state | grep -v '/backup/\|/away/')
	run -5 --separate-stderr cpr-conf generate --json
	echo "$stderr"
	[[ $stderr == *"dnsmasq: failed: "*"putting back what was there"*"rolled back: the old files serve again"* ]]
	jq -e '.changed == false and .rolled_back' <<<"$output"
	[ "$(state | grep -v '/backup/\|/away/' | awk '{print $1, $4, $5}')" = "$(awk '{print $1, $4, $5}' <<<"$before")" ]
	[ "$(ls -A "$backup")" = 1 ]
	run -0 host_asks
	grep -qx opt150=c0000201 <<<"$output"
	rm -r /var/lib/phone-cpr/away
}

@test "a server that is switched off in the site file loses its files, and is restarted" {
	host_dnsmasq
	cpr-conf generate
	pid=$(host_pid dnsmasq)
	host_site 'dnsmasq { enable = false }'
	run cpr-conf generate
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"removed '$live'"*"removed '$conf'"* ]]
	[ "$pid" != "$(host_pid dnsmasq)" ]
	run -0 host_asks
	[ "$output" = "siaddr=$LAB_SERVER" ]
	run -0 cpr-conf generate
	[[ $output == *"nothing to change"* ]]
}

@test "uninstall takes our files away, keeps what was edited, and names what is left to do" {
	host_dnsmasq
	cpr-conf generate
	pid=$(host_pid dnsmasq)
	run -3 cpr-conf uninstall --check
	[ -e "$conf" ]
	run -0 cpr-conf uninstall
	[ ! -e "$conf" ]
	[ ! -e "$live" ]
	[ -e /srv/tftp/XMLDefault.cnf.xml ]
	[ "$pid" = "$(host_pid dnsmasq)" ]
	[[ $output == *"dnsmasq: restart it once, for $conf is gone"* ]]
	[ "$(grep -c 'dnsmasq: restart' <<<"$output")" = 1 ] # though two files of it go
	[[ $output == *"XMLDefault.cnf.xml stay in /srv/tftp"* ]]
	service dnsmasq restart
	lab_wait 50 lab_listens 67
	run -0 host_asks
	[ "$output" = "siaddr=$LAB_SERVER" ]
	run -0 cpr-conf rollback
	run -0 host_asks
	grep -qx opt150=c0000201 <<<"$output"
	echo '# mine' >>"$conf"
	run -0 cpr-conf uninstall
	[[ $output == *"$conf"*"edited by hand"* ]]
	[ -e "$conf" ]
	[ ! -e "$live" ]
}

@test "--no-reload leaves dnsmasq alone and says what is to be done" {
	host_dnsmasq
	pid=$(host_pid dnsmasq)
	run -0 cpr-conf generate --no-reload
	[[ $output == *"dnsmasq: restart it once"* ]]
	[ "$pid" = "$(host_pid dnsmasq)" ]
}

@test "tftpd-hpa and Kea: one line each is the admin's, then all is proved" {
	host_site 'dnsmasq { enable = false }' 'tftpd-hpa { enable = true }' \
		'kea { enable = true  mode = "class" }'
	host_tftpd
	host_kea
	run -0 --separate-stderr cpr-conf generate --json
	echo "$stderr"
	jq -e '[.needs[].server] | index("kea-dhcp4-server")' <<<"$output"
	jq -e '[.probe[].result] | unique == ["unproven"]' <<<"$output"

	host_tftpd --map-file /etc/phone-cpr/tftpd-hpa.map --port-range 30000:30999
	lab_stop
	host_kea '.["client-classes"] = ["INCLUDED"]'
	sed -i 's/^call-managers.*/call-managers = {"192.0.2.3"}/' /etc/phone-cpr/site.conf
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.1", "192.0.2.9"}/' /etc/phone-cpr/site.conf
	pid=$(host_pid kea-dhcp4)
	run -0 --separate-stderr cpr-conf generate --json
	echo "$stderr"
	jq -e '.needs == [] and ([.probe[].result] | unique == ["ok"])' <<<"$output"
	[ "$pid" = "$(host_pid kea-dhcp4)" ]
	run -0 host_asks
	grep -qx opt150=c0000201c0000209 <<<"$output"

	# without the file that is included Kea would not start
	run -4 cpr-conf uninstall
	[[ $output == *"/etc/kea/kea-dhcp4.conf:"*"take <?include"* ]]
	[ -e /etc/kea/phone-cpr.json ]
}

@test "firmware that comes before the first generate does not wait for dnsmasq" {
	host_dnsmasq
	before=$(host_pid dnsmasq)
	run -0 cpr-conf generate --only term --only xmldefault
	echo "$output"
	[[ $output != *failed* ]]
	[ -e /srv/tftp/term61.default.loads ]
	[ "$before" = "$(host_pid dnsmasq)" ]
	run -0 cpr-conf generate
	[[ $output == *"dnsmasq: answers as it should"* ]]
	# and the way back, though dnsmasq then serves no files
	run -0 cpr-conf rollback
	echo "$output"
	[[ $output != *failed* ]]
	[ ! -e "$conf" ]
	run -0 host_asks
	[[ $output != *opt150* ]]
}

@test "a port that another program holds is refused beforehand, and the program named" {
	host_dnsmasq
	host_tftpd
	before=$(state) pid=$(host_pid dnsmasq)
	run -4 cpr-conf generate
	echo "$output"
	[[ $output == *"UDP port 69 is held by 'in.tftpd' (pid $(host_pid in.tftpd)), and dnsmasq would not start again"* ]]
	[ "$before $pid" = "$(state) $(host_pid dnsmasq)" ]
	run -4 cpr-conf generate --check

	# at an address where dnsmasq serves nobody it does no harm; then dnsmasq holds it itself
	service tftpd-hpa stop
	ip addr add 192.0.2.2/24 dev lo
	LAB_SERVER=192.0.2.2 host_tftpd
	run -0 cpr-conf generate
	sed -i '1,/^tftp/s/^tftp-servers.*/tftp-servers = {"192.0.2.1"} tftp-root = "\/srv\/other"/' /etc/phone-cpr/site.conf
	cp -a /srv/tftp /srv/other
	run -0 cpr-conf generate
	[[ $output == *"dnsmasq: restarting it once"*"dnsmasq: answers as it should"* ]]
	ip addr del 192.0.2.2/24 dev lo
}

@test "a port of DHCP that somebody took while dnsmasq's range was not yet in force" {
	host_dnsmasq
	sed -i '/^dhcp-range/d; /^bind-interfaces/d' /etc/dnsmasq.conf
	service dnsmasq restart
	lab_wait 50 eval '! lab_listens 67'
	host_kea
	echo dhcp-range=192.0.2.50,192.0.2.99,10m >>/etc/dnsmasq.conf
	pid=$(host_pid dnsmasq)
	run -4 cpr-conf generate
	echo "$output"
	[[ $output == *"UDP port 67 is held by 'kea-dhcp4' (pid $host_kea_pid), and dnsmasq would not start again: stop that program, or take dhcp-range out"* ]]
	[ "$pid" = "$(host_pid dnsmasq)" ]
}

@test "a dnsmasq that does not start with our files is started again without them" {
	host_dnsmasq
	# somebody takes port 69 between its end and its start, as no check beforehand can see
	pid=$(host_pid dnsmasq)
	lab_start "$BATS_TEST_TMPDIR/tftpd.log" bash -c "while kill -0 $pid; do sleep 0.05; done
		exec in.tftpd -L --user nobody --address $LAB_SERVER:69 /srv/tftp"
	run -5 cpr-conf generate
	echo "$output"
	[[ $output == *"could not be restarted"*"rolled back: the old files serve again"* ]]
	[ ! -e "$conf" ]
	host_pid dnsmasq
	run -0 host_asks
}

@test "a line that is the admin's to write is said until it is there" {
	host_dnsmasq
	host_site 'network "192.0.2.0/24" { tftp-servers = {"192.0.2.1"} }'
	run -0 cpr-conf generate
	run -0 cpr-conf generate
	[[ $output == *"nothing to change"*"put into /etc/dnsmasq.conf:"*"set:net-192.0.2.0-24"* ]]
}

# first_run_killed: the static file is written, dnsmasq not yet restarted for it
first_run_killed() {
	local n
	for n in $(seq 60); do
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run -137 strace -qq -o /dev/null \
			-e "inject=renameat:signal=SIGKILL:when=$n" cpr-conf generate
		[ ! -e "$conf" ] || return 0
		run -0 cpr-conf generate --no-reload --only term
	done
	return 1
}

@test "a killed run is undone, but a server does not start with the old files either: exit 1" {
	strace -o "$BATS_TEST_TMPDIR/trace" true || skip "strace may not trace here"
	host_dnsmasq
	first_run_killed
	echo interface=away0 >/etc/dnsmasq.d/mine.conf # which no checker sees
	run cpr-conf generate
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"could not be restarted"*"the old files are back, but a server does not serve"* ]]
	[ ! -e "$conf" ]
	[ -z "$(ls -A "$backup")" ]
	rm /etc/dnsmasq.d/mine.conf
	service dnsmasq start
	run -0 cpr-conf generate
	[[ $output == *"dnsmasq: answers as it should"* ]]
}

@test "who has locked Kea's folder is waited for" {
	host_site 'dnsmasq { enable = false }' 'kea { enable = true  mode = "class" }'
	lab_start /dev/null flock -F /etc/kea sleep 60
	holder=$lab_pid
	lab_wait 50 eval '! flock -n /etc/kea true'
	cpr-conf generate >"$BATS_TEST_TMPDIR/said" 2>&1 &
	lab_wait 300 grep -q 'waiting for who has locked /etc/kea' "$BATS_TEST_TMPDIR/said"
	[ ! -e /etc/kea/phone-cpr.json ]
	lab_stop "$holder"
	wait $!
	[ -e /etc/kea/phone-cpr.json ]
}

# The files are the old ones again, but a restart would end a server that answers.
@test "a killed run is undone, but no server restarted into what the admin broke since" {
	strace -o "$BATS_TEST_TMPDIR/trace" true || skip "strace may not trace here"
	host_dnsmasq
	run -0 cpr-conf generate
	pid=$(host_pid dnsmasq)
	host_site 'network "10.1.0.0/16" { tftp-servers = {"10.1.0.5"} }'
	for n in $(seq 30); do
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run -137 strace -qq -o /dev/null \
			-e "inject=renameat:signal=SIGKILL:when=$n" cpr-conf generate
		! grep -q 10.1.0.5 "$conf" "$live" || break
		run -0 cpr-conf generate --no-reload --only term
	done
	echo no-such-option >/etc/dnsmasq.d/broken.conf
	run -1 cpr-conf generate --only term
	[[ $output == *"put back"*"/etc/dnsmasq.d/broken.conf:1:"*"2.unfinished is not undone"* ]]
	run ! grep -q 10.1.0.5 "$live"
	[ "$(host_pid dnsmasq)" = "$pid" ]
	run -0 host_asks

	rm /etc/dnsmasq.d/broken.conf
	run -0 cpr-conf generate --only term
	[ ! -e "$backup/2.unfinished" ]
	run -0 host_asks
}

# drops OFFSET BYTES: what has these bytes (in hex) there behind the UDP header leaves this host
# no more, not even to itself: the answers of the new configuration alone
drops() {
	nft list ruleset >/dev/null || skip "this kernel has no nftables"
	nft -f - <<-RULES
		table inet lab { chain out { type filter hook output priority filter
			meta l4proto udp @th,$((64 + 8 * $1)),$((4 * ${#2})) 0x$2 counter drop
		}; }
	RULES
}

# put_back TEXT: by a run that a filter stops, which says so; and phones are served as before
put_back() {
	run -5 --separate-stderr cpr-conf generate --json
	echo "$stderr"
	[[ $stderr == *"dnsmasq: failed: "*"$1"*"dnsmasq: answers"*"rolled back: the old files serve again"* ]]
	jq -e '.changed == false and .rolled_back' <<<"$output"
	nft list ruleset | grep 'counter packets [1-9]'
	nft flush ruleset
	[ "$(sums)" = "$sums" ]
	run -0 host_asks
	grep -qx opt150=c0000201 <<<"$output"
	ip -n phone addr add 192.0.2.40/24 dev ph0
	lab_phone curl -sS --max-time 5 "tftp://$LAB_SERVER/term41.default.loads" | cmp - "$BATS_TEST_TMPDIR/served"
	ip -n phone addr flush dev ph0
	run -0 cpr-conf generate
}
sums() { find /etc/dnsmasq.d /srv/tftp /var/lib/phone-cpr/dnsmasq -type f -exec sha256sum {} + | sort; }

@test "what a packet filter drops of the new answers is put back: DHCP" {
	host_dnsmasq
	cpr-conf generate
	cp /srv/tftp/term41.default.loads "$BATS_TEST_TMPDIR/served"
	sums=$(sums)
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.9", "192.0.2.1"}/' /etc/phone-cpr/site.conf
	drops 20 c0000209 # siaddr
	put_back "at 192.0.2.1 (srv0) it answers no more"
	run -0 host_asks
	grep -qx opt150=c0000209c0000201 <<<"$output"
}

@test "what a packet filter drops of the new answers is put back: TFTP" {
	host_dnsmasq
	local new=$BATS_TEST_TMPDIR/new at
	mkfirmware --model 7961 --version 8-5-2S --package dir "$new"
	mkdir -p /srv/tftp/.phone-cpr/terms/SCCP41.{8-5-2S,9-4-2SR3-1S}
	mv "$new"/term* /srv/tftp/.phone-cpr/terms/SCCP41.8-5-2S/
	mv /srv/tftp/term* /srv/tftp/.phone-cpr/terms/SCCP41.9-4-2SR3-1S/
	cp "$new"/* /srv/tftp/
	cpr-conf generate
	cp /srv/tftp/term41.default.loads "$BATS_TEST_TMPDIR/served"
	sums=$(sums)
	host_site 'model "7941" { recovery = "SCCP41.8-5-2S" }'
	new=/srv/tftp/.phone-cpr/terms/SCCP41.8-5-2S/term41.default.loads
	at=$(cmp "$BATS_TEST_TMPDIR/served" "$new" | sed 's/.* byte \([0-9]*\),.*/\1/')
	[ "$at" -lt 500 ]
	drops $((4 + at - 1)) "$(od -An -tx1 -j $((at - 1)) -N 4 "$new" | tr -d ' ')"
	put_back "a request over TFTP to 192.0.2.1"
	cmp /srv/tftp/term41.default.loads "$new"
}
