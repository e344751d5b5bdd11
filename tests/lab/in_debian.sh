#!/bin/sh
# For debian_run of debian.sh, in a namespace of its own: enters the Debian in a folder.
#
#   in_debian.sh ARCHIVES ROOT SCRIPT [NAME=VALUE...]
set -eu
archives=$1
root=$2
script=$3
shift 3
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --bind "$archives" "$root/var/cache/apt/archives"
mkdir -p "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -sf pts/ptmx "$root/dev/ptmx"
for device in null zero urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@" \
    chroot "$root" sh "$script"
