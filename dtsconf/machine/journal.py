"""What a run writes down before it acts, so that another can finish or undo it: two small files in STATE.

    staged.json    names of files beside the targets and of folders, from before the first of them is made
    journal.json   the steps, from the commit point on; called undo.json once they are to be taken back

Both hold logical paths and digests, never content, and are 0644. Data and text only: what they mean is in
transaction.py and recovery.py.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dtsconf.errors import DtsconfError
from dtsconf.frozen import frozen
from dtsconf.machine.layout import parent
from dtsconf.machine.system import Meta, Owner

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import System

_FORMAT = 1


@frozen
class Step:
    """One rename to do at `path`.

    A write has the new file at `staging` (until it is done: then that name is gone) and its `digest`; what stood at
    `path` before the step has a second name at `backup` if it `existed`. A delete has no staging: it renames `path`
    to `backup`.
    """

    path: str
    staging: str | None
    backup: str
    existed: bool
    digest: str | None = None


@frozen
class Journal:
    """The targets' steps in their order, then those of the generations' records."""

    steps: tuple[Step, ...]
    records: tuple[Step, ...]

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """In the order in which they are done."""
        return self.steps + self.records


@frozen
class Scratch:
    """`files` go away with the run, whatever becomes of it; `folders` (outermost first) when they are empty then."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def write_journal(system: System, layout: Layout, journal: Journal) -> None:
    """The commit point. Raises: OSError; the journal may be there all the same."""
    put(system, layout.journal, _text(asdict(journal)), 0o644)


def read_journal(system: System, path: str) -> Journal | None:
    """The journal at one of its two names, None when there is none. Raises: DtsconfError when it makes no sense."""
    data = _read(system, path)
    if data is None:
        return None
    try:
        return Journal(tuple(map(_step, data["steps"])), tuple(map(_step, data["records"])))
    except (KeyError, TypeError):
        raise _garbled(system, path) from None


def _step(data: dict[str, Any]) -> Step:
    """Raises: TypeError: it is no step as dtsconf writes them."""
    step = Step(**data)
    known = all(isinstance(text, str) for text in (step.path, step.backup))
    known = known and all(isinstance(text, str | None) for text in (step.staging, step.digest))
    if not known or not isinstance(step.existed, bool):
        raise TypeError
    return step


def write_scratch(system: System, layout: Layout, scratch: Scratch) -> None:
    """Raises: OSError."""
    put(system, layout.staged, _text(asdict(scratch)), 0o644)


def read_scratch(system: System, layout: Layout) -> Scratch:
    """What is registered; empty when nothing is. Raises: DtsconfError."""
    data = _read(system, layout.staged)
    if data is None:
        return Scratch()
    try:
        return Scratch(tuple(map(str, data["files"])), tuple(map(str, data["folders"])))
    except (KeyError, TypeError):
        raise _garbled(system, layout.staged) from None


def put(system: System, path: str, data: bytes, mode: int) -> None:
    """Writes a file of the machine state: beside, synced, renamed, folder synced. The other name is always `.new`, and
    what a killed run left there is in nobody's way, so nothing has to be registered. The caller holds the lock."""
    staging = path + ".new"
    system.unlink(staging)
    system.create(staging, data, Meta(Owner(mode, *system.ids())))
    try:
        system.rename(staging, path)
    except OSError:
        with suppress(OSError):
            system.unlink(staging)
        raise
    system.sync(parent(path))


def _text(data: dict[str, Any]) -> bytes:
    return (json.dumps({"format": _FORMAT, **data}, indent=1, sort_keys=True) + "\n").encode()


def _read(system: System, path: str) -> dict[str, Any] | None:
    found = system.look(path)
    if found is None:
        return None
    try:
        data = json.loads(found.content)
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise _garbled(system, path)
    return data


def _garbled(system: System, path: str) -> DtsconfError:
    place = system.shown(path)
    return DtsconfError(
        f"{place} is not as dtsconf writes it, so an interrupted run can be neither finished nor undone",
        f"if a newer dtsconf wrote it, use that; else look at the targets yourself, then rm {place}",
    )
