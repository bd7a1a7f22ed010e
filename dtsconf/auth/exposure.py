"""Whether others than their user could read or replace the tokens of a sign-in. Cheap: looks at modes, opens none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from dtsconf.auth.places import PLAIN, SEALED
from dtsconf.files.trust import not_private, untrusted
from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from dtsconf.files import Fault


@frozen
class Exposed:
    """`told`: the end of a sentence about the tokens; `fix`: the commands that close the place."""

    told: str
    fix: str


def exposed(folder: str, name: str) -> Exposed | None:
    """Who else gets at what the folder keeps of the sign-in of that name; None where nobody does, and on Windows, which
    knows no modes."""
    found: list[Fault] = []
    if sys.platform != "win32":
        found += _faults(folder, name, os.geteuid())
    if not found:
        return None
    return Exposed(", ".join(f"{one.path} {one.reason}" for one in found), "; ".join(one.fix for one in found))


def _faults(folder: str, name: str, owner: int) -> Iterator[Fault]:
    """What others may write, and of a cache that isn't encrypted also what they may read."""
    path = os.path.join(folder, name)
    for at, judge in ((folder, _writable), (path + PLAIN, not_private), (path + SEALED, _writable)):
        with suppress(OSError):
            if fault := judge(at, os.stat(at), owner):
                yield fault


def _writable(path: str, facts: os.stat_result, owner: int) -> Fault | None:
    return untrusted(path, facts, frozenset({owner}), sticky=False)
