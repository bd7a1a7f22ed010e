"""Puts together the record of a run that is about to be committed, and finds what an earlier one delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.machine import delivered, writing
from dtsconf.machine.desired import NOTHING
from dtsconf.machine.generations import next_number
from dtsconf.machine.record import Generation, to_bytes
from dtsconf.secret.value import Secret
from dtsconf.times import iso_time
from dtsconf.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.machine.key import MachineKey
    from dtsconf.machine.planning import Goal, Planned
    from dtsconf.machine.record import Proof, SettledRecord
    from dtsconf.machine.request import Machine, Options
    from dtsconf.machine.staged import Staged


@frozen
class Course:
    """What a run was and how it went: its goal and words, the proof, and what `auto` was newly settled to."""

    goal: Goal
    options: Options
    proof: Proof
    memory: Mapping[str, SettledRecord]


def generation(final: Planned, machine: Machine, key: MachineKey, staged: Staged, course: Course) -> Generation:
    """The generation that the staged files will be, numbered one up from the newest on record."""
    last, effective, old = final.last, final.effective, course.goal.old
    environment = old.from_environment if old else effective.from_environment if effective else ()
    made = (*(last.made if last else ()), *staged.folders_made)
    return Generation(
        number=next_number(machine.system, machine.layout),
        time=iso_time(machine.clock.now()),
        user=machine.who.user,
        sudo_user=machine.who.sudo_user,
        reason=course.options.reason,
        profile=course.goal.profile(effective, course.options),
        proof=course.proof,
        rollback_of=old.number if old else None,
        trusted=course.options.trusted,
        from_environment=environment,
        settled={**(last.settled if last else {}), **course.memory},
        targets=writing.records(final, machine, key, staged.facts),
        result=final.plan.digest,
        config=final.want.config or None,
        delivered=final.want.ids,
        references=final.want.references,
        adopted=writing.adoptions(final),
        made=tuple(dict.fromkeys(made)),
        version=__version__,
    )


def records(now: Generation, *, first: bool) -> dict[int, bytes]:
    """The records to write, by number: with the first generation also number 0, the machine before dtsconf."""
    found = {now.number: to_bytes(now)}
    if first:
        found[0] = to_bytes(Generation(0, now.time, now.user, now.sudo_user, result=NOTHING.digest))
    return found


def delivered_value(planned: Planned, key: str, reference: str) -> Secret | None:
    """The value that is delivered now under a settings key, if its reference is this one and it can be read."""
    last = planned.last
    if last is None or last.references.get(key) != reference:
        return None
    for record in last.targets:
        if record.kind == "dts" and record.secret:
            found = planned.survey.standing(record.path)
            values = delivered.from_bytes(found.content) if found and found.content else {}
            if last.delivered.get(key) in values:
                return Secret(values[last.delivered[key]])
    return None
