#!/bin/sh
# The unit file is one systemd understands, and exposes at most 1.2 by systemd's own count: the writer of
# snapshots lowers its priority (setpriority).
set -eu
command -v systemd-analyze >/dev/null || {
    echo "there is no systemd-analyze"
    exit 77
}
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# The path of the built program does not matter here, nor whether its manual pages are installed.
sed -e 's|/usr/bin/cascaded |/bin/true |' -e '/^Documentation=/d' conf/cascaded.service >"$directory/cascaded.service"
wrong=$(systemd-analyze verify "$directory/cascaded.service" 2>&1 | grep cascaded.service || :)
[ -z "$wrong" ] || {
    echo "$wrong"
    exit 1
}
exposure=$(systemd-analyze security --offline=true conf/cascaded.service |
    sed -n 's/.*Overall exposure level for cascaded.service: \([0-9.]*\).*/\1/p')
echo "exposure $exposure"
awk -v exposure="$exposure" 'BEGIN { exit !(exposure != "" && exposure <= 1.2) }'
