"""What is to be sent, as values: who, to whom, the texts, the attachments. Pure."""

from __future__ import annotations

from typing import IO, Protocol

from dtsconf.errors import DtsconfError
from dtsconf.frozen import frozen
from dtsconf.names import ascii_address, escape_controls


@frozen
class Mailbox:
    """An address and its display name, or None (RFC 5322 3.4). Both hold no control character."""

    name: str | None
    address: str

    @property
    def on_the_wire(self) -> str:
        """The address in ASCII if its domain in A-labels makes it so, else as it is (RFC 6531)."""
        return ascii_address(self.address) or self.address


class Attachment(Protocol):
    """Bytes with a name. `type` is a MIME type, `size` in bytes."""

    @property
    def name(self) -> str:
        """See above."""

    @property
    def type(self) -> str:
        """See above."""

    @property
    def size(self) -> int:
        """See above."""

    def open(self) -> IO[bytes]:
        """The content from its start; may be opened as often as it has to be sent.

        Raises:
            DtsconfError: it can't be read any more.
        """

    def changed(self, opened: IO[bytes]) -> bool:
        """Whether it is not what it was any more when its size was taken."""


class ContentChanged(DtsconfError):
    """An attachment is not what it was when its size was taken; a mail with some of both would be broken."""

    kind = "attachment-changed"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{escape_controls(name)} changed while it was being sent; the mail was not sent",
            "send it again once nothing writes to it, or with --zip, which takes a copy first",
        )


def piece(attachment: Attachment, opened: IO[bytes], most: int) -> bytes:
    """The next bytes of an opened attachment, `most` but for the last ones.

    Raises:
        DtsconfError: it can't be read any more.
    """
    try:
        return opened.read(most)
    except OSError as error:
        words = f"{escape_controls(attachment.name)} can't be read: {error.strerror}; the mail was not sent"
        raise DtsconfError(words, "mend that, and send it again") from error


@frozen
class Draft:
    """A message to make. `text` and `html` have whatever line ends; with `html` alone a text is derived from it. One of
    `to`, `cc`, `bcc` holds somebody; `bcc` goes into the envelope only."""

    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str = ""
    text: str | None = None
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody's address as on the wire, each once and in its first spelling, in the order of to, cc, bcc. Case
        makes no difference: before the @ it could (RFC 5321 2.4), but the servers that go by it are as good as none,
        and with the others somebody would get the mail twice."""
        found: dict[str, str] = {}
        for box in (*self.to, *self.cc, *self.bcc):
            found.setdefault(box.on_the_wire.lower(), box.on_the_wire)
        return tuple(found.values())
