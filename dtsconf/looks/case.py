"""A failure under examination: where the connection was to go, the bounds of looking further, and what came of it.

Bounds (each look 2 s, all of them 5 s) are kept here. Looks run in threads that are left behind when their time is
over, since neither the system's resolver nor a hostile server can be interrupted.
"""

from __future__ import annotations

import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from dtsconf.frozen import frozen
from dtsconf.names import normalise_host
from dtsconf.net.connect import LookupFailed, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtsconf.net.connect import Address
    from dtsconf.proof import Evidence

EACH = 2.0
"""Seconds for one look."""

ALTOGETHER = 5.0
"""Seconds for all looks after one failure."""

FAIR = 0.5
"""Seconds that a look must have, or it isn't made."""

T = TypeVar("T")


@frozen
class Outcome:
    """What one examiner found. `telling` goes into the failed stage's detail, `hint` takes the place of its hint."""

    evidence: tuple[Evidence, ...] = ()
    telling: str | None = None
    hint: str | None = None


@frozen
class Goal:
    """Where a connection was to go. `service` is what was expected there, in words; `host_key` what names the host: a
    setting, or a variable; `proven`: when a test mail last went there; `other_ports`: the service may be on others."""

    host: str
    port: int
    service: str
    host_key: str
    proven: str | None = None
    other_ports: bool = False


class Case:
    """One failure on the way to `goal`: its `cause` (a word of the contract's list), after `ms`. `slow`: seconds that
    the other side was seen to take for what a look asks again, which each look is given besides its own."""

    def __init__(self, goal: Goal, cause: str, ms: float = 0.0, slow: float = 0.0) -> None:
        self.goal = goal
        self.host = normalise_host(goal.host)
        self.port = goal.port
        self.cause = cause
        self.ms = ms
        self.slow = slow
        self._end = time.monotonic() + ALTOGETHER + slow

    def end(self) -> float:
        """When a look that begins now must be over (monotonic seconds)."""
        return min(time.monotonic() + EACH + self.slow, self._end)

    def seconds(self) -> float:
        """How long a look that begins now may take."""
        return max(0.05, self.end() - time.monotonic())

    @cached_property
    def addresses(self) -> list[Address]:
        """The host's addresses, looked up once more; none when that fails."""
        try:
            return resolve(self.host, self.port, self.end())
        except LookupFailed:
            return []

    def together(self, *looks: Callable[[], T]) -> list[T | None]:
        """Look at several things at once; None stands for what was not over in time. Too late for a fair look, nothing
        is looked at: a short wait would pass for silence."""
        if self._end - time.monotonic() < FAIR:
            return [None] * len(looks)
        return together(looks, self.end() + 0.2)


def together(looks: Sequence[Callable[[], T]], end: float) -> list[T | None]:
    """Run each in a thread of its own, until `end` (monotonic seconds); results in order, None for a late one.

    Raises:
        Whatever a look raised: the first of them.
    """
    results: list[T | None] = [None] * len(looks)
    failures: list[Exception] = []

    def run(number: int) -> None:
        try:
            results[number] = looks[number]()
        except Exception as failed:  # noqa: BLE001 - raised again below
            failures.append(failed)

    threads = [threading.Thread(target=run, args=(n,), daemon=True, name="dtsconf-look") for n in range(len(looks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    if failures:
        raise failures[0]
    return list(results)
