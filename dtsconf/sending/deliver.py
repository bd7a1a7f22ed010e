"""Hands a message to the server of the settings in force, once, and tells how each recipient fared.

An outcome that is unknown is told and never resolved by sending again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf import wiring
from dtsconf.content import Content
from dtsconf.errors import DtsconfError, Interrupted, Notice
from dtsconf.frozen import frozen
from dtsconf.mail.compose.draft import Draft, Mailbox
from dtsconf.mail.content import Envelope
from dtsconf.mail.mailer import mailer
from dtsconf.mail.outcome import kept_from
from dtsconf.mail.route import Smtp
from dtsconf.mail.sent import Sent
from dtsconf.proof import CAUSES
from dtsconf.sending.prepare import prepared, smaller
from dtsconf.sending.request import Request, draft_of, options_of
from dtsconf.settings.check import require_complete
from dtsconf.settings.roots import require_roots
from dtsconf.wiring import Inputs, hands

if TYPE_CHECKING:
    from dtsconf.auth.request import Person
    from dtsconf.mail.route import Link
    from dtsconf.mail.sent import Recipient
    from dtsconf.proof import Stage
    from dtsconf.settings.effective import Effective


@frozen
class Delivered:
    """A finished sending: what came of it, the message's size in bytes, the settings, and what was odd about them."""

    sent: Sent
    size: int
    effective: Effective
    warnings: tuple[Notice, ...] = ()


class NotSent(DtsconfError):
    """Nobody got the mail, so far as is known: `sent` tells who said no, at which stage."""

    kind = "not-sent"

    def __init__(self, sent: Sent) -> None:
        failure = sent.failure
        told = CAUSES.get((failure and failure.cause) or "", "the server took it for nobody")
        detail = f" ({failure.stage}: {failure.detail})" if failure else ""
        super().__init__(f"not sent: {told}{detail}", failure.hint if failure else None)
        self.sent = sent

    @property
    def code(self) -> int:
        """1, 6 or 9 (contract: "Exit codes")."""
        return exit_code(self.sent)


def exit_code(sent: Sent) -> int:
    """0 when everybody gets it, 1 when recipients were refused, 9 when the server was not reached, else 6."""
    failure = sent.failure
    if sent.ok:
        return 0
    if failure is None or any(one.ok for one in sent.recipients) or _all_refused(sent, failure):
        return 1
    return 6 if sent.reached else 9


def _all_refused(sent: Sent, failure: Stage) -> bool:
    return failure.stage in _OF_RECIPIENTS and all(
        one.cause in _REFUSALS or (failure.stage == "rcpt-to" and _is_put_off(one)) for one in sent.recipients
    )


def _is_put_off(one: Recipient) -> bool:
    """Whether the server answered this very name with a no for now, and not by closing the connection (421)."""
    return one.cause in ("rate-limited", "server-error") and one.code not in (None, 421)


_OF_RECIPIENTS = ("rcpt-to", "accepted")
"""Stages that may refuse recipients: by Graph, and by some servers, only the whole mail's answer does."""

_REFUSALS = frozenset({"recipient-rejected", "mailbox-full", "greylisted"})
"""What a server says of a recipient, rather than of the connection or the sender."""


def deliver(
    given: Inputs,
    request: Request,
    *,
    person: Person | None = None,
    progress: Callable[[str], None] = lambda _words: None,
    passed: Callable[[int, int], None] = lambda _done, _size: None,
    effective: Effective | None = None,
) -> Delivered:
    """Send it; that nobody got it is a result, too. `progress` is called with a few words when a stage begins, `passed`
    with the bytes that are through and the bytes in all; `person` may be asked to sign in. `effective` are the
    settings, where they are at hand already.

    Raises:
        UsageProblem: the request's own words are off.
        Invalid: the settings can't be used, or policy forbids a recipient or the size.
        SecretUnavailable: the login's password can't be had.
        SignInFailed: nobody is signed in and nobody can be asked, or the identity provider says no.
        DtsconfError: a file can't be attached, or changed while it was read; nobody got the mail then.
    """
    return hands.unmoved(lambda: _deliver(given, request, effective, person, progress, passed))


def _deliver(
    given: Inputs,
    request: Request,
    loaded: Effective | None,
    person: Person | None,
    progress: Callable[[str], None],
    passed: Callable[[int, int], None],
) -> Delivered:
    draft = draft_of(request)
    effective = loaded or wiring.effective(given, user=True)
    require_complete(effective)
    require_roots(effective)
    with hands.resolver_of(given, lambda: effective) as resolver:

        def access_now() -> hands.Access:
            secrets = hands.secrets_of(given, effective, resolver)
            return hands.access_of(given, effective, secrets, person=person, progress=progress)

        # Whose address it is from, a sign-in may have to tell; else what the message lacks is told before any secret.
        access = access_now() if effective.settings.sender.email is None else None
        who = (access.effective if access else effective).settings.sender
        sender = Mailbox(who.name, who.email or "")
        with prepared(request, draft, sender, effective.org) as message:
            access = access or access_now()
            content = Counted(message, passed)
            link = hands.link_now(given, access, progress=progress)
            with mailer(link) as sends, _interruptions_told(content):
                envelope = Envelope(sender.on_the_wire, draft.recipients)
                sent = _handed_over(sends.send, envelope, content)
        sent = _hinted(sent, request, draft, message.size, link)
        return Delivered(sent, message.size, access.effective, (*effective.warnings, *resolver.warnings))


def _handed_over(send: Callable[[Envelope, Content], Sent], envelope: Envelope, content: Content) -> Sent:
    """Send it, and once more to those whom one transaction had no place for."""
    sent = send(envelope, content)
    while (rest := _left(sent)) and len(rest) < len(envelope.recipients):
        envelope = replace(envelope, recipients=rest)
        try:
            sent = _joined(sent, send(envelope, content))
        except DtsconfError as trouble:  # with the content; the others have it already
            return _joined(sent, kept_from(envelope, content, trouble))
    return sent


def _left(sent: Sent) -> tuple[str, ...]:
    """Whom another transaction may serve: whom the server has no place for in one (RFC 5321 4.5.3.1.10); and where it
    hung up over those whom it refused, before it was given anything (Postfix: smtpd_hard_error_limit), the others."""
    failure = sent.failure
    if failure is None:
        return sent.crowded_out
    rest = tuple(one.address for one in sent.recipients if one.code == failure.code)
    over_these = failure.stage == "rcpt-to" and failure.code == 421 and len(rest) < len(sent.recipients)
    return rest if over_these else ()


def _joined(sent: Sent, later: Sent) -> Sent:
    """Both transactions as one result; what the later one says of a recipient counts, and of its stages those where the
    first one was cut short."""
    news = {one.address: one for one in later.recipients}
    recipients = tuple(news.get(one.address, one) for one in sent.recipients)
    stages = later.stages if sent.failure else (*sent.stages, *later.stages)
    return Sent(sent.message_id, recipients, stages, later.reached)


def _hinted(sent: Sent, request: Request, draft: Draft, size: int, link: Link) -> Sent:
    """The conversation's hints are those of a test; what else to do about a mail of the user's is known here."""
    if sent.ok:
        return sent
    from time import gmtime, strftime

    from dtsconf.sending import hints

    now = strftime("%Y-%m-%d %H:%M UTC", gmtime())
    smtp, proven = isinstance(link.route, Smtp), link.past.proven is not None
    mail = hints.Mail(
        sent.message_id, size, now, bool(request.attach), smtp, smaller(request), proven, options_of(draft)
    )
    return hints.hinted(sent, mail)


class Counted:
    """A message that tells how much of it is through. `all_read`: it was read to its end once, so it may be out."""

    def __init__(self, content: Content, passed: Callable[[int, int], None]) -> None:
        self.message_id, self.size, self.eight_bit = content.message_id, content.size, content.eight_bit
        self._content = content
        self._passed = passed
        self.all_read = False

    def chunks(self) -> Iterator[bytes]:
        """The message's own chunks."""
        done = 0
        for chunk in self._content.chunks():
            yield chunk
            done += len(chunk)
            self._passed(done, self.size)
        self.all_read = True


@contextmanager
def _interruptions_told(content: Counted) -> Iterator[None]:
    """What Ctrl-C means depends on how far it was."""
    try:
        yield
    except KeyboardInterrupt:
        if content.all_read:
            words = f"interrupted while the server was taking the mail: it may have arrived ({content.message_id})"
            raise Interrupted(words, "ask a recipient before you send it again") from None
        raise Interrupted("interrupted; the mail was not sent") from None
