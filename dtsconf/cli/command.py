"""How a command is made: its own options first, then the common ones; it returns an outcome, which is printed here.
And how several are one: `dtsconf secret` is a family with commands of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import click

from dtsconf.cli import misuse
from dtsconf.cli.boundary import before, finish
from dtsconf.cli.common import COMMON, Outcome, Run, common_options, require_root
from dtsconf.errors import UsageProblem


class Command(click.Command):
    """A click command that also takes the common options, after its own; its help has those in `common`."""

    def __init__(self, *args: Any, common: Collection[str] = COMMON, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *common_options(listed=common)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's, but a word too many that looks like a profile is told how profiles are named."""
        ctx.allow_extra_args = True
        given = tuple(args)  # click empties its own
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as wrong:
            meant = misuse.option_meant(wrong.option_name, given, _listed(self))
            if meant is None:
                raise
            raise UsageProblem(f"there is no option {wrong.option_name}", meant) from None
        except click.BadOptionUsage as wrong:  # click leaves out which command's
            wrong.ctx = wrong.ctx or ctx
            raise
        if rest and not ctx.resilient_parsing:
            meant = misuse.words_meant(rest, given, self, patterns=bool(ctx.params.get("attach")))
            told = misuse.too_many(rest)
            raise UsageProblem(told, meant) if meant else click.UsageError(told, ctx)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and print its outcome; the returned value is the exit code."""
        run = ctx.ensure_object(Run)
        require_root(run.root)
        before(run)
        outcome = super().invoke(ctx)
        return finish(run, outcome)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click's, noting the command's name first, so that a usage error can tell it."""
        _note_name(parent, info_name)
        return super().make_context(info_name, args, parent, **extra)


class Family(click.Group):
    """A group of commands. A word that is none of them is told with the nearest that is one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the nearest command in the error."""
        name, known = args[0] if args else "", self.list_commands(ctx)
        if name and not name.startswith("-") and name not in known:
            above = f"{full_name(ctx.parent, ctx.info_name)} " if ctx.parent else ""
            if meant := misuse.command_meant(f"{above}{name}"):
                raise UsageProblem(f"there is no command '{above}{name}'", meant)
            raise click.UsageError(f"there is no command '{above}{name}'{_nearest(name, known)}", ctx)
        return super().resolve_command(ctx, args)


class Subcommands(Family):
    """A command that is a family itself, such as `dtsconf secret set`. It takes the common options, too, and lists
    those that one of its commands lists."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = {option.removeprefix("--") for one in self.commands.values() for option in _listed(one)}
        self.params = [*self.params, *common_options(listed=own)]

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click's, noting the family's name first, so that a usage error can tell it."""
        _note_name(parent, info_name)
        return super().make_context(info_name, args, parent, **extra)


def _listed(command: click.Command) -> list[str]:
    return [p.opts[0] for p in command.params if isinstance(p, click.Option) and not p.hidden]


def full_name(parent: click.Context | None, name: str | None) -> str:
    """A command's name with those of the families above it, the program's own left out: `secret set`."""
    names = [name or ""]
    while parent is not None and parent.parent is not None:
        names.insert(0, parent.info_name or "")
        parent = parent.parent
    return " ".join(names)


def _note_name(parent: click.Context | None, name: str | None) -> None:
    run = parent.find_object(Run) if parent else None
    if run is not None:
        run.command = full_name(parent, name)


def _nearest(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1, 0.5)
    return f"; did you mean {near[0]}?" if near else ""


def family(name: str, help_text: str, *commands: click.Command) -> click.Command:
    """Make a command of several; `help_text` begins with the line that the list of commands has."""
    return Subcommands(name, {str(one.name): one for one in commands}, help=help_text, no_args_is_help=True)


def command(
    name: str, *params: Callable[[Any], Any], common: Collection[str] = COMMON
) -> Callable[[Callable[..., Outcome]], click.Command]:
    """Make a command of a function that takes `run` and its own options and returns an Outcome. `common` are the common
    options that do something in it; the others are taken, too, but not listed in its help."""

    def make(function: Callable[..., Outcome]) -> click.Command:
        made: Any = click.pass_obj(function)
        made.__doc__ = function.__doc__
        for param in reversed(params):
            made = param(made)
        return click.command(name, cls=Command, common=common)(made)

    return make
