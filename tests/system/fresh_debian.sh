#!/bin/sh
# The README's commands on a fresh Debian: a chroot with nothing in it but Debian's minimal system
# and a copy of the working tree. Of tests/run only the unit tests, for time's sake;
# FRESH_DEBIAN_TESTS names others.
# tests/run: beside others
#
# The minimal system and the packages are kept under build/fresh-debian, so only the first run
# loads them all. Everything runs in a namespace of its own: mounts and processes end with it.
set -eu

skip() {
    echo "$1"
    exit 77
}

# Second part: inside the namespace, in the folder that becomes the root.
if [ "${1-}" = --inside ]; then
    root=$2
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount --bind "$3" "$root/var/cache/apt/archives"
    mkdir -p "$root/dev/pts"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    ln -sf pts/ptmx "$root/dev/ptmx"
    for device in null zero urandom tty; do
        touch "$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        TESTS="${FRESH_DEBIAN_TESTS:-unit}" chroot "$root" sh /check
fi

[ "$(id -u)" -eq 0 ] || skip "only root may make a chroot"
for program in debootstrap unshare; do
    command -v "$program" >/dev/null || skip "there is no $program here"
done
unshare -m -p -f true 2>/dev/null || skip "this machine does not allow new namespaces"

# Where this machine gets its own Debian packages from.
# shellcheck disable=SC2016 # apt-get's variables, not the shell's
source=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)' \
    'Identifier: Packages' | awk '$1 == "Debian" && $2 == "main" && $3 !~ /-/ { print $3, $4; exit }')
[ -n "$source" ] || skip "apt's configuration names no Debian mirror"
codename=${source% *}
mirror=${source#* }

cache=$PWD/build/fresh-debian
archives=$cache/archives
base=$cache/$codename.tar
mkdir -p "$archives"
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 143' INT TERM HUP

if [ ! -e "$base" ]; then
    echo "Loading Debian $codename"
    debootstrap --variant=minbase "$codename" "$root" "$mirror" >"$cache/debootstrap.log" 2>&1 || {
        tail -n 5 "$cache/debootstrap.log"
        skip "debootstrap cannot load Debian $codename from this machine's mirror"
    }
    tar -C "$root" --exclude './var/cache/apt/*' -cf "$base.part" .
    mv "$base.part" "$base"
else
    tar -C "$root" -xf "$base"
fi

# Services are not started in a chroot, and a crash of this machine may cost us these files.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
echo 'APT::Keep-Downloaded-Packages "true";' >"$root/etc/apt/apt.conf.d/keep"
cp /etc/resolv.conf "$root/etc/resolv.conf"
apt-config dump | grep -i '^Acquire::http.*::Proxy ' >"$root/etc/apt/apt.conf.d/proxy" || :

mkdir -p "$root/project" "$root/var/cache/apt/archives/partial" "$archives/partial"
git ls-files -co --exclude-standard | while read -r file; do
    [ ! -f "$file" ] || echo "$file"
done | tar -cf - -T - | tar -C "$root/project" -xf -
cp -a .git "$root/project/" # lint asks git for the list of files

cat >"$root/check" <<'END'
set -eu
cd /project
apt-get -q update >/dev/null 2>&1 || {
    echo "there is no network"
    exit 77
}
echo "== conf/quickstart"
QUICKSTART_POSTS=2000 QUICKSTART_SECONDS=5 conf/quickstart >/quickstart.out 2>&1 </dev/null || {
    cat /quickstart.out
    exit 1
}
tail -n 25 /quickstart.out
grep -q '^replayed posts=2000 ' /quickstart.out
if grep -lE '^(redis-server|cascade)' /proc/[0-9]*/comm; then
    echo "quickstart left a process behind"
    exit 1
fi
echo "== tests/run $TESTS"
# shellcheck disable=SC2086 # one word each
tests/run $TESTS >/tests.out 2>&1 </dev/null || {
    cat /tests.out
    exit 1
}
grep '^SKIP' /tests.out || :
tail -n 1 /tests.out
echo "== every package of conf/packages exists"
# shellcheck disable=SC2046 # one word each
apt-get -q -s install --no-install-recommends $(awk '/^[a-z]/ { print $2 }' conf/packages) >/dev/null
echo "== packages that are there need no network"
rm /etc/resolv.conf
conf/install-packages build runtime test
echo "Right."
END
unshare -m -p -f --kill-child sh "$0" --inside "$root" "$archives"
