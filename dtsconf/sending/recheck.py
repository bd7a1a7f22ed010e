"""What policy says of a mail that was queued under other settings than those that send it now. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail.delivery import wired
from dtsconf.sending.sizes import too_large
from dtsconf.settings.rules import holds, words

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective

SENDER = "sender.email"


def unfit(effective: Effective, sender: str, size: int) -> str | None:
    """Why a mail of this sender (as on the wire) and size in octets may not go out at all, in a sentence; None when it
    may. To whom it may go is another question."""
    return over(effective, size) or _sender(effective, sender)


def over(effective: Effective, size: int) -> str | None:
    """Why a mail of this size in octets may not go out, in a sentence; None when it may."""
    limit = effective.org.policy.max_size
    return too_large(size, limit) if limit is not None and size > limit else None


def _sender(effective: Effective, sender: str) -> str | None:
    """A sender other than the settings' own is one that `--set` or another profile gave when the mail was queued."""
    own = effective.settings.sender.email
    if own and wired(own).casefold() == sender.casefold():  # nobody means another mailbox by other capitals
        return None
    policy = effective.org.policy
    if own and (lock := policy.lock_on(SENDER)):
        return f"mail may not be sent from {sender}: the organisation locked {SENDER} to {own} ({lock.where})"
    broken = next((rule for rule in policy.rules_on(SENDER) if not holds(rule, sender)), None)
    if broken is None:
        return None
    because = f": {broken.because}" if broken.because else ""
    return f"mail may not be sent from {sender}: {SENDER} must {words(broken)} (rule at {broken.where}){because}"
