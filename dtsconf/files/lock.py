"""A lock on a file, given back by the system when its holder dies (flock; on Windows a locked byte).

Whoever can open the file can hold the lock, so its mode is part of it. The file may be removed by a holder: a lock is
only taken on the file that stands at the path at that moment.
"""

from __future__ import annotations

import errno
import os
import sys
import time

from dtsconf.files import FileProblem, read_regular, replace, write_all

if sys.platform == "win32":
    import msvcrt

    _OPEN = os.O_RDWR | os.O_BINARY | os.O_NOINHERIT
    _LOCKED_BYTE = 1 << 30  # far behind the text, which others so can read
else:
    import fcntl

    _OPEN = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW

REMOVES_HELD = sys.platform != "win32"
"""Whether a file can be removed while its lock is held; else the lock is given back first."""

_LONGEST = 1 << 16  # bytes of a holder's text
_POLL = 0.1  # seconds between two tries
_HELD = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)


class FileLock:
    """An exclusive lock. Two objects in one process exclude each other like two processes. With `create` False only a
    file that is there already is locked, and its mode stays."""

    def __init__(self, path: str, mode: int = 0o600, *, create: bool = True) -> None:
        self.path, self.mode, self.create = path, mode, create
        self._descriptor = -1
        self._found: tuple[bytes, int, int] | None = None

    def acquire(self, wait: float = 0.0) -> bool:
        """Takes the lock within `wait` seconds, or says False. Raises: OSError (FileNotFoundError without `create`)."""
        end = time.monotonic() + wait
        while not self._try():
            left = end - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, _POLL))
        return True

    def _try(self) -> bool:
        descriptor = os.open(self.path, _OPEN | (os.O_CREAT if self.create else 0), self.mode)
        try:
            if hold(descriptor) and self._stands(descriptor):
                if self.create:
                    self._set_mode(descriptor)
                self._descriptor, descriptor = descriptor, -1
                return True
            return False
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    @property
    def descriptor(self) -> int:
        """The open file, which must be locked."""
        return self._descriptor

    def _set_mode(self, descriptor: int) -> None:
        """Whatever umask took away. An empty file is one that was just made: it goes if this fails."""
        try:
            if sys.platform != "win32":
                os.fchmod(descriptor, self.mode)
        except OSError:
            if not os.fstat(descriptor).st_size:
                os.unlink(self.path)
            raise

    def _stands(self, descriptor: int) -> bool:
        """A holder may have removed the file while we waited: then nobody else would find this lock."""
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self.path, follow_symlinks=False))
        except FileNotFoundError:
            return False

    @property
    def stands(self) -> bool:
        """Whether the file, which must be locked, is still there under its name."""
        return self._stands(self._descriptor)

    def text(self) -> str:
        """What the holder wrote into the file; empty if there is nothing to read."""
        try:
            data, _ = read_regular(self.path, _LONGEST)
        except (OSError, FileProblem):
            return ""
        return data.decode("utf-8", "replace")

    def write(self, text: str) -> None:
        """Puts a text into the file, which must be locked. Raises: OSError."""
        data = text.encode()
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        if self._found is None:
            facts = os.fstat(self._descriptor)
            self._found = os.read(self._descriptor, _LONGEST), facts.st_atime_ns, facts.st_mtime_ns
            os.lseek(self._descriptor, 0, os.SEEK_SET)
        write_all(self._descriptor, data)
        os.ftruncate(self._descriptor, len(data))

    def leave(self, text: str) -> None:
        """Puts the text for the time when nobody holds it into the file. Where the same was found there at first, no
        trace of this holder stays, not even the time. Raises: OSError."""
        self.write(text)
        found, accessed, modified = self._found or (b"", 0, 0)
        if found == text.encode() and os.utime in os.supports_fd:
            os.utime(self._descriptor, ns=(accessed, modified))

    def put(self, offset: int, data: bytes) -> None:
        """Overwrites a few bytes of the file, which must be locked. Raises: OSError."""
        if sys.platform == "win32":
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            write_all(self._descriptor, data)
        elif os.pwrite(self._descriptor, data, offset) != len(data):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def release(self, *, remove: bool = False, move_to: str | None = None) -> None:
        """Gives the lock back, taking the file away or moving it if told to: before letting go, so that the next one in
        line notices (on Windows after it, since no open file can be removed there; one that still can't be is left).
        Raises: OSError."""
        descriptor, self._descriptor = self._descriptor, -1
        try:
            if REMOVES_HELD:
                self._leave(remove, move_to)
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        if not REMOVES_HELD:
            try:
                self._leave(remove, move_to)
            except OSError:
                if move_to is not None:
                    raise

    def _leave(self, remove: bool, move_to: str | None) -> None:
        if move_to is not None:
            replace(self.path, move_to)
        elif remove:
            os.unlink(self.path)


def hold(descriptor: int) -> bool:
    """Locks an open file for as long as it is open; False when somebody else holds it. Raises: OSError."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        raise
    return True
