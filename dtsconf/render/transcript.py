"""`test --transcript`: the dialogue as a text for a ticket, with what came of it. The lines come masked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dtsconf.names import escape_controls
from dtsconf.render import evidence, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.mail.transcript import Line
    from dtsconf.proof import Verification
    from dtsconf.settings.effective import Effective

_WHO = {"client": "C:", "server": "S:", "note": " *"}


def text(lines: Sequence[Line], verification: Verification, effective: Effective) -> str:
    """Head, dialogue, stages, result. `lines` as in `mail.transcript`."""
    head = [
        f"{verification.program} test as {verification.user}, {time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime())}",
        f"server {table.server(effective.settings)}, level {verification.level}",
        "C: this machine, S: the server, *: what happened; seconds since the start; ******** stands for a secret",
    ]
    failed = verification.failure
    end = table.failure(verification) if failed else table.proven(verification)
    hint = [f"hint: {failed.hint}\n"] if failed and failed.hint else []
    return "".join(
        [
            *(f"{escape_controls(line)}\n" for line in head),
            "\n",
            "" if lines else "there was no SMTP dialogue\n",
            *(f"{line.at:8.3f} {_WHO[line.speaker]} {line.text}\n" for line in lines),
            "\n",
            table.stages(verification),
            "\n",
            end,
            *map(escape_controls_but_newline, hint),
            evidence.text(verification),
        ]
    )


def escape_controls_but_newline(line: str) -> str:
    """A line of our own with its line end."""
    return escape_controls(line.rstrip("\n")) + "\n"
