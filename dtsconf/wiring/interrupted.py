"""What a killed apply left half done, finished by the next command of any kind; nearly free where nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.wiring import layout_of, local_system

if TYPE_CHECKING:
    from dtsconf.errors import Notice


def finish(root: str | None) -> Notice | None:
    """Finish what a killed apply left half done, if there is anything, this user may, and nobody holds the lock. When
    that fails it is a warning: the command goes on with what is there, and an apply meets the same error itself."""
    from dtsconf.machine.recovery import leftovers

    layout = layout_of(root)
    if not leftovers(layout):
        return None
    from dtsconf.errors import DtsconfError, LockHeld, Notice
    from dtsconf.machine.lock import machine_lock, may_write_state
    from dtsconf.machine.recovery import recover

    if not may_write_state(layout):
        return None
    system = local_system(layout)
    try:
        with machine_lock(system, layout, 0, command="dtsconf"):
            return recover(system, layout)
    except LockHeld:
        return None
    except DtsconfError as failed:
        return Notice("interrupted", f"an interrupted run could not be finished: {failed.message}", failed.hint)
