"""The program's entry: the group of commands, and the one boundary where errors become words and an exit code.

Keeps the start cheap: only click and this package's small modules are imported before a command is chosen.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click

from dtsconf.cli.command import Family
from dtsconf.cli.common import Run, group_options
from dtsconf.cli.registry import COMMANDS


class Commands(Family):
    """Loads a command's module when the command is asked for, and lists them in sections."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`, imported now; None when there is none."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"dtsconf.cli.{entry.module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in their sections."""
        for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
            with formatter.section(section):
                rows = [(e.name, e.summary) for e in COMMANDS.values() if e.section == section]
                formatter.write_dl(rows)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from dtsconf.version import __version__

        click.echo(f"dtsconf {__version__}")
        ctx.exit()


def _width() -> int:
    """Columns for help texts. Asked for here, since click would import shutil only for that."""
    try:
        columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size().columns
    except (ValueError, OSError):
        columns = 80
    return max(40, min(columns, 110)) - 2


def application() -> click.Group:
    """The whole command line as one click group."""
    return Commands(
        "dtsconf",
        help="The outgoing-email settings of DTS, as code: one profile, applied to a machine and proven by mail.",
        params=[
            *group_options(),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_version,
                help="Print the version.",
            ),
        ],
        context_settings={"help_option_names": ["-h", "--help"], "terminal_width": _width()},
        epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 invalid profile, 4 lock or rule broken, 5 secret missing, "
        "6 verification failed, 7 changes pending or drift, 8 lock held, 9 server not reached, 70 a fault of dtsconf.",
        no_args_is_help=True,
    )


def run(args: Sequence[str]) -> int:
    """Run `dtsconf ARGS`; every outcome, bugs included, becomes output and an exit code."""
    from dtsconf.cli.boundary import guarded

    def call(current: Run) -> Any:
        return application().main(list(args), "dtsconf", standalone_mode=False, obj=current)

    return guarded(call, args, os.environ)
