#!/bin/sh
# The README's commands on a fresh Debian: a chroot with nothing in it but Debian's minimal system
# and a copy of the working tree. Of tests/run only the unit tests, for time's sake;
# FRESH_DEBIAN_TESTS names others. Then the Debian packages, twice: under other paths, in another time
# zone and locale the same bytes come out. Other tests use these packages (debian_package).
# tests/run: beside others
set -eu

# shellcheck source=tests/lab/debian.sh
. tests/lab/debian.sh
debian_require unshare
unshare -m -p -f true 2>/dev/null || skip "this machine does not allow new namespaces"

root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 143' INT TERM HUP
debian_unpack "$root"

debian_copy_project "$root"
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
echo "== conf/quickstart --cluster"
QUICKSTART_POSTS=2000 QUICKSTART_SECONDS=9 conf/quickstart --cluster >/quickstart.out 2>&1 </dev/null || {
    cat /quickstart.out
    exit 1
}
tail -n 1 /quickstart.out
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
echo "== conf/build-package"
conf/build-package /first >/package.out 2>&1 || {
    cat /package.out
    exit 1
}
echo "== conf/build-package again, elsewhere"
mkdir -p /srv/a-longer-path
TMPDIR=/srv/a-longer-path TZ=Pacific/Kiritimati LC_ALL=C conf/build-package /second >/package.out 2>&1 || {
    cat /package.out
    exit 1
}
for file in /first/*.deb; do
    cmp "$file" "/second/${file##*/}"
done
echo "== every package of conf/packages exists"
# shellcheck disable=SC2046 # one word each
apt-get -q -s install --no-install-recommends $(awk '/^[a-z]/ { print $2 }' conf/packages) >/dev/null
echo "== packages that are there need no network"
rm /etc/resolv.conf
conf/install-packages build runtime test
echo "Right."
END
debian_run "$root" /check TESTS="${FRESH_DEBIAN_TESTS:-unit}"

debian_package_place
mkdir -p "$package"
cp "$root"/first/* "$package/"
