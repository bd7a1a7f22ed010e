"""`dtsconf status`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run, record_option

if TYPE_CHECKING:
    from dtsconf.auth.standing import Standing
    from dtsconf.machine.plan import Plan
    from dtsconf.machine.status import Status


@make(
    "status",
    record_option,
    common=("profile", "set", "root", "json", "verbose", "strict", "no-color"),
)
def command(run: Run, record: str | None) -> Outcome:
    """Tell whether the machine still holds what was last applied.

    Asks nobody and reads no secret. With --profile also whether a plan would change something. Exit 7 unless in sync.
    """
    from dtsconf import wiring
    from dtsconf.cli.records import append, failures_recorded, of_generation
    from dtsconf.machine.status import status
    from dtsconf.render import status as render
    from dtsconf.wiring import signing_in

    layout = wiring.layout_of(run.root)
    found = status(wiring.local_system(layout), layout, time.time())
    record = record or of_generation(found.generation)
    with failures_recorded(run, lambda _error: record):
        plan = _plan(run)
    changes = plan is not None and not plan.empty
    standing = signing_in.standing(run.inputs())
    found = _for_this_user(found, standing, run.root)
    data = render.data(found, plan, standing, run.root)
    code = 7 if found.state != "in-sync" or changes else 0
    warnings = append(run, record, code, data)
    text = render.text(found, plan, run.root, standing, color=run.color())
    exposed = standing.warning if standing else None
    told = (*(plan.warnings if plan else found.warnings), *([exposed] if exposed else []), *warnings)
    return Outcome(data, text, code, told)


def _for_this_user(found: Status, standing: Standing | None, root: str | None) -> Status:
    """The state with this user's own proof, where the machine's is owed until people sign in, or test."""
    from dtsconf.wiring import own_test, signing_in

    owed = found.proof.pending if found.proof else None
    own = signing_in.proven_here(standing, found.generation) if owed == "sign-in" else None
    own = own or own_test.proven_here(root, found.generation)
    if own is None:
        return found
    from dataclasses import replace

    from dtsconf.machine.record import Proof
    from dtsconf.times import parse_time

    proof = Proof("verified", own.level, own.time, None, own.message_id, own.program, own.user)
    return replace(found, proof=proof, proof_age=time.time() - parse_time(own.time))


def _plan(run: Run) -> Plan | None:
    if run.profile is None and not run.sets:
        return None
    from dtsconf import api

    return api.plan_of(run.inputs()).plan
