"""One attempt at a queued message: what delivers it, what came of that, and the progress that it makes. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dtsconf.frozen import frozen
from dtsconf.queue.entry import Entry, Progress, Refused
from dtsconf.queue.held import Queued


@frozen
class Outcome:
    """What came of one attempt. `later` are the recipients to try again, `refused` those for whom it failed for good;
    everybody else has got it. `unknown`: they may have. `unusable`: the server can't be used by any message now.
    `more`: it takes only so many recipients at once, and some of `later` right away (RFC 5321 4.5.3.1.10). `hint` is
    what to do about this message."""

    later: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    unknown: bool = False
    unusable: bool = False
    more: bool = False
    detail: str = ""
    hint: str = ""


Deliver = Callable[[Entry, tuple[str, ...], Queued, Callable[[], None]], Outcome]
"""(message, recipients to serve, its content, what there is to do meanwhile) -> what came of it. The last is to be
called once, best while the server is at work; it never raises. Whatever the delivery raises ends the run."""


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
