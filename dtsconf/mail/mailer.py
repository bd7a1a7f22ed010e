"""Sending: message after message over one connection, each with a result of its own. Never raises for trouble of
network or server.

A connection that the server closed between two messages is made anew, since nothing of the message was handed over. An
outcome that is unknown is told and never resolved by sending again: that is for the caller to decide.

Where the server pipelines, the next message's envelope goes out with the end of the one at hand (RFC 2920 3.1), and
what came of the last one is told while the server is at work. A server that can't follow is met without that from then
on.
"""

from __future__ import annotations

from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Self

from dtsconf.errors import DtsconfError
from dtsconf.mail import delivery
from dtsconf.mail.content import Envelope, Unreadable, on_the_wire
from dtsconf.mail.conversation import Conversation
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.line import Line, Single
from dtsconf.mail.opening import open_for
from dtsconf.mail.outcome import delivered, kept_from
from dtsconf.mail.route import Smtp
from dtsconf.mail.sent import Sent
from dtsconf.mail.wire import Limits

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from types import TracebackType

    from dtsconf.content import Content
    from dtsconf.mail.graph.mailer import GraphMailer
    from dtsconf.mail.line import Message
    from dtsconf.mail.route import Link
    from dtsconf.mail.sent import Recipient
    from dtsconf.proof import Stage

SMALL = 16 * 1024
"""Octets of a message that a connection takes without a wait, when the server has read all that came before."""

PATIENCE = {"data": 180.0, "accepted": 600.0}
"""Seconds for each block of the message, and for the answer to its end (RFC 5321 4.5.3.2.5 and 6)."""


def mailer(link: Link, *, terse: bool = False) -> SmtpMailer | GraphMailer:
    """What sends over this link's route. `terse`: whoever sends many wants to know the stages of a connection and of
    what fails, not those of each message that goes well."""
    if isinstance(link.route, Smtp):
        return SmtpMailer(link, terse=terse)
    from dtsconf.mail.graph.mailer import GraphMailer

    return GraphMailer(link, terse=terse)


class _Announced:
    """A message whose envelope goes out, or went out, ahead of its turn: `commands`, to be answered by `replies`.
    `ready` is a small one as it goes over the wire, so that the server need not wait for that."""

    def __init__(self, talk: Conversation, message: Message) -> None:
        self.talk, self.message, self.envelope = talk, message, _wired(message.envelope)
        self.replies = delivery.replies_to(talk, self.envelope, message.content, together=True)
        self.commands = b""
        with suppress(StageFailed):  # what this server can't be given is told in its turn
            delivery.require_fit(talk, self.envelope, message.content)
            self.commands = self.replies.ahead()
        self.ready = b""
        if message.content.size <= SMALL:
            with suppress(OSError, DtsconfError):  # what can't be read is told in its turn, too
                self.ready = b"".join(on_the_wire(message.content))


class _Way:
    """How far the message at hand has come. `ahead`: commands went out ahead of their turn, this message's or the next
    one's; `in_full`: the server has the whole and owes its answer; `stages` are those of one that it has taken for
    everybody, `noted` whether its owner knows; `trouble` is what was raised on this side."""

    def __init__(self, talk: Conversation, message: Message, envelope: Envelope) -> None:
        self.talk, self.message, self.envelope, self.content = talk, message, envelope, message.content
        self.recipients: list[Recipient] = []
        self.stages: tuple[Stage, ...] = ()
        self.ahead = False
        self.in_full = False
        self.noted = False
        self.trouble: OSError | DtsconfError | None = None

    def note(self) -> None:
        """Let the owner of one that was taken for everybody know, once. Raises whatever the owner does."""
        if not self.noted:
            self.message.taken()
            self.noted = True


class SmtpMailer:
    """Sends over one SMTP connection at a time. A context manager; the connection is made with the first message."""

    def __init__(self, link: Link, *, terse: bool = False) -> None:
        self._link = link
        self._terse = terse
        self._talk: Conversation | None = None
        self._prepared: _Announced | None = None
        self._announced: _Announced | None = None
        self._in_step = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()

    def send(self, envelope: Envelope, content: Content) -> Sent:
        """Hand one message over, for as many of the recipients as the server takes it. Raises: as `send_all`."""
        (sent,) = self.send_all([Single(envelope, content)])
        return sent

    def send_all(self, messages: Iterable[Message]) -> Generator[Sent, None, None]:
        """Hand them over one after the other, each for as many of its recipients as the server takes it. Gives what
        came of each, in order: a no at once, a yes while the server is at work on the next one.

        Raises:
            Whatever the messages raise, or reading their content, but for Unreadable; the server was not given the end
            of that one then.
        """
        line = Line(messages)
        taken: list[_Way] = []
        try:
            while (message := line.next()) is not None:
                sent = None
                while sent is None:
                    kept = self._talk is not None
                    if self._announced is None or not self._announced.ready:  # the next one may take its time
                        yield from _told(taken)
                    way = self._hand_over(message, line)
                    yield from _told(taken)
                    if way.in_full:
                        self._prepare(line, 1)
                    if self._is_taken(way):
                        taken.append(way)
                        way.talk.wire.before_waiting = way.note
                        break
                    sent = self._came_to(way, kept=kept)
                else:
                    yield sent
            yield from _told(taken)
        except BaseException:
            for way in taken:
                with suppress(OSError):  # which says less than what ended it all
                    way.note()
            self._abandon()
            raise

    def _hand_over(self, message: Message, line: Line) -> _Way:
        """The message up to its final dot, or to where it ended."""
        announced, self._announced = self._announced, None
        talk = self._talk
        envelope = announced.envelope if announced else _wired(message.envelope)
        new = talk is None
        if talk is None:
            limits = Limits(self._link.timeout, inf, PATIENCE)
            talk = Conversation(self._link, limits, sender=envelope.sender, recipient=envelope.recipients[0])
        talk.report.begin_anew(terse=self._terse and not new)
        way = _Way(talk, message, envelope)
        way.ahead = announced is not None
        try:
            with suppress(StageFailed):  # the report has it
                if new:
                    open_for(talk, login=True)
                    self._talk = talk
                self._submit(way, announced, line)
        except (OSError, DtsconfError) as trouble:
            way.trouble = trouble
        except BaseException:
            self._drop(talk)
            raise
        return way

    def _submit(self, way: _Way, announced: _Announced | None, line: Line) -> None:
        talk, content, ready = way.talk, way.content, b""
        if announced is None:
            replies = delivery.replies_to(talk, way.envelope, content, together=True)
        else:
            replies, ready = announced.replies, announced.ready
        delivery.announce(talk, way.envelope, content, replies, way.recipients)
        self._prepare(line, 0)
        behind = self._prepared.commands if self._prepared is not None else b""
        way.message.begin()
        delivery.submit(talk, [ready + behind] if ready else on_the_wire(content, behind), replies)
        way.in_full = True
        if behind:
            way.ahead = True
            self._announced, self._prepared = self._prepared, None

    def _prepare(self, line: Line, place: int) -> None:
        """Make ready the envelope of a message that comes later, where it can go out ahead. Elsewhere none leaves its
        source before its turn: what comes of the others may keep it back."""
        talk = self._talk
        together = talk is not None and self._in_step and talk.offer.has("PIPELINING")
        message = line.look(place) if together else None
        if message is None or talk is None:
            self._prepared = None
        elif self._prepared is None or self._prepared.message is not message or self._prepared.talk is not talk:
            self._prepared = _Announced(talk, message)

    def _is_taken(self, way: _Way) -> bool:
        """Whether the server has taken it for everybody. Raises whatever was raised on this side but Unreadable."""
        if way.trouble is not None:
            self._drop(way.talk)
            if not isinstance(way.trouble, Unreadable):
                raise way.trouble
        if not way.in_full:
            return False
        with suppress(StageFailed):  # the report has it
            delivery.accepted(way.talk)
        report = way.talk.report
        if report.failure is not None or not all(one.ok for one in way.recipients):
            return False
        way.stages = tuple(report.stages)
        return True

    def _came_to(self, way: _Way, *, kept: bool) -> Sent | None:
        """What came of one that wasn't taken for everybody; None when it has to be sent again."""
        if isinstance(way.trouble, Unreadable):
            return kept_from(way.envelope, way.content, way.trouble)
        sent = delivered(way.talk.report, way.envelope, way.content, way.recipients)
        self._recover(way.talk)
        again = kept and _had_ended(sent)
        if way.ahead and _lost_step(sent):
            self._in_step = False
            again = again or not sent.unknown
        if not again:
            return sent
        self._drop(way.talk)  # with whatever was announced on it
        return None

    def _recover(self, talk: Conversation) -> None:
        """After a no: the connection is good for the next message if the server still listens, else it goes. Nothing
        needs to be taken back where the next message is announced already, or where not everybody was refused."""
        if talk.report.failure is None:
            return
        if talk is self._talk and talk.usable and self._announced is None:
            delivery.reset(talk)
        if talk is not self._talk or not talk.usable:
            self._drop(talk)

    def _abandon(self) -> None:
        if self._talk is not None:
            self._drop(self._talk)

    def _drop(self, talk: Conversation) -> None:
        talk.hang_up()
        talk.close()
        self._talk = self._announced = self._prepared = None


def _told(taken: list[_Way]) -> Iterator[Sent]:
    """What came of one that was taken for everybody, if there is one; its owner is told first."""
    while taken:
        way = taken.pop()
        way.note()
        yield Sent(way.content.message_id, tuple(way.recipients), way.stages)


def _wired(envelope: Envelope) -> Envelope:
    return Envelope(delivery.wired(envelope.sender), tuple(map(delivery.wired, envelope.recipients)))


def _lost_step(sent: Sent) -> bool:
    """Whether the server may have failed for commands that came with the end of a message: it says that something is
    out of order, or nothing at all."""
    failure = sent.failure
    if failure is None or failure.stage not in ("mail-from", "rcpt-to", "data", "accepted"):
        return False
    of_ours = ("sender-rejected", "recipient-rejected", "too-large")  # what its EHLO answer rules out
    return failure.cause == "protocol" or (failure.code is None and failure.cause not in of_ours)


def _had_ended(sent: Sent) -> bool:
    """Whether the server had closed the connection before this message began."""
    failure = sent.failure
    return failure is not None and failure.stage == "mail-from" and (failure.code == 421 or failure.cause == "dropped")
