"""Sending: message after message over one connection, each with a result of its own. Never raises for trouble of
network or server.

A connection that the server closed between two messages is made anew, since nothing of the message was handed over. An
outcome that is unknown is told and never resolved by sending again: that is for the caller to decide.
"""

from __future__ import annotations

from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Self

from dtsconf.mail import delivery
from dtsconf.mail.content import Envelope
from dtsconf.mail.conversation import Conversation
from dtsconf.mail.delivery import nothing
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.opening import open_for
from dtsconf.mail.outcome import delivered
from dtsconf.mail.route import Smtp
from dtsconf.mail.wire import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from dtsconf.mail.content import Content
    from dtsconf.mail.graph.mailer import GraphMailer
    from dtsconf.mail.route import Link
    from dtsconf.mail.sent import Sent

PATIENCE = {"data": 180.0, "accepted": 600.0}
"""Seconds for each block of the message, and for the answer to its end (RFC 5321 4.5.3.2.5 and 6)."""


def mailer(link: Link) -> SmtpMailer | GraphMailer:
    """What sends over this link's route."""
    if isinstance(link.route, Smtp):
        return SmtpMailer(link)
    from dtsconf.mail.graph.mailer import GraphMailer

    return GraphMailer(link)


class SmtpMailer:
    """Sends over one SMTP connection at a time. A context manager; the connection is made with the first message."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._talk: Conversation | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def send(self, envelope: Envelope, content: Content, meanwhile: Callable[[], None] = nothing) -> Sent:
        """Hand one message over, for as many of the recipients as the server takes it. `meanwhile` is done while the
        server stores it, if it comes to that.

        Raises:
            Whatever reading the content raises; the server was not given the end of the message then.
        """
        envelope = Envelope(delivery.wired(envelope.sender), tuple(map(delivery.wired, envelope.recipients)))
        kept = self._talk is not None
        sent = self._attempt(envelope, content, meanwhile)
        if kept and _had_ended(sent):
            sent = self._attempt(envelope, content, meanwhile)
        return sent

    def _attempt(self, envelope: Envelope, content: Content, meanwhile: Callable[[], None]) -> Sent:
        talk, recipients, new = self._talk, None, self._talk is None
        if talk is None:
            limits = Limits(self._link.timeout, inf, PATIENCE)
            talk = Conversation(self._link, limits, sender=envelope.sender, recipient=envelope.recipients[0])
        talk.report.begin_anew()
        try:
            with suppress(StageFailed):  # the report has it
                if new:
                    open_for(talk, login=True)
                    self._talk = talk
                replies = delivery.replies_to(talk, envelope, content, together=True)
                recipients = delivery.announce(talk, envelope, content, replies)
                delivery.transmit(talk, content, replies, meanwhile)
        except BaseException:
            self._abandon(talk)
            raise
        sent = delivered(talk.report, envelope, content, recipients)
        if sent.failure is not None:
            self._recover(talk)
        return sent

    def _recover(self, talk: Conversation) -> None:
        """After a no: the connection is good for the next message if the server still listens, else it goes."""
        if talk is self._talk and talk.usable:
            delivery.reset(talk)
        if talk is not self._talk or not talk.usable:
            self._abandon(talk)

    def _abandon(self, talk: Conversation) -> None:
        talk.hang_up()
        talk.close()
        self._talk = None

    def _close(self) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()


def _had_ended(sent: Sent) -> bool:
    """Whether the server had closed the connection before this message began."""
    failure = sent.failure
    return failure is not None and failure.stage == "mail-from" and (failure.code == 421 or failure.cause == "dropped")
