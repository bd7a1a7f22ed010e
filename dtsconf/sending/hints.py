"""What to do about a mail of the user's that didn't go: the conversation's hints are those of a test. Pure."""

from __future__ import annotations

import re
from dataclasses import field, replace
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.mail.facts import of_a_known_domain, proposed_login
from dtsconf.mail.meanings.hints import TEST_AGAIN
from dtsconf.sending.doubts import is_of_the_mailbox
from dtsconf.sending.sizes import in_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtsconf.mail.sent import Recipient, Sent
    from dtsconf.proof import Stage

LOOKED_INTO = {
    "resolve": (),
    "connect": (),
    "banner": ("timeout", "dropped", "protocol", "not-smtp"),
    "tls": ("timeout", "dropped", "protocol", "tls-not-offered", "tls-stripped", "tls-version"),
    "auth": ("cleartext-refused",),
}
"""Stages of a way to the server that `test` looks into further, with the causes that it does so for; none: all."""

_TEST = "dtsconf test finds out why, and what works instead; then "
_SAME = "the same send"
_RUN = "dtsconf queue flush"
_QUEUE = "--queue added: then dtsconf queue run tries by itself until it is through"
_NO_WAY = ("resolve", "connect")
_TO = re.compile(r"(?:dtsconf test )?--to ADDRESS")
_ADDRESS = "leave that address out"
"""How a hint says that one address keeps the mail from everybody."""

_LESS = re.compile(r"\bsend less(?: at a time)?(?:, or packed \(dtsconf send --zip\))?")
"""How hints say to make a mail smaller."""
_TICKET = re.compile(r"\b(?:and send along|with) what this writes: dtsconf test --transcript [^\s;,]+")
_NAMED = 8
"""So many at most are named in each other's hints."""

_PASSING = ("greylisted", "rate-limited", "server-error")
_CUT = ("dropped", "timeout", "protocol")
_CONTENT = ("data", "accepted")
_ENVELOPE_ON = ("mail-from", "rcpt-to", *_CONTENT)


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


def of_queue(failed: Stage, *, smtp: bool, proven: bool = False, waits: bool = True, given_up: bool = False) -> Stage:
    """The stage at which the server turned out not to be usable by any queued mail, with a hint for who runs the
    queue. `waits`: mails wait on for it; `given_up`: some are kept as failed for it."""
    again = " and ".join([_RUN] * (waits or not given_up) + [f"{_RUN} --failed"] * given_up)
    hint = _of_way(failed, again, proven=proven) if smtp else failed.hint
    if smtp and failed.stage in _ENVELOPE_ON and _unseen(failed.hint or ""):
        hint = _TEST + again
    hint = hint and TEST_AGAIN.sub(again, hint)
    if given_up and hint and _RUN not in hint:
        hint = f"{hint}; once that is mended: {again}"
    return replace(failed, hint=hint)


def _unseen(hint: str) -> str | None:
    """The options of a login that go by the port or the encryption that is usual: only `test` looks what is there."""
    login = proposed_login(hint)
    return login if login and "--set server." in login else None


def of_queued(one: Recipient, name: str, *, for_good: bool) -> str:
    """What to do about the queued mail `name`, which didn't go to somebody. `for_good`: it is kept as failed."""
    again, gone = f"{_RUN} {name}", f"dtsconf queue drop {name}"
    if one.cause == "outcome-unknown" or (one.cause in _PASSING and not for_good):
        why = _CROWDED if one.cause == "rate-limited" and is_of_the_mailbox(one) else _PATIENCE[one.cause or ""]
        return f"{why}; to try at once: {again}"
    hint = one.hint or ""
    if one.cause == "too-large":
        less = _LESS.sub(
            "send less at a time, or packed (--zip)", _TICKET.sub("and send along the server's answer", hint)
        )
        return f"{less}; {gone}"
    if login := _unseen(hint):
        hint = hint.replace(login, f"as dtsconf test --to {one.address} tells")
    hint = _TICKET.sub("and send along the server's answer", hint)
    hint = TEST_AGAIN.sub(again, _TO.sub("a new send --to ADDRESS", hint))
    if one.cause == "sender-rejected" and "sender.email" in hint:
        return f"{hint}; this mail keeps the sender that it was queued with: send it anew then, and {gone}"
    if one.cause == "recipient-rejected" and _ADDRESS in hint:
        return f"{hint}: this mail keeps those that it was queued with, so send it anew then, and {gone}"
    if _RUN in hint:
        return f"{hint}; or {gone}"
    return f"{hint}{'; ' if hint else ''}once that is mended: {again}; or take it away: {gone}"


_LATER = "a later run, when it is due, tries again"
_PATIENCE = {
    "greylisted": f"nothing is wrong with the settings: {_LATER}",
    "rate-limited": f"the server limits how much it takes: {_LATER}",
    "server-error": f"the server has a trouble of its own: {_LATER}",
    "outcome-unknown": f"it may have arrived: {_LATER}, with the same Message-ID, by which mail programs can tell",
}
"""What to say of a queued mail that needs no more than time."""

_CROWDED = f"this mailbox gets more mail just now than its server takes for it: {_LATER}"


def of_banned(name: str) -> str:
    """What to do about a queued mail that the organisation's policy lets nobody have."""
    return (
        f"the profile's policy.recipients says who gets mail: send it anew to one of those; dtsconf queue drop {name}"
    )


def of_unfit(name: str, *, large: bool) -> str:
    """What to do about a queued mail that the organisation's policy lets out to nobody, for its sender or size."""
    smaller = ", smaller or in parts" if large else ""
    return f"send it anew by the settings in force{smaller}; dtsconf queue drop {name}"


def _of_way(failed: Stage, again: str, *, proven: bool) -> str | None:
    """The hint where the server couldn't be used at all, by SMTP: only `test` looks further than the conversation, and
    `again` comes after that. One that was proven before is not looked for elsewhere."""
    if proven and failed.stage in _NO_WAY:
        return failed.hint
    causes = LOOKED_INTO.get(failed.stage)
    if causes is None or (causes and failed.cause not in causes):
        return failed.hint
    return _TEST + again


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
    several = one.cause in _PASSING and len(alike) <= _NAMED
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
    if mail.smtp and failed.stage not in _ENVELOPE_ON:
        hint = _of_way(failed, mail.again, proven=mail.proven)
        if hint is None or (failed.stage == "auth" and failed.cause not in _PASSING):
            return hint  # a login is mended by a test
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
        return _of_this_mail(_LESS.sub(mail.smaller, failed.hint), failed, stage, whom, mail)
    if failed.cause == "outcome-unknown" and failed.hint and not mail.smtp:
        return f"{failed.hint} ({mail.message_id})"
    if failed.cause == "outcome-unknown":
        return _to_ask(whom, f", with {mail.only} alone" if mail.only else "", mail)
    if failed.cause == "greylisted":
        known = "greylisting: the server wants to see that this machine comes back; nothing is wrong with the settings"
        return f"{known}: {mail.again} in ten minutes, {mail.queued}"
    if failed.cause in _CUT and stage == "data" and failed.code is None:
        return _cut(mail)
    if failed.hint is None or stage not in _ENVELOPE_ON:
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
    why = f"cut within a mail of {in_units(mail.size)}: an antivirus product, a mail filter or a size limit does that"
    small = "whether a small mail passes, dtsconf test tells"
    return f"{why}; {_without(mail)}{small}; ask who runs the server and the filter, with {mail.when}"


def _of_this_mail(hint: str, failed: Stage | Recipient, stage: str, whom: str, mail: Mail) -> str:
    """The hint of a test as one about this mail: what to type again, and what its people find it by."""
    if mail.smtp and (login := _unseen(hint)):
        hint = hint.replace(login, f"as dtsconf test --to {whom} tells")
    hint = _TICKET.sub(f"and send along the server's answer, {mail.when}", hint)
    hint = _TO.sub(f"{mail.options.get(whom, '--to')} ADDRESS", hint)
    hint = TEST_AGAIN.sub(lambda _found: mail.again, hint)
    if failed.cause == "content-rejected" and stage in _CONTENT:
        return f"{hint}; to see whether it is that: {mail.same} without the attachment" if mail.attached else hint
    return _in_time(hint, failed, stage, mail)


def _in_time(hint: str, failed: Stage | Recipient, stage: str, mail: Mail) -> str:
    """The hint with the queue, where time alone may help: after too many logins the password has to be mended first."""
    passing = failed.cause == "server-error" if stage == "auth" else failed.cause in _PASSING
    return f"{hint}; {mail.queued}" if passing and 400 <= (failed.code or 0) < 500 else hint


def _without(mail: Mail) -> str:
    return f"try {mail.same} without the attachment; " if mail.attached else ""
