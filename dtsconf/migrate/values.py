"""What a migration consists of: plain values."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from dtsconf.errors import Notice
    from dtsconf.proof import Verification

Shell = Literal["PowerShell", "az"]
Name = Literal["client-id", "credential", "mail-host", "authority", "sign-in", "send"]


@frozen
class Step:
    """Something that must exist in the tenant. `detail` says what and where in the portal, `commands` make the same:
    (shell, text), to be typed in this order."""

    title: str
    detail: str
    commands: tuple[tuple[Shell, str], ...] = ()

    def as_data(self) -> dict[str, Any]:
        """The step as JSON data."""
        commands = [{"shell": shell, "text": text} for shell, text in self.commands]
        return {"title": self.title, "detail": self.detail, "commands": commands}


@frozen
class Condition:
    """Something that must hold on this machine. `ok` None: it wasn't looked at, since something before it failed.
    `code` is the exit code that it gives when it doesn't hold."""

    name: Name
    ok: bool | None
    detail: str
    hint: str | None = None
    code: int = 0

    def as_data(self) -> dict[str, Any]:
        """The condition as JSON data."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail, "hint": self.hint}


@frozen
class Findings:
    """The conditions of one new profile in their order, and the report of its test mail where it came to one."""

    conditions: tuple[Condition, ...] = ()
    verification: Verification | None = None

    @property
    def failed(self) -> Condition | None:
        """The first condition that doesn't hold."""
        return next((one for one in self.conditions if one.ok is False), None)


@frozen
class Migration:
    """How far it went. `diff` is the new profile against the old one; `written` where the new one stands now, `kept`
    where the old one does. No steps: there was nothing to migrate."""

    profile: str
    steps: tuple[Step, ...] = ()
    diff: str = ""
    found: Findings = field(default_factory=Findings)
    written: str | None = None
    kept: str | None = None
    warnings: tuple[Notice, ...] = ()

    @property
    def code(self) -> int:
        """The exit code: the first failed condition's, 0 when all hold."""
        return self.found.failed.code if self.found.failed else 0
