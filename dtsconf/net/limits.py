"""An end in time for what has none of its own: a name server, a keyring, a server that drips."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

THREAD = "dtsconf-limited"
"""The name of the threads."""


class OutOfTime(TimeoutError):
    """It took longer than it was given; what the call itself raises is never this."""


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` gives or raises. It runs in a thread that is left behind when the time is over, and that doesn't
    keep the program from ending: a library that waits for ever can't be stopped in any other way.

    Raises:
        OutOfTime: it took longer than `seconds`.
    """
    from threading import Thread

    done: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            done.append(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the caller's thread
            raised.append(error)

    thread = Thread(target=run, daemon=True, name=THREAD)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not done:
        raise OutOfTime
    return done[0]
