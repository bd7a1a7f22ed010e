"""The generations on a machine: read, listed, thinned out. Cheap: `status` and `history` come here without pydantic.

Number 0 and the last 20 are kept. Writing one is the transaction's affair, since a generation is recorded together
with what it describes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtsconf.errors import DtsconfError, Notice
from dtsconf.machine.journal import put
from dtsconf.machine.record import Adopted, Generation, Proof, SettledRecord, TargetRecord, from_bytes, to_bytes
from dtsconf.machine.survey import unreadable

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import System

__all__ = [
    "KEPT",
    "Adopted",
    "Generation",
    "Proof",
    "SettledRecord",
    "TargetRecord",
    "current",
    "current_number",
    "history",
    "history_row",
    "load",
    "numbers",
    "replace_record",
    "thin_out",
]

KEPT = 20
"""How many of the last generations stay; number 0 stays besides."""


def numbers(system: System, layout: Layout) -> list[int]:
    """The numbers on record, ascending. Raises: DtsconfError when their folder can't be read."""
    try:
        found = system.names(layout.generations)
    except OSError as e:
        raise unreadable(system, layout.generations, e) from None
    names = (name.removesuffix(".json") for name in found if name.endswith(".json"))
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def current_number(system: System, layout: Layout) -> int | None:
    """The number in force, None before the first apply."""
    return max(numbers(system, layout), default=None)


def current(system: System, layout: Layout) -> Generation | None:
    """The generation in force, None before the first apply. Raises: DtsconfError when its record can't be read."""
    number = current_number(system, layout)
    return None if number is None else load(system, layout, number)


def load(system: System, layout: Layout, number: int) -> Generation:
    """One generation. Raises: DtsconfError when there is no such record, or it can't be read."""
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
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        message = f"{system.shown(path)}: this is no record of a generation that this dtsconf can read"
        raise DtsconfError(message, "it was changed by hand, or a newer dtsconf wrote it") from e


def history(system: System, layout: Layout) -> list[Generation]:
    """All generations on record, newest last."""
    return [load(system, layout, number) for number in numbers(system, layout)]


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
    """The name under which a generation remembers what `auto` came to."""
    return f"{host} {port}"


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
