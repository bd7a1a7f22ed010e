"""`dtsconf init [FILE]`."""

from __future__ import annotations

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run, not_written
from dtsconf.errors import DtsconfError
from dtsconf.names import escape_controls


@make("init", click.argument("file", default="site.yaml"), common=("root", "json", "quiet"))
def command(run: Run, file: str) -> Outcome:
    """Write a commented profile to fill in.

    FILE defaults to site.yaml; `-` prints to stdout. A file that is there is never overwritten. The blanks are null,
    so the file fits the schema as written; `dtsconf validate FILE` then names what is still missing.
    """
    from shlex import quote

    from dtsconf.render.common import typed
    from dtsconf.render.template import profile_template

    if file == "-":
        return Outcome({"path": None}, profile_template("site"))
    _write_new(file)
    check = f"`dtsconf validate {escape_controls(quote(file))}`"
    note = f"next: fill it in, then {check} and {typed('test', run.root, file)}\n"
    return Outcome({"path": file}, f"wrote {file}\n", notes=note, short="")


def _write_new(file: str) -> None:
    import os
    from contextlib import suppress
    from pathlib import Path

    from dtsconf.render.template import profile_template

    made = False
    try:
        with open(file, "x", encoding="utf-8") as new:
            made = True
            new.write(profile_template(Path(file).stem or "site"))
    except FileExistsError:
        raise DtsconfError(f"{file} is there already and is left alone", "name another file") from None
    except OSError as error:
        if made:
            with suppress(OSError):  # a part of it would be in the way of the next try
                os.unlink(file)
        raise not_written(file, error) from None
