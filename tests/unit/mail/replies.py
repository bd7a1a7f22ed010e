"""Real-world replies with the cause that each must get, from replies.txt beside this."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Said(NamedTuple):
    """A reply at a stage, and what it means. `plain`: over a session without TLS."""

    stage: str
    reply: str
    cause: str
    plain: bool


def _said(line: str) -> Said:
    cause, stage, reply = line.split(maxsplit=2)
    return Said(stage.removesuffix("-plain"), reply.replace("\\n", "\n"), cause, stage.endswith("-plain"))


_LINES = (Path(__file__).parent / "replies.txt").read_text("utf-8").splitlines()
REPLIES = [_said(line) for line in _LINES if line and not line.startswith("#")]
