"""`dtsconf explain KEY`."""

from __future__ import annotations

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run


@make("explain", click.argument("key"), common=("profile", "set", "root", "json"))
def command(run: Run, key: str) -> Outcome:
    """Tell where a setting's value comes from, and what else could have won.

    Every layer's value for KEY, which won and why, the locks and rules on it, and what it means. KEY is dotted, such as
    server.host; a group such as server names the keys it holds. Also the fields of verify and secrets, verify.level.
    """
    from dtsconf import wiring
    from dtsconf.errors import Invalid
    from dtsconf.render import astray, explain as render
    from dtsconf.settings.explain import explain

    given = run.inputs()
    layers, problems, notices = wiring.layers(given, user=True)
    if problems:
        raise Invalid(tuple(problems))
    org = wiring.organisation(given)
    found = explain(key, org, layers)
    by_hand = astray.by_hand(org, wiring.as_applied(given, org), key)
    return Outcome(render.data(found), render.text(found), warnings=(*notices, *([by_hand] if by_hand else [])))
