"""`dtsconf queue list`, `run`, `flush` and `drop`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtsconf.cli.command import command as make, family
from dtsconf.cli.common import Outcome, Run
from dtsconf.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.queue.runner import Which
    from dtsconf.queue.spool import Slot, Spool

_ids = click.argument("ids", nargs=-1, metavar="[ID]...")


def _spool(run: Run) -> Spool:
    from dtsconf import wiring
    from dtsconf.queue.spool import Spool

    return Spool(wiring.layout_of(run.root).spool())


@make("list", common=("root", "json", "quiet"))
def list_command(run: Run) -> Outcome:
    """List what waits and what failed.

    Each message with its id, its state (queued, deferred, sending, failed, damaged), its attempts, when the next is due
    and why it waits. Contacts nobody.
    """
    from dtsconf.queue.listing import listed
    from dtsconf.render import queue as render
    from dtsconf.wiring import user_name

    found = listed(_spool(run))
    return Outcome(
        render.list_data(found), render.list_text(found, run.call(), user_name()), short=None if found else ""
    )


@make("run")
def run_command(run: Run) -> Outcome:
    """Send what is due.

    Over one connection. What can't be sent now waits: a minute at first, twice as long each time, five days at most.
    Exit 0 also when messages wait on; 1 when one failed for good, which is kept with its reason. --quiet tells only of
    those, and of a server that can't be used.
    """
    from dtsconf.queue.runner import Which

    return _deliver(run, Which())


@make("flush", _ids, click.option("--failed", is_flag=True, help="Send all that failed, once more."))
def flush_command(run: Run, ids: tuple[str, ...], failed: bool) -> Outcome:
    """Send everything that waits, due or not.

    With ids or --failed only these, failed ones too, and for all who haven't got them: whom the server refused is asked
    for once more. Exit 6 or 9 when the server couldn't be used or reached.
    """
    from dtsconf.queue.runner import Which

    spool = _spool(run)
    spool.named(ids)
    wanted = dict.fromkeys(ids)
    if failed:
        wanted |= dict.fromkeys(slot.id for slot in spool.slots() if slot.failed)
        if not wanted:
            from dtsconf.render import queue as render

            return Outcome(render.ran_data((), None), "nothing failed\n", short="")
    return _deliver(run, Which(everything=True, ids=wanted), insist=True)


@make(
    "drop",
    _ids,
    click.option("--failed", is_flag=True, help="Drop all that failed."),
    click.option("--all", "everything", is_flag=True, help="Drop everything."),
    common=("root", "json", "quiet"),
)
def drop_command(run: Run, ids: tuple[str, ...], failed: bool, everything: bool) -> Outcome:
    """Take messages out of the queue unsent.

    What is being sent at this moment stays, and is told (exit 1), like what can't be taken away.
    """
    from dtsconf.render import queue as render

    spool = _spool(run)
    if not (ids or failed or everything):
        raise UsageProblem(
            "nothing to drop was named", "dtsconf queue drop ID, --failed or --all; queue list shows the ids"
        )
    slots = spool.named(ids) if ids else [slot for slot in spool.slots() if everything or slot.failed]
    dropped: list[str] = []
    kept: dict[str, str] = {}
    for slot in slots:
        why = _dropped(spool, slot)
        if why is None:
            dropped.append(slot.id)
        elif why != _SENT or ids:
            kept[slot.id] = run.call().completed(why)
    spool.sync()
    data, text = render.dropped_data(dropped, kept), render.dropped_text(dropped, kept)
    return Outcome(data, text, 1 if kept else 0, short=render.dropped_short(kept))


_SENT = "it was sent before it could be dropped"
_HELD = {
    "sending": "it is being sent at this moment",
    "waiting": "a run that is on has it in hand: drop it once that is over",
    "sent": _SENT,
}


def _dropped(spool: Spool, slot: Slot) -> str | None:
    """Drop one; why it stays, or None. One that stays keeps no other."""
    from dtsconf.queue.faults import fix_of
    from dtsconf.queue.held import phase_at

    try:
        held = spool.take(slot)
        if held is None:
            return _HELD[phase_at(slot.path) or "waiting"]
        with held:
            return None if held.drop() else _SENT
    except FileNotFoundError:
        return _SENT
    except OSError as error:
        return f"it can't be taken away: {error.strerror or error}; {fix_of(error, slot.path)}"


def _deliver(run: Run, which: Which, *, insist: bool = False) -> Outcome:
    from dtsconf import wiring
    from dtsconf.cli.person import asking
    from dtsconf.cli.progress import Progress
    from dtsconf.render import queue as render
    from dtsconf.sending.queued import run_queue

    with Progress(quiet=run.quiet or run.json) as progress, asking(progress) as person:
        ran = run_queue(run.inputs(), which, person=person, progress=progress)
    code = 1 if any(map(render.to_look_after, ran.messages)) else 0
    if insist and ran.unusable is not None:
        code = 6 if ran.reached else 9
    messages, unusable, call = ran.messages, ran.unusable, run.call(sets=True)
    if unusable is not None or any(one.hint for one in messages):
        from dtsconf.render import advice

        messages = advice.mended_run(messages, call, ran.effective)
        recorded = wiring.as_applied(run.inputs(), ran.effective.org) if ran.effective else None
        unusable = unusable and advice.mended_queue(unusable, call, ran.effective, recorded)
    data, text = render.ran_data(messages, unusable), render.ran_text(messages, unusable)
    tried = {one.id for one in messages}
    untried = [name for name in dict.fromkeys(which.ids) if name not in tried]
    if untried or (not messages and unusable is None):
        text = _left(run, which, untried) + text
    return Outcome(data, text, code, ran.warnings, short=render.ran_short(messages, unusable))


def _left(run: Run, which: Which, untried: Sequence[str]) -> str:
    """What a run had nothing to do with: of those that were named, why; else what waits, and until when. What was due
    and wasn't tried is in another run's hands."""
    import time

    from dtsconf.queue.listing import listed
    from dtsconf.queue.schedule import due
    from dtsconf.render import queue as render
    from dtsconf.wiring import user_name

    found = listed(_spool(run))
    if untried:
        return render.untried_text(untried, found)
    now = time.time()
    waiting = (one for one in found if one.state in render.WAITING)
    due_now = [one.id for one in waiting if which.everything or due(now, one.progress.next)]
    busy = {*due_now, *(one.id for one in found if one.state == "sending")}
    return render.idle_text(found, busy, run.call(sets=True), user_name())


command = family(
    "queue",
    "List, send and drop the mails that wait in your queue.",
    list_command,
    run_command,
    flush_command,
    drop_command,
)
