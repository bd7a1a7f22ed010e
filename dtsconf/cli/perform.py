"""What apply and rollback share: showing the plan and asking, running the engine, the record line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from dtsconf.cli.common import Outcome, Run

if TYPE_CHECKING:
    from dtsconf.cli.progress import Progress
    from dtsconf.machine.plan import Plan
    from dtsconf.machine.request import Applied, Options
    from dtsconf.machine.saved_plan import SavedPlan
    from dtsconf.wiring import Inputs


def read_plan(path: str, given: Inputs) -> SavedPlan:
    """The plan saved in a file, which is trusted like the profile that it names."""
    from dtsconf.machine.saved_plan import from_bytes
    from dtsconf.settings.disk import read_saved_plan
    from dtsconf.wiring import wary

    return from_bytes(read_saved_plan(path, guarded=wary(given)), path)


def attended() -> bool:
    """Whether somebody sits at a terminal who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()


def perform(
    run: Run,
    *,
    yes: bool,
    saved: SavedPlan | None,
    trust_profile: bool,
    record: str | None,
    words: Mapping[str, Any],
) -> Outcome:
    """Apply, with the command's words; `saved` brings its own profile and --set texts."""
    from dtsconf import api

    if saved is not None:
        run.profile, run.sets = saved.profile, list(saved.sets)
    given = run.inputs(trust_profile=trust_profile)
    options = _options(words, trusted=trust_profile, saved=saved)
    call = _asking(run, yes=yes, saved=saved is not None)
    return _run(run, record, call, lambda ask, p: api.apply_of(given, options, ask=ask, progress=p))


def perform_rollback(
    run: Run, number: int | None, *, yes: bool, record: str | None, words: Mapping[str, Any]
) -> Outcome:
    """Go back to a generation."""
    from dtsconf import api

    given = run.inputs()
    options = _options(words)
    call = _asking(run, yes=yes, saved=False)
    return _run(run, record, call, lambda ask, p: api.rollback_of(number, given, options, ask=ask, progress=p))


def _options(words: Mapping[str, Any], *, trusted: bool = False, saved: SavedPlan | None = None) -> Options:
    from dtsconf.machine.request import Options

    return Options(**words, trusted=trusted, saved=saved, attended=attended())


Ask = Callable[["Plan"], bool]


def _asking(run: Run, *, yes: bool, saved: bool) -> Callable[[Progress], Ask]:
    def with_progress(progress: Progress) -> Ask:
        def ask(plan: Plan) -> bool:
            from dtsconf.cli.question import confirmed
            from dtsconf.render import plan as render
            from dtsconf.render.common import notice

            progress.clear()
            if plan.empty:
                return True
            if yes or saved or not attended():
                asked = yes or saved
                _tell(run, render.environment(plan), "" if asked else "no terminal to ask on: going on as with --yes\n")
                return True

            told = render.text(plan, color=run.color(sys.stderr), root=run.root, verbose=run.verbose > 0)
            click.echo(told, err=True, nl=False)
            run.seen += plan.warnings
            click.echo("".join(notice(each) for each in plan.warnings), err=True, nl=False)
            return confirmed("Apply this?")

        return ask

    return with_progress


def _tell(run: Run, *texts: str) -> None:
    if not run.quiet and not run.json:
        click.echo("".join(texts), err=True, nl=False)


def _run(
    run: Run,
    record: str | None,
    asking: Callable[[Progress], Ask],
    call: Callable[[Ask, Progress], Applied],
) -> Outcome:
    from dtsconf.cli.progress import Progress
    from dtsconf.cli.records import append, failures_recorded
    from dtsconf.render import apply as render

    with (
        failures_recorded(run, lambda error: record or _record_of(error.known)),
        Progress(quiet=run.quiet or run.json) as progress,
    ):
        applied = call(asking(progress), progress)
    data = render.data(applied)
    told = append(run, record or _record_of(applied), 0, data)
    aside = applied.effective.set_aside if applied.effective else ()
    text = render.text(applied, verbose=run.verbose > 0, color=run.color(), root=run.root)
    warnings = [notice for notice in applied.warnings if notice not in run.seen]
    return Outcome(data, text, 0, (*warnings, *told), aside, short=None if applied.changed else "")


def _record_of(known: Any) -> str | None:
    effective = getattr(known, "effective", None)
    return effective.org.record if effective is not None else None
