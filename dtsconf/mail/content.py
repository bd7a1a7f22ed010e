"""What is sent: the envelope and the message as bytes. Pure.

A message is asked for its size first and read in pieces then, as often as it has to be sent, so that a large one never
stands in memory whole. Makes sure of what goes over the wire: CRLF at every line end and no early end of data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError
from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from dtsconf.content import Content

BLOCK = 256 * 1024
"""Octets that go out in one write, about."""


END = b".\r\n"
"""The last line of the data."""


@frozen
class Envelope:
    """Who it is from and to, for the server: bare addresses (RFC 5321 3.3)."""

    sender: str
    recipients: tuple[str, ...]


class Unreadable(DtsconfError):
    """A content can't be read to its end: nobody gets that message, and others go on."""


def on_the_wire(content: Content, behind: bytes = b"") -> Iterator[bytes]:
    """The message as it goes out after 354, in blocks; the last one ends with the final dot (RFC 5321 4.5.2) and what
    is to follow `behind` it, so that as long as its sending fails the server has not got the whole.

    Whatever line ends it has become CRLF, so that no other end of data can stand in it ("SMTP smuggling").
    """
    stuffer = _Stuffer()
    waiting = bytearray()
    for chunk in content.chunks():
        waiting += stuffer.add(chunk)
        if len(waiting) >= BLOCK:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting) + stuffer.finish() + END + behind


class _Stuffer:
    """Line ends and leading dots over the borders of pieces."""

    def __init__(self) -> None:
        self._at_start = True
        self._cr = False

    def add(self, data: bytes) -> bytes:
        """A piece, as far as it can be told yet: a CR at its end waits for what follows."""
        if self._cr:
            data = b"\r" + data
        self._cr = data.endswith(b"\r")
        if self._cr:
            data = data[:-1]
        if not data:
            return b""
        if b"\r" in data or b"\n" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        stuffed = data.replace(b"\n.", b"\n..")
        if self._at_start and stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        self._at_start = stuffed.endswith(b"\n")
        return stuffed

    def finish(self) -> bytes:
        """What is still owed: a line end, so that the final dot stands alone."""
        return b"\r\n" if self._cr or not self._at_start else b""
