"""The second half of a transaction: what was staged goes live or goes away. Why it is safe: transaction.py."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from dtsconf.errors import DtsconfError, Notice
from dtsconf.files.signals import uninterrupted
from dtsconf.frozen import frozen
from dtsconf.machine.failure import failure
from dtsconf.machine.journal import Journal, Step, write_journal
from dtsconf.machine.key import plain_digest
from dtsconf.machine.layout import parent
from dtsconf.machine.recovery import clear, forward, misread, record, remove_journal, undo
from dtsconf.machine.system import Meta, Owner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dtsconf.machine.key import MachineKey
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import Facts, Found, System

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


@frozen
class Item:
    """A write on its way: its scratch names, what stood at its path when it was staged (`found`), and the name under
    which the file that it replaces lies before the commit (`replaces`; None: it replaces nothing)."""

    path: str
    found: Found | None
    staging: str | None
    backup: str
    replaces: str | None
    facts: Facts | None = None
    digest: str | None = None

    def made(self, facts: Facts, digest: str) -> Item:
        """The same, staged."""
        return replace(self, facts=facts, digest=digest)

    @property
    def step(self) -> Step:
        """The journal's view."""
        return Step(self.path, self.staging, self.backup, self.replaces is not None, self.digest)


class Staged:
    """What was staged: exactly one of `discard` and `commit` follows; `with staged:` discards unless committed.

    `facts` has for each path what will stand there (None: nothing): mode, owner, size and time for the record.
    `folders_made` are the folders outside STATE that had to be made, outermost first (for the record, so that rollback
    0 and purge can give them back as `folders_gone`)."""

    def __init__(
        self, system: System, layout: Layout, key: MachineKey, items: tuple[Item, ...], folders_made: tuple[str, ...]
    ) -> None:
        self._system, self._layout, self._key, self._items = system, layout, key, items
        self._open = True
        self.folders_made = folders_made
        self.facts: Mapping[str, Facts | None] = {item.path: item.facts for item in items}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open:
            self.discard()

    def discard(self) -> None:
        """Takes everything away again. Raises: DtsconfError when something can't be removed; the next command does."""
        self._open = False
        with uninterrupted():
            try:
                clear(self._system, self._layout)
            except OSError as error:
                raise failure(error, tail="; staging files are left there, the next command removes them") from None

    def commit(self, records: Mapping[int, bytes], expected: Mapping[str, Found | None]) -> tuple[Notice, ...]:
        """Makes it live. `records` are the generations to record, by number (with the first apply 0 and 1),
        `expected` what `System.look` said of each target when the plan was made. Returns warnings (exit 0).
        Raises: DtsconfError (exit 1); everything is put back, or the message says what is left to do."""
        self._open = False
        with or_clear(self._system, self._layout):
            self._refuse_if_moved(expected)
            journal = self._prepare(records)
        with uninterrupted():
            self._make_live(journal)
            return self._tidy()

    def _refuse_if_moved(self, expected: Mapping[str, Found | None]) -> None:
        for item in self._items:
            now = self._system.look(item.path)
            if now != item.found or now != expected.get(item.path, now):
                place = self._system.shown(item.path)
                raise DtsconfError(
                    f"{place} was changed by somebody else since the plan was made",
                    "look at it, then type the same command again",
                )

    def _prepare(self, records: Mapping[int, bytes]) -> Journal:
        """Backups and the records' staging files, synced: after this nothing new has to be written."""
        for item in self._items:
            if item.staging and item.replaces:
                second_name(self._system, item.replaces, item.backup)
        for folder in dict.fromkeys(parent(item.path) for item in self._items):
            self._system.sync(folder)
        steps = tuple(self._stage_record(number, data) for number, data in sorted(records.items()))
        self._system.sync(self._layout.generations)
        return Journal(tuple(item.step for item in self._items), steps)

    def _stage_record(self, number: int, data: bytes) -> Step:
        path = self._layout.generation(number)
        staging, backup = path + ".new", path + ".old"
        self._system.create(staging, data, Meta(Owner(0o644, *self._system.ids())))
        existed = self._system.facts(path) is not None
        if existed:
            second_name(self._system, path, backup)
        return Step(path, staging, backup, existed, plain_digest(data))

    def _make_live(self, journal: Journal) -> None:
        try:
            write_journal(self._system, self._layout, journal)
            forward(self._system, journal)
            if path := misread(self._system, journal, self._key):
                raise OSError(errno.EIO, "what was read back is not what was written", self._system.shown(path))
            record(self._system, journal)
        except (OSError, DtsconfError) as error:
            raise self._put_back(journal, error) from None
        except BaseException:
            self._put_back(journal, DtsconfError("a fault of dtsconf's own"))
            raise

    def _put_back(self, journal: Journal, error: OSError | DtsconfError) -> DtsconfError:
        """Undoes what was done; the error to raise then."""
        try:
            if self._system.facts(self._layout.journal) is not None:
                undo(self._system, self._layout, journal)
            clear(self._system, self._layout)
        except (OSError, DtsconfError) as second:
            first = error if isinstance(error, DtsconfError) else failure(error)
            then = second if isinstance(second, DtsconfError) else failure(second)
            hint = "mend that; the next dtsconf command finishes or undoes it, and dtsconf status shows it"
            return DtsconfError(f"{first.message}; and it was not all put back: {then.message}", hint)
        tail = "; everything was put back as it was"
        return (
            failure(error, tail=tail) if isinstance(error, OSError) else type(error)(error.message + tail, error.hint)
        )

    def _tidy(self) -> tuple[Notice, ...]:
        """The run has succeeded; an error from now on changes nothing about that."""
        try:
            remove_journal(self._system, self._layout)
            clear(self._system, self._layout)
        except (OSError, DtsconfError) as error:
            told = error if isinstance(error, DtsconfError) else failure(error)
            message = f"applied, but something could not be cleared away: {told.message}"
            return (Notice("cleanup", message, "the next dtsconf command clears it away"),)
        return ()


def second_name(system: System, old: str, new: str) -> None:
    """The same file under another name beside; a copy with all its metadata where there are no hard links."""
    try:
        system.link(old, new)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        found = system.look(old)
        if found is None:
            raise
        system.create(new, found.content, Meta(found.facts.owner, found.labels, found.facts.mtime_ns))


@contextmanager
def or_clear(system: System, layout: Layout) -> Iterator[None]:
    """Whatever goes wrong inside, Ctrl-C too: what is registered is removed again. OSError becomes DtsconfError."""
    try:
        yield
    except BaseException as error:
        tail = ""
        with uninterrupted():
            try:
                clear(system, layout)
            except (OSError, DtsconfError):
                tail = "; staging files are left there, the next command removes them"
        if isinstance(error, OSError):
            raise failure(error, tail=tail) from None
        raise
