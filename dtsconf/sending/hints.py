"""What to do about a mail of the user's that didn't go: the conversation's hints are those of a test. Pure."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail.facts import of_a_known_domain
from dtsconf.mail.meanings.hints import TEST_AGAIN
from dtsconf.sending.hint_words import CONTENT, ENVELOPE_ON, LESS, PASSING, TICKET, TO, is_cut, of_a_cut, of_way, unseen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtsconf.mail.sent import Recipient, Sent
    from dtsconf.proof import Stage

_SAME = "the same send"
_QUEUE = "--queue added: then dtsconf queue run tries by itself until it is through"
_BY_A_TEST = ("auth-disabled", "auth-mechanism", "auth-rejected", "cleartext-refused", "token")
"""Causes before the envelope that a test is to mend: nobody sends a mail to try a password."""

_NAMED = 8
"""So many at most are named in each other's hints."""


@frozen
class Mail:
    """The user's mail: `size` in bytes, `now` the time in words that the server's people can look up, `attached`
    whether files go along, `smtp` whether it goes by that, `smaller` what makes it smaller, `proven` whether host and
    port were proven from here before; `options` has the option by which each address came in. `only`, where some have
    the mail or may have it: the options that name who may be sent it again, and nobody else; empty where all may."""

    message_id: str
    size: int
    now: str
    attached: bool
    smtp: bool
    smaller: str
    proven: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    only: str = ""

    @property
    def same(self) -> str:
        """What to type once more, with something changed."""
        return f"{_SAME} with {self.only} alone" if self.only else _SAME

    @property
    def again(self) -> str:
        """What to type once more as it is."""
        return self.same if self.only else f"{_SAME} again"

    @property
    def queued(self) -> str:
        """What to add for the queue to see to it, to nobody more than `again` names."""
        return f"or with {self.only} alone and {_QUEUE}" if self.only else f"or with {_QUEUE}"

    @property
    def when(self) -> str:
        """What the server's people find it by."""
        return f"the time ({self.now}) and the Message-ID ({self.message_id})"


def hinted(sent: Sent, mail: Mail) -> Sent:
    """The result, with hints about this mail."""
    failure = sent.failure
    recipients = tuple(
        one if one.ok else replace(one, hint=_to_the_rest(_told(one, failure, sent, of), of))
        for one in sent.recipients
        for of in (_mail_of(one, sent, mail),)
    )
    stages = tuple(one if one.ok else replace(one, hint=_of_failure(one, sent, mail)) for one in sent.stages)
    return replace(sent, stages=stages, recipients=recipients)


def _of_failure(failed: Stage, sent: Sent, mail: Mail) -> str | None:
    """The hint of the stage that failed, which is that of the first whom it failed for."""
    first = next((one for one in sent.recipients if not one.ok and one.cause == failed.cause), None)
    if first is None:
        return _of_stage(failed, "a recipient", mail)
    unknown = [one.address for one in sent.recipients if one.cause == "outcome-unknown"]
    if mail.smtp and failed.cause == "outcome-unknown" and len(unknown) > 1:
        return _to_ask(_in_words(unknown), ", naming those alone who haven't got it", mail)
    of = _mail_of(first, sent, mail)
    return _to_the_rest(_of_stage(failed, first.address, of), of)


def _mail_of(one: Recipient, sent: Sent, mail: Mail) -> Mail:
    """The mail as it may be sent once more for this one's sake: with all of those who are put off as they are, unless
    they are many; and to nobody who has it or may have it."""
    others = (other for other in sent.recipients if other is not one)
    if not mail.smtp or not any(other.ok or "outcome-unknown" in (other.cause, one.cause) for other in others):
        return mail  # by Graph all have it or none
    from shlex import quote

    alike = [other for other in sent.recipients if not other.ok and other.cause == one.cause]
    several = one.cause in PASSING and len(alike) <= _NAMED
    by_option: dict[str, list[str]] = {}
    for other in alike if several else (one,):
        by_option.setdefault(mail.options.get(other.address, "--to"), []).append(other.address)
    only = " ".join(f"{option} {quote(','.join(named))}" for option, named in by_option.items())
    return replace(mail, only=only)


def _to_the_rest(hint: str | None, mail: Mail) -> str | None:
    """The hint, also one that names no send, kept from reaching those once more who have the mail."""
    if not hint or not mail.only or f"{mail.only} alone" in hint:
        return hint
    return f"{hint}; in any further send name nobody who has it already, or may have it"


def _of_stage(failed: Stage, whom: str, mail: Mail) -> str | None:
    if mail.smtp and failed.stage not in ENVELOPE_ON:
        hint = of_way(failed, mail.again, proven=mail.proven)
        if hint is None or failed.cause in _BY_A_TEST:
            return hint
        return _in_time(TEST_AGAIN.sub(lambda _found: mail.again, hint), failed, failed.stage, mail)
    return _hint(failed, failed.stage, whom, mail)


def _told(one: Recipient, failure: Stage | None, sent: Sent, mail: Mail) -> str | None:
    """The hint for a recipient who gets nothing, for a no of their own or for what ended it for all."""
    if failure is None or failure.stage == "rcpt-to" or (one.cause, one.detail) != (failure.cause, failure.detail):
        hint = _hint(one, "rcpt-to", one.address, mail)
        return hint and _but_for_neighbours(hint, one, sent)
    return _of_stage(failure, one.address, mail)


def _but_for_neighbours(hint: str, one: Recipient, sent: Sent) -> str:
    """Without the doubt whether the server takes mail for the domain at all, where somebody else there gets this."""
    domain = one.address.rpartition("@")[2]
    taken = any(other.ok and other.address.rpartition("@")[2] == domain for other in sent.recipients)
    return of_a_known_domain(hint) if taken else hint


def _hint(failed: Stage | Recipient, stage: str, whom: str, mail: Mail) -> str | None:
    if failed.cause == "too-large" and failed.hint:
        return _of_this_mail(LESS.sub(mail.smaller, failed.hint), failed, stage, whom, mail)
    if failed.cause == "outcome-unknown" and failed.hint and not mail.smtp:
        return f"{failed.hint} ({mail.message_id})"
    if failed.cause == "outcome-unknown":
        return _to_ask(whom, f", with {mail.only} alone" if mail.only else "", mail)
    if failed.cause == "greylisted":
        known = "greylisting: the server wants to see that this machine comes back; nothing is wrong with the settings"
        return f"{known}: {mail.again} in ten minutes, {mail.queued}"
    if is_cut(failed, stage):
        return _cut(mail)
    if failed.hint is None or stage not in ENVELOPE_ON:
        return failed.hint
    return _of_this_mail(failed.hint, failed, stage, whom, mail)


def _to_ask(whom: str, again: str, mail: Mail) -> str:
    """Whom to ask whether they have it; `again` is how to send it to those who haven't."""
    cut = "an antivirus product or mail filter cuts it, here or at the server: ask who runs them"
    known = f"ask {whom} whether it arrived ({mail.message_id}) before you send it again{again}"
    return f"{known}; if none ever does, {cut}"


def _in_words(addresses: Sequence[str]) -> str:
    """Several addresses; the last of many by their number."""
    if len(addresses) > _NAMED:
        return f"{', '.join(addresses[:_NAMED])} and the {len(addresses) - _NAMED} others that it went to"
    return f"{', '.join(addresses[:-1])} and {addresses[-1]}"


def _cut(mail: Mail) -> str:
    small = "whether a small mail passes, dtsconf test tells"
    return f"{of_a_cut(mail.size)}; {_without(mail)}{small}; ask who runs the server and the filter, with {mail.when}"


def _of_this_mail(hint: str, failed: Stage | Recipient, stage: str, whom: str, mail: Mail) -> str:
    """The hint of a test as one about this mail: what to type again, and what its people find it by."""
    if mail.smtp and (login := unseen(hint)):
        hint = hint.replace(login, f"as dtsconf test --to {whom} tells")
    hint = TICKET.sub(f"and send along the server's answer, {mail.when}", hint)
    hint = TO.sub(f"{mail.options.get(whom, '--to')} ADDRESS", hint)
    hint = TEST_AGAIN.sub(lambda _found: mail.again, hint)
    if failed.cause == "content-rejected" and stage in CONTENT:
        return f"{hint}; to see whether it is that: {mail.same} without the attachment" if mail.attached else hint
    return _in_time(hint, failed, stage, mail)


def _in_time(hint: str, failed: Stage | Recipient, stage: str, mail: Mail) -> str:
    """The hint with the queue, where time alone may help: after too many logins the password has to be mended first."""
    passing = failed.cause == "server-error" if stage == "auth" else failed.cause in PASSING
    return f"{hint}; {mail.queued}" if passing and 400 <= (failed.code or 0) < 500 else hint


def _without(mail: Mail) -> str:
    return f"try {mail.same} without the attachment; " if mail.attached else ""
