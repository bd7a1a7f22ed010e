"""Stretches in which whoever asks the program to end is not heard, since what was begun there must be ended."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    POLITE: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
else:
    POLITE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals by which a run is asked to end: Ctrl-C, what systemd, timeout and kill send, a terminal closed."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Whoever asks the run to end is not heard inside. Only the main thread hears of it at all, so in others there is
    nothing to do; a handler that isn't Python's stays, since it couldn't be put back."""
    main = threading.current_thread() is threading.main_thread()
    before = {number: handler for number in POLITE if main and (handler := signal.getsignal(number)) is not None}
    try:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def unheard() -> None:
    """Nobody is heard from here on: the run is at its end, and the exit code is to be what it says."""
    for number in (*POLITE, *POLITE):  # the first time one that has just come may still be heard
        with suppress(KeyboardInterrupt):
            signal.signal(number, signal.SIG_IGN)
