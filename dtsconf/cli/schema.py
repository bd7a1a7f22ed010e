"""`dtsconf schema profile|machine`."""

from __future__ import annotations

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run


@make("schema", click.argument("kind", type=click.Choice(["profile", "machine"])), common=("json",))
def command(_run: Run, kind: str) -> Outcome:
    """Print the JSON Schema of the profile or of the machine config.

    For editors and for validators other than dtsconf. Draft 2020-12; the `$id`s are stable.
    """
    from dtsconf.render.common import dump
    from dtsconf.settings.schema import machine_schema, profile_schema

    schema = profile_schema() if kind == "profile" else machine_schema()
    return Outcome({"schema": schema}, dump(schema))
