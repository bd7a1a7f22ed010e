"""`dtsconf validate PROFILE...`."""

from __future__ import annotations

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run, refuse_sets, was_typed
from dtsconf.errors import UsageProblem


@make(
    "validate",
    click.argument("profiles", nargs=-1, metavar="PROFILE..."),
    click.option("--format", "form", type=click.Choice(["text", "github", "junit"]), default="text", show_default=True,
                 help="github: annotations of a workflow run; junit: XML for a CI's test report."),
    common=("profile", "json", "quiet", "strict"),
)  # fmt: skip
def command(run: Run, profiles: tuple[str, ...], form: str) -> Outcome:
    """Check profiles: all problems of all files at once, without network.

    Folders recurse over *.yaml and *.yml. Only the files count, not the environment: a chain is merged with the
    defaults alone. --profile FILE names one, too. Exit 3 when a file is invalid, 4 when only a lock or rule is broken.
    """
    refuse_sets(run, "profiles are merged with the defaults alone", _try_with(run, profiles))
    from dtsconf.machine.layout import Layout
    from dtsconf.render import validate as render
    from dtsconf.settings.validation import validate_paths

    reports = validate_paths(_named(run, profiles), strict=run.strict, usual=Layout(environ={}).targets)
    problems = [problem for report in reports for problem in report.problems]
    code = 0 if not problems else 3 if any(p.code == 3 for p in problems) else 4
    warnings = [notice for report in reports for notice in report.warnings]
    text = {"text": render.text, "github": render.github, "junit": render.junit}[form](reports)
    short = None if problems or form != "text" else ""
    return Outcome(render.data(reports), text, code, warnings if form == "text" or run.json else (), short=short)


def _try_with(run: Run, profiles: tuple[str, ...]) -> str:
    """What shows the effect of what was set."""
    from dtsconf.render.common import typed

    profile = profiles[0] if profiles else run.profile or "FILE"
    return f"see what it would give: {typed('show --set KEY=VALUE', None, profile)}"


def _named(run: Run, profiles: tuple[str, ...]) -> tuple[str, ...]:
    """The profiles of the call. One of `DTSCONF_PROFILE` counts where the call itself names none."""
    if run.profile is not None and (not profiles or was_typed("profile")):
        return (*profiles, run.profile)
    if not profiles:
        raise UsageProblem("no profile is named", "name files or folders: dtsconf validate site.yaml")
    return profiles
