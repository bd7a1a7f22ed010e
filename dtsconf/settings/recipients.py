"""To whom mail may go: the recipients lists of the policy. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dtsconf.errors import Invalid, Notice, Option, Problem, Where
from dtsconf.settings.patterns import matches_recipient

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective, Setting
    from dtsconf.settings.policy import Recipients
    from dtsconf.settings.values import Organisation

NAMING_LEVELS = ("envelope", "send")
"""The levels of a test that name a recipient to the server."""


def require_allowed(effective: Effective, to: str | None) -> None:
    """Let a mail to `to` (None: the sender's own address) pass, or say which list it breaks.

    An address must match a pattern of every file that has a list.

    Raises:
        Invalid: code 4, one problem for each list that doesn't hold the address, at the place that gives it.
    """
    org = effective.org
    address, key, where = _recipient(to, effective.origin, org)
    given = f"give {key} an address that the list holds, or the list this one"
    hint = given if key else "name an address that the list holds: --to ADDRESS"
    lead = f"{key}: " if key else ""
    broken = tuple(
        Problem("recipient", f"{lead}{_says(address, entry)}", hint, where, key, code=4)
        for entry in _lacking(address, org)
    )
    if broken:
        raise Invalid(org.with_excerpts(broken))


def require_all_allowed(org: Organisation, named: Iterable[tuple[str, str]]) -> None:
    """Let a mail pass; `named` are the addresses that it goes to, each with the option that names it.

    Raises:
        Invalid: code 4, one problem for each address and each list that doesn't hold it.
    """
    if not org.policy.recipients:
        return
    hint = "leave the address out, or ask whoever keeps the profile to allow it (policy.recipients)"
    broken = tuple(
        Problem("recipient", _says(address, entry), hint, Option(option), code=4)
        for address, option in named
        for entry in _lacking(address, org)
    )
    if broken:
        raise Invalid(broken)


def forbidden(org: Organisation, address: str) -> str | None:
    """Why a mail may not go to this address, in a sentence; None when it may."""
    lacking = _lacking(address, org)
    return _says(address, lacking[0]) if lacking else None


def recipient_notices(values: Mapping[str, Setting], org: Organisation) -> list[Notice]:
    """That the test mail of an apply would be refused, so far as the organisation's own words tell (strict 4).

    A sender's address that nobody has given yet, or that `expects` leaves to others, tells nothing.
    """
    if org.verify.level not in NAMING_LEVELS:
        return []
    address, key, where = _recipient(org.verify.to, values, org)
    if not address or (key == "sender.email" and org.expected(key)):
        return []
    hint = "the test mail of apply would be refused: name an address that the list holds, or let it hold this one"
    return [
        Notice("recipient", f"{key}: {_says(address, entry)}", hint, where, key, 4) for entry in _lacking(address, org)
    ]


def _recipient(
    to: str | None, values: Mapping[str, Setting], org: Organisation
) -> tuple[str, str | None, Where | None]:
    """The address, the key that gives it (None: the command line) and where."""
    if to and to != org.verify.to:
        return to, None, Option("--to")
    if to:
        return to, "verify.to", org.place_of("verify.to")
    sender = values["sender.email"]
    return sender.value or "", "sender.email", sender.where


def _lacking(address: str, org: Organisation) -> list[Recipients]:
    return [
        entry
        for entry in org.policy.recipients
        if not any(matches_recipient(pattern, address) for pattern in entry.patterns)
    ]


def _says(address: str, entry: Recipients) -> str:
    place = f" ({entry.where})" if entry.where else ""
    return f"mail may not go to {address}: the organisation allows {', '.join(entry.patterns) or 'nobody'}{place}"
