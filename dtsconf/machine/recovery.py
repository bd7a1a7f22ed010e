"""Forward, back, clear away: what a journal means, carried out. For a run that fails and for one that comes after a
kill the same code, so what is tested for one holds for the other. Why it is safe: transaction.py.

    interrupted(layout)        is there a journal?         -> status says `interrupted`
    undisturbed(..., look)     what is there, in one piece, for who holds no lock
    leftovers(layout)          is there anything to do?    -> take the lock, call recover
    recover(system, layout)    finishes, undoes or clears  -> Notice or None

Every function here can be killed at any call and started again.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

from dtsconf.errors import DtsconfError, Notice
from dtsconf.machine.begun import begun
from dtsconf.machine.layout import beside, parent

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.machine.journal import Journal, Step
    from dtsconf.machine.key import MachineKey
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import System

Seen = TypeVar("Seen")

_HALF = (".new", ".old")
"""How names in STATE end whose file is not in place yet, or not any more."""
_FORWARD = "finished: the machine holds what it was to write"
_TRIES = 4
PAUSE = 0.25
"""Seconds: how long a run takes to go live, and more."""
_BACK = "undone: the machine holds what it held before it"


def interrupted(layout: Layout) -> bool:
    """Whether a run was cut off between commit point and end, so targets may be of two generations. Cheap; needs no
    right but to read STATE. True also while an apply is just at it."""
    return any(os.path.lexists(layout.real(path)) for path in (layout.journal, layout.undo))


def undisturbed(system: System, layout: Layout, look: Callable[[], Seen], *, pause: float = 0.0) -> Seen:
    """What `look` gives or raises, for who holds no lock: made anew, a few times, when an apply went live meanwhile, so
    that records and files were of two generations. With `pause` one that is at it is waited for, so many seconds a try.
    Raises: as `look`."""
    for _ in range(_TRIES):
        before = _course(system, layout)
        try:
            found = look()
        except DtsconfError:
            if _course(system, layout) == before and not (before[0] and pause):
                raise
        else:
            if _course(system, layout) == before and not (before[0] and pause):
                return found
        time.sleep(pause)
    return look()


def _course(system: System, layout: Layout) -> tuple[bool, int | None]:
    """Whether an apply is going live, and the newest number: in this order, for the record is there before the journal
    goes."""
    from dtsconf.machine.generations import current_number

    return interrupted(layout), current_number(system, layout)


def leftovers(layout: Layout) -> bool:
    """Whether taking the lock and calling `recover` would change anything: a run was interrupted, files of one lie
    about, or a first apply left its lock or a part of STATE without having come to a generation. Cheap. True also while
    an apply runs."""
    state, generations = _listed(layout.real(layout.state)), _listed(layout.real(layout.generations))
    if any(name.endswith(_HALF) for name in (*state, *generations)):
        return True
    if not {os.path.basename(path) for path in (layout.journal, layout.undo, layout.staged)}.isdisjoint(state):
        return True
    return (not generations and os.path.basename(layout.lock) in state) or begun(layout)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def recover(system: System, layout: Layout) -> Notice | None:
    """Finishes or undoes what an earlier run left half done; the caller holds the lock. None: no target was concerned.
    Raises: DtsconfError when that fails too; the journal stays for the next try."""
    from dtsconf.machine.failure import failure
    from dtsconf.machine.journal import read_journal
    from dtsconf.machine.key import MachineKey

    try:
        done = None
        if journal := read_journal(system, layout.undo):
            undo(system, layout, journal)
            done = _BACK
        elif journal := read_journal(system, layout.journal):
            key = MachineKey.load(system, layout)
            done = _finish(system, layout, journal, key)
        clear(system, layout)
    except OSError as error:
        raise failure(error, tail="; an interrupted run could not be finished, the next command tries again") from None
    return Notice("recovered", f"an interrupted run was {done}") if done else None


def _finish(system: System, layout: Layout, journal: Journal, key: MachineKey | None) -> str:
    """Forward if every file is still there to do so, else back. A run whose record is complete has succeeded, whatever
    somebody did to its targets since."""
    if journal.records and all(_is_done(system, step, key) for step in journal.records):
        record(system, journal)
        remove_journal(system, layout)
        return _FORWARD
    if all(_can_stand(system, steps, key) for steps in _by_path(journal)):
        forward(system, journal)
        if not misread(system, journal, key):
            record(system, journal)
            remove_journal(system, layout)
            return _FORWARD
    undo(system, layout, journal)
    return _BACK


def _by_path(journal: Journal) -> list[list[Step]]:
    paths = dict.fromkeys(step.path for step in journal.all_steps)
    return [[step for step in journal.all_steps if step.path == path] for path in paths]


def _can_stand(system: System, steps: list[Step], key: MachineKey | None) -> bool:
    """Whether the steps of one path were all left to do or done by us: the last one that was done is what stands."""
    done = [step for step in steps if step.staging and system.facts(step.staging) is None]
    if not done or steps[-1].staging is None:
        return True
    return _stands(system, done[-1], key)


def _is_done(system: System, step: Step, key: MachineKey | None) -> bool:
    return step.staging is not None and system.facts(step.staging) is None and _stands(system, step, key)


def _stands(system: System, step: Step, key: MachineKey | None) -> bool:
    from dtsconf.machine.key import same_content

    found = system.look(step.path)
    if step.digest is None:
        return found is None
    return found is not None and same_content(found.content, step.digest, key)


def forward(system: System, journal: Journal) -> None:
    """Does the targets' steps that aren't done. Each is synced before the next: after a power cut, too, the secrets
    are there before the config that names them. Raises: OSError."""
    for step in journal.steps:
        _do(system, step)


def record(system: System, journal: Journal) -> None:
    """Does the records' steps: after the last one the run has succeeded. Raises: OSError."""
    for step in journal.records:
        _do(system, step)


def _do(system: System, step: Step) -> None:
    if step.staging is None:
        if system.facts(step.backup) is None and system.facts(step.path) is not None:
            system.rename(step.path, step.backup)
    elif system.facts(step.staging) is not None:
        system.rename(step.staging, step.path)
    system.sync(parent(step.path))


def misread(system: System, journal: Journal, key: MachineKey | None) -> str | None:
    """Reads the targets back; the first path that doesn't hold what it was given, or None. Raises: OSError."""
    last = {step.path: step for step in journal.steps}
    return next((path for path, step in last.items() if not _stands(system, step, key)), None)


def undo(system: System, layout: Layout, journal: Journal) -> None:
    """Puts back what stood before, latest step first, so that whoever reads meanwhile finds the secret of the config
    that is there. First the journal is renamed: from then on no recovery goes forward. Raises: OSError."""
    if system.facts(layout.undo) is None:
        system.rename(layout.journal, layout.undo)
    system.sync(layout.state)
    for step in reversed(journal.all_steps):
        _take_back(system, step)
    system.unlink(layout.undo)
    system.sync(layout.state)


def _take_back(system: System, step: Step) -> None:
    """A write whose staging file is still there was never done. A backup that is gone was put back already."""
    if step.staging and system.facts(step.staging) is not None:
        return
    if system.facts(step.backup) is not None:
        system.rename(step.backup, step.path)
        system.unlink(step.backup)  # rename does nothing when both are names of one file
    elif not step.existed:
        system.unlink(step.path)
    system.sync(parent(step.path))


def remove_journal(system: System, layout: Layout) -> None:
    """After the record: the run is over, only backups are left. Raises: OSError."""
    system.unlink(layout.journal)
    system.sync(layout.state)


def clear(system: System, layout: Layout) -> None:
    """Takes away what is registered in staged.json, when no journal is there (any more): staging files of a run that
    didn't commit, backups of one that did, folders that are empty. Goes on after an error, so that a file that can't be
    removed keeps no other. Raises: the first error; what is registered stays so."""
    from dtsconf.machine.journal import read_scratch

    scratch = read_scratch(system, layout)
    errors: list[Exception] = []
    for path in (*scratch.files, *_unregistered(system, layout)):
        _try(errors, lambda path: _removed(system, path), path)
    for folder in dict.fromkeys(parent(path) for path in scratch.files):
        _try(errors, system.sync, folder)
    for folder in reversed(scratch.folders):
        _try(errors, system.rmdir, folder)
        _try(errors, system.sync, parent(folder))
    if errors:
        raise errors[0]
    if system.unlink(layout.staged):
        system.sync(layout.state)


def _removed(system: System, path: str) -> None:
    """A read-only file system refuses to remove even what isn't there."""
    if system.facts(path) is not None:
        system.unlink(path)


def _unregistered(system: System, layout: Layout) -> list[str]:
    """Files that a kill left half written inside STATE: there everything is ours, and these endings mean just that."""
    folders = (layout.state, layout.generations)
    return [beside(folder, name) for folder in folders for name in system.names(folder) if name.endswith(_HALF)]


def _try(errors: list[Exception], call: Callable[[str], object], path: str) -> None:
    try:
        call(path)
    except FileNotFoundError:
        pass  # its folder went away
    except (OSError, DtsconfError) as error:
        errors.append(error)
