"""`dtsconf apply`."""

from __future__ import annotations

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run, Seconds, record_option
from dtsconf.errors import UsageProblem


@make(
    "apply",
    click.option("--yes", "-y", is_flag=True, help="Don't ask."),
    click.option("--plan", "saved", metavar="FILE", help="Apply this saved plan, if still the same; doesn't ask."),
    click.option("--verify/--no-verify", default=None, help="Prove it even if nothing changes / don't prove it."),
    click.option("--adopt", is_flag=True, help="Take over a file that dtsconf didn't write; it is kept beside."),
    click.option("--allow-downgrade", is_flag=True, help="Let `auto` go back to plain where TLS was settled before."),
    click.option("--trust-profile", is_flag=True, help="Don't check who owns the profile's files (containers, CI)."),
    click.option("--reason", metavar="TEXT", help="Why; kept in the history."),
    click.option("--wait", type=Seconds(min=0), default=30, show_default=True, metavar="SECONDS",
                 help="How long to wait for another apply to end."),
    record_option,
)  # fmt: skip
def command(
    run: Run, yes: bool, saved: str | None, trust_profile: bool, record: str | None, **words: object
) -> Outcome:
    """Bring the machine to its profile, prove it by mail, or leave it as it was.

    Computes the plan, asks, stages every file beside its place, makes a test send with the staged settings, and only
    then replaces the files, all together. When anything fails nothing live has changed.
    """
    from dtsconf.cli.perform import perform, read_plan

    plan = read_plan(saved, run.inputs(trust_profile=trust_profile)) if saved is not None else None
    if plan is not None and (run.sets or run.profile not in (None, plan.profile)):
        raise UsageProblem("--plan brings its own profile and --set values", "leave out --profile and --set")
    return perform(run, yes=yes, saved=plan, trust_profile=trust_profile, record=record, words=words)
