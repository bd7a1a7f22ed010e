"""A file system for what is measured on disk: ext4 with its journal, in a file that is mounted for the time.

On the disk below, what ran before can be felt for minutes: without a journal ext4 passes over inodes that were deleted
lately, and with `discard` whoever removes a file waits for the device. Needs root and mkfs.ext4.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.real.processes import find, guard, require

MEBIBYTES = 384


@contextlib.contextmanager
def own_disk(folder: Path) -> Iterator[Path]:
    """An empty folder on a file system of its own, which is also where temporary files go meanwhile. `folder` must not
    be there yet. Raises PartMissing, CalledProcessError."""
    require("the disk of the bench", "mkfs.ext4", "mount", "umount")
    place = folder / "mounted"
    place.mkdir(parents=True)
    image = folder / "image"
    with image.open("wb") as file:
        for _ in range(MEBIBYTES):  # whole: a hole would be filled while something is measured
            file.write(bytes(1 << 20))
        os.fsync(file.fileno())
    subprocess.run([find("mkfs.ext4") or "", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image], check=True)
    with guard('umount -l "$1"', str(place)):
        subprocess.run([find("mount") or "", "-o", "loop", image, place], check=True)
        place.chmod(0o1777)
        with _temporary_in(place):
            yield place


@contextlib.contextmanager
def _temporary_in(place: Path) -> Iterator[None]:
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(place)
    try:
        yield
    finally:
        tempfile.tempdir = before[0]
        if before[1] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[1]
