#!/bin/sh
# The next Debian: in a Debian 13 of its own the project builds, and its unit tests pass. Loads and builds
# everything, which takes ten minutes, so it needs SLOW_TESTS=1; DEBIAN_13_TESTS names other tests.
# tests/run: beside others
set -eu

# shellcheck source=tests/lab/debian.sh
. tests/lab/debian.sh
[ -n "${SLOW_TESTS-}" ] || skip "builds everything on Debian 13: set SLOW_TESTS=1"
debian_require unshare
unshare -m -p -f true 2>/dev/null || skip "this machine does not allow new namespaces"

root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root" "${debian_own-}"' EXIT
trap 'exit 143' INT TERM HUP
debian_unpack "$root" trixie
debian_copy_project "$root"
cat >"$root/check" <<'END'
set -eu
cd /project
apt-get -q update >/dev/null 2>&1 || {
    echo "there is no network"
    exit 77
}
# shellcheck disable=SC2086 # one word each
tests/run $TESTS >/tests.out 2>&1 </dev/null || {
    cat /tests.out
    exit 1
}
tail -n 1 /tests.out
conf/build-package /package
END
debian_run "$root" /check TESTS="${DEBIAN_13_TESTS:-unit}"
