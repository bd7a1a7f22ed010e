"""Stages of a conversation as text: a row each, and one line for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.names import escape_controls
from dtsconf.proof import CAUSES
from dtsconf.render.common import painted

if TYPE_CHECKING:
    from dtsconf.proof import Stage, Verification
    from dtsconf.settings.model import Settings


def stages(verification: Verification, *, color: bool = False) -> str:
    """A row a stage: mark, name, time, who said what."""
    rows = [_row(stage, color=color) for stage in verification.stages]
    return "".join(rows)


def _row(stage: Stage, *, color: bool) -> str:
    mark = painted("ok", "green", on=color) + "  " if stage.ok else painted("FAIL", "red", on=color)
    said = f"{stage.said_by}: {escape_controls(stage.detail)}" if stage.detail else ""
    return f"  {mark} {stage.stage:<10}{stage.ms:>8.0f} ms  {said}".rstrip() + "\n"


def in_a_line(verification: Verification) -> str:
    """`resolve ok, connect ok, banner FAILED (timeout)`."""
    return ", ".join(
        f"{s.stage} ok" if s.ok else f"{s.stage} FAILED ({s.cause})" if s.cause else f"{s.stage} FAILED"
        for s in verification.stages
    )


def cause(verification: Verification) -> str:
    """What failed, in a sentence; empty when nothing did."""
    failed = verification.failure
    if failed is None:
        return ""
    told = CAUSES.get(failed.cause or "", "it failed")
    return f"{told[0].upper()}{told[1:]} ({failed.cause} at stage {failed.stage}).\n"


def failure(verification: Verification) -> str:
    """What failed in a sentence, and whose words are whose; empty when nothing did."""
    failed = verification.failure
    if failed is None:
        return ""
    who = {"server": "the server said", "tls": "TLS said", "system": "the system said", "dtsconf": "dtsconf found"}
    return f"{cause(verification)}{who[failed.said_by]}: {escape_controls(failed.detail)}\n"


def proven(verification: Verification) -> str:
    """What a success proves, and for whom: never more than that."""
    reach = {
        "none": "nothing was tried",
        "connect": "the server answers",
        "auth": f"the server answers{' and takes the login' if _logged_in(verification) else ', and no login is set'}",
        "envelope": "the server takes the sender and the recipient",
        "send": "the server took a test mail",
    }[verification.level]
    mail = f" ({verification.message_id})" if verification.message_id else ""
    return escape_controls(f"proven for {verification.program} as {verification.user}: {reach}{mail}") + "\n"


def _logged_in(verification: Verification) -> bool:
    return any(stage.stage in ("auth", "token") for stage in verification.stages)


def server(settings: Settings) -> str:
    """Where the mail goes, in a few words."""
    from dtsconf.settings.model import effective_port

    if settings.mode == "smtp":
        default = "" if settings.server.port else " by default"
        place = f"{settings.server.host} port {effective_port(settings)}{default}"
        return f"{escape_controls(place)} (encryption {settings.server.encryption})"
    if settings.microsoft.via == "graph":
        return "Microsoft Graph (Microsoft sign-in)"
    return (
        f"{settings.microsoft.smtp.host} port {settings.microsoft.smtp.port} (encryption starttls, Microsoft sign-in)"
    )
