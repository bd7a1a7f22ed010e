"""What a target wants on disk, as a value."""

from __future__ import annotations

from dataclasses import field

from dtsconf.frozen import frozen

KNOWN_AT_APPLY = "(known at apply)"
"""Stands in a plan for what only apply finds out: an id of a secret not yet delivered, `auto` not yet settled."""

MASK = "********"


@frozen
class TargetFile:
    """One wanted file. `path` is absolute on the machine; `content` None while a part of it is known at apply only;
    `shown` the same text with secrets masked; `stable` with secrets as their references and ids left out (what a saved
    plan is compared by). `group` may read it when it holds a `secret`."""

    kind: str
    path: str
    mode: int
    shown: str
    stable: str
    content: bytes | None = field(repr=False)
    secret: bool = False
    group: str | None = None
