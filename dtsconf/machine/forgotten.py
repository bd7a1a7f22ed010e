"""A machine config that dtsconf wrote, on a machine whose state, or the record in it, is gone: mail is sent by it all
the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError
from dtsconf.machine.generations import current, current_number

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.survey import Survey
    from dtsconf.machine.system import System


def forgotten(survey: Survey, system: System, layout: Layout) -> str | None:
    """That a machine config stands in its usual place which dtsconf has written, by its content, though no apply is on
    record, or none whose record is whole, or the last took it away and put it back as one that stood there before; None
    where none does."""
    try:
        last = current(system, layout)
        held = last is not None and any(target.path == layout.config for target in last.targets)
        found = None if held else survey.standing(layout.config)
    except DtsconfError:
        return None
    if found is None or not _is_ours(found.content or b""):
        return None
    path, state = system.shown(layout.config), system.shown(layout.state)
    if current_number(system, layout) is None:
        return f"{path} is a machine config of dtsconf's; the state that would know of it ({state}) is gone"
    return f"{path} is a machine config of dtsconf's; the record that would know of it is damaged or gone (in {state})"


def _is_ours(content: bytes) -> bool:
    import json

    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(read, dict) and {"format", "given", "profile", "settings"}.issubset(read)
