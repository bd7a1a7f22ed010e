"""The generations on a machine: read, listed, thinned out. Cheap: `status` and `history` come here without pydantic.

Number 0 and the last 20 are kept. Writing one is the transaction's affair, since a generation is recorded together
with what it describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.errors import DtsconfError, Notice
from dtsconf.machine.journal import put
from dtsconf.machine.record import (
    Adopted,
    Generation,
    NewerFormat,
    Proof,
    SettledRecord,
    TargetRecord,
    from_bytes,
    to_bytes,
)
from dtsconf.machine.survey import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import System

__all__ = [
    "KEPT",
    "Adopted",
    "Damaged",
    "Generation",
    "Proof",
    "SettledRecord",
    "TargetRecord",
    "current",
    "current_number",
    "damage",
    "history",
    "history_row",
    "load",
    "next_number",
    "numbers",
    "passed_over",
    "replace_record",
    "thin_out",
    "unsure",
]

KEPT = 20
"""How many of the last generations stay; number 0 stays besides."""


class Damaged(DtsconfError):
    """What lies there is no generation's record. It is left where it is, for somebody to look at."""


def numbers(system: System, layout: Layout) -> list[int]:
    """The numbers on record, ascending. Raises: DtsconfError when their folder can't be read."""
    try:
        found = system.names(layout.generations)
    except OSError as e:
        raise unreadable(system, layout.generations, e) from None
    names = (name.removesuffix(".json") for name in found if name.endswith(".json"))
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def current_number(system: System, layout: Layout) -> int | None:
    """The newest number on record, whether its record is whole or not; None before the first apply."""
    return max(numbers(system, layout), default=None)


def next_number(system: System, layout: Layout) -> int:
    """The number of the next apply: never one that a record has, damaged or not."""
    return (current_number(system, layout) or 0) + 1


def current(system: System, layout: Layout) -> Generation | None:
    """The generation in force, None before the first apply: the newest whose record is whole. What a damaged one knew
    is lost, and what stands on the machine is then compared with what was known before (`passed_over` names them).
    Raises: DtsconfError when a record can't be read, or a newer dtsconf wrote it."""
    return next(_newest_first(system, layout)[1], None)


def passed_over(system: System, layout: Layout) -> tuple[int, ...]:
    """The damaged records that are newer than `current`, newest first. Raises: as `current`."""
    skipped, found = _newest_first(system, layout)
    next(found, None)
    return tuple(skipped)


def _newest_first(system: System, layout: Layout) -> tuple[list[int], Iterator[Generation]]:
    """The whole generations, newest first, read one by one; the damaged ones that were met go into the list."""
    skipped: list[int] = []

    def whole() -> Iterator[Generation]:
        for number in reversed(numbers(system, layout)):
            try:
                yield load(system, layout, number)
            except Damaged:
                skipped.append(number)

    return skipped, whole()


def unsure(system: System, layout: Layout) -> Notice | None:
    """A warning when what was applied last can't be told, since its record can't be read."""
    try:
        lost = passed_over(system, layout)
    except DtsconfError as error:
        return Notice("generations", error.message, error.hint)
    return _newer_lost(system, layout, lost[0]) if lost else None


def _newer_lost(system: System, layout: Layout, number: int) -> Notice:
    message = f"{system.shown(layout.generation(number))} is damaged, so what was applied last can't be told"
    known = current(system, layout)
    adopt = "" if known and known.targets else " --adopt"  # what stands there isn't known to be ours
    hint = f"dtsconf apply --profile FILE{adopt} makes a new record and leaves this one where it is"
    return Notice("generations", message, hint)


def _older_lost(system: System, layout: Layout, number: int) -> Notice:
    message = f"{system.shown(layout.generation(number))} is damaged, so nobody can go back to #{number}"
    return Notice("generations", message, "nothing else needs it")


def damage(system: System, layout: Layout) -> dict[int, Notice]:
    """A warning for each damaged record, by number, ascending. Raises: as `current`."""
    skipped, found = _newest_first(system, layout)
    next(found, None)
    newer = len(skipped)
    list(found)
    told = {number: _newer_lost(system, layout, number) for number in skipped[:newer]}
    told |= {number: _older_lost(system, layout, number) for number in skipped[newer:]}
    return dict(sorted(told.items()))


def load(system: System, layout: Layout, number: int) -> Generation:
    """One generation. Raises: DtsconfError when there is no such record, or it can't be read; Damaged."""
    path = layout.generation(number)
    try:
        found = system.look(path)
    except OSError as e:
        raise unreadable(system, path, e) from None
    if found is None:
        known = ", ".join(f"#{n}" for n in numbers(system, layout)) or "none"
        raise DtsconfError(f"there is no generation #{number} on this machine", f"known are: {known}")
    try:
        return from_bytes(found.content)
    except NewerFormat as e:
        raise DtsconfError(f"{system.shown(path)}: a newer dtsconf wrote this record", "update dtsconf here") from e
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        message = f"{system.shown(path)} is damaged: it is no record of a generation"
        raise Damaged(message, "dtsconf history shows the others") from e


def history(system: System, layout: Layout) -> list[Generation]:
    """All generations whose records are whole, newest last. Raises: as `current`."""
    return list(_newest_first(system, layout)[1])[::-1]


def history_row(generation: Generation) -> dict[str, Any]:
    """One row of `history`'s JSON (contract: "JSON"); `profile` is null where there was none."""
    profile = generation.profile
    return {
        "generation": generation.number,
        "time": generation.time,
        "user": generation.user,
        "reason": generation.reason,
        "profile": None if profile is None else {"name": profile.name, "digest": profile.digest},
        "proof": proof_row(generation.proof),
        "rollback_of": generation.rollback_of,
    }


def proof_row(proof: Proof) -> dict[str, Any]:
    """A proof as `status` and `history` give it in JSON."""
    return {"state": proof.state, "level": proof.level, "time": proof.time}


def settled_at(host: str, port: int) -> str:
    """The name under which a generation remembers what `auto` came to; names in DNS have no case (RFC 4343)."""
    return f"{host.lower()} {port}"


def replace_record(system: System, layout: Layout, generation: Generation) -> None:
    """Puts a generation's record in place of the one with its number (a new proof). The caller holds the lock.

    Raises: DtsconfError; the old record stays.
    """
    path = layout.generation(generation.number)
    try:
        put(system, path, to_bytes(generation), 0o644)
    except OSError as e:
        raise DtsconfError(f"{system.shown(path)}: the proof could not be recorded: {e.strerror or e}") from e


def thin_out(system: System, layout: Layout) -> Notice | None:
    """Removes the records of all generations but 0 and the last 20; a warning when that fails."""
    found = numbers(system, layout)
    try:
        for number in found[:-KEPT]:
            if number != 0:
                system.unlink(layout.generation(number))
    except OSError as e:
        message = f"old generations could not be removed from {system.shown(layout.generations)}: {e}"
        return Notice("generations", message, "the next apply tries again")
    return None
