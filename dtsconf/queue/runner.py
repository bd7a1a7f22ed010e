"""Delivering what is queued: which messages, in which order, and what becomes of each after an attempt.

Nothing is lost: a message leaves the spool when everybody has got it or somebody drops it. What failed for good is kept
in `failed/`. An attempt whose outcome nobody knows is made again with the same Message-ID, and counted. When the server
can't be used at all the run ends, for the next message would fare no better.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace

from dtsconf.frozen import frozen
from dtsconf.queue.attempt import Deliver, Item, Outcome, once_more
from dtsconf.queue.entry import Damaged, Newer, Progress
from dtsconf.queue.held import Held
from dtsconf.queue.ledger import Clock, Ledger, Ran, State, SystemClock, Taken, stuck
from dtsconf.queue.schedule import due
from dtsconf.queue.spool import Slot, Spool

CLEAR_EVERY = 1.0
"""Seconds: what was sent is taken away for good that often, and at the end. A power cut before that has it sent
twice."""

MOST_HELD = 32
"""Messages at most that wait in our hands for a further transaction: each has files open, and room for its note."""

_OF_ALL = (errno.EROFS, errno.EMFILE, errno.ENFILE)
"""Troubles with one message's file that every other would have as well."""


@frozen
class Which:
    """What a run takes: `everything`, or what is due; with `ids` only these, failed ones too, and for whoever was
    refused as well: somebody means them, and may have mended what was wrong."""

    everything: bool = False
    ids: Collection[str] = ()

    def takes(self, slot: Slot, progress: Progress, now: float) -> bool:
        """Whether this message is meant."""
        if self.ids:
            return slot.id in self.ids
        return not slot.failed and (self.everything or due(now, progress.next))


class Runner:
    """One run over a spool."""

    def __init__(self, spool: Spool, deliver: Deliver, *, clock: Clock | None = None) -> None:
        self._spool, self._deliver = spool, deliver
        self._clock = clock or SystemClock()
        self._ledger = Ledger(self._clock)
        self._out: deque[Taken] = deque()
        self._cleared = 0.0
        self._begun = False

    def run(self, which: Which) -> list[Ran]:
        """Deliver. Gives what became of each message that was taken, in the order of the queue; those that somebody
        else holds are left out.

        Raises:
            OSError: the spool can't be read or written.
            Whatever `deliver` raises; the messages that it had not told of stay queued.
        """
        self._cleared = self._clock.now()
        self._spool.tidy()
        slots = self._spool.slots()
        items = self._items(slots, which)
        try:
            with closing(items):
                self._serve(items)
                while self._ledger.more:  # whom the server had no place for in the same transaction
                    self._serve(self._further())
        finally:
            while self._out or self._ledger.more:
                self._ledger.let_go((self._out or self._ledger.more).popleft())
            self._clear(at_once=True)
        place = {slot.id: number for number, slot in enumerate(slots)}
        return sorted(self._ledger.found, key=lambda ran: place[ran.id])

    @property
    def found(self) -> tuple[Ran, ...]:
        """What became of the messages so far: for a run that is broken off."""
        return tuple(self._ledger.found)

    def _serve(self, items: Iterator[Item]) -> None:
        unusable, then = None, 0.0
        with closing(self._deliver(items)) as outcomes:
            for outcome in outcomes:
                then = self._ledger.settle(self._out[0], outcome)
                self._out.popleft()
                self._clear(at_once=False)
                if outcome.unusable:
                    unusable = outcome
                    break
        if unusable is not None:  # the others would fare no better
            while self._ledger.more:  # whose attempt this was, for those who have it
                self._put_off(self._ledger.more, unusable, then, attempts=1)
            while self._out or next(items, None) is not None:
                self._put_off(self._out, unusable, then)

    def _put_off(self, waiting: deque[Taken], unusable: Outcome, then: float, *, attempts: int = 0) -> None:
        """The first of those that wait is tried again when the server is."""
        taken = waiting[0]
        progress = replace(
            taken.progress, attempts=taken.progress.attempts + attempts, next=then, detail=unusable.detail
        )
        self._ledger.keep(taken, progress, unusable.hint)
        waiting.popleft()

    def _items(self, slots: Iterable[Slot], which: Which) -> Generator[Item, None, None]:
        """What is to be delivered. What was tried before comes after all that wasn't, so that what fares badly at every
        run keeps no other back; but for the very first, whose waits grow while the server is down."""
        tried: list[tuple[int, Slot]] = []
        yield from self._in_turn(slots, which, tried)
        tried.sort(key=lambda each: each[0])
        yield from self._in_turn([slot for _, slot in tried], which, None)

    def _in_turn(
        self, slots: Iterable[Slot], which: Which, tried: list[tuple[int, Slot]] | None
    ) -> Generator[Item, None, None]:
        """Held and read as it is asked for. `tried` gets the attempts and the place of what waits for the others."""
        for slot in slots:
            if which.ids and slot.id not in which.ids:
                continue
            held = self._take(slot)
            taken = self._read(slot, held, which, tried) if held is not None else None
            if taken is not None:
                self._begun = True
                self._out.append(taken)
                yield taken.item
            if len(self._ledger.more) >= MOST_HELD:
                yield from self._further()

    def _further(self) -> Iterator[Item]:
        for _ in range(len(self._ledger.more)):
            self._out.append(self._ledger.more.popleft())
            yield self._out[-1].item

    def _take(self, slot: Slot) -> Held | None:
        try:
            return self._spool.take(slot)
        except OSError as closed:
            if closed.errno in _OF_ALL:
                raise
            ran = Ran(slot.id, "", "deferred")
            self._ledger.found.append(stuck(ran, "its file can't be opened", closed, slot.path))
            return None

    def _read(self, slot: Slot, held: Held, which: Which, tried: list[tuple[int, Slot]] | None) -> Taken | None:
        """A message that is meant, can be delivered, and whose turn it is; any other one is let go."""
        taken = None
        try:
            progress = held.progress()
            meant = which.takes(slot, progress, self._clock.now())
            if meant and tried is not None and progress.attempts and (self._begun or progress.unknown):
                tried.append((progress.attempts, slot))
            elif meant:
                taken = self._whole(slot, held, progress, everybody=slot.failed or bool(which.ids))
            elif held.phase == "sent":  # see _whole
                self._ledger.gone.append(held)
        finally:
            if taken is None:
                held.release()
        return taken

    def _whole(self, slot: Slot, held: Held, progress: Progress, *, everybody: bool) -> Taken | None:
        """The message; None where it is damaged, or has gone out. `everybody`: for whoever was refused as well."""
        try:
            entry, phase, content = held.read()
        except Newer as newer:
            state: State = "failed" if slot.failed else "deferred"
            self._ledger.found.append(Ran(slot.id, "", state, str(newer), newer.hint, stuck=True))
            return None
        except (Damaged, OSError) as damaged:
            why = damaged.strerror if isinstance(damaged, OSError) else damaged
            self._ledger.lose(slot, held, progress, str(why))
            return None
        if entry.id != slot.id:  # somebody renamed its file: people know it by that name
            entry = replace(entry, id=slot.id)
        if phase == "sent":  # by a run that was killed before it could take the file away
            self._ledger.gone.append(held)
            return None
        untried = Ran(slot.id, entry.message_id, "failed", "not tried")
        if phase == "sending":  # by a run that was killed over it
            progress = replace(progress, attempts=progress.attempts + 1, unknown=progress.unknown + 1)
            # Written down before it is sent once more: where that can't be, it would be sent at every run.
            if not self._ledger.note(untried, held, progress):
                return None
        if everybody:
            progress = once_more(progress)
        recipients = entry.recipients if progress.remaining is None else progress.remaining
        taken = Taken(slot, held, progress, Item(held, entry, recipients, content, last=not progress.refused))
        if recipients:
            return taken if self._ledger.has_room(untried, held, progress, recipients) else None
        self._ledger.finish(taken, progress)  # of a run that was killed before it could move the file to failed/
        return None

    def _clear(self, *, at_once: bool) -> None:
        now = self._clock.now()
        if at_once or now - self._cleared > CLEAR_EVERY:
            self._spool.clear(self._ledger.gone)
            self._ledger.gone.clear()
            self._cleared = now
