"""`dtsconf history`."""

from __future__ import annotations

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run


@make("history", common=("root", "json"))
def command(run: Run) -> Outcome:
    """List the generations: who applied what, when and why.

    Newest last. 0 is what stood on the machine before dtsconf; it and the last 20 are kept.
    """
    from dtsconf import wiring
    from dtsconf.machine.generations import damage, history
    from dtsconf.render import status as render

    layout = wiring.layout_of(run.root)
    system = wiring.local_system(layout)
    found, lost = history(system, layout), damage(system, layout)
    return Outcome(render.history_data(found), render.history_text(found, lost), warnings=tuple(lost.values()))
