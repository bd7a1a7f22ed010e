"""The bytes of a message (RFC 5322, 2045, 2046): made of a draft, sized before anything is read, read in blocks.

Rules: ASCII but for addresses outside it (RFC 6532), CRLF only, lines of at most 998 octets, `bcc` nowhere. Texts stand
in memory, attachments don't: a message of any size takes the same room. Pure; the attachments open their files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail import headers
from dtsconf.mail.compose import bodies
from dtsconf.mail.compose.draft import Attachment, ContentChanged, Draft, Mailbox, piece

if TYPE_CHECKING:
    import time

    from dtsconf.content import Content

BLOCK = 57 * 4096
"""Bytes of an attachment read at once: whole lines of base64."""


@frozen
class Message:
    """A message ready to go, as `content.Content` wants it, and the draft that it was made of."""

    message_id: str
    size: int
    eight_bit: bool
    draft: Draft
    segments: tuple[bytes | Attachment, ...] = field(repr=False)

    def chunks(self) -> Iterator[bytes]:
        """The message from its start, in pieces of up to about 320 KB.

        Raises:
            DtsconfError: an attachment can't be read any more, or has changed since its size was taken.
        """
        for segment in self.segments:
            if isinstance(segment, bytes):
                yield segment
            else:
                for block in blocks(segment):
                    yield bodies.base64_lines(block)


@frozen
class _Entity:
    """A body part (RFC 2045 2.4): its header fields, and its body, which ends with a line end or is empty. `own_end`:
    the last line end is the text's own, so a boundary after it needs another (RFC 2046 5.1.1)."""

    fields: str
    body: tuple[bytes | Attachment, ...]
    own_end: bool = False


@frozen
class Signed:
    """A message that was made without a sender, with its From field: before all others, since their order is free (RFC
    5322 3.6). As `content.Content` wants it."""

    content: Content
    field: bytes

    @property
    def message_id(self) -> str:
        """The message's own."""
        return self.content.message_id

    @property
    def size(self) -> int:
        """Octets, those of the field too."""
        return len(self.field) + self.content.size

    @property
    def eight_bit(self) -> bool:
        """Whether either holds octets over 127."""
        return self.content.eight_bit or not self.field.isascii()

    def chunks(self) -> Iterator[bytes]:
        """The field, then the message's own chunks."""
        yield self.field
        yield from self.content.chunks()


def signed(content: Content, sender: Mailbox) -> Signed:
    """The message that `compose` made without a sender, from this one. Raises: ValueError, as `compose`."""
    return Signed(content, f"From: {_from(sender)}\r\n".encode())


def compose(draft: Draft, sender: Mailbox | None, token: str, now: time.struct_time) -> Message:
    """Make the message. `token` (letters and digits) makes the Message-ID unique and the boundaries, `now` is UTC.
    `sender` None: it isn't known yet, and `signed` adds it.

    Raises:
        ValueError: a name or the subject holds a control character.
    """
    message_id = headers.message_id(token, sender.address if sender else "")
    content = _with_attachments(_texts(draft, token), draft.attachments, token)
    head = "\r\n".join(_fields(draft, sender, message_id, headers.date(now)))
    segments = (f"{head}\r\n{content.fields}\r\n".encode(), *content.body)
    size = sum(len(s) if isinstance(s, bytes) else bodies.base64_size(s.size) for s in segments)
    return Message(message_id, size, not head.isascii(), draft, segments)


def blocks(attachment: Attachment) -> Iterator[bytes]:
    """An attachment's content in blocks, and not a byte more or less than its size.

    Raises:
        ContentChanged: it is not what it was when its size was taken.
        DtsconfError: it can't be read any more.
    """
    with attachment.open() as opened:
        left = attachment.size
        while left and (block := piece(attachment, opened, min(BLOCK, left))):
            left -= len(block)
            yield block
        if left or piece(attachment, opened, 1) or attachment.changed(opened):
            raise ContentChanged(attachment.name)


def _fields(draft: Draft, sender: Mailbox | None, message_id: str, date: str) -> list[str]:
    found = [f"Date: {date}"]
    if sender:
        found.append(f"From: {_from(sender)}")
    if draft.reply_to:
        found.append(f"Reply-To: {_named(draft.reply_to)}")
    if draft.to:
        found.append(f"To: {_named(draft.to)}")
    elif not draft.cc:
        found.append("To: undisclosed-recipients:;")  # RFC 5322 A.1.3: an empty group
    if draft.cc:
        found.append(f"Cc: {_named(draft.cc)}")
    if draft.subject:
        found.append(f"Subject: {headers.text(draft.subject, len('Subject: '))}")
    # RFC 3834 5: nobody's holiday notice is wanted.
    return [*found, f"Message-ID: {message_id}", "Auto-Submitted: auto-generated", "MIME-Version: 1.0"]


def _from(sender: Mailbox) -> str:
    return headers.mailbox(headers.shown_name(sender.name or ""), sender.address)


def _named(boxes: tuple[Mailbox, ...]) -> str:
    return headers.mailboxes((box.name, box.address) for box in boxes)


def _texts(draft: Draft, token: str) -> _Entity:
    """The body: plain text, or with HTML both, the better one last (RFC 2046 5.1.4)."""
    if draft.html is None:
        return _text("plain", draft.text or "")
    if draft.text is not None:
        plain = draft.text
    else:
        from dtsconf.mail.compose.plain import from_html

        plain = from_html(draft.html)
    return _multipart("alternative", f"=_a_{token}", [_text("plain", plain), _text("html", draft.html)])


def _text(subtype: str, words: str) -> _Entity:
    encoded = bodies.encode(words)
    fields = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoded.encoding}\r\n"
    return _Entity(fields, (encoded.data,), own_end=True)


def _with_attachments(body: _Entity, attachments: tuple[Attachment, ...], token: str) -> _Entity:
    if not attachments:
        return body
    return _multipart("mixed", f"=_m_{token}", [body, *map(_attached, attachments)])


def _attached(attachment: Attachment) -> _Entity:
    named = headers.parameter("name", attachment.name)
    filename = headers.parameter("filename", attachment.name)
    fields = (
        f"Content-Type: {attachment.type}{named}\r\n"
        f"Content-Disposition: attachment{filename}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
    )
    return _Entity(fields, (attachment,))


def _multipart(subtype: str, boundary: str, parts: list[_Entity]) -> _Entity:
    """Parts in a row, each behind a boundary (RFC 2046 5.1.1)."""
    body: list[bytes | Attachment] = []
    for part in parts:
        body += [f"--{boundary}\r\n{part.fields}\r\n".encode(), *part.body, b"\r\n" if part.own_end else b""]
    fields = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n'
    return _Entity(fields, (*body, f"--{boundary}--\r\n".encode()))
