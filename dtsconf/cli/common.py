"""What every command shares: the common options, the `Run` they fill, and the way an outcome is printed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

import click

from dtsconf.errors import DtsconfError, Notice, UsageProblem
from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from dtsconf.render.call import Call
    from dtsconf.wiring import Inputs


@dataclass
class Outcome:
    """What a command found. `data` is the contract's JSON beside the common fields, `text` goes to stdout, `notes` and
    `failure` to stderr, the latter with --quiet too; a dict's values and the texts are final, nothing is computed from
    them. `short` is what --quiet leaves of `text`, where that isn't all of it: data and what went wrong."""

    data: Mapping[str, Any]
    text: str
    code: int = 0
    warnings: Sequence[Notice] = ()
    set_aside: Sequence[Any] = ()
    notes: str = ""
    failure: str = ""
    short: str | None = None


@dataclass
class Run:
    """The common options of this call, as given on the group or on the command (the command's word is last)."""

    command: str = ""
    profile: str | None = None
    sets: list[str] = field(default_factory=list)
    root: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: int = 0
    strict: bool = False
    no_color: bool = False
    told: list[Notice] = field(default_factory=list)
    """What is to be said beside the outcome, whatever that is."""
    seen: list[Notice] = field(default_factory=list)
    """What was said already, before a question."""
    variables: dict[str, str] = field(default_factory=dict)
    """Options that were not typed: by what variable each was given."""
    reach: Sequence[str] = ()
    """How far a test goes and to whom: options of `test` alone."""

    def inputs(self, *, trust_profile: bool = False) -> Inputs:
        """Where this run's values come from."""
        from dtsconf.wiring import Inputs

        return Inputs(self.profile, tuple(self.sets), self.root, self.strict, trust_profile)

    def call(self, *, sets: bool = False) -> Call:
        """This call's options for the commands that hints name; `sets` once the texts of --set are known to be fit."""
        from dtsconf.render.call import Call

        trial = "sign-in" if self.command == "sign-in" else "test"
        return Call(self.profile, self.root, tuple(self.sets) if sets else (), tuple(self.reach), trial)

    def color(self, stream: TextIO | None = None) -> bool:
        """Whether the stream (None: stdout) takes colours: a terminal, and nobody said no."""
        import os
        import sys

        stream = stream or sys.stdout
        return not self.no_color and not os.environ.get("NO_COLOR") and stream is not None and stream.isatty()


def was_typed(name: str) -> bool:
    """Whether a common option stands on the command line of this call, before or after the command's name."""
    from click.core import ParameterSource

    at: click.Context | None = click.get_current_context()
    while at is not None:
        if at.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            return True
        at = at.parent
    return False


def _store(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    run = ctx.find_object(Run)
    if run is None or value in (None, False, 0, ()):
        return
    if param.name == "sets":
        run.sets.extend(value)
    else:
        setattr(run, str(param.name), value)
        _note_variable(ctx, run, param)


def _note_variable(ctx: click.Context, run: Run, param: click.Parameter) -> None:
    """Keep in mind which variable an option came by; what is typed counts more, and then there was none."""
    from click.core import ParameterSource

    name = str(param.name)
    run.variables.pop(name, None)
    if ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT and isinstance(param.envvar, str):
        run.variables[name] = param.envvar


def refuse_sets(run: Run, why: str, hint: str) -> None:
    """Refuse --set where it would change nothing: whoever types it counts on it. Its text is not repeated."""
    if run.sets:
        raise UsageProblem(f"--set has no effect here: {why}", hint)


def require_root(root: str | None) -> None:
    """Refuse a --root that can't be a folder; one that isn't there yet will be made by what writes into it."""
    import os

    if root is None:
        return
    if not root:
        raise UsageProblem("--root is empty", "name a folder, or leave it out to work on this machine")
    if os.path.lexists(root) and not os.path.isdir(root):
        raise UsageProblem(f"--root {escape_controls(root)} is no folder", "name the folder that stands for /")


class Generation(click.IntRange):
    """The number of a generation."""

    name = "generation number"


class Level(click.IntRange):
    """How often an option is given; in its variable also true and false, as in those of flags."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click does, a truth counted as one."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            with suppress(click.BadParameter):
                return int(click.BOOL.convert(value, param, ctx))
            raise


class Seconds(click.FloatRange):
    """A number of seconds."""

    name = "number of seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click does; not-a-number, which is not below any limit, is none."""
        from math import isnan

        found = super().convert(value, param, ctx)
        if isnan(found):
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        return found


COMMON = ("profile", "set", "root", "json", "quiet", "verbose", "strict", "no-color")
"""The common options."""


def _option(names: list[str], help_text: str, variable: str | None, **kw: Any) -> click.Option:
    return click.Option(names, help=help_text, envvar=variable, expose_value=False, callback=_store, **kw)


def common_options(*, variables: bool = False, listed: Collection[str] = COMMON) -> list[click.Parameter]:
    """The options of every command; with `variables` each reads its `DTSCONF_` variable too. Every command takes all of
    them, and its help has those that are `listed`: the others would change nothing there."""

    def name(word: str) -> str | None:
        return f"DTSCONF_{word}" if variables else None

    options = [
        _option(["--profile", "profile"], "The organisation's YAML profile.", name("PROFILE"), metavar="FILE"),
        _option(["--set", "sets"], "Set a value on top of all layers; repeatable.", None, metavar="K=V", multiple=True),
        _option(["--root", "root"], "Work in DIR as if it were the machine's /.", name("ROOT"), metavar="DIR"),
        _option(["--json", "json"], "Print one JSON object.", name("JSON"), is_flag=True),
        _option(["--quiet", "-q", "quiet"], "Only data, warnings and errors.", name("QUIET"), is_flag=True),
        _option(["--verbose", "-v", "verbose"], "Tell more; repeatable.", name("VERBOSE"), count=True, type=Level(0)),
        _option(["--strict", "strict"], "Warnings that bend the profile become errors.", name("STRICT"), is_flag=True),
        _option(["--no-color", "no_color"], "No colours (also NO_COLOR).", name("NO_COLOR"), is_flag=True),
    ]
    for option in options:
        option.hidden = option.opts[0].removeprefix("--") not in listed
    return list(options)


def group_options() -> list[click.Parameter]:
    """The common options, each also as a `DTSCONF_` variable."""
    return common_options(variables=True)


record_option = click.option(
    "--record", metavar="FILE", envvar="DTSCONF_RECORD", help="Append one JSON line about this run to FILE."
)
"""The option of every command that leaves a line in the record file."""


def not_written(path: str, error: OSError) -> DtsconfError:
    """The error for a file of the user's own choice that can't be written."""
    import errno

    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "make room on its disk, then the same again" if full else "name a file in a folder you may write to"
    return DtsconfError(f"{path}: {error.strerror}", hint)
