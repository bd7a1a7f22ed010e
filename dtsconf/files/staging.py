"""Atomic writes: a file grows beside its place under a random name and takes it in one step, synced.

A writer that dies leaves its staging file behind; it holds a lock on it while it lives, so `sweep` can tell. A new file
grows without a name where the system has that.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Self

from dtsconf.files import private_folder, replace, sync_folder, write_all
from dtsconf.files.lock import FileLock, hold

if TYPE_CHECKING:
    from types import TracebackType

    from dtsconf.files.folder import Folder

if sys.platform == "win32":
    _MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_BINARY | os.O_NOINHERIT
else:
    _MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW

_MARK = ".dtsconf-"
_BLOCK = 256 * 1024
_DESCRIPTORS = "/proc/self/fd"
"""Open files as paths (proc(5))."""


class Staging:
    """A file in the making, for `path` in a folder that is there. A context manager: what isn't committed goes away.

    Raises:
        OSError: from every method; nothing is left behind then.
    """

    def __init__(self, path: str, mode: int = 0o600) -> None:
        self.path, self.mode = os.path.abspath(path), mode
        self._folder, name = os.path.split(self.path)
        self._staging = os.path.join(self._folder, f"{_MARK}{name[:64]}.{os.urandom(8).hex()}")
        self._reserved = False
        self._descriptor = os.open(self._staging, _MAKE, 0o600)
        try:
            hold(self._descriptor)
        except OSError:  # a file system that has no locks
            self.discard()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def discard(self) -> None:
        """Let go of what wasn't committed."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(self._staging)

    def reserve(self, size: int) -> None:
        """Take room for so many bytes, which what is written later then has; what it needs less is given back."""
        self._reserved = True
        if sys.platform != "linux" or not _allocate(self._descriptor, size):
            write_all(self._descriptor, bytes(size))
            os.lseek(self._descriptor, 0, os.SEEK_SET)

    def write(self, data: bytes) -> int:
        """Append; gives the number of bytes, which is always all of them."""
        write_all(self._descriptor, data)
        return len(data)

    def commit(self, *, durable: bool = True) -> None:
        """Let the file take its place, synced; without `durable` a power cut may take it back."""
        if sys.platform != "win32":
            os.fchmod(self._descriptor, self.mode)
        if self._reserved:
            os.ftruncate(self._descriptor, os.lseek(self._descriptor, 0, os.SEEK_CUR))
        if durable:
            os.fsync(self._descriptor)
        if sys.platform == "win32":  # an open file can't be renamed there
            os.close(self._descriptor)
            self._descriptor = os.open(os.devnull, os.O_RDONLY)
        replace(self._staging, self.path)
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)
        if durable:
            sync_folder(self._folder)


if sys.platform == "linux":

    def _allocate(descriptor: int, size: int) -> bool:
        """Whether the file system could give so many bytes of room; False where it or the C library doesn't have that.
        Raises: OSError, such as for want of room."""
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
            return False
        return True

    class _Unnamed(Staging):
        """One that has no name until it is committed (O_TMPFILE, open(2)): a writer that is killed leaves nothing, and
        the folder gets one entry in place of three changes. It takes no other file's place.

        Raises:
            OSError: also where the file system has no such files.
        """

        def __init__(self, folder: Folder, name: str, mode: int) -> None:
            self.path, self.mode = os.path.join(folder.path, name), mode
            self._within, self._name = folder, name
            flags = os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC
            self._descriptor = os.open(os.curdir, flags, mode, dir_fd=folder.descriptor)

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            os.close(self._descriptor)

        def commit(self, *, durable: bool = True) -> None:
            """As Staging.commit."""
            if os.fstat(self._descriptor).st_mode & 0o7777 != self.mode:  # a change is one more write to the disk
                os.fchmod(self._descriptor, self.mode)
            if durable:
                os.fsync(self._descriptor)
            # Only with a folder's descriptor does Python follow the link; nothing is looked up in it.
            here = f"{_DESCRIPTORS}/{self._descriptor}"
            into = self._within.descriptor
            try:
                os.link(here, self._name, src_dir_fd=into, dst_dir_fd=into, follow_symlinks=True)
            except FileExistsError:
                raise
            except OSError:  # some security modules let no file be linked
                self._copy(durable=durable)
                return
            if durable:
                self._within.sync()

        def _copy(self, *, durable: bool) -> None:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            with Staging(self.path, self.mode) as named:
                while block := os.read(self._descriptor, _BLOCK):
                    named.write(block)
                named.commit(durable=durable)


def new_file(folder: Folder, name: str, mode: int = 0o600) -> Staging:
    """A file in the making, for a name that nothing in the folder has. Raises: OSError."""
    if sys.platform == "linux" and _shows_descriptors():
        with suppress(OSError):  # what stands in the way is told by the plain way, too, or that does it
            return _Unnamed(folder, name, mode)
    return Staging(os.path.join(folder.path, name), mode)


@cache
def _shows_descriptors() -> bool:
    return os.access(_DESCRIPTORS, os.X_OK)


def atomic_write(path: str, data: bytes, mode: int = 0o600, *, durable: bool = True) -> None:
    """Replaces a user's file in one step, with exactly this mode, synced unless told otherwise. Missing folders are
    made private (0700). Raises: OSError; nothing is left behind then."""
    private_folder(os.path.dirname(os.path.abspath(path)), durable=durable)
    with Staging(path, mode) as staging:
        staging.write(data)
        staging.commit(durable=durable)


def sweep(folder: str) -> list[str]:
    """Take away the staging files that dead writers have left in a folder, as far as that can be done. Gives the names
    of all else that is there. Raises: OSError, where the folder can't be read."""
    others: list[str] = []
    for name in os.listdir(folder):
        if not name.startswith(_MARK):
            others.append(name)
            continue
        lock = FileLock(os.path.join(folder, name), create=False)
        with suppress(OSError):
            if lock.acquire():
                lock.release(remove=True)
    return others
