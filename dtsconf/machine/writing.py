"""A plan as the ordered writes of a transaction, and what stands there afterwards as records. No decisions of its own.

Order: secrets with old and new ids first, then everything that names an id, then secrets with the new ids alone, then
deletions. So whichever machine config a reader has, the secret that it names is there.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError, Invalid, Problem
from dtsconf.machine import delivered
from dtsconf.machine.forgotten import forgotten
from dtsconf.machine.key import plain_digest
from dtsconf.machine.owners import group_id
from dtsconf.machine.plan import text_digest
from dtsconf.machine.planning import kept_name
from dtsconf.machine.record import Adopted, TargetRecord
from dtsconf.machine.system import Owner
from dtsconf.machine.transaction import Write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtsconf.machine.key import MachineKey
    from dtsconf.machine.planning import Planned
    from dtsconf.machine.request import Machine
    from dtsconf.machine.system import Facts, Found
    from dtsconf.machine.targets.file import TargetFile


def writes(planned: Planned, machine: Machine) -> list[Write]:
    """The steps that carry out a plan."""
    files = {file.path: file for file in planned.want.files}
    adopted = {each.path: each.kept for each in planned.last.adopted} if planned.last else {}
    first: list[Write] = []
    then: list[Write] = []
    last: list[Write] = []
    for change in planned.plan.changes:
        if change.path in files:
            file = files[change.path]
            new = _write(file, planned, machine)
            both = _both_ids(file, new, planned)
            if change.adopts:
                first.append(Write(kept_name(change.path), source=change.path))
            if both is not None:
                first.append(both)
            (first if file.secret and both is None else last if file.secret else then).append(new)
        elif change.action == "delete":
            last.append(Write(change.path))
        else:
            last += [Write(change.path, source=adopted[change.path]), Write(adopted[change.path])]
    return [*first, *then, *last]


def _write(file: TargetFile, planned: Planned, machine: Machine) -> Write:
    if file.content is None:
        message = f"target {file.kind} ({file.path}) can't express server.encryption: auto, and it could not be settled"
        hint = "apply when the server can be reached, or set server.encryption: tls or starttls"
        raise Invalid((Problem("target", message, hint, key="server.encryption"),))
    gid = group_id(machine.system, machine.layout, file.group) if file.group else None
    record = next((each for each in planned.last.targets if each.path == file.path), None) if planned.last else None
    last = Owner(*record.asked) if record else None
    return Write(file.path, file.content, mode=file.mode, gid=gid, secret=file.secret, last=last)


def _both_ids(file: TargetFile, new: Write, planned: Planned) -> Write | None:
    """The write of old and new ids, None where there are no old ones to keep for a while."""
    from dataclasses import replace

    found = planned.survey.standing(file.path)
    ours = planned.last is not None and any(each.path == file.path for each in planned.last.targets)
    if file.kind != "dts" or not file.secret or not ours or found is None or found.content is None:
        return None
    old, wanted = delivered.from_bytes(found.content), delivered.from_bytes(new.content or b"")
    if not set(old) - set(wanted):
        return None
    return replace(new, content=delivered.to_bytes({**old, **wanted}))


def expected(planned: Planned, machine: Machine, steps: list[Write]) -> dict[str, Found | None]:
    """What must still stand at each place when the plan is made live. Raises: DtsconfError: the caller may not read
    what stands there."""
    found: dict[str, Found | None] = {}
    for step in steps:
        standing = planned.survey.standing(step.path)
        if standing is not None and standing.content is None:
            place = machine.system.shown(step.path)
            raise DtsconfError(f"{place} can't be read by you", "run this as its owner (sudo)")
        found[step.path] = planned.survey.found[step.path]
    return found


def records(
    planned: Planned, machine: Machine, key: MachineKey, facts: Mapping[str, Facts | None]
) -> tuple[TargetRecord, ...]:
    """What stands at the targets once the writes are live; a file that isn't written keeps its record."""
    before = {record.path: record for record in planned.last.targets} if planned.last else {}
    written = {change.path for change in planned.plan.changes}
    return tuple(
        _record(file, machine, key, facts[file.path]) if file.path in written else before[file.path]
        for file in planned.want.files
    )


def _record(file: TargetFile, machine: Machine, key: MachineKey, facts: Facts | None) -> TargetRecord:
    if facts is None or file.content is None:
        raise DtsconfError(f"{file.path} was to be written and isn't", "this is a fault of dtsconf; please report it")
    uid, gid = machine.system.ids()
    if file.group:
        gid = group_id(machine.system, machine.layout, file.group)
    return TargetRecord(
        file.kind,
        file.path,
        key.digest(file.content) if file.secret else plain_digest(file.content),
        text_digest(file.shown),
        file.secret,
        facts.size,
        facts.mode,
        facts.uid,
        facts.gid,
        facts.mtime_ns,
        (file.mode, uid, gid),
        file.group,
    )


def adoptions(planned: Planned) -> tuple[Adopted, ...]:
    """The adopted files after this plan: those that are put back are ours to remember no longer."""
    before = planned.last.adopted if planned.last else ()
    if planned.effective is None:
        return tuple(each for each in before if each.path in planned.plan.left)
    return (*before, *(Adopted(path, kept_name(path)) for path in planned.plan.needs_adopt))


def folders_gone(planned: Planned) -> tuple[str, ...]:
    """The folders that dtsconf made and that may be empty once files are deleted, innermost first."""
    deletes = any(change.action == "delete" for change in planned.plan.changes)
    return tuple(reversed(planned.last.made)) if planned.last and deletes else ()


def check_adoption(planned: Planned, machine: Machine, *, adopt: bool) -> None:
    """Refuse to replace files that dtsconf didn't write. Raises: DtsconfError (exit 1)."""
    paths = planned.plan.needs_adopt
    if paths and not adopt:
        hint = f"look at it; --adopt keeps it beside as {machine.system.shown(kept_name(paths[0]))} and goes on"
        message = _strange(paths, planned, machine)
        raise DtsconfError(message, hint, (Problem("adopt", message, hint, code=DtsconfError.exit_code),))
    for path in paths:
        kept = kept_name(path)
        if machine.system.facts(kept) is not None:
            message = f"{machine.system.shown(path)} can't be adopted: {machine.system.shown(kept)} is there already"
            raise DtsconfError(message, "move one of them away")


def _strange(paths: Sequence[str], planned: Planned, machine: Machine) -> str:
    """What stands in the way, in a sentence."""
    config = machine.layout.config
    known = forgotten(planned.survey, machine.system, machine.layout) if config in paths else None
    rest = [machine.system.shown(path) for path in paths if not (known and path == config)]
    verb = "stands" if len(rest) == 1 else "stand"
    untold = ", and whether dtsconf wrote it can't be told: the record of the last apply is damaged"
    whose = untold if planned.plan.damaged else ", not written by dtsconf"
    told = [f"{', '.join(rest)} {verb} there already{whose}"] if rest else []
    return "; ".join([known, *told] if known else told)


def check_known(planned: Planned, machine: Machine) -> None:
    """Refuse to say that all is as before dtsconf where a machine config stays that no record knows of.
    Raises: DtsconfError (exit 1)."""
    if known := forgotten(planned.survey, machine.system, machine.layout):
        config = machine.system.shown(machine.layout.config)
        hint = f"look at it, and at what stands beside it; if nobody needs it: rm {quote(config)}, then the same again"
        raise DtsconfError(f"{known}; so it can't be taken away", hint)
