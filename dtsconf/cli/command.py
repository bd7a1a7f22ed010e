"""How a command is made: its own options first, then the common ones; it returns an outcome, which is printed here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from dtsconf.cli.boundary import before, finish
from dtsconf.cli.common import Outcome, Run, common_options


class Command(click.Command):
    """A click command that also takes the common options, after its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *common_options(variables=False)]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and print its outcome; the returned value is the exit code."""
        run = ctx.ensure_object(Run)
        before(run)
        outcome = super().invoke(ctx)
        return finish(run, outcome)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click's, noting the command's name first, so that a usage error can tell it."""
        run = parent.find_object(Run) if parent else None
        if run is not None:
            run.command = info_name or ""
        return super().make_context(info_name, args, parent, **extra)


def command(name: str, *params: Callable[[Any], Any]) -> Callable[[Callable[..., Outcome]], click.Command]:
    """Make a command of a function that takes `run` and its own options and returns an Outcome."""

    def make(function: Callable[..., Outcome]) -> click.Command:
        made: Any = click.pass_obj(function)
        made.__doc__ = function.__doc__
        for param in reversed(params):
            made = param(made)
        return click.command(name, cls=Command)(made)

    return make
