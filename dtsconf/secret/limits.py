"""Limits that dtsconf sets itself while it handles secrets: how long a call may take, and no core dumps."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` gives or raises. It runs in a thread that is left behind when the time is over, and that doesn't
    keep the program from ending: a library that waits for ever can't be stopped in any other way.

    Raises:
        TimeoutError: it took longer than `seconds`.
    """
    from threading import Thread

    done: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            done.append(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the caller's thread
            raised.append(error)

    thread = Thread(target=run, daemon=True, name="dtsconf-limited")
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not done:
        raise TimeoutError
    return done[0]


def no_core_dumps() -> None:
    """From now on a crash of this process, or of one that it starts, leaves no image of its memory behind
    (getrlimit(2), RLIMIT_CORE)."""
    if sys.platform != "win32":
        import resource
        from contextlib import suppress

        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
