"""The test mail, pure: RFC 5322 headers and a body that says what it proves, as bytes for DATA.

Rules: CRLF everywhere, no line over 998 octets, no header can be broken out of, whatever names hold. Time and random
part of the Message-ID come in from outside. Written by hand: importing `email` would cost more than the whole mail.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.names import escape_controls, has_controls

if TYPE_CHECKING:
    import time
    from collections.abc import Iterator

    from dtsconf.mail.content import Envelope
    from dtsconf.mail.job import Letter

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORD_BYTES = 39
"""UTF-8 bytes in one encoded word: 52 base64 characters and the frame stay under RFC 2047's 75."""

_SPECIALS = frozenset('()<>[]:;@\\,."')
_WIDTH = 900
"""Octets after which a body line is broken; RFC 5322 2.1.1 allows 998."""


@frozen
class Mail:
    """A whole message in memory, as `content.Content` wants it. `data` has CRLF line ends and is not dot-stuffed;
    `eight_bit`: it holds octets over 127."""

    message_id: str
    data: bytes
    eight_bit: bool

    @property
    def size(self) -> int:
        """Octets."""
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        """All of it at once."""
        yield self.data


def build(
    letter: Letter,
    envelope: Envelope,
    name: str | None,
    server: str,
    token: str,
    now: time.struct_time,
    *,
    eight_bit: bool,
) -> Mail:
    """Make the test mail.

    `name` is the sender's display name, `server` is shown as the server that took it, `token` makes the Message-ID
    unique, `now` is UTC. With `eight_bit` the body may go as UTF-8 (8BITMIME offered), else it is base64 when it isn't
    ASCII.

    Raises:
        ValueError: an address holds a control character.
    """
    domain = envelope.sender.rpartition("@")[2].strip("[]")
    message_id = f"<{token}@{domain if domain.isascii() else 'dtsconf.invalid'}>"
    text = _body(letter, envelope, server)
    as_is = text.isascii() or eight_bit
    headers = [
        ("Date", _date(now)),
        ("From", _mailbox(name, envelope.sender)),
        ("To", _mailbox(None, envelope.recipients[0])),
        ("Subject", encode_words(f"dtsconf test mail from {letter.machine}")),
        ("Message-ID", message_id),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "7bit" if text.isascii() else "8bit" if eight_bit else "base64"),
    ]
    head = "".join(f"{field}: {value}\r\n" for field, value in headers)
    body = text if as_is else _base64_lines(text)
    data = (head + "\r\n" + body).encode()
    return Mail(message_id, data, eight_bit=not data.isascii())


def encode_words(text: str) -> str:
    """Unstructured header text: as it is when short printable ASCII, else RFC 2047 encoded words, folded."""
    text = _one_line(text)
    if text.isascii() and "=?" not in text and len(text) <= _WIDTH:
        return text
    return "\r\n ".join(f"=?utf-8?b?{b64encode(chunk).decode()}?=" for chunk in _chunks(text, _WORD_BYTES))


def _mailbox(name: str | None, address: str) -> str:
    if has_controls(address) or "<" in address or ">" in address:
        raise ValueError("an address with a control character or an angle bracket in it can't stand in a header")
    if not name:
        return f"<{address}>"
    return f"{_phrase(name)} <{address}>"


def _phrase(name: str) -> str:
    """A display name: atoms as they are, specials in quotes, the rest in encoded words (RFC 5322 3.2.5)."""
    name = _one_line(name)
    if not name.isascii() or "=?" in name or len(name) > _WIDTH:
        return encode_words(name)
    if not _SPECIALS & set(name) and name == name.strip():
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _one_line(text: str) -> str:
    return escape_controls(text)


def _chunks(text: str, size: int) -> list[bytes]:
    """UTF-8 pieces of at most `size` bytes that never cut a character."""
    pieces: list[bytes] = [b""]
    for char in text:
        raw = char.encode("utf-8", "backslashreplace")
        if len(pieces[-1]) + len(raw) > size:
            pieces.append(b"")
        pieces[-1] += raw
    return pieces


def _date(now: time.struct_time) -> str:
    """RFC 5322 3.3, in English whatever the locale."""
    day = f"{_DAYS[now.tm_wday]}, {now.tm_mday:02d} {_MONTHS[now.tm_mon - 1]} {now.tm_year:04d}"
    return f"{day} {now.tm_hour:02d}:{now.tm_min:02d}:{now.tm_sec:02d} +0000"


def _body(letter: Letter, envelope: Envelope, server: str) -> str:
    applied = f"generation {letter.generation}" if letter.generation is not None else "not applied yet (test)"
    lines = [
        "This is a test mail. If you can read it, these email settings are proven",
        f"for {letter.program} as {letter.user}.",
        "",
        f"Machine:    {letter.machine}",
        f"Profile:    {letter.profile or 'none'}",
        f"Generation: {applied}",
        f"Program:    {letter.program}",
        f"User:       {letter.user}",
        f"Server:     {server}",
        f"From:       {envelope.sender}",
        f"To:         {envelope.recipients[0]}",
        "",
        "The proof holds for that program and that user on that machine: firewalls and",
        "antivirus go by program, so another program may still be stopped.",
        "Nobody needs to answer this mail.",
    ]
    return "".join(f"{piece}\r\n" for line in lines for piece in _pieces(_one_line(line)))


def _pieces(line: str) -> list[str]:
    return [chunk.decode() for chunk in _chunks(line, _WIDTH)]


def _base64_lines(text: str) -> str:
    whole = b64encode(text.encode()).decode("ascii")
    return "".join(whole[at : at + 76] + "\r\n" for at in range(0, len(whole), 76))
