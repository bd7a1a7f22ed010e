"""The person at the terminal, for a sign-in: where to go, what to enter, how much time is left. All on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dtsconf.cli.perform import attended
from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from dtsconf.auth.request import UserCode
    from dtsconf.cli.progress import Progress

WORDS = 7
"""Lines that stand around a QR code; Microsoft's own then fits a terminal of 80 by 24."""
QR_MARGIN = 2
"""Light modules around the code that a reader needs at least (ISO/IEC 18004 wants 4; two do in a terminal)."""


class TerminalPerson:
    """Whoever sits there."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._counting = False

    def tell(self, words: str) -> None:
        """Say something in a line."""
        self._say(escape_controls(words) + "\n")

    def visit(self, address: str) -> None:
        """The address of the sign-in page, where no browser could be opened."""
        self._say(f"Open this address in a browser on this machine:\n\n  {escape_controls(address)}\n\n")

    def enter(self, code: UserCode) -> None:
        """Page and code, and both as a QR code if that fits."""
        self._say(
            f"{_qr(code)}Open {code.address} on any device and enter this code there:\n\n  {code.code}\n\n"
            "Enter it only if you started this sign-in yourself; never one that somebody sends you.\n"
        )

    def waiting(self, seconds: float) -> None:
        """The count-down, in one line that is written over."""
        self._progress.clear()
        minutes, rest = divmod(int(seconds), 60)
        sys.stderr.write(f"\r\x1b[Kwaiting for you: {minutes}:{rest:02d} left (Ctrl-C ends it)")
        sys.stderr.flush()
        self._counting = True

    def _say(self, text: str) -> None:
        self._progress.clear()
        self.clear()
        sys.stderr.write(text)
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the count-down away."""
        if self._counting:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._counting = False


@contextmanager
def asking(progress: Progress) -> Iterator[TerminalPerson | None]:
    """The person, or None where nobody can be asked. At the end the count-down is gone, on Ctrl-C too."""
    if not attended():
        yield None
        return
    person = TerminalPerson(progress)
    try:
        yield person
    finally:
        person.clear()


def _qr(code: UserCode) -> str:
    """The page's address (with the code in it where the provider gives one) as a QR code; empty where the terminal is
    too small for it, or can't draw it."""
    if (sys.stderr.encoding or "").lower().replace("-", "") != "utf8":
        return ""
    import io
    import shutil

    import segno

    made = segno.make(code.complete or code.address, error="l", micro=False)
    width, height = made.symbol_size(border=QR_MARGIN)
    room = shutil.get_terminal_size()
    if width > room.columns or (height + 1) // 2 + WORDS > room.lines:
        return ""
    drawn = io.StringIO()
    made.terminal(out=drawn, border=QR_MARGIN, compact=True)
    return drawn.getvalue()
