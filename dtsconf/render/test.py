"""`test`: the staged report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.errors import Problem
from dtsconf.names import escape_controls
from dtsconf.render import evidence, table
from dtsconf.render.common import hint_line, notice_data, painted

if TYPE_CHECKING:
    from dtsconf.proof import Verification
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.model import Settings


def data(verification: Verification) -> dict[str, Any]:
    """The contract's fields of `test`: those of the verification itself."""
    found: dict[str, Any] = verification.as_record()
    found.pop("ok")
    failed = verification.failure
    if failed is not None:
        problem = Problem(failed.cause or "verification", f"{failed.stage} failed: {failed.detail}", failed.hint)
        found["problems"] = [notice_data(problem)]
    return found


def text(verification: Verification, effective: Effective, *, color: bool = False, explain: bool = False) -> str:
    """Every stage a row; with `explain` the evidence; then what is proven, or what failed and the next step."""
    head = f"{_server(effective.settings)}, level {verification.level}\n"
    body = table.stages(verification, color=color) + (evidence.text(verification) if explain else "")
    if verification.ok:
        return head + body + table.proven(verification)
    failed = verification.failure
    hint = hint_line(failed.hint) if failed is not None else None
    return (
        head
        + body
        + painted("NOT PROVEN.", "red", on=color)
        + " "
        + table.cause(verification)
        + (f"{hint}\n" if hint else "")
    )


def _server(settings: Settings) -> str:
    """Where the mail goes, in a few words."""
    if settings.mode == "smtp":
        return f"{escape_controls(str(settings.server.host))} (encryption {settings.server.encryption})"
    if settings.microsoft.via == "graph":
        return "Microsoft Graph (Microsoft sign-in)"
    return f"{settings.microsoft.smtp.host} (encryption starttls, Microsoft sign-in)"
