"""`dtsconf status`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run, record_option

if TYPE_CHECKING:
    from dtsconf.machine.plan import Plan


@make(
    "status",
    record_option,
    common=("profile", "set", "root", "json", "strict", "no-color"),
)
def command(run: Run, record: str | None) -> Outcome:
    """Tell whether the machine still holds what was last applied.

    Asks nobody and reads no secret. With --profile also whether a plan would change something. Exit 7 unless in sync.
    """
    from dtsconf import wiring
    from dtsconf.cli.records import append, failures_recorded, of_generation
    from dtsconf.machine.status import status
    from dtsconf.render import status as render

    layout = wiring.layout_of(run.root)
    found = status(wiring.local_system(layout), layout, time.time())
    record = record or of_generation(found.generation)
    with failures_recorded(run, lambda _error: record):
        plan = _plan(run)
    changes = plan is not None and not plan.empty
    data = render.data(found, plan)
    code = 7 if found.state != "in-sync" or changes else 0
    warnings = append(run, record, code, data)
    return Outcome(
        data, render.text(found, plan, run.root, color=run.color()), code, (*(plan.warnings if plan else ()), *warnings)
    )


def _plan(run: Run) -> Plan | None:
    if run.profile is None and not run.sets:
        return None
    from dtsconf import api

    return api.plan_of(run.inputs()).plan
