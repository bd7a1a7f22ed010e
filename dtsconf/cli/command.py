"""How a command is made: its own options first, then the common ones; it returns an outcome, which is printed here.
And how several are one: `dtsconf secret` is a family with commands of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import takewhile
from typing import Any

import click

from dtsconf.cli.boundary import before, finish
from dtsconf.cli.common import COMMON, Outcome, Run, common_options, require_root
from dtsconf.errors import UsageProblem
from dtsconf.names import CURLY, PLAIN_QUOTES, escape_controls


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
            if wrong.option_name not in SETTINGS or "--set" not in _listed(self):
                raise
            hint = f"that is a setting: --set {SETTINGS[wrong.option_name]}"
            raise UsageProblem(f"there is no option {wrong.option_name}", hint) from None
        if rest and not ctx.resilient_parsing:
            raise self._beside(rest, given, ctx) or click.UsageError(_too_many(rest), ctx)
        return rest

    def _beside(self, rest: Sequence[str], given: Sequence[str], ctx: click.Context) -> UsageProblem | None:
        """What words too many usually mean."""
        if typeset := _typeset(rest):
            return UsageProblem(_too_many(rest), typeset)
        if ctx.params.get("attach") and all(map(_is_file, rest)):
            hint = "quote a pattern, so that the shell leaves it to dtsconf: --attach 'logs/*.log'"
            return UsageProblem(_too_many(rest), hint)
        if self.name in PROFILED and _looks_like_profile(rest[0]):
            return UsageProblem(_too_many(rest), f"did you mean --profile {escape_controls(rest[0])}?")
        meant = [found for at in _places(rest[0], given) if (found := _after(given, at))]
        return UsageProblem(_too_many(rest), meant[0]) if meant else None

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


SETTINGS = {
    "--from": "sender.email=ADDRESS",
    "--sender": "sender.email=ADDRESS",
    "--host": "server.host=HOST",
    "--server": "server.host=HOST",
    "--port": "server.port=PORT",
    "--user": "login.username=NAME",
    "--username": "login.username=NAME",
}
"""Options that other mail programs have (swaks, mailx, sendemail), and the setting that they are here."""

TEXTS = frozenset({"--subject", "--body"})
"""Options that take a text, in which blanks are usual."""

ADDRESSES = frozenset({"--to", "--cc", "--bcc"})
"""Options that take one address each time."""

PROFILED = frozenset({"apply", "check", "doctor", "explain", "plan", "send", "show", "status", "test"})
"""Commands that work on the profile of --profile and take none as an argument."""


_DASHES = tuple("\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
"""What a word processor makes of hyphens."""


def _typeset(rest: Sequence[str]) -> str | None:
    """What to type in place of words that a word processor has been at; None where it hasn't."""
    dashed = next((word for word in rest if word.startswith(_DASHES)), None)
    if dashed is not None:
        plain = escape_controls("--" + dashed.lstrip("-" + "".join(_DASHES)))
        return f"the dash in {escape_controls(dashed)} is a word processor's: type {plain}, with two plain hyphens"
    return PLAIN_QUOTES if any(word.startswith(CURLY) or word.endswith(CURLY) for word in rest) else None


def _places(word: str, given: Sequence[str]) -> list[int]:
    """Where a word too many may stand: behind an option and its value."""
    return [at for at in range(2, len(given)) if given[at] == word]


def _after(given: Sequence[str], at: int) -> str | None:
    """What to type in place of words too many that go on with the value of an option before them."""
    option, value = given[at - 2 : at]
    words = [value, *takewhile(lambda word: not word.startswith("-"), given[at:])]
    if option in TEXTS:
        return escape_controls(f'a value with blanks goes in quotation marks: {option} "{" ".join(words)}"')
    if option in ADDRESSES and "@" in given[at]:
        each = " ".join(f"{option} {word}" for word in words)
        return escape_controls(f"each address has an option of its own: {each}")
    return None


def _looks_like_profile(word: str) -> bool:
    return word.endswith((".yaml", ".yml")) or _is_file(word)


def _is_file(word: str) -> bool:
    import os

    return os.path.isfile(word)


def _too_many(rest: Sequence[str]) -> str:
    return f"unexpected extra argument{'s' if len(rest) > 1 else ''}: {escape_controls(' '.join(rest))}"


class Family(click.Group):
    """A group of commands. A word that is none of them is told with the nearest that is one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the nearest command in the error."""
        name, known = args[0] if args else "", self.list_commands(ctx)
        if name and not name.startswith("-") and name not in known:
            above = f"{full_name(ctx.parent, ctx.info_name)} " if ctx.parent else ""
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
