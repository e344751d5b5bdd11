#!/bin/sh
# The README's commands on a fresh Debian: a chroot with nothing in it but Debian's minimal system
# and a copy of the working tree. Of tests/run only the unit tests, for time's sake;
# FRESH_DEBIAN_TESTS names others.
# tests/run: beside others
#
# Everything runs in a namespace of its own: mounts and processes end with it.
set -eu

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

# shellcheck source=tests/lab/debian.sh
. tests/lab/debian.sh
debian_require unshare
unshare -m -p -f true 2>/dev/null || skip "this machine does not allow new namespaces"

root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 143' INT TERM HUP
debian_unpack "$root"

mkdir -p "$root/project"
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
unshare -m -p -f --kill-child sh "$0" --inside "$root" "$debian_archives"
