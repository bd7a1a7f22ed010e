"""The result of a verification: what was tried, stage by stage, what answered, and how far the proof reaches.

Shared by `mail` (which makes it), `machine` (which records it) and `render` (which shows it). Holds no secret: whoever
fills a `detail` masks it first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["none", "connect", "auth", "envelope", "send"]
LEVELS: tuple[Level, ...] = ("none", "connect", "auth", "envelope", "send")

Said = Literal["server", "tls", "system", "dtsconf"]
"""Who a stage's detail comes from: the server's own words, the TLS library, the operating system, or dtsconf itself."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the conversation. `ms` is its wall time; `code` and `enhanced_code` are the server's (RFC 5321 4.2,
    RFC 3463); `cause` is a word of the contract's list and set only on the stage that failed."""

    stage: str
    ok: bool
    ms: float
    detail: str = ""
    code: int | None = None
    enhanced_code: str | None = None
    cause: str | None = None
    hint: str | None = None
    said_by: Said = "dtsconf"


@dataclass(frozen=True, slots=True)
class Verification:
    """A test send, at `level` (the deepest asked for). `pending` names why the proof is still owed (`sign-in`,
    `offline`, `user`) or is None. `reached` is False when not a byte of the server was read (exit 9 instead of 6)."""

    level: Level
    ok: bool
    stages: tuple[Stage, ...] = ()
    pending: str | None = None
    message_id: str | None = None
    program: str = ""
    user: str = ""
    reached: bool = True

    @property
    def failure(self) -> Stage | None:
        """The stage that failed, or None."""
        return next((s for s in self.stages if not s.ok), None)

    def as_record(self) -> dict[str, Any]:
        """The contract's JSON object for `verification` (all fields, stages as a list of objects)."""
        record = asdict(self)
        record.pop("reached")
        record["stages"] = [asdict(s) for s in self.stages]
        return record
