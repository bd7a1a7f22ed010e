"""The stages of a message itself: mail-from, rcpt-to, data, accepted (RFC 5321 3.3).

Declares SIZE (RFC 1870), BODY=8BITMIME (RFC 6152) and SMTPUTF8 (RFC 6531) where offered and wanted. Up to the final
dot nothing can have been accepted; from then on a silence means that the outcome is unknown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.mail.content import on_the_wire
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.pipeline import Pipeline
from dtsconf.mail.reply import NotAReply
from dtsconf.mail.sent import Recipient
from dtsconf.mail.wire import ConnectionLost
from dtsconf.names import ascii_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtsconf.content import Content
    from dtsconf.mail.content import Envelope
    from dtsconf.mail.conversation import Conversation
    from dtsconf.mail.reply import Reply

_REFUSALS = range(400, 600)
_NO_UTF8 = "the address {} needs SMTPUTF8 (RFC 6531), and the server does not offer it"


def wired(address: str) -> str:
    """The address in ASCII if its domain in A-labels makes it so, else as it is (for SMTPUTF8)."""
    return ascii_address(address) or address


def replies_to(talk: Conversation, envelope: Envelope, content: Content, *, together: bool = False) -> Pipeline:
    """The commands of a message up to DATA, for `announce` and `transmit` to go through. Nothing is sent yet.
    `together` sends them in one go where the server takes that, so both have to follow; else every command waits until
    its reply is asked for, and has a time of its own."""
    asked = [f"RCPT TO:<{address}>" for address in envelope.recipients if _sayable(talk, address)]
    lines = [_mail_line(talk, envelope, content), *asked, "DATA"]
    return Pipeline(talk, lines, together=together and talk.offer.has("PIPELINING"))


def announce(
    talk: Conversation, envelope: Envelope, content: Content, replies: Pipeline, found: list[Recipient]
) -> None:
    """The envelope: sender and every recipient. `found` gets how each recipient fared, in the envelope's order, as far
    as the server told.

    Raises:
        StageFailed: the sender was refused, the message is larger than the server takes, or no recipient was taken.
    """
    _mail_from(talk, envelope, content, replies)
    _rcpt_to(talk, envelope.recipients, replies, found)


def transmit(talk: Conversation, content: Content, replies: Pipeline) -> None:
    """The message, after its envelope.

    Raises:
        StageFailed: refused by the server, or the connection went away.
    """
    submit(talk, on_the_wire(content), replies)
    accepted(talk)


def submit(talk: Conversation, blocks: Iterable[bytes], replies: Pipeline) -> None:
    """The message up to its final dot, as `on_the_wire` has it. `accepted` has to follow. Raises: as `transmit`."""
    with talk.stage("data", "sending the mail") as row:
        reply = replies.next("data")
        if reply.code != 354:
            talk.refuse("data", reply)
        talk.report.content = True
        row.heard(reply)
        for block in blocks:
            if early := talk.send(block, talk.limits.end("data"), heed=_REFUSALS):
                talk.refuse("data", early)


def accepted(talk: Conversation) -> None:
    """The server's answer to the whole message. Raises: as `transmit`."""
    with talk.stage("accepted", "waiting for the server to take the mail") as row:
        reply = talk.wire.read_reply(talk.limits.end("accepted"))
        if not reply.positive:
            talk.refuse("accepted", reply)
        row.heard(reply)


def reset(talk: Conversation) -> None:
    """Take the envelope back; what the server says to this changes nothing."""
    try:
        talk.command("RSET", talk.limits.end())
    except (ConnectionLost, TimeoutError, NotAReply):
        talk.hang_up()


def _mail_line(talk: Conversation, envelope: Envelope, content: Content) -> str:
    odd = content.eight_bit or not all(map(str.isascii, (envelope.sender, *envelope.recipients)))
    utf8 = odd and talk.offer.has("SMTPUTF8")
    line = f"MAIL FROM:<{envelope.sender}>"
    line += f" SIZE={content.size}" if talk.offer.has("SIZE") else ""
    line += " BODY=8BITMIME" if content.eight_bit and talk.offer.has("8BITMIME") else ""
    return line + (" SMTPUTF8" if utf8 else "")


def _mail_from(talk: Conversation, envelope: Envelope, content: Content, replies: Pipeline) -> None:
    _about(talk, envelope.sender, envelope.recipients[0])
    with talk.stage("mail-from", f"announcing mail from {envelope.sender}") as row:
        if not replies.waiting:  # else that was seen to before they went out
            require_fit(talk, envelope, content)
        reply = replies.next()
        if not reply.positive:
            if reply.code != 421:
                replies.drain()
            talk.refuse("mail-from", reply)
        row.heard(reply)


def _about(talk: Conversation, sender: str, recipient: str) -> None:
    """Whom the server's next answers are about."""
    if (talk.facts.sender, talk.facts.recipient) != (sender, recipient):
        talk.facts = talk.facts._replace(sender=sender, recipient=recipient)


def require_fit(talk: Conversation, envelope: Envelope, content: Content) -> None:
    """What the server's EHLO answer rules out isn't even announced. Raises: StageFailed."""
    if not envelope.sender.isascii() and not talk.offer.has("SMTPUTF8"):
        hint = "use an address in ASCII: --set sender.email=ADDRESS"
        raise StageFailed("sender-rejected", _NO_UTF8.format(envelope.sender), hint)
    _require_utf8(talk, envelope, content)
    _require_room(talk, content.size)


def _require_utf8(talk: Conversation, envelope: Envelope, content: Content) -> None:
    """A message that shows an address outside ASCII goes to nobody without SMTPUTF8 (RFC 6531 3.6): its header can't be
    sent, to those with an address in ASCII neither. Who is alone with such an address is told so by name."""
    if not content.eight_bit or talk.offer.has("SMTPUTF8"):
        return
    odd = next((address for address in envelope.recipients if not address.isascii()), None)
    if odd is None or len(envelope.recipients) > 1:
        words = _NO_UTF8.format(odd) if odd else _NO_UTF8.format("of another recipient")
        hint = "leave that address out, or use one in ASCII"
        raise StageFailed("recipient-rejected", f"{words}: its header shows it, so nobody gets it", hint)


def _require_room(talk: Conversation, size: int) -> None:
    """What is larger than the server's SIZE (RFC 1870 6.1)."""
    limit = talk.offer.limit
    if limit is not None and size > limit:
        microsofts = "put it where the recipient can fetch it: Exchange Online takes no larger mail"
        more = microsofts if talk.facts.at_microsoft else f"ask {talk.facts.administrator}"
        raise StageFailed(
            "too-large",
            f"the message has {size} octets and {talk.facts.host} takes {limit} (SIZE in its EHLO answer): not sent",
            f"send less, or packed (dtsconf send --zip), or {more}",
        )


def _rcpt_to(talk: Conversation, recipients: tuple[str, ...], replies: Pipeline, found: list[Recipient]) -> None:
    """Every recipient by itself; the stage fails with the first refusal when nobody is left."""
    whom = recipients[0] if len(recipients) == 1 else f"{len(recipients)} recipients"
    with talk.stage("rcpt-to", f"asking for {whom}") as row:
        failures: list[StageFailed] = []
        crowded: Recipient | None = None
        for address in recipients:
            # Once it takes no more at once, asking on for the rest would count as errors: some servers end it for that.
            if crowded and not replies.waiting and _sayable(talk, address):
                found.append(replace(crowded, address=address))
                continue
            found.append(_ask_for(talk, address, replies, row.heard, failures))
            if found[-1].crowded_out and len(failures) < len(found):
                crowded = found[-1]
                replies.leave_out()
        if len(failures) == len(recipients):
            replies.drain()
            raise failures[0]
        if len(recipients) > 1:
            row.detail = f"{sum(one.ok for one in found)} of {len(recipients)} recipients taken"


def _sayable(talk: Conversation, address: str) -> bool:
    """Whether the address can be named to this server."""
    return address.isascii() or talk.offer.has("SMTPUTF8")


def _ask_for(
    talk: Conversation, address: str, replies: Pipeline, heard: Callable[[Reply], None], failures: list[StageFailed]
) -> Recipient:
    try:
        if not _sayable(talk, address):
            hint = "use an address in ASCII: --to ADDRESS"
            raise StageFailed("recipient-rejected", _NO_UTF8.format(address), hint)
        _about(talk, talk.facts.sender, address)
        reply = replies.next()
        if not reply.positive:
            talk.refuse("rcpt-to", reply)
    except StageFailed as refused:
        if refused.reply is not None and refused.reply.code == 421:
            raise  # its last word on this connection, for whoever was taken before, too
        failures.append(refused)
        return _recipient(talk, address, refused.reply, refused)
    heard(reply)
    return _recipient(talk, address, reply)


def _recipient(talk: Conversation, address: str, reply: Reply | None, refused: StageFailed | None = None) -> Recipient:
    """One recipient's row, with secrets masked."""
    if refused is None and talk.report.terse:
        return Recipient(address, True)
    masker = talk.report.masker
    return Recipient(
        address,
        refused is None,
        reply.code if reply else None,
        reply.enhanced if reply else None,
        masker.show(refused.detail if refused else reply.text if reply else ""),
        refused.cause if refused else None,
        masker.show_own(refused.hint) if refused and refused.hint else None,
        refused is not None and refused.account,
    )
