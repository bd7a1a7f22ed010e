"""`dtsconf rollback [N]`."""

from __future__ import annotations

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Generation, Outcome, Run, Seconds, record_option, refuse_sets


@make(
    "rollback",
    click.argument("number", type=Generation(min=0), required=False, metavar="[N]"),
    click.option("--yes", "-y", is_flag=True, help="Don't ask."),
    click.option("--verify/--no-verify", default=None, help="Prove it even if nothing changes / don't prove it."),
    click.option("--adopt", is_flag=True, help="Take over a file that dtsconf didn't write; it is kept beside."),
    click.option("--reason", metavar="TEXT", help="Why; kept in the history."),
    click.option("--wait", type=Seconds(min=0), default=30, show_default=True, metavar="SECONDS",
                 help="How long to wait for another apply to end."),
    record_option,
    common=("root", "json", "quiet", "verbose", "no-color"),
)  # fmt: skip
def command(run: Run, number: int | None, yes: bool, record: str | None, **words: object) -> Outcome:
    """Go back to an earlier generation, verified like any apply.

    Without N, to the newest whose content differs from what was last applied; what somebody changed by hand since,
    `dtsconf apply` takes back. 0 is what stood there before dtsconf. Secrets are taken as they are now.
    """
    from dtsconf.cli.perform import perform_rollback

    refuse_sets(run, "the settings are those of that generation", "leave it out; `dtsconf apply --set` sets values")

    return perform_rollback(run, number, yes=yes, record=record, words=words)
