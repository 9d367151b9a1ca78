# What cpr-conf verify says of a packet filter, beside what really gets through it: a finding
# where a phone's file or address does not come, none where it does.
bats_require_minimum_version 1.5.0
load lab.bash

setup_file() {
	lab_up
	nft list ruleset >/dev/null || skip "this kernel has no nftables"
}

setup() {
	root=$BATS_TEST_TMPDIR/root
	chmod o+x "$BATS_TEST_TMPDIR"
	lab_site "$root"
	lab_root "$root"
	mkfirmware --model 7961 --package dir "$root/srv/tftp"
	: >"$BATS_TEST_TMPDIR/none.conf"
	lab_dnsmasq "$BATS_TEST_TMPDIR/dnsmasq.log" "$BATS_TEST_TMPDIR/none.conf" \
		--enable-tftp --tftp-root=/srv/tftp
	ip -n phone addr add 192.0.2.40/24 dev ph0
}

teardown() {
	nft flush ruleset
	! grep -q filter /proc/net/ip_tables_names 2>/dev/null ||
		printf '%s\n' '*filter' ':INPUT ACCEPT' ':OUTPUT ACCEPT' COMMIT | iptables-legacy-restore
	lab_stop
	ip -n phone addr flush dev ph0
	umount /srv/tftp /srv /var/lib/phone-cpr /var/lib
}

# findings: their texts
findings() {
	cpr-conf verify --json --site "$root/etc/phone-cpr/site.conf" |
		jq -r '.findings[] | select(.id == "firewall").text'
}

gets_file() {
	lab_phone curl -sS --max-time 3 -o "$BATS_TEST_TMPDIR/got" \
		"tftp://$LAB_SERVER/SCCP41.9-4-2SR3-1S.loads" &&
		cmp "$BATS_TEST_TMPDIR/got" "$root/srv/tftp/SCCP41.9-4-2SR3-1S.loads"
}

gets_address() { lab_phone busybox udhcpc -i ph0 -f -q -n -t 2 -T 1 -s /bin/true; }

# filter INPUT-RULES [OUTPUT-RULES]: each with policy drop
filter() {
	nft -f - <<-RULES
		table inet lab {
			chain in { type filter hook input priority filter; policy drop;
				iifname lo accept
				$1
			}
		}
	RULES
	[ $# = 1 ] || nft -f - <<-RULES
		table inet lab {

			chain out { type filter hook output priority filter; policy drop;
				oifname lo accept
				$2
			}
		}
	RULES
}

@test "no filter, and one that lets phones through: no finding, and they get what they need" {
	gets_file
	gets_address
	[ -z "$(findings)" ]
	filter 'ct state established,related accept
		udp dport { 67, 69 } accept'
	gets_file
	gets_address
	[ -z "$(findings)" ]
}

@test "no request over TFTP gets in" {
	filter 'ct state vmap { established : accept, related : accept, invalid : drop }
		udp dport 67 accept'
	run -0 --separate-stderr findings
	echo "$output"
	[ "$output" = "packet filter inet lab in: it drops what phones send to UDP port 69 (TFTP)" ]
	gets_address
	run ! gets_file
}

@test "no DHCP gets in" {
	filter 'ct state established,related accept
		udp dport 69 accept'
	run -0 --separate-stderr findings
	echo "$output"
	[ "$output" = "packet filter inet lab in: it drops what phones send to UDP port 67 (DHCP)" ]
	gets_file
	run ! gets_address
}

@test "the phones' acknowledgements do not get in" {
	filter 'udp dport { 67, 69 } accept'
	run -0 --separate-stderr findings
	echo "$output"
	[[ $output == "packet filter inet lab in: it drops the phones' packets of a TFTP transfer"* ]]
	[ "$(wc -l <<<"$output")" = 1 ]
	run ! gets_file
	nft add rule inet lab in udp dport 1024-65535 accept
	[ -z "$(findings)" ]
	gets_file
}

@test "the blocks do not get out" {
	filter 'ct state established,related accept
		udp dport { 67, 69 } accept' 'ct state established,related accept
		udp sport 67 accept'
	run -0 --separate-stderr findings
	echo "$output"
	[[ $output == "packet filter inet lab out: it drops the blocks of a TFTP transfer"* ]]
	[ "$(wc -l <<<"$output")" = 1 ]
	run ! gets_file
}

@test "the blocks get out by the conntrack helper" {
	nft -f - <<-'RULES' || skip "this kernel has no conntrack helper for TFTP"
		table inet lab {
			ct helper tftp { type "tftp" protocol udp; }
			chain helped { type filter hook prerouting priority filter;
				udp dport 69 ct helper set "tftp"
			}
		}
	RULES
	filter 'ct state established,related accept
		udp dport { 67, 69 } accept' 'ct state established,related accept
		udp sport 67 accept'
	[ -z "$(findings)" ]
	gets_file
}

# legacy RULE...: of iptables-legacy, with policy drop; their words are separated by blanks
legacy() {
	local rule
	command -v iptables-legacy >/dev/null || skip "there is no iptables-legacy"
	iptables-legacy -n -L >/dev/null || skip "this kernel has no iptables-legacy"
	cat /proc/net/ip_tables_names >/dev/null || skip "only the host's own root sees its tables"
	iptables-legacy -A INPUT -i lo -j ACCEPT
	for rule; do iptables-legacy -A INPUT $rule; done
	iptables-legacy -P INPUT DROP
}

@test "iptables-legacy: what drops nothing of phones', and what does" {
	legacy '-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT' '-p udp -m multiport --dports 67,69 -j ACCEPT'
	[ -z "$(nft list ruleset)" ]
	[ -z "$(findings)" ]
	gets_file
	gets_address
	iptables-legacy -R INPUT 3 -p udp --dport 67 -j ACCEPT
	run -0 --separate-stderr findings
	[ "$output" = "packet filter ip filter (iptables-legacy) INPUT: it drops what phones send to UDP port 69 (TFTP)" ]
	gets_address
	run ! gets_file
}

@test "iptables-legacy without its program: that it cannot be seen is said" {
	local bin=$BATS_TEST_TMPDIR/bin
	legacy '-p udp --dport 67 -j ACCEPT'
	mkdir "$bin"
	: >"$bin/none"
	mount --bind "$bin/none" "$(readlink -f "$(command -v iptables-legacy-save)")"
	run -0 --separate-stderr findings
	umount "$(readlink -f "$(command -v iptables-legacy-save)")"
	echo "$output"
	[[ $output == "packet filter iptables-legacy: it has rules (tables: filter), which cannot be seen"* ]]
}
