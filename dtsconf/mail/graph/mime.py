"""Who a message is for, by its own header, for a service that knows no envelope. Pure.

Graph sends a MIME message to whom To, Cc and Bcc name ("Send messages with MIME content"), and takes Bcc out. So
recipients that stand in the envelope alone get a Bcc field, and a header that names more people than the envelope is
refused: the envelope is what policies were checked against.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtsconf.mail import headers

if TYPE_CHECKING:
    from email.message import Message

    from dtsconf.content import Content
    from dtsconf.mail.content import Envelope

LONGEST_HEADER = 1 << 22
"""Bytes of a message's header: one that names 10,000 recipients has 512 KiB."""

_FIELDS = ("To", "Cc", "Bcc")


class NotAMessage(ValueError):
    """It has no header that ends."""


def header_of(content: Content) -> bytes:
    """The header section with the empty line after it (RFC 5322 2.1).

    Raises:
        NotAMessage: none ends within LONGEST_HEADER bytes.
    """
    found = bytearray()
    for chunk in content.chunks():
        found += chunk
        end = found.find(b"\r\n\r\n")
        if end >= 0:
            return bytes(found[: end + 4])
        if len(found) > LONGEST_HEADER:
            break
    raise NotAMessage("the message has no end of its header")


def parsed(header: bytes) -> Message:
    """The header's fields, as plain texts whatever bytes stand there."""
    from email.parser import HeaderParser

    try:
        text = header.decode()
    except UnicodeDecodeError:
        text = header.decode("latin-1")
    return HeaderParser().parsestr(text)


def named(fields: Message) -> Iterator[str]:
    """The addresses in To, Cc and Bcc, as they stand there."""
    from email.utils import getaddresses

    for field in _FIELDS:
        for _, address in getaddresses([str(value) for value in fields.get_all(field, [])]):
            if address:
                yield address


def hidden(fields: Message, envelope: Envelope) -> list[str]:
    """The envelope's recipients that the header doesn't name."""
    there = {address.casefold() for address in named(fields)}
    return [address for address in envelope.recipients if address.casefold() not in there]


def strangers(fields: Message, envelope: Envelope) -> list[str]:
    """Addresses that the header names and the envelope doesn't."""
    meant = {address.casefold() for address in envelope.recipients}
    return [address for address in named(fields) if address.casefold() not in meant]


def bcc(addresses: list[str]) -> bytes:
    """The field for the hidden ones; nothing when there are none."""
    return f"Bcc: {headers.mailboxes((None, each) for each in addresses)}\r\n".encode() if addresses else b""
