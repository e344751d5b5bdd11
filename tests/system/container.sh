#!/bin/sh
# The container: conf/container/Containerfile is built of the packages and a Debian from this machine's mirror;
# the image is small, and runs as its own user with a read-only root beside a private Redis.
set -eu

# shellcheck source=tests/lab/debian.sh
. tests/lab/debian.sh
command -v podman >/dev/null || skip "there is no podman here"
debian_require debootstrap dpkg-buildpackage redis-server
podman info >/dev/null 2>&1 || skip "podman does not run here"
# Podman's usual runtime, crun, refuses machines with both versions of cgroups.
runtime=$(command -v runc || command -v crun) || skip "there is no runc here"
debian_package

place=$(mktemp -d)
name=cascaded-test-$$
cleanup() {
    podman rm -f "$name" >/dev/null 2>&1 || :
    podman rmi -f "$name" >/dev/null 2>&1 || :
    [ ! -e "$place/redis.pid" ] || kill "$(cat "$place/redis.pid")" 2>/dev/null || :
    rm -rf --one-file-system "$place"
}
trap cleanup EXIT
trap 'exit 143' INT TERM HUP

mkdir "$place/debian" "$place/context"
debian_unpack "$place/debian"
base=docker.io/library/debian:bookworm-slim
tar -C "$place/debian" -cf - . | podman import - "$base" >/dev/null
cp "$package"/cascaded_*.deb "$package"/cascadectl_*.deb "$place/context/"
podman build --isolation chroot --format docker --network host -t "$name" -f conf/container/Containerfile "$place/context" \
    >"$place/build.log" 2>&1 || {
    tail -n 20 "$place/build.log"
    skip "podman cannot build here"
}
size=$(podman image inspect -f '{{.Size}}' "$name")
echo "the image has $size bytes"
test "$size" -lt 90000000

redis-server --port 0 --unixsocket "$place/redis.sock" --unixsocketperm 777 --save '' \
    --daemonize yes --pidfile "$place/redis.pid" --logfile "$place/redis.log"
chmod 755 "$place"
echo 'source "x" { url = "http://127.0.0.1:9/2/tweets/search/stream" }' >"$place/cascaded.conf"
# Podman's own limits may be above those of this machine.
podman --runtime "$runtime" run -d --name "$name" --network none --read-only --cap-drop ALL \
    --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 -v "$place:/test:ro" "$name" \
    -c /test/cascaded.conf -o redis.url=unix:/test/redis.sock >/dev/null
tries=0
until podman healthcheck run "$name" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || {
        podman logs "$name"
        exit 1
    }
    sleep 1
done
test "$(podman exec "$name" /bin/busybox id -u)" = 10001
podman exec "$name" /bin/busybox touch /etc/written 2>/dev/null && {
    echo "the root can be written"
    exit 1
}
podman stop -t 10 "$name" >/dev/null
test "$(podman inspect -f '{{.State.ExitCode}}' "$name")" = 0
echo "Right."
