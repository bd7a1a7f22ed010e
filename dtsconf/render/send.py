"""`send`: how each recipient fared."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dtsconf.errors import Problem
from dtsconf.names import escape_controls
from dtsconf.proof import CAUSES
from dtsconf.render.common import notice_data, problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.sent import Recipient, Sent
    from dtsconf.queue.entry import Entry
    from dtsconf.render.call import Call


def data(sent: Sent, size: int) -> dict[str, Any]:
    """The contract's fields of `send`, and beside them the message's size and the stages."""
    found: dict[str, Any] = {
        "message_id": sent.message_id,
        "recipients": [_recipient(one) for one in sent.recipients],
        "size": size,
        "stages": [stage.as_record() for stage in sent.stages],
    }
    if not sent.ok:
        found["problems"] = [notice_data(one) for one in _problems(sent)]
    return found


def _recipient(one: Recipient) -> dict[str, Any]:
    keys = ("address", "ok", "code", "enhanced_code", "detail")
    return {key: getattr(one, key) for key in keys}


def queued_data(entry: Entry, needs: Sequence[str]) -> dict[str, Any]:
    """The same fields for a mail that is queued: nobody was asked yet. `needs` are the variables that a run of the
    queue has to have as well."""
    waiting = {"ok": None, "code": None, "enhanced_code": None, "detail": "queued"}
    recipients = [{"address": address, **waiting} for address in entry.recipients]
    facts = {"message_id": entry.message_id, "size": entry.size, "queued": entry.id}
    return {**facts, "recipients": recipients, "needs": list(needs)}


def queued_text(entry: Entry) -> str:
    """The Message-ID."""
    return f"{escape_controls(entry.message_id)}\n"


def queued_note(entry: Entry, needs: Sequence[str], call: Call) -> str:
    """Where it is now, on stderr, and what sends it: with the options and variables of this call, since a queued mail
    keeps none. The profile's path is absolute, and the root's: a timer runs it elsewhere."""
    there = f" where {', '.join(needs)} {'is' if len(needs) == 1 else 'are'} set as here" if needs else ""
    profile, root = (None if path is None else os.path.abspath(path) for path in (call.profile, call.root))
    run = replace(call, profile=profile, root=root).completed("`dtsconf queue run`")
    return f"queued as {entry.id}: {run} sends it{there} (a timer for that is in deploy/)\n"


def text(sent: Sent) -> str:
    """The Message-ID, once somebody gets the mail."""
    return f"{escape_controls(sent.message_id)}\n" if any(one.ok for one in sent.recipients) else ""


def failure(sent: Sent) -> str:
    """What went wrong, on stderr: for everybody, or for whom; empty when nothing did."""
    if sent.ok:
        return ""
    return _head(sent) + "".join(problem(one) for one in _hinted_once(_problems(sent)))


def _hinted_once(found: Sequence[Problem]) -> list[Problem]:
    """The problems, of several in a row with one hint the last alone with it: it holds for all of them."""
    following = [*found[1:], None]
    return [
        replace(one, hint=None) if after and after.hint == one.hint else one
        for one, after in zip(found, following, strict=True)
    ]


def _head(sent: Sent) -> str:
    through = sum(one.ok for one in sent.recipients)
    if through:
        return f"SENT TO {through} OF {len(sent.recipients)}. {_again(sent)}.\n"
    if sent.unknown:
        return f"NOT KNOWN WHETHER SENT, and not sent again ({escape_controls(sent.message_id)}).\n"
    return f"NOT SENT ({escape_controls(sent.message_id)}).\n"


def _again(sent: Sent) -> str:
    """To whom it may be sent again, once it was sent to some."""
    if not sent.unknown:
        return "Send it again to those alone who are named here"
    doubt = "Whoever may have got it all the same is named as that"
    left = any(not one.ok and one.cause != "outcome-unknown" for one in sent.recipients)
    return f"{doubt}; send it again to the others alone who are named here" if left else doubt


def _problems(sent: Sent) -> list[Problem]:
    """The stage that failed for all, and whoever was refused before that; or each recipient who was refused."""
    failed = sent.failure
    refused = [one for one in sent.recipients if not one.ok]
    if failed is None or failed.stage == "rcpt-to" or len(refused) < len(sent.recipients):
        return [_refusal(one) for one in refused]
    told = CAUSES.get(failed.cause or "", "it failed")
    words = f"{failed.stage}: {told} ({failed.cause}); {failed.said_by}: {failed.detail}"
    others = [one for one in refused if one.cause != failed.cause]
    return [Problem(failed.cause or "send", words, failed.hint), *map(_refusal, others)]


def _refusal(one: Recipient) -> Problem:
    told = [CAUSES[one.cause]] if one.cause else []
    return Problem(one.cause or "not-sent", ": ".join([one.address, *told, one.detail]), one.hint)


def note(sent: Sent, size: str) -> str:
    """What a person likes to see, on stderr."""
    through = sum(one.ok for one in sent.recipients)
    return f"sent to {through} recipient{'s' if through > 1 else ''}, {size}\n" if through else ""
