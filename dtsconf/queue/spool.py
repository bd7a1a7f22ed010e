"""One user's spool: a folder of messages that survive a power cut, each with a lock of its own.

A message is there once its file stands under its name, which happens last (write, fsync, rename, folder sync). Names
begin with the time, so their order is the order of queueing, and end with the size, so that what the spool holds is
known from a listing. What is given up moves to `failed/`, with its reason; nothing is thrown away.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError, UsageProblem
from dtsconf.files import private_folder, remove_all, sync_folder
from dtsconf.files.folder import Folder
from dtsconf.files.lock import FileLock
from dtsconf.files.staging import Staging, new_file, sweep
from dtsconf.frozen import frozen
from dtsconf.names import escape_controls
from dtsconf.queue.entry import LONGEST_HEAD, Entry
from dtsconf.queue.faults import FAILED, SPARE, fix_of, in_words, without_room
from dtsconf.queue.held import BLOCK, MESSAGE, PROGRESS, Held, was_sent

if TYPE_CHECKING:
    from dtsconf.content import Content

LARGEST = 2 * 1024**3
"""Octets that the spool holds at most."""


@frozen
class Slot:
    """A message's place. `failed`: it was given up; `id` is what it is called on the command line."""

    path: str
    failed: bool
    id: str

    @property
    def size(self) -> int:
        """Octets of the message; 0 when the name doesn't tell."""
        digits = os.path.basename(self.path).removesuffix(MESSAGE).rpartition("-")[2]
        return int(digits) if digits.isascii() and digits.isdigit() else 0


class Spool:
    """The messages in `folder`, which is made (0700) when the first one comes."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.failed_folder = os.path.join(folder, FAILED)

    def add(self, message: Content, sender: str, recipients: tuple[str, ...], subject: str) -> Entry:
        """Keep a message; when this returns, it is durable.

        Raises:
            DtsconfError: the spool or its disk has no room, or the message changed meanwhile.
            OSError: it can't be written; nothing is left of it then.
        """
        with self._made() as folder:
            return self._add(folder, message, sender, recipients, subject)

    def _made(self) -> Folder:
        """Its folder, which is there then. Raises: DtsconfError, OSError."""
        try:
            return Folder(self.folder)
        except FileNotFoundError:
            private_folder(self.folder)
            return Folder(self.folder)
        except PermissionError:
            _require_own(self.folder, _facts(self.folder))
            raise

    def _add(self, folder: Folder, message: Content, sender: str, recipients: tuple[str, ...], subject: str) -> Entry:
        waiting = self._require_room(folder, message.size)
        now = time.time()
        name = f"{_second(int(now))}{int(now % 1 * 1e6):06d}-{os.urandom(4).hex()}"
        size = message.size
        entry = Entry(name, message.message_id, sender, recipients, subject, size, message.eight_bit, round(now, 3))
        head = entry.line()
        if len(head) > LONGEST_HEAD:
            raise DtsconfError(f"{len(recipients)} recipients are too many for one queued mail", "queue it in parts")
        with new_file(folder, f"{name}-{size}{MESSAGE}") as staging:
            if sum(map(staging.write, _blocks(head, message.chunks()))) != len(head) + size:
                raise DtsconfError("the message changed while it was queued", "queue it again")
            _commit(staging)
        _HELD[self.folder] = folder.facts().st_mtime_ns, waiting + size
        return entry

    def _require_room(self, folder: Folder, size: int) -> int:
        """What waits there already, in octets. Raises: DtsconfError, OSError."""
        facts = folder.facts()
        _require_own(self.folder, facts)
        waiting = _held_in(self.folder, facts, failed=False)
        failed = _held_in(self.failed_folder, _facts(FAILED, folder), failed=True)
        if (held := waiting + failed) + size > LARGEST:
            raise DtsconfError(
                f"the spool is full: it holds {held} octets of {LARGEST}, and the message has {size}",
                _roomier(waiting, failed) or "send less of it at a time",
            )
        if (full := without_room(self.folder, size + SPARE, folder)) is not None:
            hint = "; or ".join(filter(None, (full.fix, _roomier(waiting, failed))))
            raise DtsconfError(f"no room in the spool: {in_words(full)}", hint)
        return waiting

    def slots(self) -> list[Slot]:
        """What waits, in the order of queueing, then what was given up. Raises: DtsconfError when a folder can't be
        read or others could put mails into it."""
        with self._opened():
            return [*_slots(self.folder, failed=False), *_slots(self.failed_folder, failed=True)]

    def is_empty(self) -> bool:
        """Whether nothing waits and nothing was given up, without a look at all of it. Raises: as `slots`."""
        with self._opened():
            return not any(True for folder in (self.folder, self.failed_folder) for _ in _names(folder))

    @contextmanager
    def _opened(self) -> Iterator[None]:
        _require_own(self.folder, _facts(self.folder))
        try:
            yield
        except (PermissionError, NotADirectoryError) as error:
            told = f"the queue can't be read: {escape_controls(error.filename)}: {error.strerror}"
            raise DtsconfError(told, fix_of(error, error.filename)) from None

    def named(self, ids: Iterable[str]) -> list[Slot]:
        """The places of the messages with these ids.

        Raises:
            UsageProblem: one isn't there.
        """
        places = {slot.id: slot for slot in self.slots()}
        lost = [wanted for wanted in ids if wanted not in places or was_sent(places[wanted].path)]
        if lost:
            raise UsageProblem(f"no message {escape_controls(lost[0])} is queued", "dtsconf queue list shows the ids")
        return [places[wanted] for wanted in dict.fromkeys(ids)]

    def take(self, slot: Slot) -> Held | None:
        """Hold a message; None when it is gone or somebody else has it. Raises: OSError."""
        lock = FileLock(slot.path, create=False)
        try:
            return Held(slot.path, self.failed_folder, lock) if lock.acquire() else None
        except FileNotFoundError:
            return None

    def tidy(self) -> None:
        """Take away what writers and runs that were killed have left: staging files, and notes of messages that are
        gone. Raises: OSError."""
        if not os.path.isdir(self.folder):
            return
        names = set(sweep(self.folder))
        with suppress(OSError):  # what can be done without it is done
            sweep(self.failed_folder)
        notes = (name for name in names if name.endswith(PROGRESS))
        lost = [each for each in notes if each.removesuffix(PROGRESS) + MESSAGE not in names]
        places = [os.path.join(self.folder, each) for each in lost]
        # Those alone whose message isn't there now, either: it may have come while the names were read.
        remove_all([each for each in places if not os.path.lexists(each.removesuffix(PROGRESS) + MESSAGE)])

    def clear(self, served: Iterable[Held]) -> None:
        """Take away messages that were sent, for good. One that can't be taken away is left to the next run. Raises:
        OSError."""
        remove_all([path for held in served for path in held.paths])
        self.sync()

    def sync(self) -> None:
        """Make removals survive a power cut. Raises: OSError."""
        if os.path.isdir(self.folder):
            sync_folder(self.folder)


@lru_cache(1)  # many mails come within one
def _second(now: int) -> str:
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime(now))


def _commit(staging: Staging) -> None:
    """Raises: OSError; no run finds the message then, also where it was only the folder that could not be synced."""
    try:
        staging.commit()
    except FileExistsError:
        raise
    except OSError:
        with suppress(OSError):
            os.unlink(staging.path)
        raise


def is_free(slot: Slot, wait: float = 0.0) -> bool:
    """Whether nobody has the message in hand, or it is gone, within so many seconds; one that this user can't open is
    in nobody's."""
    lock = FileLock(slot.path, create=False)
    with suppress(OSError):
        if not lock.acquire(wait):
            return False
        lock.release()
    return True


def _require_own(folder: str, facts: os.stat_result | None) -> None:
    """Of a user's own folder, where it is there: what others may put in would be sent in this user's name. Raises:
    DtsconfError."""
    if sys.platform != "win32" and facts is not None:
        me = os.geteuid()
        if facts.st_uid != me or facts.st_mode & 0o022:
            from dtsconf.files.trust import untrusted

            if fault := untrusted(folder, facts, frozenset({me}), sticky=False):
                theirs = f"run it as that user; or, if the queue is to be yours, {fault.fix}"
                hint = fault.fix if facts.st_uid == me else theirs
                raise DtsconfError(f"the queue's folder {escape_controls(folder)} {fault.reason}", hint)


def _facts(folder: str, within: Folder | None = None) -> os.stat_result | None:
    try:
        return within.facts_of(folder) if within else os.stat(folder)
    except OSError:  # what else than its absence that is, whoever opens it says
        return None


def _roomier(waiting: int, failed: int) -> str:
    """What takes mails out of a spool that holds so many octets of each kind; '' where there are none."""
    ways = ["send what waits (dtsconf queue flush)"] if waiting else []
    ways += ["take away what failed (dtsconf queue list shows it): dtsconf queue drop --failed"] if failed else []
    return ", or ".join(ways)


def _blocks(head: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of a size that is worth a write: a small message is one."""
    waiting = [head]
    held = len(head)
    for chunk in chunks:
        waiting.append(chunk)
        held += len(chunk)
        if held >= BLOCK:
            yield b"".join(waiting)
            waiting.clear()
            held = 0
    yield b"".join(waiting)


_HELD: dict[str, tuple[int, int]] = {}
"""What a folder held when it had that time of change: whoever queues many lists it only when others do, too."""


def _held_in(folder: str, facts: os.stat_result | None, *, failed: bool) -> int:
    """Octets of the messages in a folder."""
    if facts is None:
        return 0
    changed = facts.st_mtime_ns
    known = _HELD.get(folder)
    if known is None or known[0] != changed:
        known = _HELD[folder] = changed, sum(slot.size for slot in _slots(folder, failed=failed))
    return known[1]


def _slots(folder: str, *, failed: bool) -> list[Slot]:
    names = sorted(_names(folder))
    return [Slot(os.path.join(folder, name), failed, _id(name)) for name in names]


def _id(name: str) -> str:
    """What stands before the size; of a name without one, all of it."""
    bare = name.removesuffix(MESSAGE)
    return bare.rpartition("-")[0] or bare


def _names(folder: str) -> Iterator[str]:
    """Of messages. What isn't a regular file was put there by somebody else: to open it could wait for ever, or lead
    elsewhere."""
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for each in found:
            name = each.name
            if name.endswith(MESSAGE) and not name.startswith(".") and each.is_file(follow_symlinks=False):
                yield name
