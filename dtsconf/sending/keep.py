"""A mail that is queued now and sent later: `send --queue`. Imports nothing that sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf import wiring
from dtsconf.errors import DtsconfError, Notice
from dtsconf.frozen import frozen
from dtsconf.mail.compose.draft import Mailbox
from dtsconf.queue.spool import Spool
from dtsconf.sending.prepare import prepared
from dtsconf.sending.request import draft_of
from dtsconf.settings.check import require_complete
from dtsconf.wiring import Inputs, hands

if TYPE_CHECKING:
    from dtsconf.queue.entry import Entry
    from dtsconf.sending.request import Request
    from dtsconf.settings.effective import Effective


@frozen
class Kept:
    """A mail that is in the queue, and what was odd about the settings."""

    entry: Entry
    effective: Effective
    warnings: tuple[Notice, ...] = ()


def enqueue(given: Inputs, request: Request, *, effective: Effective | None = None) -> Kept:
    """Queue a mail; when this returns, it is durable. Contacts nobody, unless only a sign-in knows the sender's
    address. `effective` are the settings, where they are at hand already.

    Raises:
        UsageProblem: the request's own words are off.
        Invalid: the settings can't be used, or policy forbids a recipient or the size.
        DtsconfError: a file can't be attached, the spool is full, or can't be written.
    """
    draft = draft_of(request)
    effective = effective or wiring.effective(given, user=True)
    require_complete(effective)
    who = (effective if effective.settings.sender.email else _signed_in(given, effective)).settings.sender
    sender = Mailbox(who.name, who.email or "")
    spool = Spool(wiring.layout_of(given.root).spool())
    with prepared(request, draft, sender, effective.org) as message:
        try:
            entry = spool.add(message, sender.on_the_wire, draft.recipients, draft.subject)
        except OSError as failed:
            why = failed.strerror or str(failed)
            raise DtsconfError(f"the mail could not be queued: {spool.folder}: {why}", "dtsconf doctor") from failed
    return Kept(entry, effective, effective.warnings)


def _signed_in(given: Inputs, effective: Effective) -> Effective:
    """The settings with the sender that the sign-in knows."""
    with hands.resolver_of(given, lambda: effective) as resolver:
        return hands.access_of(given, effective, hands.secrets_of(given, effective, resolver)).effective
