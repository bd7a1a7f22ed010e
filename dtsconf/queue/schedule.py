"""When the next attempt is due, and when to give up. Pure.

RFC 5321 4.5.4.1 asks for attempts that grow apart and go on for at least 4 or 5 days.
"""

from __future__ import annotations

FIRST_WAIT = 60.0
"""Seconds after the first attempt; each further wait is twice as long."""

LONGEST_WAIT = 4 * 3600.0
LIFETIME = 5 * 24 * 3600.0
"""Seconds from the first attempt on in which it is tried: while the machine is off, nobody can."""

_SLACK = 60.0
"""Seconds by which a clock is put right without having been wrong."""


def next_attempt(now: float, attempts: int, chance: float) -> float:
    """When to try again after `attempts` of them; `chance` from 0 up to 1 spreads it by a quarter either way, so that a
    fleet that a server turned away doesn't come back all at once."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 30))
    return now + wait * (0.75 + chance / 2)


def began(now: float, since: float, queued: float) -> float:
    """From when on it is tried without success: `since`, as noted before (0: not yet), else now. What was noted by a
    clock that ran ahead, or so far behind that the mail wasn't queued yet, counts no more once the clock is right."""
    if not since or since < queued - _SLACK <= now:
        return now
    return min(since, now)


def expired(now: float, since: float) -> bool:
    """Whether it has been tried long enough."""
    return now - since >= LIFETIME


def due(now: float, then: float) -> bool:
    """Whether it is time. A time that lies further off than any wait was noted by a clock that ran ahead."""
    return not now < then <= now + LONGEST_WAIT * 1.25
