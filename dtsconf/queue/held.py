"""One queued message in somebody's hands: what it is, how far it has come, and what becomes of it.

While it is held nobody else delivers it. Before a risky step its phase is noted, after a failure its progress; what
must not be lost (who has got it already) is synced, what only costs an attempt is not.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from dtsconf.files import FileProblem, private_folder, read_regular, sync_folder
from dtsconf.files.lock import REMOVES_HELD
from dtsconf.files.staging import Staging, atomic_write
from dtsconf.frozen import frozen
from dtsconf.queue.entry import (
    LETTERS,
    LONGEST_HEAD,
    LONGEST_PROGRESS,
    PHASES,
    Damaged,
    Entry,
    Phase,
    Progress,
    read_entry,
    read_progress,
)

if TYPE_CHECKING:
    from types import TracebackType

    from dtsconf.files.lock import FileLock

MESSAGE, PROGRESS = ".eml", ".state"
BLOCK = 256 * 1024
"""Octets that are read or written at once, about."""


@frozen
class Queued:
    """The message as it is read back: what mail wants of a message. `head` are its first octets, at hand already."""

    path: str
    start: int
    message_id: str
    size: int
    eight_bit: bool
    head: bytes

    def chunks(self) -> Iterator[bytes]:
        """The message in pieces. Raises: OSError."""
        yield self.head
        if len(self.head) == self.size:
            return
        with open(self.path, "rb") as file:
            file.seek(self.start + len(self.head))
            while block := file.read(BLOCK):
                yield block


class Held:
    """A message whose lock we have. A context manager: leaving it gives the lock back. `is_served`: see `served`."""

    def __init__(self, path: str, failed_folder: str, lock: FileLock) -> None:
        self._path, self._failed_folder, self._lock = path, failed_folder, lock
        self._gone = False
        self.is_served = False
        self._noted = False
        self._room: Staging | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Give the lock back, unless that is done or it went with the file. Raises: OSError."""
        if self._room is not None:
            self._room.discard()
            self._room = None
        if not self._gone:
            self._gone = True
            self._lock.release()

    def read(self) -> tuple[Entry, Phase, Queued]:
        """What was queued, and in which phase it was found.

        Raises:
            Damaged: its file isn't what was written.
            OSError: it can't be read.
        """
        entry, phase, start, head = _head(self._lock.descriptor)
        return entry, phase, Queued(self._path, start, entry.message_id, entry.size, entry.eight_bit, head)

    def progress(self) -> Progress:
        """How far it has come; what can't be read is an attempt whose outcome nobody knows."""
        found = read_beside(self._path)
        self._noted = found is not None
        return found or Progress()

    @property
    def phase(self) -> Phase | None:
        """As it stands in the file; None for none. Raises: OSError."""
        return _phase(self._lock.descriptor)

    def enter(self, phase: Phase) -> None:
        """Note the phase, in place and unsynced: a power cut costs the knowledge of an attempt. Raises: OSError."""
        self._lock.put(0, LETTERS[phase])

    def reserve(self, size: int) -> None:
        """Make room for a note of so many octets, before anything happens that must be noted. Raises: OSError."""
        self._room = Staging(_beside(self._path))
        self._room.reserve(size)

    def note(self, progress: Progress, *, durable: bool = False) -> None:
        """Write down how far it has come; it waits then. Raises: OSError, FileNotFoundError where somebody has taken
        its file away."""
        if not self._lock.stands:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.path)
        room, self._room = self._room or Staging(_beside(self._path)), None
        with room:
            room.write(progress.text())
            room.commit(durable=durable)
        self._noted = True
        self.enter("waiting")

    def served(self) -> None:
        """Note that everybody has got it: nobody sends it again, and any run takes it away. Raises: OSError."""
        if not self.is_served:
            self.enter("sent")
            self.is_served = True

    @property
    def path(self) -> str:
        """Of its file."""
        return self._path

    @property
    def paths(self) -> tuple[str, ...]:
        """What is to be taken away of one that was served."""
        return (self._path, _beside(self._path)) if self._noted else (self._path,)

    def drop(self) -> bool:
        """Take it away, and what stands beside it. Says whether that was in time: False when it was sent already.
        Raises: OSError."""
        unsent = self.phase != "sent"
        if not REMOVES_HELD:
            self.served()  # so that nobody sends it in between
        self._gone = True
        self._lock.release(remove=True)
        self._forget()
        return unsent

    def give_up(self, progress: Progress) -> None:
        """Move it to `failed/`, with what is known; a failed one stays there. Raises: OSError."""
        folder, here = self._failed_folder, os.path.dirname(self._path)
        if here == folder:
            self.note(progress, durable=True)
            return
        moved = os.path.join(folder, os.path.basename(self._path))
        private_folder(folder)
        atomic_write(_beside(moved), progress.text())
        self.enter("waiting")
        self._gone = True
        self._lock.release(move_to=moved)
        self._forget()
        sync_folder(folder)
        sync_folder(here)

    def _forget(self) -> None:
        """Take the note of a message away that isn't here any more; one that somebody is reading, on Windows, goes with
        the next run."""
        with suppress(OSError):
            os.unlink(_beside(self._path))


def _beside(path: str) -> str:
    return path.removesuffix(MESSAGE) + PROGRESS


def read_head(path: str) -> tuple[Entry, Phase, int, bytes]:
    """What was queued, its phase, where the message itself begins, and its first octets: all of a small one.

    Raises:
        Damaged: the file isn't what was written.
        OSError: it can't be read.
    """
    with open(path, "rb", buffering=0) as file:
        return _head(file.fileno())


def _head(descriptor: int) -> tuple[Entry, Phase, int, bytes]:
    os.lseek(descriptor, 0, os.SEEK_SET)
    size = os.fstat(descriptor).st_size
    data = os.read(descriptor, min(size, BLOCK))
    if b"\n" not in data and len(data) == BLOCK:
        data += os.read(descriptor, LONGEST_HEAD - BLOCK)
    line, end, head = data.partition(b"\n")
    entry, phase = read_entry(line)
    held = size - len(line) - len(end)
    if held != entry.size:
        raise Damaged(f"it holds {held} octets of {entry.size}")
    return entry, phase, len(line) + len(end), head


def was_sent(path: str) -> bool:
    """Whether everybody has got it and it is only to be taken away; False as well where it can't be read."""
    try:
        return phase_at(path) == "sent"
    except OSError:
        return False


def phase_at(path: str) -> Phase | None:
    """The phase of the message at `path`, whoever holds it; None for none. Raises: OSError."""
    with open(path, "rb", buffering=0) as file:
        return _phase(file.fileno())


def _phase(descriptor: int) -> Phase | None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return PHASES.get(os.read(descriptor, 1))


def read_beside(path: str) -> Progress | None:
    """How far the message at `path` has come; None when nothing is noted. A note that can't be read may have said that
    somebody has got it."""
    beside = _beside(path)
    try:
        return read_progress(read_regular(beside, LONGEST_PROGRESS)[0])
    except FileNotFoundError:
        return None
    except (OSError, FileProblem, Damaged):
        return Progress(1, unknown=1, detail=f"how far it had come can't be read ({os.path.basename(beside)})")
