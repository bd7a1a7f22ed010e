"""The test mail, pure: RFC 5322 headers and a body that says what it proves, as bytes for DATA.

Rules: CRLF everywhere, no line over 998 octets, no header can be broken out of, whatever names hold. Time and random
part of the Message-ID come in from outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail import headers
from dtsconf.names import escape_controls

if TYPE_CHECKING:
    import time
    from collections.abc import Iterator

    from dtsconf.mail.content import Envelope
    from dtsconf.mail.job import Letter

_WIDTH = 900
"""Octets after which a body line is broken; RFC 5322 2.1.1 allows 998."""


@frozen
class Mail:
    """A whole message in memory, as `content.Content` wants it. `data` has CRLF line ends and is not dot-stuffed."""

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
) -> Mail:
    """Make the test mail.

    `name` is the sender's display name, `server` is shown as the server that took it, `token` makes the Message-ID
    unique, `now` is UTC. A body that isn't ASCII goes in base64.

    Raises:
        ValueError: an address holds a control character.
    """
    message_id = headers.message_id(token, envelope.sender)
    text = _body(letter, envelope, server)
    fields = [
        ("Date", headers.date(now)),
        ("From", headers.mailbox(headers.shown_name(name or ""), envelope.sender)),
        ("To", headers.mailbox(None, envelope.recipients[0])),
        ("Subject", headers.text(f"dtsconf test mail from {escape_controls(letter.machine)}", len("Subject: "))),
        ("Message-ID", message_id),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "7bit" if text.isascii() else "base64"),
    ]
    head = "".join(f"{field}: {value}\r\n" for field, value in fields)
    data = (head + "\r\n").encode() + (text.encode() if text.isascii() else _in_base64(text))
    return Mail(message_id, data, eight_bit=not head.isascii())


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
    return "".join(f"{piece}\r\n" for line in lines for piece in _pieces(escape_controls(line)))


def _pieces(line: str) -> list[str]:
    return [chunk.decode() for chunk in headers.utf8_pieces(line, _WIDTH)]


def _in_base64(text: str) -> bytes:
    from dtsconf.mail.compose.bodies import base64_lines

    return base64_lines(text.encode())
