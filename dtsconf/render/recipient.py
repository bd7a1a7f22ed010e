"""What a hint says of another recipient, weighed against the organisation's word: who may have mail at all, and where
it is said who gets the test mail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.settings.recipients import NAMING_LEVELS, forbidden

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.policy import Recipients

_ANOTHER = re.compile(r"--(?:to|cc|bcc) ADDRESS")
_CLAUSE = re.compile(rf"(?:; [^;:]*|, [^,;:]*): (?:dtsconf test |a new send )?{_ANOTHER.pattern}")
"""The part of a hint that does no more than name another recipient."""

_OWN = re.compile(r"\bown\b")
"""The word for an address of the server's; the sender's is such a one, as far as anybody knows."""


def told(hint: str, effective: Effective | None) -> str:
    """The hint with what `policy.recipients` leaves for another recipient; nobody is proposed where it leaves none."""
    if effective is None or not effective.org.policy.recipients or not _ANOTHER.search(hint):
        return hint

    def said(found: re.Match[str]) -> str:
        shut = _shut(effective, own=_OWN.search(found.group()) is not None)
        return f"; another recipient has to be allowed first, by {_where(shut, effective)}" if shut else found.group()

    bounds = " and ".join(_bound(entry, effective) for entry in effective.org.policy.recipients)
    return _ANOTHER.sub(lambda found: f"{found.group()} (it must match {bounds})", _CLAUSE.sub(said, hint))


def _shut(effective: Effective, *, own: bool) -> Recipients | None:
    """The list that leaves nobody but the one who was refused; with `own`, nobody at the sender's server."""
    entries = effective.org.policy.recipients
    if own and forbidden(effective.org, effective.settings.sender.email or ""):
        return entries[0]
    return next(
        (one for one in entries if len(one.patterns) < 2 and not re.search(r"[*?]", "".join(one.patterns))), None
    )


def _bound(entry: Recipients, effective: Effective) -> str:
    one_of = "one of " if len(entry.patterns) > 1 else ""
    return f"{one_of}{', '.join(entry.patterns)}, by {_where(entry, effective)}"


def _where(entry: Recipients, effective: Effective) -> str:
    return f"policy.recipients{f' at {effective.org.locked_at(entry.where)}' if entry.where else ''}"


def kept(hint: str, effective: Effective | None) -> str:
    """Where the recipient stands by whom every apply goes, for a hint that proposes another; '' for any other hint."""
    if effective is None or effective.org.verify.level not in NAMING_LEVELS or not _ANOTHER.search(hint):
        return ""
    org, lock = effective.org, effective.org.policy.lock_on("verify.to")
    if org.layer.name == "machine":
        return f"; apply goes by verify.to in the profile {org.name}: edit it there, then dtsconf apply --profile FILE"
    locked = f" (locked at {lock.where}, so only there)" if lock is not None and lock.where else ""
    if org.verify.to is None:
        return f"; apply goes by the sender, where no verify.to is given: write verify: {{to: ADDRESS}}{locked}"
    return f"; apply goes by verify.to at {org.place_of('verify.to')}: edit it there{locked}"
