"""The verb `purge`: takes away what dtsconf wrote on this machine and for this user, and puts adopted files back.

First a list, then a question, then the targets in one transaction, and last the state itself; killed in between, purge
goes on where it stopped. What other users have is not in its reach, and it says so.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from dtsconf.errors import DtsconfError, Interrupted, Notice
from dtsconf.frozen import frozen
from dtsconf.machine import generations, writing
from dtsconf.machine.failure import failure
from dtsconf.machine.forgotten import forgotten
from dtsconf.machine.key import MachineKey
from dtsconf.machine.layout import parent
from dtsconf.machine.lock import machine_lock, may_write_state
from dtsconf.machine.planning import kept_name, look
from dtsconf.machine.record import Generation, to_bytes
from dtsconf.machine.recovery import recover
from dtsconf.machine.survey import Survey
from dtsconf.machine.transaction import Transaction
from dtsconf.times import iso_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtsconf.machine.layout import Layout
    from dtsconf.machine.planning import Planned
    from dtsconf.machine.request import Machine

Fate = Literal["delete", "put-back", "out-of-reach"]


@frozen
class PurgeItem:
    """One thing that purge takes away, puts back, or can't reach. `path` is logical, for a user's own state real."""

    path: str
    fate: Fate
    what: str


@frozen
class Besides:
    """Something of the user's that lies outside of what the machine knows, and how it is taken away. `ready` waits, for
    so many seconds, until nobody is at work with it; else it raises LockHeld, as long as nothing is changed."""

    item: PurgeItem
    remove: Callable[[], object]
    ready: Callable[[float], object] = lambda _wait: None


@frozen
class Purged:
    """`changed` is False when there was nothing. `items` are what was listed."""

    changed: bool
    items: tuple[PurgeItem, ...] = ()
    warnings: tuple[Notice, ...] = ()


def purge_list(machine: Machine, besides: Sequence[Besides] = ()) -> tuple[PurgeItem, ...]:
    """What purge would do, in the order of paths. Raises: DtsconfError when the machine can't be looked at."""
    own = [each.item for each in besides]
    items = [*_machine_items(machine), *_user_items(machine.layout), *own, *_others(machine.layout)]
    return tuple(sorted(items, key=lambda item: (item.fate == "out-of-reach", item.path)))


def purge(
    machine: Machine,
    *,
    ask: Callable[[tuple[PurgeItem, ...]], bool],
    wait: float = 30,
    besides: Sequence[Besides] = (),
) -> Purged:
    """Take away what `purge_list` names, after `ask` has seen it and said yes.

    Raises:
        LockHeld: another run holds the lock, or is at work with something of `besides` (8).
        DtsconfError: exit 1: the answer was no, or something could not be removed; what is left is listed again next
            time.
        Interrupted: by Ctrl-C, likewise.
    """
    items = purge_list(machine, besides)
    if all(item.fate == "out-of-reach" for item in items):
        return Purged(False, items)
    if not ask(items):
        raise DtsconfError("nothing was changed: the answer was no")
    for each in besides:
        each.ready(wait)
    warnings: list[Notice] = []
    try:
        if _reachable(machine.layout) and _has_state(machine):
            warnings += _purge_machine(machine, wait)
        for each in besides:  # before the folder that tells what they are
            each.remove()
        _purge_user(machine.layout)
        _remove_folders(machine)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what is left is listed by the next dtsconf purge", "dtsconf purge") from None
    except OSError as e:
        raise _unremoved(e, machine.layout) from e
    return Purged(True, items, tuple(warnings))


def _unremoved(error: OSError, layout: Layout) -> DtsconfError:
    """What keeps something where it is; below a folder that is gone through, the system names no more than its end."""
    named = isinstance(error.filename, str) and os.path.isabs(error.filename)
    known = error if named else OSError(error.errno, error.strerror)
    told = failure(known, place=layout.real(layout.state))
    return DtsconfError(f"not everything could be removed: {told.message}", f"{told.hint}; then dtsconf purge again")


def _machine_items(machine: Machine) -> list[PurgeItem]:
    layout, system = machine.layout, machine.system
    if not _has_state(machine):
        what = "a machine config of dtsconf's, whose state is gone: take it away by hand"
        return _forgotten(machine, what)
    if not _reachable(layout):
        message = "the machine's; this user may not write there, or the disk is read-only (sudo dtsconf purge)"
        return [PurgeItem(layout.state, "out-of-reach", message)]
    last = generations.current(system, layout)
    items = [PurgeItem(layout.state, "delete", "the machine state: generations, key, lock")]
    lost: list[str] = []
    planned = look(machine, last, None, lost=lost) if last else None
    items += [
        PurgeItem(path, "out-of-reach", "what stood there before dtsconf; its kept copy is gone") for path in lost
    ]
    items += [_left(path, system.shown(kept_name(path))) for path in (planned.plan.left if planned else ())]
    for change in planned.plan.changes if planned else ():
        fate: Fate = "delete" if change.action == "delete" else "put-back"
        what = "what stood there before dtsconf" if fate == "put-back" else f"target {change.target}"
        changed = ", changed by somebody since" if change.reason == "both" and fate == "delete" else ""
        items.append(PurgeItem(change.path, fate, what + changed))
    return items + _untold(machine, {item.path for item in items})


def _forgotten(machine: Machine, what: str) -> list[PurgeItem]:
    """A machine config of dtsconf's that no record knows, told as `what`, with the secrets beside it."""
    layout, system = machine.layout, machine.system
    if not forgotten(Survey(system, layout), system, layout):
        return []
    found = [PurgeItem(layout.config, "out-of-reach", what)]
    if system.facts(layout.secrets) is not None:
        found.append(PurgeItem(layout.secrets, "out-of-reach", "its delivered secrets: take them away by hand, too"))
    return found


def _untold(machine: Machine, listed: set[str]) -> list[PurgeItem]:
    """Files at the usual places of which nobody knows any more whose they are, since the newest record is damaged; and
    a machine config of dtsconf's of which no record knows."""
    layout, system = machine.layout, machine.system
    if generations.unsure(system, layout) is None:
        what = "a machine config of dtsconf's, of which no record knows: take it away by hand"
        return [item for item in _forgotten(machine, what) if item.path not in listed]
    what = "it may be dtsconf's: what was applied last can't be told, since its record is damaged; look at it, then rm"
    usual = (*layout.targets.values(), layout.secrets)
    return [PurgeItem(path, "out-of-reach", what) for path in usual if path not in listed and system.facts(path)]


def _left(path: str, kept: str) -> PurgeItem:
    what = f"somebody's own file; what stood there before dtsconf is {kept}"
    return PurgeItem(path, "out-of-reach", what)


def _user_items(layout: Layout) -> list[PurgeItem]:
    if not os.path.isdir(layout.user_state()):
        return []
    return [PurgeItem(layout.user_place(), "delete", "what dtsconf keeps for you")]


def _others(layout: Layout) -> list[PurgeItem]:
    where = "in their own folders" if layout.root is None else _beneath(layout)
    what = f"what dtsconf keeps for other users, their queues too, {where}; each of them runs dtsconf purge"
    return [PurgeItem("other users", "out-of-reach", what)] if where else []


def _beneath(layout: Layout) -> str:
    """Where the folders of other users lie under a --root, and whose they are; '' where there are none."""
    folder, own = os.path.split(layout.user_state())
    try:
        names = sorted(name for name in os.listdir(folder) if name != own)
    except FileNotFoundError:
        return ""
    except OSError:
        return f"in {folder}"
    return f"in {folder} (user {', '.join(names)})" if names else ""


def _has_state(machine: Machine) -> bool:
    """Whether there is more than the folders of users, which a --root has in the same place."""
    layout = machine.layout
    try:
        names = os.listdir(layout.real(layout.state))
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return layout.root is None or names != [os.path.basename(parent(layout.user_place()))]


def _reachable(layout: Layout) -> bool:
    return may_write_state(layout)


def _purge_machine(machine: Machine, wait: float) -> list[Notice]:
    system, layout = machine.system, machine.layout
    warnings: list[Notice] = []
    with machine_lock(system, layout, wait, command="dtsconf purge"):
        notice = recover(system, layout)
        warnings += [notice] if notice else []
        last = generations.current(system, layout)
        if last is not None:
            planned = look(machine, last, None, lost=[])
            if planned.plan.changes or planned.plan.left:
                warnings += _targets_gone(machine, planned, last)
        for number in generations.numbers(system, layout):  # the newest last: it says that nothing is left
            system.unlink(layout.generation(number))
        system.unlink(layout.key)
    return warnings


def _targets_gone(machine: Machine, planned: Planned, last: Generation) -> tuple[Notice, ...]:
    """One transaction, recorded as a generation that wants nothing: a purge that is cut off after it goes on there."""
    system, layout = machine.system, machine.layout
    key = MachineKey.load_or_create(system, layout)
    steps = writing.writes(planned, machine)
    expected = writing.expected(planned, machine, steps)
    time = iso_time(machine.clock.now())
    who = machine.who
    empty = Generation(
        generations.next_number(system, layout), time, who.user, who.sudo_user, "purge", rollback_of=0, made=last.made
    )
    with Transaction(system, layout, key).stage(steps, folders_gone=writing.folders_gone(planned)) as staged:
        return tuple(staged.commit({empty.number: to_bytes(empty)}, expected))


def _purge_user(layout: Layout) -> None:
    import shutil

    folder = layout.user_state()
    if os.path.isdir(folder) and not os.path.islink(folder):
        shutil.rmtree(folder)


def _remove_folders(machine: Machine) -> None:
    """Empty folders of the state, innermost first; one that holds something of others stays."""
    layout = machine.layout
    for folder in (parent(layout.user_state()), layout.real(layout.generations), layout.real(layout.state)):
        inside = os.path.normpath(folder).startswith(os.path.normpath(layout.real(layout.state)))
        if inside:
            with suppress(OSError):
                os.rmdir(folder)
