"""Attachments in memory, and a message read back by Python's own parser."""

from __future__ import annotations

import io
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import IO

from dtsconf.frozen import frozen
from dtsconf.mail.compose.draft import Draft, Mailbox
from dtsconf.mail.compose.message import Message, compose

NOW = time.gmtime(1_795_000_000)
SENDER = Mailbox("Perth Lab", "lab@acme.example")
ANN = Mailbox(None, "ann@acme.example")


@frozen
class Held:
    """An attachment whose bytes are here. `size` may lie, as that of a file which changed meanwhile."""

    name: str
    data: bytes
    size: int
    type: str = "application/octet-stream"
    touched: bool = False

    def open(self) -> IO[bytes]:
        return io.BytesIO(self.data)

    def changed(self, opened: IO[bytes]) -> bool:
        return self.touched


def held(name: str, data: bytes, mime_type: str = "application/octet-stream") -> Held:
    return Held(name, data, len(data), mime_type)


def made(draft: Draft, sender: Mailbox = SENDER) -> tuple[Message, bytes, EmailMessage]:
    """A draft as message, as bytes and as what the parser makes of these."""
    message = compose(draft, sender, "abc123", NOW)
    data = b"".join(message.chunks())
    return message, data, message_from_bytes(data, policy=default)


def written(parsed: EmailMessage) -> str:
    """The text of a part, line ends as the program's user wrote them."""
    return str(parsed.get_content()).replace("\r\n", "\n")
