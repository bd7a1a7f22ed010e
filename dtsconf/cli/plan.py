"""`dtsconf plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run, not_written

if TYPE_CHECKING:
    from dtsconf.machine.plan import Plan
    from dtsconf.machine.planning import Planned


@make(
    "plan",
    click.option("--secrets", is_flag=True, help="Read the secrets too, to see rotated ones."),
    click.option("--detailed-exitcode", is_flag=True, help="Exit 7 when something would change."),
    click.option("--out", metavar="FILE", help="Save the plan for `apply --plan FILE`; it holds no secret."),
    click.option("--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True,
                 help="markdown: for a comment on a change request."),
)  # fmt: skip
def command(run: Run, secrets: bool, detailed_exitcode: bool, out: str | None, form: str) -> Outcome:
    """Show what apply would change, as a diff with secrets masked.

    Asks nobody, writes nothing on the machine and reads no secret (--secrets does).
    """
    from dtsconf import api
    from dtsconf.render import plan as render
    from dtsconf.render.common import typed

    planned = api.plan_of(run.inputs(), secrets=secrets)
    plan = planned.plan
    notes = ""
    if out is not None:
        _save(run, planned, out)
        notes = f"saved: apply exactly this with {typed(f'apply --plan {out}', run.root)}\n"
    text = render.markdown(plan) if form == "markdown" else _text(run, plan)
    code = 7 if detailed_exitcode and not plan.empty else 0
    aside = planned.effective.set_aside if planned.effective else ()
    data = render.data(plan)
    if code:
        data |= render.pending_data(plan, run.call(sets=True).completed("dtsconf apply"))
    return Outcome(data, text, code, plan.warnings, aside, notes)


def _text(run: Run, plan: Plan) -> str:
    from dtsconf.render import plan as render

    return render.text(plan, color=run.color(), root=run.root, verbose=run.verbose > 0)


def _save(run: Run, planned: Planned, out: str) -> None:
    import os

    from dtsconf.files.staging import atomic_write

    profile = os.path.abspath(run.profile) if run.profile is not None else None
    content = planned.save(profile=profile, sets=tuple(run.sets)).to_bytes()
    try:
        os.stat(os.path.dirname(os.path.abspath(out)))  # a folder that isn't there is a slip, and is not made
        atomic_write(out, content, 0o644)
    except OSError as error:
        raise not_written(out, error) from None
