"""The server refused EHLO and took HELO: what it said to that, and what is lost with it (RFC 5321 3.2). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.mail.facts import Facts
from dtsconf.mail.meanings import hints
from dtsconf.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.evidence.case import Case
    from dtsconf.proof import Stage

_BY_HELO = re.compile(r"\(to HELO; EHLO (\S+) was refused: ((\d+).*)\)$")
"""As `greeting.by_helo` has it: the name that was given, the reply and its code."""

_NO_EHLO = ("500", "502")
"""Replies of a server that doesn't know the command, whoever says it (RFC 5321 4.2.2)."""

_PLAIN = "server.encryption=none"
_LOST = ("tls-not-offered", "tls-stripped", "cleartext-refused", "auth-disabled")
"""Causes that come of HELO, which offers nothing."""


def rows(stages: Sequence[Stage]) -> list[Evidence]:
    """The refusal, where there was one."""
    found = _refusal(stages)
    if found is None:
        return []
    why = "the server knows no EHLO" if found[3] in _NO_EHLO else "the server refused the name"
    means = f"{why} and took HELO in its place, after which neither TLS nor a login is possible"
    return [Evidence(f"introduced this machine as {found[1]} (EHLO)", found[2][:300], means)]


def hint(case: Case, otherwise: str | None) -> str | None:
    """What to do about a name that was refused, where it is what HELO lacks that failed; else what to do `otherwise`,
    which is told beside it unless it goes in clear: the server may well have TLS to offer to another name."""
    found = _refusal(case.stages)
    if found is None or found[3] in _NO_EHLO or case.cause not in _LOST:
        return otherwise
    told = hints.HELO_ONLY.format(f=Facts(case.host, case.port, "", False, "", "", "", name=found[1]))
    return told if otherwise is None or _PLAIN in otherwise else f"{told}; or {otherwise}"


def _refusal(stages: Sequence[Stage]) -> re.Match[str] | None:
    return next((found for stage in reversed(stages) if (found := _BY_HELO.search(stage.detail))), None)
