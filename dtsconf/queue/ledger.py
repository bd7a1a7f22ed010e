"""What becomes of queued messages after an attempt: written down beside them, and told.

Whatever can't be written down stops no other message.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Collection
from dataclasses import replace
from typing import Literal, Protocol

from dtsconf.frozen import frozen
from dtsconf.queue.attempt import Item, Outcome, after
from dtsconf.queue.entry import LONGEST_DETAIL, Progress
from dtsconf.queue.faults import fix_of
from dtsconf.queue.held import Held
from dtsconf.queue.schedule import began, expired, next_attempt
from dtsconf.queue.spool import Slot

State = Literal["sent", "deferred", "failed"]

ROOM = 2 * LONGEST_DETAIL
"""Octets of a note for each recipient: the address, and what is kept of the server's words."""


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
    """One message of a run. `detail` is what came of it, `hint` what to do about that; '' where there is nothing.
    `stuck`: it stays as it was, for what somebody has to mend on this machine."""

    id: str
    message_id: str
    state: State
    detail: str = ""
    hint: str = ""
    stuck: bool = False


@frozen
class Taken:
    """A message in our hands, and how far it had come."""

    slot: Slot
    held: Held
    progress: Progress
    item: Item


def served(progress: Progress) -> bool:
    """Whether somebody has got it, or may have: what must not be lost."""
    return progress.remaining is not None or bool(progress.unknown)


_GONE = "its file was taken away meanwhile: no run tries it again"


def stuck(ran: Ran, trouble: str, error: OSError, path: str) -> Ran:
    """One whose file can't be handled: it waits on, and a later run goes on with it; unless the file is gone."""
    before = f"{ran.detail}; " if ran.detail else ""
    if not os.path.lexists(path):
        return replace(ran, state="failed", detail=f"{before}{_GONE}", hint="")
    hint = f"{fix_of(error, path)}; a later run goes on with it"
    return replace(ran, state="deferred", detail=f"{before}{trouble}: {error.strerror}", hint=hint, stuck=True)


def _of_refused(progress: Progress) -> str:
    """Why it is given up, where the last attempt was for others and went well."""
    first, *more = progress.refused
    return f"{first.address}: {first.detail}{f' (and {len(more)} more)' if more else ''}"


def _by_hand(name: str) -> str:
    """What to type for a message that failed."""
    return f"dtsconf queue flush {name}; or take it away: dtsconf queue drop {name}"


class Ledger:
    """The results of a run. `found` are the messages whose attempt is over, `more` those that go on at once, with whom
    the server had no place for in the same transaction, `gone` those that are noted as sent and to be taken away."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.found: list[Ran] = []
        self._due: dict[str, float] = {}
        self.more: deque[Taken] = deque()
        self.gone: list[Held] = []

    def settle(self, taken: Taken, outcome: Outcome) -> float:
        """Write down what came of an attempt. Gives when the next one would be due."""
        recipients, earlier = taken.item.recipients, taken.progress
        if outcome.unread:
            self.lose(taken.slot, taken.held, earlier, outcome.unread)
            taken.held.release()
            return 0.0
        if outcome.untried:
            hint = f"not tried, since another mail of this run came to that for {outcome.untried}: a later run does"
            self.keep(taken, replace(earlier, next=self._due.get(outcome.untried, 0.0), detail=outcome.detail), hint)
            return 0.0
        if not outcome.later and not outcome.refused and not earlier.refused:
            self.finish(taken, earlier)
            return 0.0
        progress = after(earlier, outcome, recipients)
        if outcome.more and len(outcome.later) < len(recipients):
            self._go_on(taken, replace(progress, detail=outcome.detail))
            return 0.0
        then = next_attempt(self._clock.now(), progress.attempts, self._clock.random())
        self._due.update(dict.fromkeys((taken.item.entry.sender, *outcome.later), then))
        progress = replace(progress, next=then, detail=outcome.detail)
        if progress.remaining == ():
            self.finish(taken, progress, outcome.hint)
        else:
            self.keep(taken, progress, outcome.hint)
        return then

    def _go_on(self, taken: Taken, progress: Progress) -> None:
        """With those whom the server had no place for yet, as part of the same attempt: who has got it is written
        down."""
        ran = Ran(taken.item.entry.id, taken.item.entry.message_id, "deferred", progress.detail)
        remaining = progress.remaining or ()
        if not self.note(ran, taken.held, progress) or not self.has_room(ran, taken.held, progress, remaining):
            taken.held.release()
            return
        item = taken.item
        further = Item(taken.held, item.entry, remaining, item.content, last=not progress.refused)
        self.more.append(Taken(taken.slot, taken.held, replace(progress, attempts=taken.progress.attempts), further))

    def finish(self, taken: Taken, progress: Progress, hint: str = "") -> None:
        """What nobody waits for any more: it is taken away, or given up for those who were refused."""
        entry, held = taken.item.entry, taken.held
        if progress.refused:
            self._fail(taken, progress, hint)
            return
        held.served()
        held.release()
        self.gone.append(held)
        self.found.append(Ran(entry.id, entry.message_id, "sent"))

    def let_go(self, taken: Taken) -> None:
        """One whose outcome nobody has told: it waits on, unless it is known that everybody has got it."""
        if taken.held.is_served:
            self.finish(taken, taken.progress)
        else:
            taken.held.release()

    def keep(self, taken: Taken, progress: Progress, hint: str) -> None:
        """What somebody has not got: it waits on, or is given up."""
        slot, entry, now = taken.slot, taken.item.entry, self._clock.now()
        progress = replace(progress, since=began(now, progress.since, entry.queued))
        if not slot.failed and not expired(now, progress.since):
            ran = Ran(entry.id, entry.message_id, "deferred", progress.detail, hint)
            if self.note(ran, taken.held, progress):
                self.found.append(ran)
            taken.held.release()
            return
        if not slot.failed:
            last = "the last attempt" if progress.attempts else "it was not tried, since others came to"
            progress = replace(progress, detail=f"given up after 5 days; {last}: {progress.detail}")
        self._fail(taken, progress, f"no run tries it by itself any more; {_by_hand(entry.id)}")

    def _fail(self, taken: Taken, progress: Progress, hint: str) -> None:
        name = taken.item.entry.id
        if not progress.detail:
            progress = replace(progress, detail=_of_refused(progress))
        hint = hint or f"once that is mended: {_by_hand(name)}"
        self.give_up(Ran(name, taken.item.entry.message_id, "failed", progress.detail, hint), taken.held, progress)
        taken.held.release()

    def note(self, ran: Ran, held: Held, progress: Progress) -> bool:
        """Write down how far it has come. Where that can't be done, that is told, and the others go on all the same.
        Its phase says then that nobody knows, unless nobody can have it."""
        lasting = served(progress)
        try:
            held.note(progress, durable=lasting)
        except OSError as error:
            if not lasting:
                held.enter("waiting")
            self.found.append(stuck(ran, "this can't be written down", error, held.path))
            return False
        return True

    def has_room(self, ran: Ran, held: Held, progress: Progress, recipients: Collection[str]) -> bool:
        """Whether it can be written down who of several has got it, once that is known. Where not, that is told, and it
        goes to nobody. Of one alone nothing is to be written down but the phase."""
        if len(recipients) == 1 and not progress.refused:
            return True
        try:
            held.reserve(len(progress.text()) + ROOM * (len(recipients) + 1))
        except OSError as error:
            self.found.append(stuck(ran, "who has got it couldn't be written down", error, held.path))
            return False
        return True

    def lose(self, slot: Slot, held: Held, progress: Progress, why: str) -> None:
        """Give up one whose file can't be read."""
        detail = f"the queued file is damaged: {why}"
        anew = f"send the mail anew, then dtsconf queue drop {slot.id}"
        self.give_up(Ran(slot.id, "", "failed", detail, anew), held, replace(progress, detail=detail))

    def give_up(self, ran: Ran, held: Held, progress: Progress) -> None:
        """Move it to `failed/`; where that can't be done, it stays, and the next run moves it."""
        if not self.note(ran, held, progress):
            return
        try:
            held.give_up(progress)
        except OSError as error:
            ran = stuck(ran, "it can't be moved to failed/", error, held.path)
        self.found.append(ran)
