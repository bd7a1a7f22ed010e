"""What to do about queued mails that didn't go, for who runs the queue. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.mail.meanings.hints import TEST_AGAIN
from dtsconf.sending.doubts import is_of_the_mailbox
from dtsconf.sending.hint_words import ENVELOPE_ON, LESS, PASSING, TEST, TICKET, TO, of_a_cut, of_way, unseen

if TYPE_CHECKING:
    from dtsconf.mail.sent import Recipient
    from dtsconf.proof import Stage

_RUN = "dtsconf queue flush"
_ADDRESS = "leave that address out"
"""How a hint says that one address keeps the mail from everybody."""


def of_queue(failed: Stage, *, smtp: bool, proven: bool = False, waits: bool = True, given_up: bool = False) -> Stage:
    """The stage at which the server turned out not to be usable by any queued mail, with a hint for who runs the
    queue. `waits`: mails wait on for it; `given_up`: some are kept as failed for it."""
    again = " and ".join([_RUN] * (waits or not given_up) + [f"{_RUN} --failed"] * given_up)
    hint = of_way(failed, again, proven=proven) if smtp else failed.hint
    if smtp and failed.stage in ENVELOPE_ON and unseen(failed.hint or ""):
        hint = TEST + again
    hint = hint and TEST_AGAIN.sub(again, hint)
    if given_up and hint and _RUN not in hint:
        hint = f"{hint}; once that is mended: {again}"
    return replace(failed, hint=hint)


def of_queued(one: Recipient, name: str, *, for_good: bool, cut: int | None = None) -> str:
    """What to do about the queued mail `name`, which didn't go to somebody. `for_good`: it is kept as failed. `cut`:
    its size in bytes, where the connection ended within it."""
    again, gone = f"{_RUN} {name}", f"dtsconf queue drop {name}"
    if cut is not None:
        small = "if it stays, dtsconf test tells whether a small mail passes: ask who runs the server and the filter"
        return f"{of_a_cut(cut)}; {_LATER}; {small}; to try at once: {again}; or {gone}"
    if one.cause == "outcome-unknown" or (one.cause in PASSING and not for_good):
        why = _CROWDED if one.cause == "rate-limited" and is_of_the_mailbox(one) else _PATIENCE[one.cause or ""]
        return f"{why}; to try at once: {again}"
    hint = one.hint or ""
    if one.cause == "too-large":
        less = LESS.sub(
            "send less at a time, or packed (--zip)", TICKET.sub("and send along the server's answer", hint)
        )
        return f"{less}; {gone}"
    if login := unseen(hint):
        hint = hint.replace(login, f"as dtsconf test --to {one.address} tells")
    hint = TICKET.sub("and send along the server's answer", hint)
    hint = TEST_AGAIN.sub(again, TO.sub("a new send --to ADDRESS", hint))
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
