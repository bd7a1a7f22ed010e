"""Variables that were meant for an option of every command, and are none: with `DTSCONF_ROT` a command works on the
machine itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.errors import Notice

PREFIX = "DTSCONF_"
KNOWN = ("PROFILE", "ROOT", "JSON", "QUIET", "VERBOSE", "STRICT", "NO_COLOR", "RECORD", "USER_FILE")
"""What has a meaning behind the prefix."""


def misspelt(environ: Mapping[str, str]) -> list[Notice]:
    """A warning for each variable that hardly differs from one of ours; others may be anybody's. No value is told."""
    strange = [name for name in sorted(environ) if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in KNOWN]
    if not strange:
        return []
    from dtsconf.errors import Notice, Variable
    from dtsconf.names import escape_controls
    from dtsconf.settings.nearness import nearest

    return [
        Notice(
            "unknown-variable",
            f"the variable {escape_controls(name)} has no effect",
            f"did you mean {PREFIX}{near}?",
            Variable(name),
        )
        for name in strange
        if (near := nearest(name.removeprefix(PREFIX), KNOWN))
    ]
