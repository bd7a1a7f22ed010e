"""Delivering what is queued: which messages, in which order, and what becomes of each after an attempt.

Nothing is lost: a message leaves the spool when everybody has got it or somebody drops it. What failed for good is kept
in `failed/`. An attempt whose outcome nobody knows is made again with the same Message-ID, and counted. When the server
can't be used at all the run ends, for the next message would fare no better.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Literal, Protocol

from dtsconf.errors import DtsconfError
from dtsconf.frozen import frozen
from dtsconf.queue.attempt import Deliver, Outcome, after, once_more
from dtsconf.queue.entry import Damaged, Entry, Phase, Progress
from dtsconf.queue.held import Held, Queued
from dtsconf.queue.schedule import due, expired, next_attempt
from dtsconf.queue.spool import Slot, Spool

SYNC_EVERY = 1.0
"""Seconds: removals are made to survive a power cut that often, and at the end. One that doesn't is sent twice."""

State = Literal["sent", "deferred", "failed"]

_SPOOL = "give the queue's folder back its rights, or the disk some space (dtsconf doctor); a later run goes on with it"
"""What to do where a message's file can't be handled."""

_OF_ALL = (errno.EROFS, errno.EMFILE, errno.ENFILE)
"""Troubles with one message's file that every other would have as well."""


class Clock(Protocol):
    """Time and chance."""

    def now(self) -> float:
        """Seconds since 1970."""

    def random(self) -> float:
        """From 0 up to 1."""


class SystemClock:
    """The real one."""

    def now(self) -> float:
        """See Clock."""
        return time.time()

    def random(self) -> float:
        """See Clock."""
        import random

        return random.random()  # noqa: S311 - jitter, nothing secret


@frozen
class Ran:
    """One message of a run. `detail` is what came of it, `hint` what to do about that; '' where there is nothing."""

    id: str
    message_id: str
    state: State
    detail: str = ""
    hint: str = ""


@frozen
class Which:
    """What a run takes: `everything`, or what is due; with `ids` only these, failed ones too."""

    everything: bool = False
    ids: Collection[str] = ()

    def takes(self, slot: Slot, progress: Progress, now: float) -> bool:
        """Whether this message is meant."""
        if self.ids:
            return slot.id in self.ids
        return not slot.failed and (self.everything or due(now, progress.next))


@frozen
class _Taken:
    """A message in our hands. `read` is what its file holds, or why it is damaged."""

    slot: Slot
    held: Held
    progress: Progress
    read: tuple[Entry, Phase, Queued] | Damaged | OSError


class Runner:
    """One run over a spool. `told` is called with each message's result as it comes.

    While the server stores one message the last one's file is taken away and the next one's is read.
    """

    def __init__(
        self,
        spool: Spool,
        deliver: Deliver,
        *,
        told: Callable[[Ran], None] = lambda _ran: None,
        clock: Clock | None = None,
    ) -> None:
        self._spool, self._deliver, self._told = spool, deliver, told
        self._clock = clock or SystemClock()
        self._unusable: Outcome | None = None
        self._slots: Iterator[Slot] = iter(())
        self._ahead: _Taken | OSError | None = None
        self._served: list[Held] = []
        self._closed: list[Ran] = []
        self._then = 0.0
        self._synced = 0.0

    def run(self, which: Which) -> list[Ran]:
        """Deliver. Gives what became of each message that was taken; those that somebody else holds are left out.

        Raises:
            OSError: the spool can't be read or written.
            Whatever `deliver` raises; the message at hand stays queued.
        """
        self._spool.tidy()
        self._slots = iter(self._spool.slots())
        found = []
        try:
            while (taken := self._next(which)) is not None:
                with taken.held:
                    ran = self._visit(taken, which)
                if ran is not None:
                    found.append(ran)
                    self._told(ran)
                self._sync(at_once=False)
        finally:
            if isinstance(self._ahead, _Taken):
                self._ahead.held.release()
            self._clear()
        self._sync(at_once=True)
        for ran in self._closed:
            self._told(ran)
        return found + self._closed

    def _next(self, which: Which) -> _Taken | None:
        """The next message that is meant; None when there is none left. Raises: OSError."""
        ahead, self._ahead = self._ahead, None
        if isinstance(ahead, OSError):
            raise ahead
        if ahead is not None:
            return ahead
        for slot in self._slots:
            if which.ids and slot.id not in which.ids:
                continue
            try:
                held = self._spool.take(slot)
            except OSError as closed:
                if closed.errno in _OF_ALL:
                    raise
                told = f"its file can't be opened: {closed.strerror}"
                self._closed.append(Ran(slot.id, "", "failed", told, _SPOOL))
                continue
            if held is None:
                continue
            progress = held.progress()
            if which.takes(slot, progress, self._clock.now()):
                return _Taken(slot, held, progress, _read(held))
            held.release()
        return None

    def _meanwhile(self, which: Which) -> None:
        """What needs no answer of the server's. Trouble waits: it must not touch the message at hand, and a file that
        can't be taken away is noted as sent."""
        with suppress(OSError):
            self._clear()
        try:
            self._ahead = self._next(which)
        except OSError as error:
            self._ahead = error

    def _clear(self) -> None:
        """Take away what everybody has got."""
        while self._served:
            self._served.pop().remove()

    def _sync(self, *, at_once: bool) -> None:
        now = self._clock.now()
        if at_once or now - self._synced > SYNC_EVERY:
            self._spool.sync()
            self._synced = now

    def _visit(self, taken: _Taken, which: Which) -> Ran | None:
        slot, held, progress = taken.slot, taken.held, taken.progress
        if isinstance(taken.read, (Damaged, OSError)):
            why = taken.read.strerror if isinstance(taken.read, OSError) else taken.read
            anew = f"send the mail anew, then dtsconf queue drop {slot.id}"
            detail = f"the queued file is damaged: {why}"
            return self._give_up(Ran(slot.id, "", "failed", detail, anew), held, replace(progress, detail=detail))
        entry, phase, content = taken.read
        if phase == "sent":  # by a run that was killed before it could take the file away
            held.remove()
            return None
        if phase == "sending":  # by a run that was killed over it
            progress = replace(progress, attempts=progress.attempts + 1, unknown=progress.unknown + 1)
            # Written down before it is sent once more: where that can't be, it would be sent at every run.
            if told := self._note(Ran(slot.id, entry.message_id, "failed", "not tried"), held, progress):
                return told
        if slot.failed:
            progress = once_more(progress)
        if not (entry.recipients if progress.remaining is None else progress.remaining):
            # By a run that was killed before it could move the file to failed/.
            return self._settle(slot, entry, progress, held)
        now = self._clock.now()
        if self._unusable is not None:
            outcome, then = self._unusable, self._then
        else:
            outcome, progress = self._attempt(entry, content, progress, held, lambda: self._meanwhile(which))
            then = next_attempt(now, progress.attempts, self._clock.random())
            if outcome.unusable:
                self._unusable, self._then = outcome, then
        return self._settle(slot, entry, replace(progress, next=then, detail=outcome.detail), held, outcome.hint)

    def _attempt(
        self, entry: Entry, content: Queued, progress: Progress, held: Held, meanwhile: Callable[[], None]
    ) -> tuple[Outcome, Progress]:
        """One attempt, in as many transactions as the server takes it; who has got it is written down after each."""
        attempts = progress.attempts + 1
        while True:
            recipients = entry.recipients if progress.remaining is None else progress.remaining
            held.enter("sending")
            try:
                outcome = self._deliver(entry, recipients, content, meanwhile)
            except DtsconfError:  # nothing was begun, so there is nothing to wonder about
                held.enter("waiting")
                raise
            progress = replace(after(progress, outcome, recipients), attempts=attempts)
            if not outcome.more or len(outcome.later) == len(recipients):
                return outcome, progress
            held.note(progress, durable=True)
            meanwhile = _nothing

    def _settle(self, slot: Slot, entry: Entry, progress: Progress, held: Held, hint: str = "") -> Ran:
        """Write down what came of it, and say it."""
        still = progress.remaining is None or bool(progress.remaining)
        if not still and not progress.refused:
            held.served()
            self._served.append(held)
            return Ran(entry.id, entry.message_id, "sent")
        if still and not slot.failed and not expired(self._clock.now(), entry.queued):
            ran = Ran(entry.id, entry.message_id, "deferred", progress.detail, hint)
            return self._note(ran, held, progress) or ran
        if still and not slot.failed:
            progress = replace(progress, detail=f"given up after 5 days; the last attempt: {progress.detail}")
        hint = (
            hint
            or f"once that is mended: dtsconf queue flush {entry.id}; or take it away: dtsconf queue drop {entry.id}"
        )
        return self._give_up(Ran(entry.id, entry.message_id, "failed", progress.detail, hint), held, progress)

    def _note(self, ran: Ran, held: Held, progress: Progress) -> Ran | None:
        """Write down how far it has come. Gives what to tell where that can't be done; the others go on all the same.
        Its phase says then that nobody knows, unless nobody can have it."""
        served = progress.remaining is not None or bool(progress.unknown)
        try:
            held.note(progress, durable=served)
        except OSError as error:
            if not served:
                held.enter("waiting")
            told = f"{ran.detail}; this can't be written down: {error.strerror}"
            return replace(ran, state="failed", detail=told, hint=_SPOOL)
        return None

    def _give_up(self, ran: Ran, held: Held, progress: Progress) -> Ran:
        """Move it to `failed/`; where that can't be done, it stays, and the next run moves it. Gives what to tell."""
        told = self._note(ran, held, progress)
        if told:
            return told
        try:
            held.give_up(progress)
        except OSError as error:
            return replace(ran, detail=f"{ran.detail}; it can't be moved to failed/: {error.strerror}", hint=_SPOOL)
        return ran


def _read(held: Held) -> tuple[Entry, Phase, Queued] | Damaged | OSError:
    try:
        return held.read()
    except (Damaged, OSError) as damaged:
        return damaged


def _nothing() -> None:
    """What there is to do while the server takes a message for further recipients."""
