"""Sending by Graph: message after message over one HTTPS connection, each with a result of its own.

Graph tells nothing of single recipients: a message is taken for all of them, or for none. Never raises for trouble of
network or server; an outcome that is unknown is told and never resolved by sending again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from dtsconf.mail.content import Envelope, Unreadable
from dtsconf.mail.delivery import wired
from dtsconf.mail.failure import StageFailed
from dtsconf.mail.graph.handing import hand_over
from dtsconf.mail.graph.opening import reach
from dtsconf.mail.graph.talk import Talk
from dtsconf.mail.job import Clock, SystemClock
from dtsconf.mail.line import Single
from dtsconf.mail.outcome import delivered, kept_from

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from types import TracebackType

    from dtsconf.content import Content
    from dtsconf.mail.line import Message
    from dtsconf.mail.route import Link
    from dtsconf.mail.sent import Sent

PATIENCE = 120.0
"""Seconds for an answer: a large mail takes Exchange longer than a time-out that fits a look-up."""


class GraphMailer:
    """A context manager; the connection is made with the first message."""

    def __init__(self, link: Link, clock: Clock | None = None, *, terse: bool = False) -> None:
        self._link = link
        self._terse = terse
        self._clock = clock or SystemClock()
        self._talk: Talk | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._talk is not None:
            self._talk.close()

    def send(self, envelope: Envelope, content: Content) -> Sent:
        """Hand one message over. Raises: as `send_all`."""
        return self._send(Single(envelope, content))

    def send_all(self, messages: Iterable[Message]) -> Generator[Sent, None, None]:
        """Hand them over one after the other. Gives what came of each.

        Raises:
            Whatever the messages raise, or reading their content, but for Unreadable; Graph was not told to send that
            one then.
        """
        for message in messages:
            sent = self._send(message)
            if sent.ok:
                message.taken()
            yield sent

    def _send(self, message: Message) -> Sent:
        content, envelope = message.content, message.envelope
        envelope = Envelope(wired(envelope.sender), tuple(map(wired, envelope.recipients)))
        talk = self._talk or Talk(
            self._link, self._clock, sender=envelope.sender, wait=max(PATIENCE, self._link.timeout)
        )
        talk.report.begin_anew(terse=self._terse and self._talk is not None)
        with suppress(StageFailed):  # the report has it
            if self._talk is None:
                reach(talk)
                talk.sign_in()
                self._talk = talk
            message.begin()
            try:
                hand_over(talk, envelope, content)
            except Unreadable as trouble:
                return kept_from(envelope, content, trouble)
        if self._talk is None:
            talk.close()
        sent = delivered(talk.report, envelope, content)
        # The status is that of the one request, and speaks of nobody: what it means stands in the cause.
        return replace(sent, recipients=tuple(replace(each, code=None) for each in sent.recipients))
