"""`queue`: what waits, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dtsconf.errors import Problem
from dtsconf.names import escape_controls
from dtsconf.render.common import hint_line, notice_data
from dtsconf.times import iso_time

if TYPE_CHECKING:
    from dtsconf.proof import Stage
    from dtsconf.queue.ledger import Ran
    from dtsconf.queue.listing import Listed
    from dtsconf.render.call import Call


WAITING = ("queued", "deferred")
"""The states of what a run takes up by itself."""


def list_data(found: Sequence[Listed]) -> dict[str, Any]:
    """The contract's `messages`."""
    return {"messages": [_entry(one) for one in found]}


def _entry(one: Listed) -> dict[str, Any]:
    entry, progress = one.entry, one.progress
    waits = one.state in WAITING
    return {
        "id": one.id,
        "message_id": entry.message_id if entry else None,
        "state": one.state,
        "attempts": progress.attempts,
        "next": iso_time(_next(one)) if waits else None,
        "to": list(entry.recipients) if entry else [],
        "subject": entry.subject if entry else None,
        "size": one.size,
        "queued": iso_time(entry.queued) if entry else None,
        "remaining": list(entry.recipients if progress.remaining is None else progress.remaining) if entry else [],
        "refused": [{"address": r.address, "code": r.code, "detail": r.detail} for r in progress.refused],
        "unknown": progress.unknown,
        "detail": one.detail,
        "hint": one.hint or None,
    }


def _next(one: Listed) -> float:
    """When a message that waits is due, in seconds since 1970."""
    return one.progress.next or (one.entry.queued if one.entry else 0)


def list_text(found: Sequence[Listed], call: Call, user: str) -> str:
    """Two lines a message: what it is, and how far it has come; at the end what to type, with the options of this
    call. `user`: whose queue it is."""
    if not found:
        return f"{_nothing(user)}\n"
    return "".join(_lines(one, call) for one in found) + f"{call.completed(_count(found))}\n"


def _nothing(user: str) -> str:
    return f"nothing is queued for {escape_controls(user)} (each user has a queue of their own)"


def _lines(one: Listed, call: Call) -> str:
    entry = one.entry
    what = f"{_people(entry.recipients)}: {entry.subject or '(no subject)'}" if entry else "(not readable)"
    lines = [f"{one.id}  {one.state:8}  {what}", f"    {_how_far(one)}", *(f"    {line}" for line in _fates(one))]
    lines += [f"    hint: {call.completed(one.hint)}"] if one.hint else []
    return "".join(f"{escape_controls(line)}\n" for line in lines)


def _fates(one: Listed) -> list[str]:
    """Whom the server refused and who has it already, where not all fared alike."""
    refused = [f"refused {each.address}: {each.detail}" for each in one.progress.refused]
    if one.entry is None or one.progress.remaining is None:
        return refused
    open_still = {*one.progress.remaining, *(each.address for each in one.progress.refused)}
    served = [address for address in one.entry.recipients if address not in open_still]
    return [*refused, *([f"has it: {', '.join(served)}"] if served else [])]


def _how_far(one: Listed) -> str:
    progress = one.progress
    told = [f"{one.size} bytes", f"{progress.attempts} attempt{'' if progress.attempts == 1 else 's'}"]
    if one.state == "deferred":
        told.append(f"next {iso_time(_next(one))}")
    if progress.unknown:
        told.append(f"{progress.unknown} with an unknown outcome")
    why = "" if any(each.detail == one.detail for each in progress.refused) else one.detail
    return ", ".join(told) + (f": {why}" if why else "")


def _people(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    return f"{addresses[0] if addresses else 'nobody'}{more}"


def _count(found: Sequence[Listed]) -> str:
    closed = sum(one.state == "damaged" and bool(one.hint) for one in found)
    damaged = sum(one.state == "damaged" for one in found) - closed
    failed = sum(one.state == "failed" for one in found)
    waits = len(found) - failed - damaged - closed
    told = [f"{waits} waiting"] if waits else []
    told += [f"{closed} that can't be opened"] if closed else []
    told += [f"{failed} failed ({_TO_FAILED})"] if failed else []
    told += [f"{damaged} damaged (to be sent anew; {_TO_DROP})"] if damaged else []
    return ", ".join(told)


_TO_DROP = "dtsconf queue drop ID takes one away, or --failed all"
_TO_FAILED = f"dtsconf queue flush ID tries one again, or --failed all; {_TO_DROP}"


STATES = ("sent", "deferred", "failed")


def ran_data(rans: Sequence[Ran], unusable: Stage | None) -> dict[str, Any]:
    """What became of each message, the counts, and the problems: the server that couldn't be used, what failed."""
    messages = [{name: getattr(r, name) for name in ("id", "message_id", "state", "detail")} for r in rans]
    messages = [each | {"hint": r.hint or None} for each, r in zip(messages, rans, strict=True)]
    found = {"messages": messages, **{state: sum(r.state == state for r in rans) for state in STATES}}
    problems = [Problem(_kind(r), f"{r.id}: {r.detail}", r.hint or None) for r in rans if to_look_after(r)]
    if unusable is not None:
        problems.insert(0, Problem(unusable.cause or "verification", _failed(unusable), unusable.hint))
    return found | {"problems": [notice_data(each) for each in problems]} if problems else found


def to_look_after(one: Ran) -> bool:
    """Whether somebody has to: it failed for good, or its file can't be handled."""
    return one.state == "failed" or one.stuck


def _kind(one: Ran) -> str:
    return "stuck" if one.stuck else "failed"


def _failed(stage: Stage) -> str:
    return f"{stage.stage} failed: {stage.detail}"


def untried_text(ids: Collection[str], found: Sequence[Listed]) -> str:
    """What kept a run from messages that were named."""
    there = {one.id for one in found}
    return "".join(f"not tried  {escape_controls(one)}: {_BUSY if one in there else _GONE}\n" for one in ids)


def idle_text(found: Sequence[Listed], busy: Collection[str], call: Call, user: str) -> str:
    """That nothing was due, and when what waits will be. `busy` are the ids of what was, and is in another run's hands;
    `call`: this one, whose options the next needs too; `user`: whose queue it is."""
    if not found:
        return f"nothing is due: {_nothing(user)}\n"
    told = f"another run has {len(busy)} in hand at this moment" if busy else ""
    due = sorted(_next(one) for one in found if one.state in WAITING and one.id not in busy)
    if not due:
        return f"nothing was sent: {told}\n" if told else call.completed(f"nothing is due: {_count(found)}\n")
    flush = call.completed("`dtsconf queue flush` tries at once")
    wait = "1 waits" if len(due) == 1 else f"{len(due)} wait"
    told = f"nothing was sent: {told}, and" if told else "nothing is due:"
    return f"{told} {wait}, and the next try is at {iso_time(due[0])}; {flush}\n"


_BUSY = "another run has it in hand at this moment"
_GONE = "another run was done with it first"


def ran_text(rans: Sequence[Ran], unusable: Stage | None) -> str:
    """A line a message that wasn't simply sent, with what to do about it, the counts, and why the server couldn't be
    used."""
    lines = [_ran(one) for one in rans]
    counts = ", ".join(f"{count} {state}" for state in STATES if (count := sum(r.state == state for r in rans)))
    why = f"the server could not be used: {escape_controls(_failed(unusable))}\n" if unusable else ""
    hint = hint_line(unusable.hint) if unusable else None
    return "".join(lines) + (f"{counts}\n" if counts else "") + why + (f"{hint}\n" if hint else "")


def _ran(one: Ran) -> str:
    hint = hint_line(one.hint) if one.hint else None
    line = escape_controls(f"{one.state:8}  {one.id}  {one.detail or one.message_id}")
    return f"{line}\n" + (f"    {hint}\n" if hint else "")


def ran_short(rans: Sequence[Ran], unusable: Stage | None) -> str:
    """Of that only what somebody has to look after: mails that failed for good, those whose file can't be handled, and
    why the server can't be used."""
    failed = [one for one in rans if to_look_after(one)]
    return ran_text(failed, unusable) if failed or unusable else ""


def dropped_data(dropped: Sequence[str], kept: Mapping[str, str]) -> dict[str, Any]:
    """The ids of what was dropped, and of what was not, with a problem for each of these that says why."""
    found: dict[str, Any] = {"dropped": list(dropped), "kept": list(kept)}
    if kept:
        found["problems"] = [notice_data(Problem("kept", f"{one}: {why}", None)) for one, why in kept.items()]
    return found


def dropped_text(dropped: Sequence[str], kept: Mapping[str, str]) -> str:
    """A line each."""
    if not dropped and not kept:
        return "nothing to drop\n"
    return "".join(f"dropped  {escape_controls(one)}\n" for one in dropped) + dropped_short(kept)


def dropped_short(kept: Mapping[str, str]) -> str:
    """What was not dropped, and why."""
    return "".join(f"kept     {escape_controls(one)}: {why}\n" for one, why in kept.items())
