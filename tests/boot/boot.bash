# A small Debian that is booted in systemd-nspawn, with what `make install` puts there.  Loaded
# by every test here.  Needs root and systemd-nspawn; and Debian's archive once, for each list of
# packages, whose small Debian is kept as build/boot-NAME.tar.

B=${B:-build/default}
PATH=$B:$PATH:/usr/sbin:/sbin
boot_packages=systemd,systemd-sysv,libnss-systemd,acl,iproute2,procps
boot_packages+=,libarchive13,libconfuse2,libjansson4,libmd0,libpcap0.8,libseccomp2,libxml2,zlib1g

# boot_root NAME [PACKAGE...]: in $root, not yet booted
boot_root() {
	local base=build/boot-$1.tar packages
	shift
	[ "$(id -u)" = 0 ] || skip "systemd-nspawn needs root"
	packages=$(IFS=,; echo "$boot_packages${1+,}$*")
	[ "$(cat $base.list 2>/dev/null)" = "$packages" ] || {
		mmdebstrap -q --variant=minbase --include="$packages" bookworm $base.new.tar
		mv $base.new.tar $base
		echo "$packages" >$base.list
	}
	export root=$BATS_FILE_TMPDIR/root
	mkdir "$root"
	tar -C "$root" -xpf $base
	make -s install DESTDIR="$root" PREFIX=/usr
}

boot() {
	systemd-nspawn -q -b -D "$root" --private-network --register=no --keep-unit \
		>"$BATS_FILE_TMPDIR/console" 2>&1 </dev/null 3>&- &
	nspawn=$!
	echo $nspawn >"$BATS_FILE_TMPDIR/nspawn"
	within 600 pgrep -P $nspawn
	pgrep -P $nspawn >"$BATS_FILE_TMPDIR/init"
	export init=$(<"$BATS_FILE_TMPDIR/init")
	within 600 is_up
}

is_up() { case $(in_it systemctl is-system-running) in running | degraded) true ;; *) false ;; esac; }

boot_end() {
	[ -f "$BATS_FILE_TMPDIR/nspawn" ] || return 0
	local nspawn=$(<"$BATS_FILE_TMPDIR/nspawn")
	kill -RTMIN+4 "$init" # poweroff
	within 300 eval "! kill -0 $nspawn" || kill -KILL "$nspawn"
}

in_it() { nsenter -t "$init" -m -u -i -n -p -C env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

# within TENTHS COMMAND...: until it succeeds
within() {
	local n=$1
	shift
	until "$@" >/dev/null 2>&1; do
		[ $((n--)) -gt 0 ] || return 1
		sleep 0.1
	done
}

show() { in_it systemctl show --value -p "$1" "${2-phone-cpr-helper}"; }
