"""A mail that is queued now and sent later: `send --queue`. Imports nothing that sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError, Notice
from dtsconf.frozen import frozen
from dtsconf.machine.layout import Layout
from dtsconf.mail.compose.draft import Mailbox
from dtsconf.queue.faults import fix_of
from dtsconf.queue.spool import Spool
from dtsconf.sending.prepare import prepared
from dtsconf.sending.request import draft_of
from dtsconf.settings.check import require_complete
from dtsconf.settings.keys import KEYS
from dtsconf.settings.rules import in_use
from dtsconf.wiring import Inputs, remembered

if TYPE_CHECKING:
    from dtsconf.queue.entry import Entry
    from dtsconf.sending.request import Request
    from dtsconf.settings.effective import Effective


_SENDER = "sender.email"


@frozen
class Kept:
    """A mail that is in the queue, and what was odd about the settings. `needs` are the variables of this call without
    which a later run has other settings."""

    entry: Entry
    effective: Effective
    warnings: tuple[Notice, ...] = ()
    needs: tuple[str, ...] = ()


@frozen
class _Terms:
    """What the settings mean for each mail that is queued with them."""

    effective: Effective
    sender: Mailbox | None
    needs: tuple[str, ...]


_LAST: dict[str | None, _Terms] = {}
"""The last ones of a root: the next mail most often has the same settings."""


def enqueue(given: Inputs, request: Request, *, effective: Effective | None = None) -> Kept:
    """Queue a mail; when this returns, it is durable. Contacts nobody: where no setting names the sender, it is the
    account whose sign-in is kept, or whoever is signed in when the mail is sent. `effective` are the settings, where
    they are at hand already.

    Raises:
        UsageProblem: the request's own words are off.
        Invalid: the settings can't be used, or policy forbids a recipient or the size.
        DtsconfError: a file can't be attached, the spool is full, or can't be written.
    """
    draft = draft_of(request)
    terms = _terms(given, effective or remembered.effective(given))
    effective, sender = terms.effective, terms.sender
    spool = Spool(Layout(given.root).spool())
    with prepared(request, draft, sender, effective.org) as message:
        try:
            entry = spool.add(message, sender.on_the_wire if sender else "", draft.recipients, draft.subject)
        except OSError as failed:
            why = failed.strerror or str(failed)
            told = f"the mail could not be queued: {spool.folder}: {why}"
            raise DtsconfError(told, fix_of(failed, spool.folder)) from failed
    warnings = (*effective.warnings, *(() if sender else (_open(given, effective),)))
    return Kept(entry, effective, warnings, terms.needs)


def _terms(given: Inputs, effective: Effective) -> _Terms:
    """Raises: Invalid, as `enqueue`."""
    terms = _LAST.get(effective.root)
    if terms is None or terms.effective is not effective:
        require_complete(effective)
        terms = _Terms(effective, _sender(given, effective), _needs(effective))
        if effective.settings.sender.email is not None:  # else it is a sign-in's, which may be another one's next time
            _LAST[effective.root] = terms
    return terms


def _needs(effective: Effective) -> tuple[str, ...]:
    """The variables that a run of the queue goes by as well. The mail has its sender already: that one is only missed
    where the settings would be none without it."""
    org, mode = effective.org, effective.settings.mode
    kept = {"sender.name"} | ({_SENDER} if org.gave(_SENDER) or org.expected(_SENDER) else set())
    keys = [key for key in effective.from_environment if in_use(key, mode) and key not in kept]
    return tuple(KEYS[key].variable for key in keys)


def _open(given: Inputs, effective: Effective) -> Notice:
    """That the sender isn't known yet. What keeps a sign-in where these settings don't is not looked for here."""
    from dtsconf.wiring.identity import wanted_of

    told = "nobody is signed in: the mail is kept, and goes from the address of whoever is signed in when it is sent"
    ends = "with these settings a sign-in ends with its command here: dtsconf test tells what keeps one"
    return Notice("sign-in", told, "dtsconf sign-in" if wanted_of(given, effective).kept else ends)


def _sender(given: Inputs, effective: Effective) -> Mailbox | None:
    """Whom the mail is from; None where only a sign-in can tell, and none is kept. Raises: Invalid, code 4, where a
    rule forbids the account."""
    if effective.settings.sender.email is None:
        from dtsconf.settings.signed_in import with_account
        from dtsconf.wiring.signing_in import account_of

        account = account_of(given, effective)
        if account is None:
            return None
        effective = with_account(effective, account)
    who = effective.settings.sender
    return Mailbox(who.name, who.email or "")
