"""Files, done durably and without being fooled: bounded reads; beside it atomic writes (staging.py), locks (lock.py)
and the question who else could change a file (trust.py).

Rules: a file is opened once and what was checked is what is read; a reader of a written file sees the old or the new
bytes, never a part; umask has no say. Knows no domain: whoever calls builds the sentence for the user. What differs on
Windows is kept in the few places that ask `sys.platform`.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Literal

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

if sys.platform == "win32":
    _READ = os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT
else:
    _READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


_AT_ONCE = 8
"""Files that are removed at the same time."""


@frozen
class Fault:
    """Why something can't be done with a file or folder, or must not: the path at fault, the reason (the end of a
    sentence: `belongs to ann (uid 1000)`), and what to type."""

    path: str
    reason: str
    fix: str


class FileProblem(Exception):
    """A path that isn't a regular file of acceptable size. `message` says it without naming the path."""

    def __init__(self, path: str, kind: Literal["folder", "not-regular", "too-big"], message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path, self.kind, self.message = path, kind, message


def read_regular(path: str, limit: int) -> tuple[bytes, os.stat_result]:
    """A regular file's bytes (at most `limit`) and facts, opened once, links followed, never waiting for a FIFO.
    Raises: FileProblem, OSError."""
    if sys.platform == "win32" and os.path.isdir(path):
        raise FileProblem(path, "folder", "is a folder, not a file")
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise FileProblem(path, "not-regular", "is not a regular file") from None
        raise
    try:
        return read_open(descriptor, path, limit)
    finally:
        os.close(descriptor)


def read_open(descriptor: int, path: str, limit: int) -> tuple[bytes, os.stat_result]:
    """As `read_regular`, from an open descriptor, which stays open. `path` is for the message."""
    facts = os.fstat(descriptor)
    if stat.S_ISDIR(facts.st_mode):
        raise FileProblem(path, "folder", "is a folder, not a file")
    if not stat.S_ISREG(facts.st_mode):
        raise FileProblem(path, "not-regular", "is not a regular file")
    data = bytearray()
    while len(data) <= limit and (part := os.read(descriptor, limit + 1 - len(data))):
        data += part
    if len(data) > limit:
        raise FileProblem(path, "too-big", f"is larger than {limit:,} bytes")
    return bytes(data), facts


def read_only(path: str) -> bool:
    """Whether the nearest folder there is lies on a file system that nobody can write."""
    while not os.path.lexists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return sys.platform != "win32" and bool(os.statvfs(path).f_flag & os.ST_RDONLY)


SHARED = os.path.join("", "var", "lib", "dtsconf", "users")
"""The end of the path under which a `--root` keeps each user's folder."""


def private_folder(path: str, *, durable: bool = True) -> None:
    """Makes a folder and those above it that are missing, 0700; only what all users of a `--root` share, and what lies
    above that, is open for others to pass. Without `durable` a power cut may take them back. Raises: OSError."""
    _make_folder(path, path.find(SHARED + os.sep) + len(SHARED) if SHARED + os.sep in path else 0, durable=durable)


def _make_folder(path: str, shared: int, *, durable: bool) -> None:
    """Makes it and those above it; those whose path is no longer than `shared` characters are open to pass."""
    if os.path.isdir(path or os.curdir):
        return
    _make_folder(os.path.dirname(path), shared, durable=durable)
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)
        os.chmod(path, 0o755 if len(path) <= shared else 0o700)
    if durable:
        with suppress(PermissionError):  # a folder that may be written in and not be read
            sync_folder(os.path.dirname(path) or os.curdir)


def remove_all(paths: Sequence[str]) -> None:
    """Removes files, a few at a time: whoever removes one waits for the disk where freed blocks are discarded at once,
    and on a network. What can't be removed stays."""

    def remove(some: Sequence[str]) -> None:
        for path in some:
            with suppress(OSError):
                os.unlink(path)

    threads = []
    for first in range(min(_AT_ONCE, len(paths))):
        thread = Thread(target=remove, args=(paths[first::_AT_ONCE],))
        try:
            thread.start()
            threads.append(thread)
        except RuntimeError:  # this user may have no more threads
            remove(paths[first::_AT_ONCE])
    for thread in threads:
        thread.join()


def write_all(descriptor: int, data: bytes) -> None:
    """Writes everything, however few bytes each call takes. Raises: OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def waiting_out(call: Callable[[], object], patience: float = 1.0) -> None:
    """Makes a call that Windows refuses while anybody has the file open, as a reader or a virus scanner has for a
    blink: for `patience` seconds it is tried again. Raises: OSError."""
    end = time.monotonic() + patience
    while True:
        try:
            call()
            return
        except PermissionError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.02)


def replace(old: str, new: str) -> None:
    """Lets a file take another's place in one step. Raises: OSError."""
    if sys.platform == "win32":
        waiting_out(lambda: os.replace(old, new))
    else:
        os.replace(old, new)


def sync_folder(path: str) -> None:
    """Makes a folder's entries survive a power cut; NTFS journals its folders, so there is no such call on Windows.
    Raises: OSError."""
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            sync_open_folder(descriptor)
        finally:
            os.close(descriptor)


def sync_open_folder(descriptor: int) -> None:
    """As `sync_folder`. Some file systems (FUSE, network) know no sync of folders and say EINVAL: they have no more to
    give. Raises: OSError."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
