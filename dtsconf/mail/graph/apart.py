"""A large message taken apart: the small one that is left, and the attachments that go by themselves. Pure.

Works on any message whose outermost part is multipart/mixed (RFC 2046 5.1.3) with attachments in base64, which is what
dtsconf composes; whatever else stands in a message stays in it. Reads the message as often as it must and keeps of it
only what is small, so that its size doesn't matter.
"""

from __future__ import annotations

from binascii import Error as Base64Error, a2b_base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail.graph.mime import NotAMessage, parsed

if TYPE_CHECKING:
    from dtsconf.content import Content

LONGEST_PART_HEADER = 1 << 16
"""Bytes of a part's header."""

_BLANKS = b"\r\n\t "


@frozen
class Attached:
    """An attachment in a message: the number of its part, its name and MIME type, its size in bytes when decoded."""

    part: int
    name: str
    type: str
    size: int


class _Head:
    """The header of a part while it goes by."""

    def __init__(self) -> None:
        self.text = bytearray()
        self._over = False

    def after(self, data: bytes) -> bytes:
        """What of the data stands behind the header.

        Raises:
            NotAMessage: the header has no end.
        """
        if self._over:
            return data
        self.text += data
        end = 0 if self.text.startswith(b"\r\n") else self.text.find(b"\r\n\r\n") + 2
        if end >= 2 or self.text.startswith(b"\r\n"):
            self._over = True
            body = bytes(self.text[end + 2 :])
            del self.text[end:]
            return body
        if len(self.text) > LONGEST_PART_HEADER:
            raise NotAMessage("a part of the message has no end of its header")
        return b""


class _Part(_Head):
    """A part while it goes by, and how much base64 stands in it."""

    def __init__(self) -> None:
        super().__init__()
        self._letters = 0
        self._padding = 0

    def add(self, data: bytes) -> None:
        """The next piece of it. Raises: NotAMessage."""
        solid = self.after(data).translate(None, _BLANKS)
        self._letters += len(solid)
        self._padding += solid.count(b"=")

    def attached(self, number: int) -> Attached | None:
        """The attachment that it is; None for anything else."""
        fields = parsed(bytes(self.text))
        encoding = str(fields.get("Content-Transfer-Encoding", "")).strip().casefold()
        if encoding != "base64" or fields.get_content_disposition() != "attachment":
            return None
        size = self._letters * 3 // 4 - self._padding
        return Attached(number, fields.get_filename() or f"attachment-{number}", fields.get_content_type(), size)


def attachments(content: Content, header: bytes) -> list[Attached]:
    """The attachments that can be taken out, in their order. `header` is the message's.

    Raises:
        NotAMessage: it is broken.
    """
    boundary = _boundary(header)
    if boundary is None:
        return []
    found: list[Attached] = []
    number, part = 0, None
    for data, border in _pieces(content, boundary):
        if part is not None:
            part.add(data)
        if border:
            if part is not None and (one := part.attached(number)) is not None:
                found.append(one)
            number, part = number + 1, _Part()
    return found


def without(content: Content, header: bytes, parts: set[int], limit: int) -> bytes | None:
    """The message without these parts; None when what is left is larger than `limit` bytes."""
    boundary = _boundary(header)
    if boundary is None or not parts:
        return _whole(content, limit)
    left = bytearray()
    number = 0
    for data, border in _pieces(content, boundary):
        if number not in parts:
            left += data
        if border:
            number += 1
            if number not in parts:
                left += border
        if len(left) > limit:
            return None
    return bytes(left)


def _whole(content: Content, limit: int) -> bytes | None:
    return b"".join(content.chunks()) if content.size <= limit else None


def decoded(content: Content, header: bytes, attached: Attached) -> Iterator[bytes]:
    """The attachment's own bytes, from its start.

    Raises:
        NotAMessage: it is no base64 after all: a file of the queue that a bad disk has changed.
    """
    boundary = _boundary(header) or b""
    number, head, rest = 0, _Head(), b""
    for data, border in _pieces(content, boundary):
        if number == attached.part:
            solid = rest + head.after(data).translate(None, _BLANKS)
            cut = len(solid) // 4 * 4
            rest = solid[cut:]
            if cut:
                yield _plain(solid[:cut], attached)
        if border:
            number += 1
            if number > attached.part:
                _plain(rest, attached)
                return


def _plain(solid: bytes, attached: Attached) -> bytes:
    try:
        return a2b_base64(solid, strict_mode=True)
    except Base64Error:
        raise NotAMessage(f"the attachment {attached.name} is broken: it is no base64") from None


def _boundary(header: bytes) -> bytes | None:
    """The delimiter of the outermost parts; None when there are none."""
    fields = parsed(header)
    name = fields.get_boundary() if fields.get_content_type() == "multipart/mixed" else None
    return f"--{name}".encode() if name else None


def _pieces(content: Content, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The message as pieces of data, each with the delimiter line that follows it (its line ends included), b"" while
    the part goes on. The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1)."""
    mark = b"\r\n" + boundary
    waiting = b""
    for chunk in content.chunks():
        waiting += chunk
        while (at := waiting.find(mark)) >= 0:
            end = waiting.find(b"\r\n", at + len(mark))
            if end < 0:
                break
            tail = waiting[at + len(mark) : end].rstrip(b"\t ")
            if tail not in (b"", b"--"):  # the boundary of an inner part that begins with ours
                yield waiting[: at + 2], b""
                waiting = waiting[at + 2 :]
                continue
            yield waiting[:at], waiting[at : end + 2]
            waiting = waiting[end + 2 :]
        keep = at if at >= 0 else max(len(waiting) - len(mark), 0)
        if keep:
            yield waiting[:keep], b""
            waiting = waiting[keep:]
    yield waiting, b""
