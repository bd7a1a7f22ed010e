"""To whom mail may go: the recipients lists of the policy. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.errors import Invalid, Problem
from dtsconf.names import matches_recipient

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective


def require_allowed(effective: Effective, to: str | None) -> None:
    """Let a mail to `to` (None: the sender's own address) pass, or say which list it breaks.

    An address must match a pattern of every file that has a list.

    Raises:
        Invalid: code 4, with the place of each list that doesn't hold the address.
    """
    address = to or effective.settings.sender.email or ""
    broken = tuple(
        Problem(
            "recipient",
            f"mail may not go to {address}: the organisation allows {', '.join(entry.patterns) or 'nobody'}"
            f"{f' ({entry.where})' if entry.where else ''}",
            "name an address that the list holds: --to ADDRESS for a test, verify.to in the profile for apply",
            entry.where,
            "policy.recipients",
            code=4,
        )
        for entry in effective.org.policy.recipients
        if not any(matches_recipient(pattern, address) for pattern in entry.patterns)
    )
    if broken:
        raise Invalid(broken)
