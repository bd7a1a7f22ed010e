"""The evidence of a verification as text: what was tried, what was seen, what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtsconf.proof import Verification


def text(verification: Verification) -> str:
    """One paragraph a look; empty when there was none."""
    if not verification.evidence:
        return ""
    rows = [
        f"  {number}. {each.what}\n     saw:   {each.seen}\n     means: {each.means}\n"
        for number, each in enumerate(verification.evidence, 1)
    ]
    return "evidence:\n" + "".join(rows)
