"""Results of commands, with a hostile twist where a test wants one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dtsconf.machine.plan import Change, Plan
from dtsconf.machine.record import Generation, ProfileRecord, Proof
from dtsconf.machine.request import Applied
from dtsconf.proof import Stage, Verification
from tests.unit.machine.world import effective

ESC = "\x1b[2J\x1b]0;owned\x07\r\n\x9b31m\u202e\x00"
"""What a hostile file or server puts into a text: clears the screen, sets the title, breaks the line, turns it round."""

RAW = set(ESC) - set("[2J]0;owned31m\n")
"""Of it, what must never reach a terminal as it is."""

GENERATION = Generation(
    3, "2026-10-02T08:00:00Z", "root", "ann", "CHG-1", ProfileRecord("acme-perth", "d" * 64),
    Proof("verified", "send", "2026-10-02T08:00:00Z", None, "<1@x>", "dtsconf 1.2.0", "root"),
)  # fmt: skip

STAGES = (
    Stage("resolve", True, 1.2, "relay.acme.example is 192.0.2.1", said_by="system"),
    Stage("connect", True, 3.0, said_by="system"),
    Stage(
        "auth",
        False,
        20.0,
        "535 5.7.8 authentication failed",
        535,
        "5.7.8",
        "auth-rejected",
        "check the password",
        "server",
    ),
)
FAILED = Verification("send", False, STAGES, None, None, "dtsconf 1.2.0", "root")
PASSED = Verification("send", True, STAGES[:2], None, "<1@acme.example>", "dtsconf 1.2.0", "root")

CHANGE = Change("dts", "update", "/etc/dts/email.json", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n", "profile")
PLAN = Plan((CHANGE,), "d" * 64, "acme-perth", 3)


def applied(**parts: Any) -> Applied:
    """An apply on HOST that did not go through, `parts` aside."""
    base = Applied(
        "HOST", False, (CHANGE,), "d" * 64, GENERATION, GENERATION, FAILED, PLAN, effective(),
    )  # fmt: skip
    return replace(base, **parts)


def raw(text: str) -> set[str]:
    """What of the text a terminal would act on."""
    return {c for c in text if c in RAW or (ord(c) < 32 and c != "\n")}
