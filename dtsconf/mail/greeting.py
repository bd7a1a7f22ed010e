"""The banner and ehlo stages: what greets there, and what it offers (RFC 5321 3.1, 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail import hello
from dtsconf.mail.failure import StageFailed
from dtsconf.net.hostname import own_name

if TYPE_CHECKING:
    from dtsconf.mail.conversation import Conversation
    from dtsconf.mail.reply import Reply

_UNKNOWN_COMMAND = (500, 501, 502, 504)
_NO_SUCH_COMMAND = (500, 502)


def read_banner(talk: Conversation) -> None:
    """Wait for the greeting. A server that keeps silent is looked at: it may speak something else.

    Raises:
        StageFailed: silence, something else than SMTP, or a no.
    """
    with talk.stage("banner", "waiting for the server's greeting") as row:
        try:
            reply = talk.wire.read_reply(talk.limits.end())
        except TimeoutError:
            _look_closer(talk)
            raise
        talk.banner = talk.report.greeting = reply.text
        if reply.code != 220:
            talk.refuse("banner", reply)
        row.heard(reply)


def _look_closer(talk: Conversation) -> None:
    """After silence: name what speaks there if it can be found out."""
    from dtsconf.mail.probe import silent

    talk.hang_up()
    seen = None if talk.wire.pending else silent(talk.wire, talk.facts, talk.limits)
    if seen is not None:
        talk.report.heard_any = True
        raise StageFailed.of(seen[0], f"no greeting in {talk.limits.stage:g} s; {seen[1]}")


def our_name(talk: Conversation) -> str:
    """What we call ourselves in EHLO."""
    return hello.ehlo_name(own_name(), talk.wire.local_address)


def introduce(talk: Conversation) -> None:
    """The ehlo stage. Raises StageFailed."""
    with talk.stage("ehlo", "introducing this machine") as row:
        row.heard(say_hello(talk))
        row.detail += by_helo(talk)


def say_hello(talk: Conversation) -> Reply:
    """EHLO, or HELO where that is all the server knows (RFC 5321 3.2); sets the conversation's `offer` and `unheard`.

    Raises:
        StageFailed: the server says no, or turns out to be no mail server.
    """
    name, talk.unheard = our_name(talk), None
    talk.facts = talk.facts._replace(name=name)
    reply = talk.command(f"EHLO {name}", talk.limits.end())
    if reply.code >= 500 and _is_ftp(talk.banner):
        hint = "outgoing mail has another port: --set server.port=587"
        raise StageFailed("not-smtp", f"an FTP server answers: '{talk.banner}'", hint, "server", reply)
    if reply.code in _UNKNOWN_COMMAND:
        talk.unheard = reply
        reply = talk.command(f"HELO {name}", talk.limits.end())
        if reply.code in _NO_SUCH_COMMAND and talk.unheard.code not in _NO_SUCH_COMMAND:
            talk.refuse("ehlo", talk.unheard)  # EHLO is known there: what it dislikes stands in that answer
        if reply.code in _NO_SUCH_COMMAND:
            hint = "every mail server knows one of them: is the port right? What works: dtsconf test --probe"
            raise StageFailed(
                "protocol", f"neither EHLO nor HELO is known there: '{reply.text}'", hint, "server", reply
            )
    if reply.code != 250:
        talk.refuse("ehlo", reply)
    talk.offer = hello.read_offer(reply)
    talk.facts = talk.facts._replace(starttls=talk.offer.has("STARTTLS"))
    return reply


def _is_ftp(banner: str) -> bool:
    """Whether an FTP server greets so, which begins with 220 as well (RFC 959 5.4); a mail server's host may be called
    ftp."""
    return "ftp" in banner.lower() and "smtp" not in banner.lower()


def by_helo(talk: Conversation) -> str:
    """What to add to a stage in which the server took HELO alone, as the end of its detail; '' where it took EHLO."""
    return f" (to HELO; EHLO {talk.facts.name} was refused: {talk.unheard.text})" if talk.unheard else ""


def offered(talk: Conversation) -> str:
    """Whose answer tells what the server offers, to begin a sentence with."""
    return "the EHLO answer" if talk.unheard is None else "the answer to HELO, after EHLO was refused,"
