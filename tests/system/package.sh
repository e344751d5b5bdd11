#!/bin/sh
# The Debian packages (tests/system/fresh_debian.sh builds them): lintian and blhc find nothing, the bill of
# materials is right; on a fresh Debian they are installed, used, upgraded, removed and purged.
set -eu

# shellcheck source=tests/lab/debian.sh
. tests/lab/debian.sh
for program in dpkg-buildpackage lintian blhc; do
    command -v "$program" >/dev/null || skip "there is no $program here"
done
debian_package

echo "== lintian"
lintian -EvIL +pedantic --fail-on error,warning --allow-root "$package"/*.deb
echo "== blhc"
blhc --all "$package/build.log"

place=$(mktemp -d)
trap 'rm -rf --one-file-system "$place" "${debian_own-}"' EXIT
trap 'exit 143' INT TERM HUP

echo "== the bill of materials"
for file in "$package"/cascaded_*.deb "$package"/cascadectl_*.deb; do
    dpkg-deb -x "$file" "$place/content"
done
/usr/bin/python3 tests/lab/bill_check.py "$place/content"

debian_require unshare
unshare -m -p -f true 2>/dev/null || skip "this machine does not allow new namespaces"
mkdir "$place/user"

debian_unpack "$place/user"
mkdir "$place/user/packages"
cp "$package"/cascaded_*.deb "$package"/cascadectl_*.deb "$place/user/packages/"
cp -r debian/tests "$place/user/package-tests"
cat >"$place/user/check" <<'END'
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -q update >/dev/null 2>&1 || {
    echo "there is no network"
    exit 77
}

# get WORD...: apt-get without questions, and quiet unless it fails
get() {
    apt-get -q -y --no-install-recommends "$@" >/apt.out 2>&1 </dev/null || {
        cat /apt.out
        exit 1
    }
}

echo "== install"
get install redis-server /packages/cascaded_*.deb /packages/cascadectl_*.deb
cascaded --version
cascadectl --version
cascaded --check
for file in /lib/systemd/system/cascaded.service /usr/share/cascaded/redis.acl \
    /usr/share/cascaded/prometheus/cascaded.rules.yml /usr/share/cascaded/grafana/cascaded.json \
    /usr/share/cascaded/cascaded.spdx.json; do
    test -s "$file"
done
test "$(stat -c %a /etc/cascaded/credentials)" = 700
test ! -e /etc/systemd/system/multi-user.target.wants/cascaded.service

echo "== the test of a replay in the package"
/package-tests/replay

echo "== an upgrade keeps configuration, drop-ins and state"
echo 'windows = {1h}' >>/etc/cascaded/cascaded.conf
echo a-token >/etc/cascaded/credentials/x-token
mkdir -p /etc/systemd/system/cascaded.service.d /var/lib/private/cascaded
echo '[Service]' >/etc/systemd/system/cascaded.service.d/override.conf
echo counts >/var/lib/private/cascaded/snapshot
ln -s private/cascaded /var/lib/cascaded
kept() {
    tail -n 1 /etc/cascaded/cascaded.conf | grep -qx 'windows = {1h}'
    grep -q a-token /etc/cascaded/credentials/x-token
    grep -q Service /etc/systemd/system/cascaded.service.d/override.conf
    grep -q counts /var/lib/cascaded/snapshot
}
dpkg-deb -R /packages/cascaded_*.deb /newer
sed -i 's/^\(Version: .*\)/\1+newer/' /newer/DEBIAN/control
dpkg-deb -b /newer /packages/newer.deb >/dev/null
rm -r /newer
get install /packages/newer.deb
dpkg-query -W cascaded | grep -q '+newer$'
kept

echo "== remove keeps them, too; purge leaves nothing"
get remove cascaded cascadectl
test ! -e /usr/bin/cascaded
kept
get purge cascaded cascadectl
left=$(find / \( -path /proc -o -path '/package*' -o -path /var/cache/apt \) -prune \
    -o -name '*cascade*' -print)
test -z "$left" || {
    echo "left behind: $left"
    exit 1
}
END
debian_run "$place/user" /check
