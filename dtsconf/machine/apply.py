"""The verb `apply`: the profile's settings onto the machine, proven. See `run` for the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.machine.planning import Goal
from dtsconf.machine.run import carry_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.machine.request import Applied, Machine, Options, Services
    from dtsconf.settings.effective import Effective


def apply(load: Callable[[], Effective], machine: Machine, services: Services, options: Options) -> Applied:
    """Put the settings on the machine. `load` computes the effective settings (profile and environment, not the user's
    file) and is called again under the lock.

    Raises:
        DtsconfError: exit 1, 3 to 6, 8, 9, 130; with `known` the Applied as far as it got. Nothing live has changed.
    """
    return carry_out(Goal("apply", load), machine, services, options)
