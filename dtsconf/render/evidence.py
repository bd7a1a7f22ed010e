"""The evidence of a verification as text: what was tried, what was seen, what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from dtsconf.proof import Verification


def text(verification: Verification) -> str:
    """One paragraph a look; empty when there was none."""
    if not verification.evidence:
        return ""
    rows = [
        f"  {number}. {escape_controls(each.what)}\n     saw:   {escape_controls(each.seen)}\n"
        f"     means: {escape_controls(each.means)}\n"
        for number, each in enumerate(verification.evidence, 1)
    ]
    return "evidence:\n" + "".join(rows)
