"""A line on the terminal for what takes over a second; nothing elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self

AFTER = 1.0
"""Seconds before the line shows."""


WIDTH = 24
"""Characters of a bar."""


def bar(done: int, size: int) -> str:
    """How much of `size` bytes is through, as words and a bar."""
    part = min(1.0, done / size) if size else 1.0
    filled = "#" * round(part * WIDTH)
    return f"sending [{filled:.<{WIDTH}}] {part:4.0%} of {size / (1 << 20):.1f} MiB"


class Progress:
    """Call it with a few words whenever something begins; as a context manager it clears its line at the end."""

    def __init__(self, *, quiet: bool) -> None:
        self._on = not quiet and sys.stderr is not None and sys.stderr.isatty()
        self._words = ""
        self._shown = False
        self._start = time.monotonic()
        self._ended = threading.Event()
        self._writing = threading.Lock()

    def __call__(self, words: str) -> None:
        """Tell what is being done now."""
        self._words = words

    def __enter__(self) -> Self:
        if self._on:
            threading.Thread(target=self._show, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self.clear()

    def clear(self) -> None:
        """Take the line away, so that a question or a result starts on a clean one; it stays away until the next
        words."""
        with self._writing:
            self._words = ""
            if self._shown:
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
                self._shown = False

    def _show(self) -> None:
        while not self._ended.wait(AFTER):
            with self._writing:
                if self._words:
                    sys.stderr.write(f"\r\x1b[K{self._words} ... {time.monotonic() - self._start:.0f} s")
                    sys.stderr.flush()
                    self._shown = True
