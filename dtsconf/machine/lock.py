"""The machine's lock: one apply, rollback, purge or recovery at a time.

The lock is STATE/lock, and STATE is made for it. A run that ends without a generation on record (a first apply that
failed, a purge) takes both away again, and the key: the file says which of them were made, so that a later run can
remove what a killed one made; until it says so, a note does (begun.py). It is removed while it is held; whoever waited
for it notices and starts over (see FileLock). It doesn't recover: whoever takes it calls `recover` first of all.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from shlex import quote
from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError, LockHeld
from dtsconf.files.lock import FileLock
from dtsconf.files.signals import uninterrupted
from dtsconf.machine.begun import Begun
from dtsconf.machine.failure import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import System

_TRIES = 20  # each may be lost to a run that takes STATE away between our making it and our opening the lock


@contextmanager
def machine_lock(
    system: System, layout: Layout, wait: float, *, command: str, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Holds STATE/lock; makes STATE (0755) when missing. `wait` in seconds, `command` is what the holder is called
    (`dtsconf apply`), `on_wait` hears once who holds it. At the end, if no generation is recorded, nothing of STATE
    stays that wasn't there before.
    Raises: LockHeld; DtsconfError naming the path when STATE can't be made or written; Refused."""
    state = Begun(system, layout)
    made = state.made
    lock = FileLock(layout.real(layout.lock))
    try:
        _take(state, lock, time.monotonic() + wait, on_wait)
    except BaseException as error:
        with uninterrupted():
            _undo(system, layout, lock, made)
            state.end()
        if isinstance(error, OSError):
            raise failure(error, place=lock.path) from None
        raise
    try:
        try:
            _sign(system, layout, lock, command, made)
        except OSError as error:
            raise failure(error, place=lock.path) from None
        state.end()
        yield
    finally:
        with uninterrupted():
            _let_go(system, layout, lock, made)
            state.end()


def _take(state: Begun, lock: FileLock, end: float, on_wait: Callable[[str], None] | None) -> None:
    tries = 0
    while True:
        try:
            state.make()
            if lock.acquire():
                return
            if on_wait:
                on_wait(_holder(lock))
                on_wait = None
            start = time.monotonic()
            if lock.acquire(max(0.0, end - start)):
                return
            raise LockHeld(_holder(lock), time.monotonic() - start)
        except FileNotFoundError:
            tries += 1
            if tries == _TRIES:
                raise
            time.sleep(0.01)


def _sign(system: System, layout: Layout, lock: FileLock, command: str, made: list[str]) -> None:
    """Says who holds it; keeps what an earlier holder noted as made. A key that isn't there yet will be."""
    if system.facts(layout.key) is None:
        made.append(layout.key)
    noted = _note(lock).get("made")
    if isinstance(noted, list):
        made[:0] = [folder for folder in noted if isinstance(folder, str) and folder not in made]
    since = time.strftime("%H:%M:%S")
    lock.write(json.dumps({"command": command, "made": made, "pid": os.getpid(), "since": since}) + "\n")


def _note(lock: FileLock) -> dict[str, object]:
    try:
        note = json.loads(lock.text())
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


def _holder(lock: FileLock) -> str:
    note = _note(lock)
    if "pid" not in note:
        unknown = "somebody who left no name: a dtsconf that is just starting, or another program"
        return f"{unknown} (fuser {quote(lock.path)})"
    return f"{note.get('command')}, process {note['pid']}, since {note.get('since')}"


def _let_go(system: System, layout: Layout, lock: FileLock, made: list[str]) -> None:
    """Nothing in here is worth an error: what can't be removed is empty, and the next run tries again."""
    unused = False
    with suppress(OSError, DtsconfError):
        unused = _is_unused(system, layout)
        if unused:
            if layout.key in made:
                system.unlink(layout.key)
            system.rmdir(layout.generations)
    with suppress(OSError):
        if not unused:
            lock.leave(json.dumps({"made": made}) + "\n")
    with suppress(OSError):
        lock.release(remove=unused)
    if unused:
        _remove_folders(system, [path for path in made if path != layout.key])


def _is_unused(system: System, layout: Layout) -> bool:
    pending = {layout.journal, layout.undo, layout.staged}
    return not system.names(layout.generations) and not any(system.facts(path) for path in pending)


def _undo(system: System, layout: Layout, lock: FileLock, made: list[str]) -> None:
    """Of a lock that wasn't taken nothing stays: Ctrl-C may come between its making and its taking."""
    with suppress(OSError, DtsconfError):
        lock.release()
        if made and lock.acquire():
            _let_go(system, layout, lock, made)
    _remove_folders(system, made)


def _remove_folders(system: System, made: list[str]) -> None:
    for folder in reversed(made):
        with suppress(OSError, DtsconfError):
            system.rmdir(folder)


def may_write_state(layout: Layout) -> bool:
    """Whether the caller may write the machine state (the nearest folder there is, when it is missing)."""
    place = layout.real(layout.state)
    while not os.path.lexists(place) and os.path.dirname(place) != place:
        place = os.path.dirname(place)
    return os.access(place, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def lock_is_free(layout: Layout) -> bool:
    """Whether nobody holds the lock now. For callers who may write the state."""
    path = layout.real(layout.lock)
    if not os.path.lexists(path):
        return True
    lock = FileLock(path)
    try:
        return lock.acquire()
    except OSError:
        return False
    finally:
        lock.release()


def at_work(layout: Layout) -> str | None:
    """Who holds the lock now (command, process, since when), None for nobody. For callers who may write the state."""
    return None if lock_is_free(layout) else _holder(FileLock(layout.real(layout.lock)))
