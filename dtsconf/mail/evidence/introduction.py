"""The server refused EHLO and took HELO: what it said to that, and what is lost with it (RFC 5321 3.2). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
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


@frozen
class Refusal:
    """EHLO as it was refused: the `name` that was given in it, the `reply` and its `code`."""

    name: str
    reply: str
    code: str

    @property
    def of_command(self) -> bool:
        """The command isn't known; else it is the name that is refused."""
        return self.code in _NO_EHLO

    def hint(self, host: str, port: int) -> str:
        """What to do about it. The reply's words are left out: in a hint they would be ours."""
        if self.of_command:
            return hints.NO_EHLO.format(code=self.code, host=host)
        return hints.HELO_ONLY.format(f=Facts(host, port, "", False, "", "", "", name=self.name))


def refusal(stages: Sequence[Stage]) -> Refusal | None:
    """The refusal of EHLO in a conversation that went on by HELO, where there was one."""
    found = next((found for stage in reversed(stages) if (found := _BY_HELO.search(stage.detail))), None)
    return Refusal(*found.groups()) if found else None


def rows(stages: Sequence[Stage]) -> list[Evidence]:
    """The refusal, where there was one."""
    found = refusal(stages)
    if found is None:
        return []
    why = "the server knows no EHLO" if found.of_command else "the server refused the name"
    means = f"{why} and took HELO in its place, after which neither TLS nor a login is possible"
    return [Evidence(f"introduced this machine as {found.name} (EHLO)", found.reply[:300], means)]


def hint(case: Case, otherwise: str | None) -> str | None:
    """What to do about a name that was refused, where it is what HELO lacks that failed; else what to do `otherwise`,
    which is told beside it unless it goes in clear: the server may well have TLS to offer to another name."""
    found = refusal(case.stages)
    if found is None or found.of_command or case.cause not in _LOST:
        return otherwise
    told = found.hint(case.host, case.port)
    if otherwise is None or _PLAIN in otherwise:
        return told
    return otherwise if told in otherwise else f"{told}; or {otherwise}"
