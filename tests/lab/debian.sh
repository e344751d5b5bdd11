# Sourced by tests that need a Debian of their own: a minimal system from this machine's mirror,
# unpacked into a folder. It and the packages loaded later are kept under build/fresh-debian, so
# only the first run loads them all.
# shellcheck shell=sh

debian_cache=$PWD/build/fresh-debian
debian_archives=$debian_cache/archives # to be seen as /var/cache/apt/archives inside

skip() {
    echo "$1"
    exit 77
}

# debian_require PROGRAM...: skips the test where these or root are missing
debian_require() {
    [ "$(id -u)" -eq 0 ] || skip "only root may make a Debian in a folder"
    for program in debootstrap "$@"; do
        command -v "$program" >/dev/null || skip "there is no $program here"
    done
}

# debian_unpack ROOT [CODENAME]: a minimal system in the empty folder ROOT, which can load packages: this
# machine's Debian, unless another is named
debian_unpack() {
    # Where this machine gets its own Debian packages from.
    # shellcheck disable=SC2016 # apt-get's variables, not the shell's
    debian_source=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)' \
        'Identifier: Packages' |
        awk '$1 == "Debian" && $2 == "main" && $3 !~ /-/ { print $3, $4; exit }')
    [ -n "$debian_source" ] || skip "apt's configuration names no Debian mirror"
    debian_codename=${2-${debian_source% *}}
    debian_base=$debian_cache/$debian_codename.tar

    mkdir -p "$debian_archives/partial"
    if [ ! -e "$debian_base" ]; then
        echo "Loading Debian $debian_codename"
        debootstrap --variant=minbase "$debian_codename" "$1" "${debian_source#* }" \
            >"$debian_cache/debootstrap.log" 2>&1 || {
            tail -n 5 "$debian_cache/debootstrap.log"
            skip "debootstrap cannot load Debian $debian_codename from this machine's mirror"
        }
        tar -C "$1" --exclude './var/cache/apt/*' -cf "$debian_base.$$" .
        mv "$debian_base.$$" "$debian_base"
    else
        tar -C "$1" -xf "$debian_base"
    fi

    # Services are not started while packages are installed, and a crash of this machine may cost
    # us these files.
    printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
    chmod +x "$1/usr/sbin/policy-rc.d"
    echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
    echo 'APT::Keep-Downloaded-Packages "true";' >"$1/etc/apt/apt.conf.d/keep"
    cp /etc/resolv.conf "$1/etc/resolv.conf"
    apt-config dump | grep -i '^Acquire::http.*::Proxy ' >"$1/etc/apt/apt.conf.d/proxy" || :
    mkdir -p "$1/var/cache/apt/archives/partial"
}

# debian_run ROOT SCRIPT [NAME=VALUE...]: runs the shell script SCRIPT, a path inside ROOT, in a
# namespace of its own: mounts and processes end with it. Packages that it loads are kept. Several
# tests may do this at the same time, so each has the archives in a folder of its own.
debian_run() {
    debian_own=$(mktemp -d "$debian_cache/own.XXXXXX")
    mkdir -p "$debian_own/partial"
    find "$debian_archives" -maxdepth 1 -name '*.deb' -exec cp -l -t "$debian_own" {} +
    debian_code=0
    unshare -m -p -f --kill-child sh tests/lab/in_debian.sh "$debian_own" "$@" || debian_code=$?
    find "$debian_own" -maxdepth 1 -name '*.deb' -exec cp -ln -t "$debian_archives" {} +
    rm -rf "$debian_own"
    return "$debian_code"
}

# debian_copy_project ROOT: the files of the project, as they are, into ROOT/project
debian_copy_project() {
    mkdir -p "$1/project"
    git ls-files -co --exclude-standard | while read -r file; do
        [ ! -f "$file" ] || echo "$file"
    done | tar -cf - -T - | tar -C "$1/project" -xf -
}

# debian_package_place: sets $package to the folder of the packages of this working tree
debian_package_place() {
    package=$PWD/build/package/$(git ls-files -co --exclude-standard | while read -r file; do
        [ ! -f "$file" ] || cat "$file"
    done | cksum | tr ' ' -)
}

# debian_package: sets $package and puts there cascaded_*.deb, cascadectl_*.deb and build.log, unless
# tests/system/fresh_debian.sh has built them already
debian_package() {
    debian_package_place
    ls "$package"/cascaded_*.deb >/dev/null 2>&1 || conf/build-package "$package"
}
