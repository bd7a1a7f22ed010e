"""The stages of the mail itself: mail-from, rcpt-to, data, accepted (RFC 5321 3.3).

Declares SIZE (RFC 1870), BODY=8BITMIME (RFC 6152) and SMTPUTF8 (RFC 6531) where offered and wanted. Up to the final
dot nothing can have been accepted; from then on a silence means that the outcome is unknown.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from dtsconf.mail.failure import StageFailed
from dtsconf.mail.message import Envelope, Mail, build, dot_stuff
from dtsconf.mail.reply import NotAReply
from dtsconf.mail.wire import ConnectionLost
from dtsconf.names import ascii_address

if TYPE_CHECKING:
    from dtsconf.mail.conversation import Conversation

_END = b".\r\n"
_NO_UTF8 = "the address {} needs SMTPUTF8 (RFC 6531), and the server does not offer it"


def deliver(talk: Conversation, *, whole: bool) -> None:
    """Envelope, and with `whole` the mail; else RSET.

    Raises:
        StageFailed: refused by the server, or not possible with it.
    """
    facts, name = talk.facts, talk.job.settings.sender.name
    envelope = Envelope(_on_the_wire(facts.sender), _on_the_wire(facts.recipient), name)
    server = f"{facts.host} port {facts.port}"
    mail = build(
        talk.job.letter, envelope, server, os.urandom(12).hex(), time.gmtime(), eight_bit=talk.offer.has("8BITMIME")
    )
    _mail_from(talk, envelope, mail)
    _rcpt_to(talk, envelope)
    if not whole:
        _reset(talk)
        return
    talk.report.message_id = mail.message_id
    stuffed = dot_stuff(mail.data)
    _data(talk, stuffed[: -len(_END)])
    _accepted(talk)


def _on_the_wire(address: str) -> str:
    """The address in ASCII if its domain in A-labels makes it so, else as it is (for SMTPUTF8)."""
    return ascii_address(address) or address


def _mail_from(talk: Conversation, envelope: Envelope, mail: Mail) -> None:
    with talk.stage("mail-from", f"announcing mail from {envelope.sender}") as row:
        utf8 = talk.offer.has("SMTPUTF8")
        if not envelope.sender.isascii() and not utf8:
            hint = "use an address in ASCII: --set sender.email=ADDRESS"
            raise StageFailed("sender-rejected", _NO_UTF8.format(envelope.sender), hint)
        line = f"MAIL FROM:<{envelope.sender}>"
        line += f" SIZE={len(mail.data)}" if talk.offer.has("SIZE") else ""
        line += " BODY=8BITMIME" if mail.eight_bit and talk.offer.has("8BITMIME") else ""
        line += " SMTPUTF8" if utf8 and not (envelope.sender + envelope.recipient).isascii() else ""
        reply = talk.command(line, talk.limits.end())
        if not reply.positive:
            talk.refuse("mail-from", reply)
        row.heard(reply)


def _rcpt_to(talk: Conversation, envelope: Envelope) -> None:
    with talk.stage("rcpt-to", f"asking for {envelope.recipient}") as row:
        if not envelope.recipient.isascii() and not talk.offer.has("SMTPUTF8"):
            hint = "use an address in ASCII: --to ADDRESS"
            raise StageFailed("recipient-rejected", _NO_UTF8.format(envelope.recipient), hint)
        reply = talk.command(f"RCPT TO:<{envelope.recipient}>", talk.limits.end())
        if not reply.positive:
            talk.refuse("rcpt-to", reply)
        row.heard(reply)


def _reset(talk: Conversation) -> None:
    """Take the envelope back; the server has said yes to it already, so what it says to this changes nothing."""
    try:
        talk.command("RSET", talk.limits.end())
    except (ConnectionLost, TimeoutError, NotAReply):
        return


def _data(talk: Conversation, body: bytes) -> None:
    with talk.stage("data", "sending the test mail") as row:
        end = talk.limits.end()
        reply = talk.command("DATA", end)
        if reply.code != 354:
            talk.refuse("data", reply)
        row.heard(reply)
        if early := talk.send(body, end):
            talk.refuse("data", early)


def _accepted(talk: Conversation) -> None:
    with talk.stage("accepted", "waiting for the server to take the mail") as row:
        reply = talk.exchange(_END, talk.limits.end())
        if not reply.positive:
            talk.refuse("accepted", reply)
        row.heard(reply)
