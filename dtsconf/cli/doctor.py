"""`dtsconf doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run
from dtsconf.errors import DtsconfError, Problem

if TYPE_CHECKING:
    from dtsconf.doctor import Check


@make(
    "doctor",
    click.option("--selftest", is_flag=True, help="Try renames, kills, locks, modes in a temporary folder."),
    click.option("--bundle", metavar="FILE", help="Write the findings as a zip for support, without a secret."),
    common=("profile", "set", "root", "json", "quiet", "strict", "no-color"),
)
def command(run: Run, selftest: bool, bundle: str | None) -> Outcome:
    """Check this machine for what dtsconf needs: one line each, with the fix.

    Looks at paths, owners and modes, room on disks, your queue, drift and leftovers, the clock, certificates, and the
    configured server as far as a test at level connect goes; nobody logs in and nothing is changed. Exit 1 when a check
    failed. --selftest tries what the file system does instead. A bundle keeps host names, addresses and user names,
    never a secret.
    """
    from dtsconf.doctor import Check
    from dtsconf.doctor.text import as_text
    from dtsconf.render.call import hinted
    from dtsconf.render.common import notice_data

    checks = _checks(run, selftest=selftest, machine=not selftest or bundle is not None)
    data: dict[str, Any] = {}
    note = ""
    if bundle is not None:
        try:
            data["bundle"] = _bundle(run, bundle, checks)
            note = f"wrote {bundle}; look through it before you pass it on\n"
        except DtsconfError as error:
            checks.append(Check("bundle", "fail", error.message, error.hint))
    checks = [hinted(check, run.call()) for check in checks]
    failed = [check for check in checks if not check.ok]
    data["checks"] = [check.as_data() for check in checks]
    if failed:
        data["problems"] = [notice_data(Problem(check.check, check.detail, check.hint)) for check in failed]
    return Outcome(data, as_text(checks, color=run.color()), 1 if failed else 0, notes=note)


def _checks(run: Run, *, selftest: bool, machine: bool) -> list[Check]:
    from dtsconf import doctor
    from dtsconf.cli.progress import Progress

    checks: list[Check] = []
    with Progress(quiet=run.quiet) as progress:
        if selftest:
            checks += doctor.selftest(progress)
        if machine:
            checks += doctor.examine(run.inputs(), progress)
    return checks


def _bundle(run: Run, path: str, checks: list[Check]) -> dict[str, object]:
    from dtsconf import wiring
    from dtsconf.doctor import write_bundle

    layout = wiring.layout_of(run.root)
    return {"path": path, "files": list(write_bundle(path, checks, wiring.local_system(layout), layout))}
