"""The verb `rollback`: an apply whose wanted state is an old generation, verified like any. Number 0 is what stood on
the machine before dtsconf: nothing is verified there, targets go, adopted files come back.

Secrets are not in generations: a rollback takes the secret as it is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError
from dtsconf.machine import generations, verdict
from dtsconf.machine.planning import Goal
from dtsconf.machine.run import carry_out

if TYPE_CHECKING:
    from dtsconf.machine.record import Generation
    from dtsconf.machine.request import Applied, Machine, Options, Services
    from dtsconf.settings.effective import Effective


_FIRST = "dtsconf apply --profile FILE is the first step"


def rollback(number: int | None, machine: Machine, services: Services, options: Options) -> Applied:
    """Go back to a generation; None is the newest whose content differs from the one in force.

    Raises:
        DtsconfError: as `apply`; exit 1 when there is no such generation. --no-verify is exit 4 where the policy in
            force locks verify, too: that of the machine config holds for every command without a profile.
    """
    old = goal_of(number, machine)

    def load() -> Effective:
        if options.verify is False and (now := _in_force(machine)):
            verdict.heed_lock(now.org, options)
        return effective_of(old, machine)

    return carry_out(Goal("rollback", None if old.config is None else load, old), machine, services, options)


def _in_force(machine: Machine) -> Effective | None:
    """What the generation in force wrote, None where there is none. Raises: Invalid: this version can't read it."""
    now = generations.current(machine.system, machine.layout)
    return None if now is None or now.config is None else effective_of(now, machine)


def effective_of(generation: Generation, machine: Machine) -> Effective:
    """The effective settings that a generation wrote, from the machine config in its record.

    Raises:
        Invalid: this version can't read them.
    """
    from dtsconf.settings import machine_config
    from dtsconf.settings.resolve import resolve

    path = machine.system.shown(machine.layout.generation(generation.number))
    org, _ = machine_config.from_bytes((generation.config or "").encode(), path)
    return resolve(org, ())


def goal_of(number: int | None, machine: Machine) -> Generation:
    """The generation that a rollback to `number` means. Raises DtsconfError: there is none."""
    if number is not None:
        return generations.load(machine.system, machine.layout, number)
    known = generations.history(machine.system, machine.layout)
    if not known:
        raise DtsconfError("there is nothing to go back to: dtsconf never applied anything here", _FIRST)
    now = known[-1]
    if now.number and generations.passed_over(machine.system, machine.layout):
        return now  # what stands there came after it
    for old in reversed(known[:-1]):
        if old.result != now.result:
            return old
    raise DtsconfError("every generation that can be read is the same as the current one", "dtsconf history shows them")
