"""What `dtsconf status` tells: whether the machine still holds what was last applied. Cheap on purpose.

Imports neither pydantic nor yaml, asks nobody, resolves no secret, takes no lock and writes nothing. What the caller
may not read is compared by size, owner, mode and time and listed as not checked.
"""

from __future__ import annotations

import os
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from dtsconf.errors import DtsconfError, Notice
from dtsconf.frozen import frozen
from dtsconf.machine import generations
from dtsconf.machine.forgotten import forgotten
from dtsconf.machine.layout import parent
from dtsconf.machine.recovery import PAUSE, interrupted, undisturbed
from dtsconf.machine.rights import odd_rights
from dtsconf.machine.standing import as_left
from dtsconf.machine.survey import Survey
from dtsconf.machine.system import Refused
from dtsconf.times import iso_time, parse_time

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.record import Generation, Proof, TargetRecord
    from dtsconf.machine.standing import Standing
    from dtsconf.machine.system import System

State = Literal["in-sync", "drifted", "interrupted", "never-applied"]

REPLACED = "replaced by something else"
"""How `what` begins where a link, a folder or a device stands in a file's place."""

_KEYLESS = Notice(
    "key",
    "the machine's key is gone, so the content of delivered secrets can't be checked",
    "dtsconf apply makes a new one",
)


_ADOPT = "mail is sent by it; to take it over: dtsconf apply --profile FILE --adopt"


@frozen
class DriftItem:
    """One file that is not as apply left it: `what` in words, `since` UTC ISO 8601 (its own time stamp), or None."""

    path: str
    what: str
    since: str | None


@frozen
class Status:
    """`generation` is the current one, None before the first; `proof_age` in seconds. `unchecked` are paths whose
    content was not checked; `warnings` tell of rights that are no drift and yet odd. `at_work`: which run is just going
    live, so that `interrupted` is a matter of moments; known only to who may write the machine state. `stuck`:
    what to do where no command can finish it, since what is written of it can't be read."""

    state: State
    drift: tuple[DriftItem, ...] = ()
    generation: Generation | None = None
    proof: Proof | None = None
    proof_age: float | None = None
    unchecked: tuple[str, ...] = field(default=())
    warnings: tuple[Notice, ...] = ()
    at_work: str | None = None
    stuck: str | None = None


def status(system: System, layout: Layout, now: float) -> Status:
    """The machine's state, `now` in seconds since the epoch; a run that is just going live is waited for, a second at
    most. Raises: DtsconfError when a record can't be read."""
    return undisturbed(system, layout, lambda: _status(system, layout, now), pause=PAUSE)


def _status(system: System, layout: Layout, now: float) -> Status:
    generation = generations.current(system, layout)
    proof = generation.proof if generation else None
    age = now - parse_time(proof.time) if proof and proof.time else None
    if interrupted(layout):
        by = _at_work(layout)
        return Status("interrupted", (), generation, proof, age, at_work=by, stuck=_stuck(system, layout))
    drift = [_lost(layout, number) for number in generations.passed_over(system, layout)]
    survey = Survey(system, layout)
    told = forgotten(survey, system, layout)
    unknown = (Notice("forgotten", told, _ADOPT),) if told else ()
    if generation is None and not drift:
        return Status("never-applied", warnings=unknown)
    targets = generation.targets if generation else ()
    drift += [item for record in targets if (item := _drift(record, survey, layout))]
    unchecked = tuple(record.path for record in targets if survey.unchecked(record))
    odd = () if drift else odd_rights(generation, survey, system)
    unsure = generations.unsure(system, layout)
    odd += (unsure,) if unsure else unknown
    odd += (_KEYLESS,) if unchecked and survey.keyless else ()
    return Status("drifted" if drift else "in-sync", tuple(drift), generation, proof, age, unchecked, odd)


def _stuck(system: System, layout: Layout) -> str | None:
    from dtsconf.machine.journal import read_journal

    try:
        for path in (layout.undo, layout.journal):
            read_journal(system, path)
    except DtsconfError as unreadable:
        return unreadable.hint
    return None


def _at_work(layout: Layout) -> str | None:
    from dtsconf.machine.lock import at_work, may_write_state

    return at_work(layout) if may_write_state(layout) else None


def _lost(layout: Layout, number: int) -> DriftItem:
    path = layout.generation(number)
    return DriftItem(path, "damaged: what was applied then can't be told", _changed_at(layout, path))


def _drift(record: TargetRecord, survey: Survey, layout: Layout) -> DriftItem | None:
    try:
        found = survey.standing(record.path)
    except Refused as e:
        return DriftItem(record.path, f"{REPLACED} ({e.message})", _changed_at(layout, record.path))
    if found is None:
        return DriftItem(record.path, "missing", _changed_at(layout, parent(record.path)))
    if as_left(record, found, survey.same):
        return None
    return DriftItem(record.path, _what(record, found, survey), _since(record, found, layout))


def _what(record: TargetRecord, found: Standing, survey: Survey) -> str:
    words = []
    verdict = None if found.content is None else survey.same(found.content, record.digest)
    if verdict is False:
        words.append("content changed")
    elif verdict is None and (found.size, found.mtime_ns) != (record.size, record.mtime_ns):
        words.append(f"{found.size} bytes, was {record.size}" if found.size != record.size else "written to")
    if found.mode != record.mode:
        words.append(f"mode {found.mode:04o}, was {record.mode:04o}")
    if (found.uid, found.gid) != (record.uid, record.gid):
        words.append(f"owner {found.uid}:{found.gid}, was {record.uid}:{record.gid}")
    return ", ".join(words)


def _since(record: TargetRecord, found: Standing, layout: Layout) -> str | None:
    if found.mtime_ns > record.mtime_ns:
        return iso_time(found.mtime_ns / 1e9)
    return _changed_at(layout, record.path)


def _changed_at(layout: Layout, path: str) -> str | None:
    """When the entry itself last changed (a new mode or owner, a file put in with an old time), as far as known."""
    try:
        return iso_time(os.lstat(layout.real(path)).st_ctime)
    except OSError:
        return None
