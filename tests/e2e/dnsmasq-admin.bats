# Beside a configuration of the admin's own, read and started as Debian does it: what ours would
# contradict is refused, or overridden where the site file says so, and who is sent what then.
bats_require_minimum_version 1.5.0
load lab.bash

PHONE='Cisco Systems, Inc. IP Phone CP-7961G'

setup_file() {
	lab_up
	ip -n phone addr add 192.0.2.40/24 dev ph0
	# two relays, and a network for each
	ip -n phone addr add 10.1.0.1/16 dev ph0
	ip -n phone addr add 10.2.0.1/16 dev ph0
	ip route add 10.0.0.0/8 dev srv0
}

setup() {
	root=$BATS_TEST_TMPDIR/root
	log=$BATS_TEST_TMPDIR/dnsmasq.log
	lab_root "$root"
	mkdir -p "$root/etc/default" "$root/etc/dnsmasq.d"
	echo 'CONFIG_DIR=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new' >"$root/etc/default/dnsmasq"
	site
}

teardown() {
	lab_stop
	umount /srv/tftp /srv /var/lib/phone-cpr /var/lib
	[ ! -f "$log" ] || sed 's/^/dnsmasq: /' "$log" | tail -n 30
}

# site [LINE...]: TFTP servers 192.0.2.7 and .8, and these lines
site() {
	lab_site "$root" "$@"
	sed -i 's/^tftp-servers.*/tftp-servers = {"192.0.2.7", "192.0.2.8"}/' \
		"$root/etc/phone-cpr/site.conf"
}

# admin LINE...: /etc/dnsmasq.conf, which is read after our file
admin() { printf '%s\n' "$@" >"$root/etc/dnsmasq.conf"; }

generate() { cpr-conf generate --root "$root" "$@"; }

OVERRIDE='dnsmasq { override = true }'
NETWORKS='network "10.1.0.0/16" { tftp-servers = {"10.1.0.5", "10.1.0.6"} }
network "10.2.0.0/16" { tftp-servers = {"10.2.0.5"}  tag = "office" }'

# serve [DHCP-RANGE...]: dnsmasq with all of it, besides the range of the cable
serve() {
	local range args=()
	for range in "$@"; do args+=("--dhcp-range=$range"); done
	lab_start "$log" dnsmasq -7 "$root/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new" \
		-C "$root/etc/dnsmasq.conf" --keep-in-foreground --user= --group= --port=0 \
		--no-ping --interface=srv0 --bind-interfaces --log-dhcp --log-facility=- --pid-file= \
		--dhcp-leasefile="$log.leases" --dhcp-range=192.0.2.50,192.0.2.99,10m "${args[@]}"
	lab_wait 50 lab_listens 67
}

# offered EXPECTED [key=value...]: what a DISCOVER brings, as dhcp-say has it: 150 in hex,
# siaddr, and 66 in hex where it is asked for
offered() {
	local expected=$1 answer
	shift
	answer=$(lab_phone "$BATS_TEST_DIRNAME/dhcp-say" discover "$@")
	answer=$(sed -n 's/^150=/150 /p; s/^siaddr=/siaddr /p; s/^66=/66 /p' <<<"$answer" | sort | xargs)
	[ "$answer" = "$expected" ] || {
		echo "expected: $expected"
		echo "sent:     $answer"
		return 1
	}
}

# phone EXPECTED [key=value...] and other EXPECTED [key=value...]
phone() { offered "$@" "class=$PHONE" mac=00:1b:54:00:00:0$((++phones % 9)); }
other() { offered "$@" class=PXEClient mac=00:0c:29:00:00:0$((++phones % 9)); }

hex() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }

OURS="150 c0000207c0000208 66 $(hex 192.0.2.7)00 siaddr 192.0.2.7"
OURS1="150 0a0100050a010006 66 $(hex 10.1.0.5)00 siaddr 10.1.0.5"
OURS2="150 0a020005 66 $(hex 10.2.0.5)00 siaddr 10.2.0.5"
BARE="siaddr $LAB_SERVER" # of dnsmasq itself

state() { (cd "$root" && find . -printf '%p %i %T@ %s\n' | sort); }

# refused TEXT...: in the output, a line each; and nothing was touched
refused() {
	local before text
	before=$(state)
	run -4 generate
	for text in "$@"; do
		[[ $output == *"$text"* ]]
	done
	[ "$before" = "$(state)" ]
}

@test "a phone that asks for nothing, or not for 150, still learns the server" {
	admin
	generate
	serve
	phone "$OURS"
	phone "150 c0000207c0000208 siaddr 192.0.2.7" ask=
	phone "siaddr 192.0.2.7" ask=1,3,6
	other "$BARE" ask=
}

@test "an option 150 of the admin's is refused with its place; override wins" {
	admin '# mine' 'dhcp-option=150,192.0.2.77 # old'
	refused '/etc/dnsmasq.conf:2: this option 150 would silently give way to ours at phones: take it out, or set dnsmasq { override = true }'
	site "$OVERRIDE"
	run -0 generate
	serve
	phone "$OURS"
	phone "150 c0000207c0000208 siaddr 192.0.2.7" ask=
	other "150 c000024d $BARE"
}

@test "one that is forced is refused; override forces ours, to those that do not ask, too" {
	admin 'conf-file=/etc/more.conf'
	echo 'dhcp-option-force=option:tftp-server-address,192.0.2.77' >"$root/etc/more.conf"
	refused '/etc/more.conf:1: this option 150'
	site "$OVERRIDE"
	run -0 generate
	admin 'dhcp-option-force=option:tftp-server-address,192.0.2.77'
	serve
	phone "$OURS"
	phone "150 c0000207c0000208 siaddr 192.0.2.7" ask=
	phone "150 c0000207c0000208 siaddr 192.0.2.7" ask=1,3,6
	# 1 and 50: the codes are matched whole
	phone "150 c0000207c0000208 siaddr 192.0.2.7" ask=1,50
	other "150 c000024d $BARE" ask=1,3
}

@test "a dhcp-boot is refused; override keeps it from phones alone" {
	admin 'dhcp-boot=pxelinux.0,boot.example,192.0.2.78'
	refused '/etc/dnsmasq.conf:1: this dhcp-boot would send phones another siaddr than ours: put tag:!cisco-phone into it, or set'
	site "$OVERRIDE"
	run -0 generate
	grep -qx 'dhcp-boot=tag:cisco-phone,tag:!phone-cpr-net,,,192.0.2.7' "$root/etc/dnsmasq.d/phone-cpr.conf"
	serve
	phone "$OURS"
	phone "siaddr 192.0.2.7" ask=1
	other "66 $(hex boot.example)00 siaddr 192.0.2.78"
}

@test "a dhcp-boot for network boots alone is none of ours" {
	printf '%s\n' 'dhcp-match=set:efi64,option:client-arch,7' 'dhcp-boot=tag:efi64,grub.efi,,192.0.2.78' \
		'dhcp-vendorclass=set:bios,PXEClient:Arch:00000' 'dhcp-boot=tag:bios,pxelinux.0,,192.0.2.79' \
		>"$root/etc/dnsmasq.d/pxe.conf"
	admin
	run -0 generate
	serve
	phone "$OURS"
	other "siaddr 192.0.2.78" 93=0007
}

@test "tags of the admin's: overridden where that can be, else refused with the remedy" {
	admin 'dhcp-vendorclass=set:mine,IP Phone' 'dhcp-option=tag:mine,150,192.0.2.77'
	refused '/etc/dnsmasq.conf:2: this option 150 would silently give way to ours at phones: put tag:!cisco-phone into it, or set'
	site "$OVERRIDE"
	run -0 generate
	serve
	phone "$OURS"
	lab_stop
	# with networks, whose tags come second to the admin's
	site "$OVERRIDE" "$NETWORKS"
	refused '/etc/dnsmasq.conf:2: its tags keep this line from being overridden at phones: put tag:!cisco-phone into it'
	admin 'dhcp-vendorclass=set:mine,IP Phone' 'dhcp-option=tag:mine,tag:!cisco-phone,150,192.0.2.77' \
		'dhcp-boot=tag:!known,pxelinux.0,,192.0.2.78' 'dhcp-option-force=tag:mine,150,192.0.2.79'
	refused '/etc/dnsmasq.conf:3: its tags' '/etc/dnsmasq.conf:4: its tags'
	[[ $output != *dnsmasq.conf:2:* ]]
	sed -i 's/tag:!known/&,tag:!cisco-phone/; s/force=tag:mine/&,tag:!cisco-phone/' "$root/etc/dnsmasq.conf"
	site "$NETWORKS"
	run -0 generate
	serve set:net-10.1.0.0-16,10.1.0.50,10.1.0.99,255.255.0.0 set:office,10.2.0.50,10.2.0.99,255.255.0.0
	phone "$OURS"
	phone "$OURS1" giaddr=10.1.0.1
	phone "$OURS2" giaddr=10.2.0.1
	other "siaddr 192.0.2.78"
}

@test "two networks by relay: the tags that are asked for are told, and hold" {
	printf '%s\n' 'dhcp-range=10.1.0.50,10.1.0.99,255.255.0.0' 'dhcp-range=set:floor2,10.2.0.50,10.2.0.99,255.255.0.0' \
		>"$root/etc/dnsmasq.d/ranges"
	admin
	site "${NETWORKS%  tag*} }"
	run -0 generate
	[[ $output == *"put into /etc/dnsmasq.d/ranges:1, into this line (dhcp-range=set:net-10.1.0.0-16,...): set:net-10.1.0.0-16 "* ]]
	[[ $output == *'into network "10.2.0.0/16", for so its dhcp-range (/etc/dnsmasq.d/ranges:2) is tagged: tag = "floor2" '* ]]
	serve
	phone "$OURS" giaddr=10.1.0.1
	lab_stop
	site "${NETWORKS/office/floor2}"
	sed -i '1s/=/=set:net-10.1.0.0-16,/' "$root/etc/dnsmasq.d/ranges"
	run -0 generate
	[[ $output != *ranges:* ]]
	serve
	phone "$OURS"
	phone "$OURS1" giaddr=10.1.0.1
	phone "$OURS2" giaddr=10.2.0.1
	other "siaddr $LAB_SERVER" giaddr=10.2.0.1
	# live, in each network
	sed -i 's/10\.1\.0\.6/10.1.0.9/; s/192\.0\.2\.8/192.0.2.9/' "$root/etc/phone-cpr/site.conf"
	run -0 generate
	[[ $output != *restart* ]]
	lab_wait 50 phone "${OURS1/010006/010009}" giaddr=10.1.0.1
	phone "${OURS/000208/000209}"
	phone "$OURS2" giaddr=10.2.0.1
	kill -0 "$lab_pid"
}

@test "networks under override: forced, and with a dhcp-boot" {
	admin 'dhcp-option-force=150,192.0.2.77' 'dhcp-boot=pxelinux.0'
	site "$OVERRIDE" "$NETWORKS"
	run -0 generate
	serve set:net-10.1.0.0-16,10.1.0.50,10.1.0.99,255.255.0.0 set:office,10.2.0.50,10.2.0.99,255.255.0.0
	phone "$OURS"
	phone "$OURS1" giaddr=10.1.0.1
	phone "$OURS2" giaddr=10.2.0.1
	phone "150 c0000207c0000208 siaddr 192.0.2.7" ask=1
	phone "150 0a0100050a010006 siaddr 10.1.0.5" ask=1 giaddr=10.1.0.1
	phone "$OURS2" ask= giaddr=10.2.0.1
	other "150 c000024d $BARE" ask=1 giaddr=10.2.0.1
}

@test "a network that goes leaves lines in force, which is said" {
	admin
	site "$NETWORKS"
	generate
	before=$(grep phone-cpr-net "$root/var/lib/phone-cpr/dnsmasq/phone-cpr")
	site
	run -0 generate
	[[ $output == *"dnsmasq: restart it once, for lines are gone"* ]]
	[ "$before" = "$(grep phone-cpr-net "$root/var/lib/phone-cpr/dnsmasq/phone-cpr")" ]
}

@test "forty networks" {
	admin
	for i in {1..40}; do
		echo "network \"10.$i.0.0/16\" { tftp-servers = {\"10.$i.0.5\"} }"
		echo "dhcp-range=set:net-10.$i.0.0-16,10.$i.0.50,10.$i.0.99,255.255.0.0" >>"$root/etc/dnsmasq.conf"
	done >"$root/networks"
	site "$(cat "$root/networks")"
	run -0 generate
	serve
	phone "$OURS"
	phone "150 0a010005 66 $(hex 10.1.0.5)00 siaddr 10.1.0.5" giaddr=10.1.0.1
	phone "$OURS2" giaddr=10.2.0.1
}
