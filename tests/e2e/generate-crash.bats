# generate killed at any call that changes anything: what lies there is old or new, each file
# whole, the server serves with it, and the next run ends whole.
#
# Every call that strace counts in a whole run, each of its N times, or one in so many of them
# unless CRASH_FULL=1: all of them take a minute below --root, and most of an hour on a host,
# where a server's script needs seconds for a restart, and a proof waits for those who do not
# answer.  CRASH_FULL=2/4 is the second of four shares, for as many at once.  (Without strace -f:
# it would follow the server that is restarted, and not end before that does.)
bats_require_minimum_version 1.5.0
load lab.bash
load host.bash

CALLS=openat,write,renameat,linkat,unlinkat,symlinkat,mkdirat,fchmod,fchown,fsync
# and those by which servers are told
CALLS+=,clone,clone3,vfork,connect,sendto,sendmsg

setup_file() {
	lab_up
	host_up
}

setup() {
	# what leaks is not seen under strace
	export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
	old=SCCP41.8-5-2S new=SCCP41.9-4-2SR3-1S
}

# two_sets ROOT: firmware of two versions, as import leaves it
two_sets() {
	local set
	for set in "$old" "$new"; do
		mkfirmware --model 7961 --version "${set#SCCP41.}" --package dir "$BATS_TEST_TMPDIR/$set"
		mkdir -p "$1/srv/tftp/.phone-cpr/terms/$set"
		cp "$BATS_TEST_TMPDIR/$set"/term*.loads "$1/srv/tftp/.phone-cpr/terms/$set/"
		find "$BATS_TEST_TMPDIR/$set" -maxdepth 1 -type f ! -name 'term*' -exec cp -t "$1/srv/tftp" {} +
	done
}

# site_a, site_b FILE: two site files that differ in every file that is made of them
site_a() {
	printf '%s\n' 'tftp-servers = {"192.0.2.1"}' 'call-managers = {"192.0.2.1"}' \
		"model \"7961\" { recovery = \"$old\" load = \"$old\" }" >"$1"
}
site_b() {
	printf '%s\n' 'tftp-servers = {"192.0.2.1", "192.0.2.9"}' 'call-managers = {"192.0.2.2"}' \
		"model \"7961\" { recovery = \"$new\" load = \"$new\" }" \
		'network "10.1.0.0/16" { tftp-servers = {"10.1.0.5"} }' >"$1"
}

# points COMMAND...: "CALL N" for every call of a whole run
points() {
	strace -qq -o "$BATS_TEST_TMPDIR/trace" -e "trace=$CALLS" "$@" >/dev/null 2>&1
	sed -n 's/^\([a-z_]*\)(.*/\1/p' "$BATS_TEST_TMPDIR/trace" | awk '{print $1, ++n[$1]}'
}

# mutates CALL N: not so an openat that only reads, and what is said on stderr
mutates() {
	! grep "^$1(" "$BATS_TEST_TMPDIR/trace" | sed -n "$2p" |
		grep -q '^openat([^,]*, [^,]*, O_RDONLY\|^openat([^,]*, [^,]*, O_PATH\|^write([12],'
}

# taken N OF: this one is not left out
taken() {
	local share=${CRASH_FULL:-1/$2}
	[ $(($1 % ${share#*/})) = $((${share%/*} % ${share#*/})) ]
}

# killed CALL N COMMAND...
killed() {
	local call=$1 n=$2
	shift 2
	strace -qq -o /dev/null -e "inject=$call:signal=SIGKILL:when=$n" "$@" >/dev/null 2>&1
}

# What is made: names, links' targets or bytes; and nothing of a run's that was cut off
files() {
	(cd "$1" && sha256sum srv/tftp/XMLDefault.cnf.xml srv/tftp/term61.default.loads \
		etc/dnsmasq.d/phone-cpr.conf var/lib/phone-cpr/dnsmasq/phone-cpr 2>/dev/null)
}
# (An old backup that was being removed goes with the next one that is made.)
whole() {
	[ -z "$(cd "$1" && find etc/dnsmasq.d etc/kea etc/phone-cpr srv/tftp var/lib/phone-cpr \( -name '.*.new' -o -name '.*.link' \
		-o -name '*.unfinished' -o -name '.*.cpr-check' -o -path '*/backup/.new*' \) | grep -v '/.phone-cpr$')" ]
}

# gives_term: a phone is given the old or the new term file, asked for in capitals
gives_term() {
	local got=$BATS_TEST_TMPDIR/got
	lab_phone curl -sS --max-time 5 -o "$got" "tftp://$LAB_SERVER/TERM61.DEFAULT.LOADS" &&
		{ cmp -s "$got" "$BATS_TEST_TMPDIR/$old/term61.default.loads" ||
			cmp -s "$got" "$BATS_TEST_TMPDIR/$new/term61.default.loads"; }
}

@test "below --root: killed at every call, old or new, and whole after the next run" {
	root=$BATS_TEST_TMPDIR/root
	site=$root/etc/phone-cpr/site.conf
	mkdir -p "$root/etc/phone-cpr"
	two_sets "$root"
	site_a "$site"
	cpr-conf generate --root "$root"
	a=$(files "$root")
	cp -a "$root" "$root.a"
	site_b "$site"
	mapfile -t all < <(points cpr-conf generate --root "$root")
	b=$(files "$root")
	[ "$(diff <(echo "$a") <(echo "$b") | grep -c '^>')" = 4 ]
	n=0 between=0
	for point in "${all[@]}"; do
		mutates $point || continue
		n=$((n + 1))
		taken "$n" 5 || continue
		rm -rf "$root"
		cp -a "$root.a" "$root"
		site_b "$site"
		killed $point cpr-conf generate --root "$root" || [ $? = 137 ]
		now=$(files "$root")
		# each line is one of a's or b's
		[ -z "$(grep -vxF -f <(printf '%s\n%s\n' "$a" "$b") <<<"$now")" ] || {
			echo "$point: neither old nor new: $now"
			return 1
		}
		[ "$(wc -l <<<"$now")" = 4 ]
		[ "$now" = "$a" ] || [ "$now" = "$b" ] || between=$((between + 1))
		dnsmasq --test -C "$root/etc/dnsmasq.d/phone-cpr.conf" 2>/dev/null
		cpr-conf generate --root "$root" >"$BATS_TEST_TMPDIR/said" 2>&1 || {
			echo "$point: the next run: $(<"$BATS_TEST_TMPDIR/said")"
			return 1
		}
		[ "$(files "$root")" = "$b" ] && whole "$root" || {
			echo "$point: not whole: $(<"$BATS_TEST_TMPDIR/said")"
			find "$root" -name '.*' -o -name '*.unfinished'
			return 1
		}
		run -0 cpr-conf generate --root "$root"
		[[ $output == *"nothing to change"* ]]
	done
	echo "# $n points, $between of them between old and new" >&3
	[ "$n" -gt 50 ]
	[ "$between" -gt 0 ]
}

# sweep OF: on this host, from and to each of the two sites, so that a server's folders and
# process stay the same.  prepare: before each run.  serves: right now, beside option 150
sweep() {
	local i point was becomes got n=0 killed=0 half=0
	prepare
	mapfile -t all < <(points cpr-conf generate)
	for i in "${!all[@]}"; do
		point=${all[i]}
		mutates $point || continue
		n=$((n + 1))
		taken "$n" "$1" || continue
		if grep -q 192.0.2.9 "$site"; then
			site_a "$site"
			was=c0000201c0000209 becomes=c0000201
		else
			site_b "$site"
			was=c0000201 becomes=c0000201c0000209
		fi
		prepare
		killed $point cpr-conf generate || {
			[ $? = 137 ]
			killed=$((killed + 1))
		}
		lab_wait 50 lab_listens 67
		got=$(host_asks | sed -n 's/^opt150=//p')
		{ [ "$got" = "$was" ] || [ "$got" = "$becomes" ]; } && serves || {
			echo "$point: '$got' is neither old nor new, or else it does not serve"
			return 1
		}
		cpr-conf generate >"$BATS_TEST_TMPDIR/said" 2>&1 || {
			echo "$point: the next run: $(<"$BATS_TEST_TMPDIR/said")"
			return 1
		}
		! grep -q 'was cut off' "$BATS_TEST_TMPDIR/said" || half=$((half + 1))
		got=$(host_asks | sed -n 's/^opt150=//p')
		[ "$got" = "$becomes" ] && serves && whole / || {
			echo "$point: '$got' after the next run: $(<"$BATS_TEST_TMPDIR/said")"
			return 1
		}
	done
	echo "# of $n points $killed killed, $half runs undone" >&3
}

@test "on a host: a real dnsmasq serves old or new at once, and new after the next run" {
	host_setup
	site=/etc/phone-cpr/site.conf
	two_sets /
	site_a "$site"
	host_dnsmasq dhcp-range=set:net-10.1.0.0-16,10.1.0.50,10.1.0.99,255.255.0.0
	cpr-conf generate
	site_b "$site"
	prepare() { true; }
	serves() { true; }
	sweep 50
	host_stop
}

@test "on a host: Kea and tftpd-hpa serve old or new at once, and new after the next run" {
	host_setup
	site=/etc/phone-cpr/site.conf
	two_sets /
	map=/etc/phone-cpr/tftpd-hpa.map
	# A map of an earlier version of this program, for which tftpd-hpa is restarted, too
	prepare() {
		echo 'dnsmasq { enable = false } tftpd-hpa { enable = true } kea { enable = true  mode = "class" }' >>"$site"
		[ -e $map ] || return 0
		echo '# older' >>$map
		sed -i "s|^[0-9a-f]*  $map\$|$(sha256sum <$map | cut -c1-64)  $map|" /var/lib/phone-cpr/generated.sha256
	}
	serves() { lab_wait 50 lab_listens 69 && gives_term && [ "$(host_pid kea-dhcp4)" = "$kea" ]; }
	site_a "$site"
	prepare
	cpr-conf generate
	host_tftpd --map-file $map --port-range 30000:30999
	host_kea '.["client-classes"] = ["INCLUDED"]'
	kea=$(host_pid kea-dhcp4)
	ip -n phone addr add 192.0.2.40/24 dev ph0
	site_b "$site"
	sweep 60
	host_stop
}
