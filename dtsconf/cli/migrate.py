"""`dtsconf migrate microsoft`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dtsconf.cli.command import command as make, family
from dtsconf.cli.common import Outcome, Run

if TYPE_CHECKING:
    from dtsconf.migrate.values import Migration

SUMMARY = "Move a profile from a password at Exchange Online to Microsoft sign-in."


@make(
    "microsoft",
    click.option("--out", metavar="FILE", help="Write the new profile to FILE, and leave the old one where it is."),
    common=("profile", "set", "json", "quiet", "strict", "no-color"),
)
def microsoft_command(run: Run, out: str | None) -> Outcome:
    """Move a profile from a password at Exchange Online to Microsoft sign-in.

    Prints what must exist in the tenant, with the lines to type; writes the new profile with the comments, order and
    locks of the old one; checks client ID, mail host, identity provider and sign-in from this machine; and proves the
    new profile by a test mail. Only then it takes the old one's place, which is kept as FILE.before-microsoft.

    What the new profile should say goes into --set, or stands in the profile's microsoft block already: --set
    microsoft.client_id=UUID is the app registration; without it only the steps are told (exit 3). For machines that
    send without a person --set microsoft.flow=application, and a reference for microsoft.certificate, client_secret or
    client_assertion.

    Exit 6 when the sign-in or the mail fails, 9 when the mail host can't be reached; the old profile is then as it was.
    """
    from dtsconf.cli.person import asking
    from dtsconf.cli.progress import Progress
    from dtsconf.migrate.run import migrate
    from dtsconf.migrate.text import as_text
    from dtsconf.migrate.tools import tools

    with Progress(quiet=run.quiet or run.json) as progress, asking(progress) as person:
        found = migrate(run.inputs(), out, tools(person, progress, out))
    return Outcome(_data(found), as_text(found), found.code, found.warnings)


def _data(found: Migration) -> dict[str, Any]:
    from dtsconf.errors import Problem
    from dtsconf.render.common import notice_data

    verification, failed = found.found.verification, found.found.failed
    data: dict[str, Any] = {
        "profile": found.profile,
        "steps": [step.as_data() for step in found.steps],
        "diff": found.diff,
        "conditions": [one.as_data() for one in found.found.conditions],
        "verification": verification.as_record() if verification else None,
        "written": found.written,
        "kept": found.kept,
    }
    if failed is not None:
        data["problems"] = [notice_data(Problem(failed.name, failed.detail, failed.hint, code=found.code))]
    return data


command = family("migrate", SUMMARY, microsoft_command)
