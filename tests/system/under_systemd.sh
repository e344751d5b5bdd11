#!/bin/sh
# The service under a real systemd: installs the package into a Debian of its own beside Debian's
# redis-server, boots it and has tests/lab/service_check.py start, feed, reload, kill, freeze, stop,
# upgrade, remove and purge it there.
set -eu

# shellcheck source=tests/lab/debian.sh
. tests/lab/debian.sh
debian_require systemd-nspawn dpkg-buildpackage
debian_package

root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 143' INT TERM HUP

# nspawn WORD...: in the system, without a word to this machine's service manager
nspawn() {
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn -q -D "$root" --register=no --keep-unit \
        --bind="$debian_archives:/var/cache/apt/archives" "$@" </dev/null
}

# libraries FILE...: the packages that hold the libraries of these programs
libraries() {
    ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u | while read -r library; do
        real=$(readlink -f "$library")
        dpkg-query -S "$real" 2>/dev/null || dpkg-query -S "${real#/usr}" 2>/dev/null
    done | cut -d: -f1 | sort -u
}

packages="systemd-sysv redis-server curl procps python3-minimal python3 $(libraries "$RELEASE/cascaded")"
# shellcheck disable=SC2086 # one word each
image=$debian_cache/service-$(printf '%s ' $packages | cksum | cut -d' ' -f1).tar
if [ -e "$image" ]; then
    tar -C "$root" -xf "$image"
else
    debian_unpack "$root"
    # shellcheck disable=SC2086 # one word each
    nspawn --resolv-conf=off sh -c 'apt-get -q update && DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y install --no-install-recommends "$@"' sh $packages \
        >"$debian_cache/service.log" 2>&1 || {
        tail -n 5 "$debian_cache/service.log"
        skip "the packages of a system that boots cannot be loaded"
    }
    tar -C "$root" --exclude './var/cache/apt/*' -cf "$image.part" .
    mv "$image.part" "$image"
fi
chmod 0755 "$root" # its users have to get in

mkdir "$root/packages"
cp "$package"/cascaded_*.deb "$package"/cascadectl_*.deb "$root/packages/"
dpkg-deb -R "$root"/packages/cascaded_*.deb "$root/newer"
sed -i 's/^\(Version: .*\)/\1+newer/' "$root/newer/DEBIAN/control"
dpkg-deb -b "$root/newer" "$root/packages/newer.deb" >/dev/null
rm -r "$root/newer" "$root/usr/sbin/policy-rc.d"
nspawn sh -c 'dpkg -i /packages/cascaded_*.deb /packages/cascadectl_*.deb' >"$root.log" 2>&1 || {
    cat "$root.log"
    exit 1
}
cp -r debian/tests "$root/package-tests"
cp tests/lab/service_check.py tests/lab/x_stream.py "$root/"
printf 'a-token-of-our-own\n' | tee "$root/etc/cascaded/credentials/x-token" \
    >"$root/etc/cascaded/credentials/push-token"
chmod 0600 "$root/etc/cascaded/credentials/"*
# What the head of the unit says of credentials; the watchdog is quicker, for time's sake.
mkdir -p "$root/etc/systemd/system/cascaded.service.d"
cat >"$root/etc/systemd/system/cascaded.service.d/test.conf" <<'END'
[Service]
LoadCredential=x-token:/etc/cascaded/credentials/x-token
LoadCredential=push-token:/etc/cascaded/credentials/push-token
WatchdogSec=2s
END
cat >"$root/etc/systemd/system/check.service" <<'END'
[Unit]
After=redis-server.service
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /service_check.py
StandardOutput=append:/check.out
StandardError=inherit
[Install]
WantedBy=multi-user.target
END
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../check.service "$root/etc/systemd/system/multi-user.target.wants/"
rm -f "$root/etc/systemd/system/timers.target.wants"/*

nspawn --boot --private-network --machine="cascaded$$" >"$root.log" 2>&1 || {
    [ -e "$root/check.out" ] || {
        tail -n 20 "$root.log"
        rm -f "$root.log"
        skip "systemd does not boot in a container here"
    }
}
rm -f "$root.log"
cat "$root/check.out"
grep -q '^1\.\.' "$root/check.out" || {
    echo "the check did not come to its end"
    exit 1
}
! grep -q '^not ok' "$root/check.out"
