"""One attempt at a queued message: what is delivered, what came of that, and the progress that it makes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace

from dtsconf.frozen import frozen
from dtsconf.queue.entry import Entry, Progress, Refused
from dtsconf.queue.held import Held, Queued


@frozen
class Outcome:
    """What came of one attempt. `later` are the recipients to try again, `refused` those for whom it failed for good;
    everybody else has got it. `unknown`: they may have. `unusable`: the server can't be used by any message now.
    `untried` is the sender or recipient because of whom it was left out, since another mail of theirs was refused.
    `more`: it takes only so many recipients at once, and some of `later` right away (RFC 5321 4.5.3.1.10). `unread`:
    why nobody gets it, where its file can't be read. `hint` is what to do about this message."""

    later: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    unknown: bool = False
    unusable: bool = False
    untried: str = ""
    more: bool = False
    unread: str = ""
    detail: str = ""
    hint: str = ""


class Item:
    """A message to deliver: what was queued, whom of its recipients it is for, and its content. `last`: when these have
    got it, nothing is left to tell of it."""

    def __init__(
        self, held: Held, entry: Entry, recipients: tuple[str, ...], content: Queued, *, last: bool = True
    ) -> None:
        self._held, self._last = held, last
        self.entry, self.recipients, self.content = entry, recipients, content

    def begin(self) -> None:
        """To be called before any of it goes out: from then on it may have arrived. Raises: OSError."""
        self._held.enter("sending")

    def taken(self) -> None:
        """To be called when all its recipients have got it, before anything else takes time, so that nobody gets it
        twice. Raises: OSError."""
        if self._last:
            self._held.served()


Deliver = Callable[[Iterable[Item]], Generator[Outcome, None, None]]
"""Delivers messages: gives what came of each, in order. It may take the next ones before it tells of one, so that a
server is never kept waiting. Whatever it raises ends the run."""


def once_more(progress: Progress) -> Progress:
    """For one that was given up and is tried again: whoever had been refused is asked for once more."""
    if not progress.refused:
        return progress
    again = (*(progress.remaining or ()), *(each.address for each in progress.refused))
    return replace(progress, remaining=again, refused=())


def after(progress: Progress, outcome: Outcome, recipients: tuple[str, ...]) -> Progress:
    """The progress that an attempt makes. `remaining` stays None as long as nobody is served."""
    served = len(outcome.later) < len(recipients)
    return replace(
        progress,
        attempts=progress.attempts + 1,
        unknown=progress.unknown + outcome.unknown,
        remaining=outcome.later if served or progress.remaining is not None else None,
        refused=(*progress.refused, *outcome.refused),
    )
