"""The settings in force for a process that queues mail after mail: read anew when a file that they come from, or a
variable, is another one. Reading them costs as much as the rest of an insert, its syncs included.

A file is known by what stat tells of it. Its times are coarse, so what changed a moment ago isn't remembered yet.
Variables are known by their hash: one may be a secret.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from dtsconf import wiring
from dtsconf.frozen import frozen
from dtsconf.machine.layout import Layout
from dtsconf.settings.keys import VARIABLE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.settings.effective import Effective
    from dtsconf.wiring import Inputs

SETTLED = 2.0
"""Seconds without a change after which one more can be seen by a file's times: FAT counts in steps of two."""

Mark = tuple[int, ...] | None


@frozen
class _Known:
    """Settings, and what they were made of: variables, the working folder, and files at `paths`, of which `marks` tell
    whether they are still the same."""

    variables: dict[str, int]
    folder: str | None
    paths: tuple[str, ...]
    marks: tuple[Mark, ...]
    effective: Effective


_KNOWN: dict[str | None, _Known] = {}


def effective(inputs: Inputs) -> Effective:
    """As `wiring.effective`, with the user's own file. Raises: Invalid."""
    if inputs.tried or inputs.strict:
        return wiring.effective(inputs, user=True)
    layout = Layout(inputs.root)
    variables, folder = _variables(inputs.environ), wiring.working_folder()
    known = _KNOWN.get(inputs.root)
    if (
        known is not None
        and known.paths[0] == layout.user_file()
        and (known.variables, known.folder) == (variables, folder)
        and known.marks == tuple(map(_mark, known.paths))
    ):
        return known.effective
    paths = _paths(inputs.root, layout)
    marks = tuple(map(_mark, paths))
    found = wiring.effective(inputs, user=True)
    if marks == tuple(map(_mark, paths)) and not any(map(_changed_just_now, paths)):
        _KNOWN[inputs.root] = _Known(variables, folder, paths, marks, found)
    return found


def _variables(environ: Mapping[str, str]) -> dict[str, int]:
    """All that settings, or warnings about them, may come from."""
    first = (VARIABLE_PREFIX[0], VARIABLE_PREFIX[0].lower())
    ours = (name for name in environ if name.startswith(first) and name.upper().startswith(VARIABLE_PREFIX))
    return {name: hash(environ[name]) for name in ours}


def _paths(root: str | None, layout: Layout) -> tuple[str, ...]:
    """The user's file first; then what tells which generation is in force, and the machine config."""
    from dtsconf.errors import DtsconfError
    from dtsconf.machine.generations import current_number

    real = [layout.generations, wiring.config_path(root)]
    try:
        number = current_number(wiring.local_system(layout), layout)
    except DtsconfError:  # as one that there isn't: the settings say what that means
        number = None
    real += [] if number is None else [layout.generation(number)]
    return (layout.user_file(), *map(layout.real, real))


def _mark(path: str) -> Mark:
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_mode, facts.st_uid


def _changed_just_now(path: str) -> bool:
    mark = _mark(path)
    return mark is not None and max(mark[3], mark[4]) > (time.time() - SETTLED) * 1e9
