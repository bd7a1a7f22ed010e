"""`dtsconf show`."""

from __future__ import annotations

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run


@make(
    "show",
    click.option("--origin", is_flag=True, help="Add where each value comes from."),
    click.option("--screen", is_flag=True, help="Print under the labels and in the order of DTS's own screen."),
    common=("profile", "set", "root", "json", "verbose", "strict"),
)
def command(run: Run, origin: bool, screen: bool) -> Outcome:
    """Print the effective settings.

    With --profile those of the profile's chain, else those of the machine config; the environment, your own file and
    --set lie on top. Secrets show as references.
    """
    from dtsconf import wiring
    from dtsconf.render import astray, show as render

    effective = wiring.effective(run.inputs(), user=True)
    by_hand = astray.by_hand(effective.org, wiring.as_applied(run.inputs(), effective.org))
    data = render.data(effective) | ({"screen": render.screen_data(effective)} if screen else {})
    text = render.screen(effective) if screen else render.text(effective, origin=origin)
    return Outcome(
        data, text, warnings=(*effective.warnings, *([by_hand] if by_hand else [])), set_aside=effective.set_aside
    )
