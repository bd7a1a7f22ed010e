"""What a server's noes in one run over the queue are about: the server itself, one sender, some recipients, or one
message. Judged by what the other mails of the run fare. Pure.

A no that may be about a sender or about recipients keeps no other mail back: for these nothing more is tried in this
run, and the others go on. It is believed of the server once several in a row fare the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.sent import Recipient, Sent
    from dtsconf.proof import Stage

OF_THE_MESSAGE = ("mail-from", "rcpt-to", "data", "accepted", "request")
"""Stages at which a failure may be about this message; one before them is about the server or the login."""

OF_THE_SERVER = frozenset(
    {"auth-disabled", "auth-mechanism", "auth-rejected", "blocked", "rate-limited", "tls-required", "token"}
)
"""Causes that hold for more than this message, whatever the stage: the settings are to be mended, or time has to
pass."""

OF_THE_WAY = frozenset({"dns", "dropped", "no-route", "refused", "timeout"})
"""Causes with which nobody has said anything: before the content that may be about any mail."""

ENOUGH = 5
"""Senders, recipients or messages that fare the same, one after the other, before it is believed of the server."""

ENOUGH_GOODBYES = 2
"""The same where the server ends the connection each time."""

_GOODBYE = 421
_OF_A_COMMAND = (500, 502, 503)
_CONTENT = ("data", "accepted")
_OF_ITS_CONTENT = ("auth-rejected", "blocked", "tls-required")
"""Causes that, once sender and recipients were taken, are about this mail: for a link in it, or a list that it goes
to."""

About = Literal["server", "sender", "recipients", "message"]


class Doubts:
    """`unusable` is the stage at which, as far as this run has shown, everybody is refused, or None; `reached` is False
    when not a byte of the server was read."""

    def __init__(self) -> None:
        self.unusable: Stage | None = None
        self.reached = True
        self._senders: dict[str, Stage] = {}
        self._recipients: dict[str, Stage] = {}
        self._served = False
        self._cause: str | None = None
        self._in_a_row = 0

    def heard(self, sent: Sent, sender: str, recipients: Sequence[str], size: int) -> bool:
        """What came of a mail of `size` in bytes. Gives whether no other can fare better now."""
        failure = sent.failure
        if failure is None or not _is_of_more(failure, size):
            self.unusable, self._in_a_row = None, 0
            self._served = self._served or sent.failure is None
            return False
        self.reached = sent.reached
        about = _about(failure)
        believed = self._is_believed(about, failure, sender, recipients)
        # What is said of some by name, or of one message, while others got their mail, says nothing of the server.
        single = about in ("recipients", "message") and (self._served or is_of_the_mailbox(failure))
        self.unusable = failure if believed or not single else None
        return believed

    def _is_believed(self, about: About, failure: Stage, sender: str, recipients: Sequence[str]) -> bool:
        if about == "server":
            return True
        if failure.cause != self._cause:
            self._cause, self._in_a_row = failure.cause, 0
        again = False
        if about == "sender":
            again = sender in self._senders
            self._senders[sender] = failure
        elif about == "recipients":
            again = all(each in self._recipients for each in recipients)
            self._recipients.update(dict.fromkeys(recipients, failure))
        self._in_a_row += not again and not is_of_the_mailbox(failure)
        return self._in_a_row >= (ENOUGH_GOODBYES if failure.code == _GOODBYE else ENOUGH)

    def known(self, sender: str, recipients: Sequence[str]) -> tuple[str, Stage] | None:
        """Of whom this run has heard what no already: of this sender, or of each of these recipients."""
        if failure := self._senders.get(sender):
            return sender, failure
        if self._recipients and all(each in self._recipients for each in recipients):
            return recipients[0], self._recipients[recipients[0]]
        return None


def is_of_the_mailbox(refused: Stage | Recipient) -> bool:
    """Whether a no is about one mailbox by its code: X.2.1, which takes nothing now (RFC 3463 3.3), or Exchange's for
    one that gets too much of a sender or of all (X.2.121, X.2.122)."""
    return (refused.enhanced_code or "").endswith((".2.1", ".2.121", ".2.122"))


def is_of_a_command(refused: Stage | Recipient) -> bool:
    """Whether a no is about a command by its code: not known, not implemented or out of order (RFC 5321 4.2.2)."""
    return refused.code in _OF_A_COMMAND and refused.cause == "protocol"


def _is_of_more(failure: Stage, size: int) -> bool:
    """Whether other messages may fare no better. By Graph a large one (`size` in bytes) needs a right and a host that a
    small one does without."""
    if failure.stage not in OF_THE_MESSAGE:
        return True
    if failure.account:
        return True
    if failure.cause not in OF_THE_SERVER and not _says_nothing_of_it(failure):
        return False
    if failure.stage != "request":
        return True
    from dtsconf.mail.graph.handing import LARGEST

    return size <= LARGEST


def _says_nothing_of_it(failure: Stage) -> bool:
    """Whether a message failed before its content, and nothing was said of it, its sender or recipients."""
    unheard = failure.cause in OF_THE_WAY and failure.code is None
    early = failure.stage in OF_THE_MESSAGE and failure.stage not in _CONTENT
    return early and (unheard or is_of_a_command(failure))


def _about(failure: Stage) -> About:
    """Of whom it may be said. 421 is the end of a connection (RFC 5321 3.8): to a sender it may still be said alone."""
    goodbye = failure.code == _GOODBYE
    if failure.account:
        return "sender"
    if _says_nothing_of_it(failure):
        return "message"
    if failure.stage == "rcpt-to" and not goodbye:
        return "recipients"
    content = failure.stage in _CONTENT
    if content and not goodbye and (failure.cause in _OF_ITS_CONTENT or is_of_the_mailbox(failure)):
        return "message"
    if failure.cause in ("blocked", "rate-limited") and (content or failure.stage == "mail-from"):
        return "sender"
    return "server"
