"""Group names to ids, for the machine that is written: under `--root` its own list of groups is asked first."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from dtsconf.errors import Invalid, Problem

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import System
    from dtsconf.settings.values import Organisation


def group_id(system: System, layout: Layout, name: str, org: Organisation | None = None) -> int:
    """The id of a group; `org` knows where it is named. Raises: Invalid (code 3) when the machine doesn't know it."""
    found = _under_root(system, name) if layout.root is not None else None
    if found is None:
        found = _of_this_system(name)
    if found is None:
        message = f"secrets.group: there is no group '{name}' on this machine"
        where = org.place_of("secrets.group") if org else None
        problem = Problem("group", message, f"groupadd {name}, or another secrets.group", where, "secrets.group")
        raise Invalid(org.with_excerpts((problem,)) if org else (problem,))
    return found


def _under_root(system: System, name: str) -> int | None:
    try:
        found = system.look("/etc/group")
    except OSError:
        return None
    for line in [] if found is None else found.content.decode(errors="replace").splitlines():
        parts = line.split(":")
        if len(parts) >= 3 and parts[0] == name and parts[2].isascii() and parts[2].isdigit():
            return int(parts[2])
    return None


def is_mine(name: str) -> bool:
    """Whether this process is in a group of the system's."""
    found = _of_this_system(name)
    return found is not None and found in _of_this_process()


if sys.platform == "win32":

    def _of_this_system(_name: str) -> int | None:
        return None

    def _of_this_process() -> tuple[int, ...]:
        return ()

else:

    def _of_this_system(name: str) -> int | None:
        import grp

        try:
            return grp.getgrnam(name).gr_gid
        except KeyError:
            return None

    def _of_this_process() -> tuple[int, ...]:
        return (os.getegid(), *os.getgroups())
