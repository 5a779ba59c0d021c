"""The kernel's simulated GPIO chip, which no Debian kernel has switched on: built as a module at test time.

build/guest/gpio/gpiosim.ko   from Debian's own source and headers of the guest's kernel; never committed
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.guest import image

FOLDER = image.GUEST / "gpio"
_FILES = ("drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c")
# irq_to_desc is not exported to modules; this is, and comes to the same.
_BEFORE = "handle_simple_irq(irq_to_desc(irqnum))"
_AFTER = "generic_handle_irq(irqnum)"


def build() -> Path:
    """The module's file. Raises CalledProcessError, RuntimeError with what to install."""
    module = FOLDER / "gpiosim.ko"
    if module.exists():
        return module
    release = image.kernel().name.removeprefix("vmlinuz-")
    headers = Path(f"/lib/modules/{release}/build")
    if not headers.exists():
        message = f"the headers of {release} are missing: apt-get install linux-headers-{release}"
        raise RuntimeError(message)
    FOLDER.mkdir(parents=True, exist_ok=True)
    _source(release)
    text = (FOLDER / "irq_sim.c").read_text(encoding="utf-8")
    (FOLDER / "irq_sim.c").write_text(text.replace(_BEFORE, _AFTER), encoding="utf-8")
    makefile = "obj-m := gpiosim.o\ngpiosim-y := gpio-sim.o irq_sim.o\n"
    (FOLDER / "Makefile").write_text(makefile, encoding="utf-8")
    _run("make", "-s", "-C", str(headers), f"M={FOLDER}", "modules")
    return module


def _source(release: str) -> None:
    """The three files, out of the package that holds all of the kernel's."""
    version = ".".join(release.split(".")[:2])
    package = f"linux-source-{version}"
    _run("apt-get", "-q", "download", package)
    deb = next(FOLDER.glob(f"{package}_*.deb"))
    _run("dpkg", "-x", str(deb), "source")
    deb.unlink()
    archive = next((FOLDER / "source" / "usr" / "src").glob("*.tar.xz"))
    names = [f"{package}/{name}" for name in _FILES]
    _run("tar", "-xJf", str(archive), "--transform=s|.*/||", *names)
    _run("rm", "-rf", "source")


def _run(*command: str) -> None:
    subprocess.run(command, cwd=FOLDER, check=True, capture_output=True)
