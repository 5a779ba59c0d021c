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

# Files are copied and folders bound to the place where they lie here, so that the settings fit.
lend() { # PATH
    if [ -d "$1" ]; then
        mkdir -p "$root$1"
        mount --bind -o ro "$1" "$root$1"
    elif [ -f "$1" ]; then
        mkdir -p "$(dirname "$root$1")"
        cp -L "$1" "$root$1"
    fi
}

lend_pip_settings() {
    local path
    while read -r path; do
        [ ! -f "$path" ] || lend "$path"
    done < <(python3 -m pip config debug | sed -n 's/^ *\(.*\), exists: True$/\1/p')
    while read -r path; do lend "$path"; done < <(
        python3 -m pip config list | cut -d= -f2- | tr -d "'\"" | tr ' ' '\n' | sed 's,^file://,,' | grep '^/')
}

inside() {
    local settings
    mapfile -t settings < <(env | grep '^PIP_' || true)
    chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C "${settings[@]}" \
        sh -c "cd /root/madoguchi && $1" </dev/null
}

bytes_below() { # FOLDER [FIND-TESTS]: 0 where there is none
    { find "$root$1" "${@:2}" -type f -printf '%s\n' 2>/dev/null || true; } | awk '{ n += $1 } END { print n + 0 }'
}

fetched_mb() { # Debian's packages and lists, and what pip fetched
    local bytes
    bytes=$(($(bytes_below /var/cache/apt/archives -name '*.deb') + $(bytes_below /var/lib/apt/lists) +
        $(bytes_below /root/.cache/pip/http) + $(bytes_below /root/.cache/pip/http-v2)))
    echo $((bytes / 1000000))
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
git clone -q "$checkout" "$root/root/madoguchi"
say "$(. "$root/etc/os-release" && echo "$PRETTY_NAME"), $(inside 'python3 -V'), $(git -C "$checkout" rev-parse --short HEAD)"
worst=0
for command in "$@"; do run_timed "$command"; done
exit $worst
