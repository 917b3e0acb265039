"""A disk whose power can be cut: XFS on a loop device, shut down without its log being written (`xfs_io shutdown`), so that nothing is
left but what was flushed.  Needs root.  And PostgreSQL programs on a disk that is slow, or a liar."""
import atexit
import glob
import os
import shutil
import subprocess
from pathlib import Path

from harness import PSQL, need, place, preloaded, until

made = []


class Disk:
    """`top`: where it is mounted."""

    def __init__(self, mib=512):
        self.top, self.image = place(), place() / "image"
        made.append(self)
        with open(self.image, "wb") as file:
            file.truncate(mib << 20)
        subprocess.run(["mkfs.xfs", "-q", "-f", self.image], check=True, capture_output=True)
        self.mount()

    def mount(self):
        subprocess.run(["mount", "-o", "loop", self.image, self.top], check=True, capture_output=True)
        self.top.chmod(0o755)

    def cut(self):
        """Everybody on it gets errors from now on; what was not flushed is gone."""
        subprocess.run(["xfs_io", "-x", "-c", "shutdown", self.top], check=True, capture_output=True)

    def back(self):
        """After whoever used it is dead."""
        need(until(lambda: subprocess.run(["umount", self.top], capture_output=True, check=False).returncode == 0, pause=0.1), "the disk is not in use")
        self.mount()

    def end(self):
        subprocess.run(["umount", "-l", self.top], capture_output=True, check=False)


def end_disks():
    for disk in made:
        disk.end()
    made.clear()


atexit.register(end_disks)


def possible():
    """Why there can be no such disk here; "" when there can."""
    if os.geteuid() != 0:
        return "a disk of its own needs root"
    if shutil.which("mkfs.xfs") is None or shutil.which("xfs_io") is None:
        return "xfsprogs is not installed"
    try:
        disk = Disk()
        disk.cut()
        disk.back()
        disk.end()
    except Exception as error:  # pylint: disable=broad-except
        return f"no disk of its own can be made here: {error}"
    return ""


def programs(**faults):
    """A directory for PG_BIN, whose `postgres` runs with tests/lib/faults.c: programs(FAULT_LIE=1)."""
    real = Path(PSQL).parent
    folder = place()
    for name in glob.glob(f"{real}/*"):
        (folder / Path(name).name).symlink_to(name)
    (folder / "postgres").unlink()
    words = " ".join(f"{name}={value}" for name, value in preloaded("postgres", **faults).items())
    (folder / "postgres").write_text(f'#!/bin/sh\n{words} exec {real}/postgres "$@"\n')
    (folder / "postgres").chmod(0o755)
    return str(folder)
