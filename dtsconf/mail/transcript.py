"""The dialogue of one conversation, written down as it goes over the wire, fit to be shown: who said what, and when.

Nothing secret is kept in the first place: what a client says within AUTH, and the challenges to it, are stars, and of
the message there is only its size (RFC 4954 4, RFC 5321 4.1.1.4). What servers repeat is masked when it is read out.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Literal

from dtsconf.frozen import frozen
from dtsconf.mail.content import END
from dtsconf.mail.masking import STARS, Masker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_LINES = 4000
"""Lines that are kept; a server that says more is cut, and that is said."""


_HEAD = r"\d{3}[ -]([245]\.\d{1,3}\.\d{1,3}( +|$))?"
"""What a line of a reply begins with: its code, and the enhanced one, which each line may repeat (RFC 2034 4)."""

_GOES_ON = r"\d{3}-"

Speaker = Literal["client", "server", "note"]


@frozen
class Line:
    """One line of a dialogue, `at` seconds after its beginning. A note is dtsconf's own."""

    at: float
    speaker: Speaker
    text: str


class Transcript:
    """Listens to a wire. `masker` knows the secrets that are taken out of what is read; whoever has them puts it
    there."""

    def __init__(self) -> None:
        self._begin: float | None = None
        self._lines: list[Line] = []
        self._signing_in = False
        self._asked_for_data = False
        self._message: int | None = None
        self._unfinished = b""
        self.masker = Masker()

    def note(self, text: str) -> None:
        """Something that happened and isn't said in SMTP: a connection, a TLS session."""
        self._flush()
        self._keep("note", text)

    def said(self, speaker: Speaker, text: str) -> None:
        """A line that somebody has put together who knows what is secret in it: of a protocol without lines."""
        self._flush()
        self._keep(speaker, text)

    def sent(self, data: bytes) -> None:
        """What the client sent: commands, one or a group of them (RFC 2920), or a block of the message."""
        self._flush()
        if self._message is None:
            self._commands(data)
            return
        ended = data == END or data.endswith(b"\r\n" + END)  # no other line is a dot alone (RFC 5321 4.5.2)
        self._message += len(data) - (len(END) if ended else 0)
        if ended:
            self._end_message("")
            self._keep("client", ".")

    def _commands(self, data: bytes) -> None:
        lines = data.removesuffix(b"\r\n").decode("utf-8", "backslashreplace").split("\r\n")
        self._asked_for_data = lines[-1].upper() == "DATA"
        for line in lines:
            self._keep("client", self._command(line))

    def _command(self, line: str) -> str:
        words = line.split(" ")
        if words[0].upper() == "AUTH" and len(words) > 1:
            self._signing_in = True
            return " ".join([*words[:2], *([STARS] if len(words) > 2 else [])])
        return STARS if self._signing_in and line != "*" else line

    def received(self, data: bytes) -> None:
        """What came from the server, in pieces of any size."""
        *whole, self._unfinished = (self._unfinished + data).split(b"\n")
        for line in whole:
            self._heard(line)

    def _heard(self, line: bytes) -> None:
        text = line.removesuffix(b"\r").decode("utf-8", "backslashreplace")
        if text.startswith("334"):
            text = f"334 {STARS}" if text[4:] else text
        else:
            self._signing_in = False
        if self._asked_for_data and text.startswith("354"):
            self._message = 0
        self._keep("server", text)

    def _end_message(self, more: str) -> None:
        self._keep("note", f"the message, {self._message} bytes, not shown{more}")
        self._message = None

    def _flush(self) -> None:
        """What the server began to say counts as a line when something else follows."""
        if self._unfinished:
            line, self._unfinished = self._unfinished, b""
            self._heard(line)

    def _keep(self, speaker: Speaker, text: str) -> None:
        now = time.monotonic()
        self._begin = self._begin or now
        if len(self._lines) < MOST_LINES:
            self._lines.append(Line(round(now - self._begin, 3), speaker, text))

    def lines(self) -> list[Line]:
        """All that was said, masked."""
        self._flush()
        if self._message:
            self._end_message("; its end was not sent")
        cut = [Line(self._lines[-1].at, "note", "cut here")] if len(self._lines) == MOST_LINES else []
        lines = [*self._lines, *cut]
        return [Line(line.at, line.speaker, text) for line, text in zip(lines, self._masked(lines), strict=True)]

    def _masked(self, lines: list[Line]) -> Iterator[str]:
        """The texts of the lines; those of one reply are looked through as the one text that they are."""
        for reply in _replies(lines):
            if reply[0].speaker == "note":
                yield self.masker.show_own(reply[0].text)
                continue
            heads = [found[0] if (found := re.match(_HEAD, line.text)) else "" for line in reply]
            texts = self.masker.starred([line.text[len(head) :] for head, line in zip(heads, reply, strict=True)])
            yield from (self.masker.show(head + text) for head, text in zip(heads, texts, strict=True))


def _replies(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The lines one by one, but those of a reply of several together (RFC 5321 4.2.1)."""
    reply: list[Line] = []
    for line in lines:
        if reply and not (line.speaker == "server" and re.match(_GOES_ON, reply[-1].text)):
            yield reply
            reply = []
        reply.append(line)
    if reply:
        yield reply
