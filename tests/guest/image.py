"""Builds what a guest boots from: a Debian of this machine's own release, from its own package sources.

    build/guest/rootfs      userland: systemd, udev, pcscd, libccid, pyscard, the guest agent
    build/guest/kernel      Debian's own kernel and its modules
    build/guest/initrd.gz   busybox and the modules of a virtual disk, nothing else
    build/guest/root.img    the userland as a disk, which no test changes

Needs root, and the packages that ``./run guest`` installs. About a minute, once.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

GUEST = Path(__file__).parents[2] / "build" / "guest"
PACKAGES = (
    "systemd,systemd-sysv,udev,dbus,kmod,python3,python3-pyscard,python3-cryptography,"
    "pcscd,libccid,qemu-guest-agent,procps,usbutils"
)
_MODULES = ("virtio_pci", "virtio_blk", "ext4", "virtio_console")
_SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"

_INIT = """#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc proc /proc; $B mount -t sysfs sysfs /sys; $B mount -t devtmpfs dev /dev
while read module; do $B insmod /modules/$module; done < /modules/order
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/vda ] && break; $B sleep 0.1; done
$B mount -t ext4 /dev/vda /new; $B umount /proc /sys; $B mount -o move /dev /new/dev
exec $B switch_root /new /sbin/init
"""


def build() -> Path:
    """The folder of a complete guest; made when it is not there. Raises CalledProcessError."""
    done = GUEST / "done"
    if not done.exists():
        shutil.rmtree(GUEST, ignore_errors=True)
        GUEST.mkdir(parents=True)
        _userland()
        _kernel()
        _initrd()
        disk(GUEST / "root.img", GUEST / "rootfs", "2G")
        done.touch()
    return GUEST


def disk(image: Path, content: Path, size: str) -> None:
    """A folder as a file system in a file; sparse, and without mounting anything."""
    image.unlink(missing_ok=True)
    _run("truncate", "-s", size, str(image))
    _run("mke2fs", "-q", "-t", "ext4", "-F", "-d", str(content), str(image))


def kernel() -> Path:
    return next((GUEST / "kernel" / "boot").glob("vmlinuz-*"))


def _userland() -> None:
    """From the sources that this machine itself installs from."""
    root = GUEST / "rootfs"
    sources = [path for path in (_SOURCES[0], *sorted(_SOURCES[1].glob("*"))) if path.is_file()]
    debian = [str(path) for path in sources if b"debian" in path.read_bytes().lower()]
    _run("mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", "", str(root), *debian)
    (root / "etc/machine-id").write_text("")
    (root / "etc/hostname").write_text("guest\n")
    (root / "etc/fstab").write_text(
        "/dev/vda / ext4 rw 0 0\n/dev/vdb /opt ext4 ro,x-systemd.before=basic.target 0 0\n"
    )


def _kernel() -> None:
    depends = _run("apt-cache", "depends", "--important", _meta_package())
    package = next(
        line.split()[-1] for line in depends.splitlines() if "Depends: linux-image" in line
    )
    _run("apt-get", "-q", "download", package, cwd=GUEST)
    deb = next(GUEST.glob("linux-image-*.deb"))
    _run("dpkg", "-x", str(deb), "kernel", cwd=GUEST)
    deb.unlink()
    release = kernel().name.removeprefix("vmlinuz-")
    _run("depmod", "-b", str(GUEST / "kernel"), release)
    shutil.copytree(GUEST / "kernel/lib/modules", GUEST / "rootfs/lib/modules", symlinks=True)


def _meta_package() -> str:
    return {"x86_64": "linux-image-amd64", "aarch64": "linux-image-arm64"}[platform.machine()]


def _initrd() -> None:
    root = GUEST / "initrd"
    for folder in ("bin", "modules", "proc", "sys", "dev", "new"):
        (root / folder).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin")
    release = kernel().name.removeprefix("vmlinuz-")
    order: dict[str, None] = {}
    for module in _MODULES:
        needed = _run(
            "modprobe", "-d", str(GUEST / "kernel"), "-S", release, "--show-depends", module
        )
        for path in (line.split()[1] for line in needed.splitlines() if line.startswith("insmod")):
            shutil.copy(path, root / "modules")
            order[Path(path).name] = None
    (root / "modules/order").write_text("\n".join(order) + "\n")
    (root / "init").write_text(_INIT)
    (root / "init").chmod(0o755)
    pack = f"find . | cpio -o -H newc --quiet | gzip -1 > {GUEST / 'initrd.gz'}"
    _run("sh", "-c", pack, cwd=root)


def _run(*command: str, cwd: Path | None = None) -> str:
    finished = subprocess.run(
        command, cwd=cwd, env=os.environ | {"PATH": _PATH}, capture_output=True, check=False
    )
    if finished.returncode != 0:
        words = finished.stderr.decode(errors="replace").strip().splitlines()[-3:]
        raise RuntimeError(f"{command[0]} failed: {' '.join(words)}")
    return finished.stdout.decode(errors="replace")
