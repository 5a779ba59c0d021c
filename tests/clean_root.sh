#!/usr/bin/env bash
# Tries the README's commands as a new user would: in a fresh Debian with nothing but git and Python.
#
#   tests/clean_root.sh bookworm|trixie [COMMAND…]     as root, on a Debian machine
#
# Says how long each command took and how much it fetched; the exit status is that of the worst.
# Mirror, package index and certificates are those this machine is set up to use.
set -euo pipefail

suite=${1:?which Debian: bookworm or trixie}
shift
[ $# -gt 0 ] || set -- "./run demo --auto" "./run demo --auto --rig virtual" "./run test"

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# In namespaces of its own: whatever is mounted or started below ends with this process.
if [ -z "${CLEAN_ROOT:-}" ]; then
    [ "$(id -u)" = 0 ] || { echo "clean_root.sh makes a Debian in a folder: run it as root" >&2; exit 2; }
    root=$(mktemp -d "${TMPDIR:-/var/tmp}/clean-root.XXXXXX")
    trap 'rm -rf --one-file-system "$root"' EXIT
    export CLEAN_ROOT=$root
    unshare --mount --pid --fork --kill-child "${BASH_SOURCE[0]}" "$suite" "$@"
    exit
fi
root=$CLEAN_ROOT

say() { printf '%s\n' "== $*"; }

mirror_of() { # LABEL: where this machine fetches Debian, or Debian's security updates, from
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
        sed -n "s/^Debian|$1|//p" | head -n 1
}

make_root() {
    command -v debootstrap >/dev/null || apt-get -qq install -y --no-install-recommends debootstrap >/dev/null
    local mirror security
    mirror=$(mirror_of Debian)
    security=$(mirror_of Debian-Security)
    : "${mirror:?this machine has no Debian mirror in its apt lists: apt-get update}"
    debootstrap --variant=minbase --include=git,python3,ca-certificates "$suite" "$root" "$mirror" >"$root.log" ||
        { tail -n 5 "$root.log"; exit 1; }
    rm "$root.log"
    echo "deb $mirror $suite-updates main" >>"$root/etc/apt/sources.list"
    [ -z "$security" ] || echo "deb $security $suite-security main" >>"$root/etc/apt/sources.list"
    apt-config dump Acquire | grep -E '::(Check|Retries|https?|Proxy)' >"$root/etc/apt/apt.conf.d/90host" || true
    rm -rf "$root"/var/cache/apt/archives/*.deb
}

mount_kernel_folders() {
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

pip_setting() { python3 -m pip config list 2>/dev/null | sed -n "s/^[^ ]*\.$1='\(.*\)'\$/\1/p" | head -n 1; }

# Only how to reach the index is lent. Wheels that lie on this machine are not: a new user has none,
# and what they saved would be missing from the figures.
pip_settings=(PIP_LOG=/root/pip.log)
lend_pip_settings() {
    local certificates index
    certificates=$(pip_setting cert)
    index=$(pip_setting index-url)
    if [ -n "$certificates" ]; then
        cp -L "$certificates" "$root/etc/ssl/index.crt"
        pip_settings+=(PIP_CERT=/etc/ssl/index.crt)
    fi
    [ -z "$index" ] || pip_settings+=("PIP_INDEX_URL=$index")
}

inside() {
    chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C "${pip_settings[@]}" \
        sh -c "cd /root/madoguchi && $1" </dev/null
}

bytes_below() { # FOLDER [FIND-TESTS]
    find "$root$1" "${@:2}" -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }'
}

# pip's cache is no measure, since some indexes forbid keeping what they send; its log is one.
bytes_by_pip() {
    sed -n 's/.* Downloading [^ ]* (\([0-9.]*\) \([kM]\?B\)).*/\1 \2/p' "$root/root/pip.log" |
        awk '{ n += $1 * ($2 == "MB" ? 1e6 : $2 == "kB" ? 1e3 : 1) } END { printf "%d", n }'
}

fetched_mb() { # Debian's packages and lists, and Python's packages
    echo $((($(bytes_below /var/cache/apt/archives -name '*.deb') + $(bytes_below /var/lib/apt/lists) +
        $(bytes_by_pip)) / 1000000))
}

run_timed() { # COMMAND
    local start=$SECONDS before status=0
    before=$(fetched_mb)
    say "$1"
    inside "$1" || status=$?
    say "$1: status $status, $((SECONDS - start)) s, $(($(fetched_mb) - before)) MB fetched"
    [ $status -le "$worst" ] || worst=$status
}

say "Debian $suite from the ground up"
make_root
mount_kernel_folders
lend_pip_settings
: >"$root/root/pip.log"
git clone -q "$checkout" "$root/root/madoguchi"
say "$(. "$root/etc/os-release" && echo "$PRETTY_NAME"), $(inside 'python3 -V'), $(git -C "$checkout" rev-parse --short HEAD)"
worst=0
for command in "$@"; do run_timed "$command"; done
exit $worst
