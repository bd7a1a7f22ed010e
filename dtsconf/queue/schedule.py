"""When the next attempt is due, and when to give up. Pure.

RFC 5321 4.5.4.1 asks for attempts that grow apart and go on for at least 4 or 5 days.
"""

from __future__ import annotations

FIRST_WAIT = 60.0
"""Seconds after the first attempt; each further wait is twice as long."""

LONGEST_WAIT = 4 * 3600.0
LIFETIME = 5 * 24 * 3600.0
"""Seconds from the first attempt on in which it is tried: while the machine is off, nobody can (`began`)."""

_OFF = 36 * 3600.0
"""Seconds without a run after which the machine is held to have been off; who runs the queue once a night is not."""


def next_attempt(now: float, attempts: int, chance: float) -> float:
    """When to try again after `attempts` of them; `chance` from 0 up to 1 spreads it by a quarter either way, so that a
    fleet that a server turned away doesn't come back all at once."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 30))
    return now + wait * (0.75 + chance / 2)


def began(now: float, since: float, then: float) -> float:
    """From when on the time is counted in which it is tried: `since`, as noted before (0: not yet), or later by as long
    as no run came though it was due at `then` (0: at once), where the machine was off or its clock wrong."""
    if not since:
        return now
    idle = now - then if then else 0.0
    return min(since + (idle if idle > _OFF else 0.0), now)


def expired(now: float, since: float) -> bool:
    """Whether it has been tried long enough."""
    return now - since >= LIFETIME


def due(now: float, then: float) -> bool:
    """Whether it is time. A time that lies further off than any wait was noted by a clock that ran ahead."""
    return not now < then <= now + LONGEST_WAIT * 1.25
