"""`dtsconf test`: the Test Settings button."""

from __future__ import annotations

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run, record_option
from dtsconf.proof import LEVELS, Level


@make(
    "test",
    click.option("--level", type=click.Choice(LEVELS[1:]), help="How far to go; default: the profile's verify.level."),
    record_option,
    click.option("--to", metavar="ADDRESS", help="Who gets the test mail; default: verify.to, else the sender."),
    common=("profile", "set", "root", "json", "quiet", "strict", "no-color"),
)
def command(run: Run, level: Level | None, to: str | None, record: str | None) -> Outcome:
    """Test Settings: a staged report of a real test send.

    Tests the machine's settings as you would use them, or with --profile the profile's. Changes nothing. connect goes
    as far as TLS, auth signs in, envelope names sender and recipient, send delivers a test mail.

    Exit 6 when the server refuses, 9 when it can't be reached.
    """
    from dtsconf import api
    from dtsconf.cli.person import asking
    from dtsconf.cli.progress import Progress
    from dtsconf.cli.records import append, failures_recorded
    from dtsconf.render import test as render

    with (
        failures_recorded(run, lambda _error: record),
        Progress(quiet=run.quiet or run.json) as progress,
        asking(progress) as person,
    ):
        checked = api.check_of(run.inputs(), level=level, to=to, person=person, progress=progress)
    verification = checked.verification
    code = 0 if verification.ok else 6 if verification.reached else 9
    data = render.data(verification)
    told = append(run, record or checked.effective.org.record, code, {"verification": verification.as_record()})
    return Outcome(
        data,
        render.text(verification, checked.effective, color=run.color()),
        code,
        (*checked.warnings, *told),
        checked.effective.set_aside,
    )
