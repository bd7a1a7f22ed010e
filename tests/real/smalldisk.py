"""A file system of a few hundred kilobytes, to be filled up for real.

Rules: a tmpfs on a folder of the test's; unmounted when the block is left, and when this process is killed. Needs
root. Knows nothing of what is written to it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.real.processes import find, guard, require

PAGE = 4096


@dataclass(frozen=True)
class SmallDisk:
    """A mounted small file system."""

    path: Path

    def free(self) -> int:
        """Bytes that still fit."""
        return shutil.disk_usage(self.path).free

    def fill(self, leave: int = 0) -> Path:
        """Writes a filler file until `leave` bytes (rounded down to pages of 4096) are free; returns its path, to be
        deleted for space."""
        filler = self.path / "filler"
        with filler.open("ab") as stream:
            while self.free() - PAGE >= leave:
                stream.write(b"\0" * PAGE)
                stream.flush()
        return filler


@contextlib.contextmanager
def small_disk(path: Path, size: int = 256 * 1024, inodes: int = 200) -> Iterator[SmallDisk]:
    """Mounts a tmpfs of `size` bytes and so many inodes on the folder `path`, which is made if it isn't there.
    Raises PartMissing."""
    require("a small disk", "mount", "umount")
    path.mkdir(parents=True, exist_ok=True)
    with guard('umount -l "$1" 2>/dev/null', str(path)):
        options = f"size={size},nr_inodes={inodes},mode=0755"
        subprocess.run([find("mount") or "mount", "-t", "tmpfs", "-o", options, "smalldisk", str(path)], check=True)
        yield SmallDisk(path)
    if os.path.ismount(path):
        raise OSError(f"{path} is still mounted")
