"""`dtsconf purge`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run, Seconds
from dtsconf.errors import DtsconfError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtsconf.machine.purge import Besides, PurgeItem
    from dtsconf.wiring import Inputs


@make(
    "purge",
    click.option("--yes", "-y", is_flag=True, help="Don't ask; needed without a terminal."),
    click.option("--wait", type=Seconds(min=0), default=30, show_default=True, metavar="SECONDS",
                 help="How long to wait for an apply, or a run of your queue, to end."),
    common=("root", "json"),
)  # fmt: skip
def command(run: Run, yes: bool, wait: float) -> Outcome:
    """Take away what dtsconf wrote on this machine and for this user.

    Lists everything first and asks. Adopted files are put back. What it can't reach (other users' files) is said.
    """
    from dataclasses import replace

    from dtsconf import wiring
    from dtsconf.cli.perform import attended
    from dtsconf.machine.engine import purge
    from dtsconf.render import purge as render

    if not yes and not attended():
        raise UsageProblem("purge asks before it deletes, and there is no terminal to ask on", "say --yes")
    given = run.inputs()
    besides = (*_queue(given), *_sign_in(given))
    purged = purge(wiring.machine_of(given), ask=_question(run, yes=yes), wait=wait, besides=besides)
    purged = replace(purged, items=_told(run, purged.items))
    stays = [item for item in purged.items if item.fate == "out-of-reach" and item.path != "other users"]
    data = render.data(purged)
    if not stays or purged.changed:
        return Outcome(data, render.text(purged, run.root), warnings=purged.warnings)
    data["problems"] = render.problems_data(stays, run.root)
    return Outcome(data, render.text(purged, run.root), 1, purged.warnings)


def _queue(given: Inputs) -> tuple[Besides, ...]:
    """The mails that wait or failed: none goes while a run of the queue has it in hand."""
    from dtsconf import wiring
    from dtsconf.machine.purge import Besides, PurgeItem
    from dtsconf.queue.emptying import empty, require_idle
    from dtsconf.queue.spool import Spool

    spool = Spool(wiring.layout_of(given.root).spool())
    try:
        slots = spool.slots()
    except (DtsconfError, OSError):  # whoever takes the folder away says so
        return ()
    failed = sum(slot.failed for slot in slots)
    waits = len(slots) - failed
    told = ["a mail that waits" if waits == 1 else f"{waits} mails that wait"] if waits else []
    told += ["a mail that failed" if failed == 1 else f"{failed} mails that failed"] if failed else []
    what = ", ".join(told) + (" (dtsconf queue flush sends what waits)" if waits else "")
    item = PurgeItem("your queue", "delete", what)
    return (Besides(item, lambda: empty(spool), lambda wait: require_idle(spool, wait)),) if slots else ()


def _sign_in(given: Inputs) -> tuple[Besides, ...]:
    """The tokens that this user's sign-ins left, on disk, in the login session and as keys in the keyring."""
    from dtsconf.machine.purge import Besides, PurgeItem
    from dtsconf.wiring.signing_in import sign_out, signed_in

    accounts = signed_in(given)
    if accounts is None:
        return ()
    whose = f" of {', '.join(accounts)}" if accounts else ""
    item = PurgeItem("your sign-in", "delete", f"the tokens{whose}, and their key in the keyring")
    return (Besides(item, lambda: sign_out(given)),)


def _told(run: Run, items: Sequence[PurgeItem]) -> tuple[PurgeItem, ...]:
    """The items, the commands that they name made whole."""
    from dataclasses import replace

    call = run.call()
    return tuple(replace(item, what=call.completed(item.what)) for item in items)


def _question(run: Run, *, yes: bool) -> Callable[[Sequence[PurgeItem]], bool]:
    def ask(items: Sequence[PurgeItem]) -> bool:
        from dtsconf.cli.question import confirmed
        from dtsconf.render import purge as render

        if yes:
            return True
        click.echo(render.listed(_told(run, items), run.root), err=True, nl=False)
        return confirmed("Take all this away?")

    return ask
