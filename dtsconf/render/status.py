"""`status` and `history`. Cheap: imports no settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dtsconf.errors import Problem
from dtsconf.machine.status import REPLACED
from dtsconf.names import escape_controls
from dtsconf.render.call import Call
from dtsconf.render.common import notice_data, opened, painted, typed

if TYPE_CHECKING:
    from dtsconf.auth.standing import Standing
    from dtsconf.machine.plan import Plan
    from dtsconf.machine.record import Generation, ProfileRecord, Proof
    from dtsconf.machine.status import Status


def data(
    status: Status, plan: Plan | None, standing: Standing | None = None, root: str | None = None
) -> dict[str, Any]:
    """`state, drift, generation, proof` as in the contract; with a profile also what a plan would change, and in
    microsoft mode `sign_in`. `problems` where it isn't in sync; `root` as this run was given it."""
    found: dict[str, Any] = {
        "state": status.state,
        "drift": [asdict(item) for item in status.drift],
        "generation": status.generation.number if status.generation else None,
        "proof": proof_data(status.proof) | {"age": status.proof_age},
        "content_not_checked": list(status.unchecked),
    }
    if standing is not None:
        from dtsconf.render.sign_in import standing_data

        found["sign_in"] = standing_data(standing)
    if plan is not None:
        found["plan"] = {"changes": len(plan.changes), "digest": plan.digest}
    if problems := _problems(status, plan, root):
        found["problems"] = [notice_data(each) for each in problems]
    return found


def _problems(status: Status, plan: Plan | None, root: str | None) -> list[Problem]:
    """What exit 7 is about."""
    hint = _next(status, root).removeprefix("hint: ").rstrip() or None
    found = [Problem("drifted", f"{opened(item.path, root)}: {item.what}", hint) for item in status.drift]
    if not found and status.state != "in-sync":
        found.append(Problem(status.state, _state(status, color=False).rstrip(), hint))
    if plan is not None and not plan.empty:
        found.append(Problem("pending", f"the profile asks for changes: {_changes(plan, root)}", None))
    return found


_STATES = {
    "in-sync": ("in sync", "green", "with"),
    "drifted": ("drifted", "red", "from"),
    "interrupted": ("interrupted", "red", ": an apply was cut off after its commit point, or is still at it"),
    "never-applied": ("never applied", "yellow", " on this machine"),
}


def _changes(plan: Plan, root: str | None) -> str:
    return ", ".join(f"{change.action} {opened(change.path, root)}" for change in plan.changes)


def proof_data(proof: Proof | None) -> dict[str, Any]:
    """`{state, level, time}` and what else is known about it."""
    if proof is None:
        return {"state": "none", "level": None, "time": None}
    return {key: value for key, value in asdict(proof).items() if value is not None or key in ("level", "time")}


def text(
    status: Status,
    plan: Plan | None,
    root: str | None = None,
    standing: Standing | None = None,
    *,
    color: bool = False,
) -> str:
    """The state in a line, then drift, proof and what to type; `root` as this run was given it."""
    lines = [_state(status, color=color)]
    unseen = "its key is gone" if any(each.kind == "key" for each in status.warnings) else "not readable for you"
    for item in status.drift:
        since = f", since {escape_controls(item.since)}" if item.since else ""
        lines.append(f"  {opened(item.path, root)}: {painted(escape_controls(item.what), 'red', on=color)}{since}\n")
    lines += [f"  {opened(path, root)}: content not checked ({unseen})\n" for path in status.unchecked]
    if status.generation is not None:
        lines.append(escape_controls(_proof(status)[:-1]) + owed(status.proof, root) + "\n")
    if standing is not None:
        from dtsconf.render.sign_in import standing_text

        lines.append(standing_text(standing, typed("sign-in", root)))
    if plan is not None:
        changes = _changes(plan, root)
        lines.append("the profile asks for " + (f"changes: {changes}\n" if changes else "nothing else\n"))
    return "".join(lines) + _next(status, root)


def _state(status: Status, *, color: bool) -> str:
    word, shade, rest = _STATES[status.state]
    if status.state == "drifted" and _profile(status) is None:
        rest = ": what was applied last can't be told"
    elif status.state in ("in-sync", "drifted"):
        rest = f" {rest} {_applied(status)}"
    if status.at_work is not None:
        word, shade, rest = "going live", "yellow", f": {status.at_work}, is just replacing the files"
    return f"{painted(word, shade, on=color)}{escape_controls(rest)}\n"


def _profile(status: Status) -> ProfileRecord | None:
    return status.generation.profile if status.generation else None


def _applied(status: Status) -> str:
    profile = _profile(status)
    if status.generation is None or profile is None:
        return "nothing of dtsconf's"
    return f"#{status.generation.number} ({profile.title})"


def _proof(status: Status) -> str:
    proof = status.proof
    if proof is None or proof.state == "none":
        return f"proof: none{f' ({proof.note})' if proof and proof.note else ''}\n"
    if proof.state == "pending":
        return f"proof: still owed ({proof.pending}), level {proof.level}\n"
    by = f"for {proof.program} as {proof.user}{_elsewhere(proof)}"
    return f"proof: {proof.level}, {proof.time}{_age(status.proof_age)}, {by}\n"


def _elsewhere(proof: Proof) -> str:
    """Where the proof was made, unless it was here: an image brings along its maker's."""
    if proof.host is None:
        return ""
    from platform import node

    return "" if proof.host == node() else f" on {proof.host}, which is not this machine"


def owed(proof: Proof | None, root: str | None) -> str:
    """What makes a proof that the server's absence left owed, to go on the line that says so; '' where none is. Others
    come about by themselves, with a sign-in or a user's first mail."""
    offline = proof is not None and proof.state == "pending" and proof.pending == "offline"
    return f"; once the server can be reached: {typed('apply --verify', root)}" if offline else ""


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 0:
        return " (by a clock that was ahead of this one)"
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f" ({seconds // size:.0f} {unit} ago)"
    return " (just now)"


def _next(status: Status, root: str | None) -> str:
    if any(each.kind == "generations" for each in status.warnings):
        return ""  # its hint names the profile: what was applied last, and so what to put back, nobody knows
    if status.at_work is not None:
        return f"hint: wait for it to end, then {typed('status', root)}\n"
    if status.stuck is not None:
        return f"hint: {status.stuck}\n"
    return {
        "in-sync": "",
        "drifted": f"hint: {_put_back(status, root)}; {typed('plan', root)} shows the difference\n",
        "interrupted": Call(None, root).completed(
            "hint: run any dtsconf command as root, such as `sudo dtsconf status`: it finishes first\n"
        ),
        "never-applied": f"hint: {typed('apply --profile FILE', root)}\n",
    }[status.state]


def _put_back(status: Status, root: str | None) -> str:
    """What brings back what was applied; an apply takes nothing away that isn't a file."""
    in_the_way = " and ".join(opened(item.path, root) for item in status.drift if item.what.startswith(REPLACED))
    if not in_the_way:
        return f"{typed('apply', root)} puts it back"
    return f"move {in_the_way} away, then {typed('apply', root)} puts back what belongs there"


def history_data(generations: Sequence[Generation]) -> dict[str, Any]:
    """`generations`, newest last."""
    return {
        "generations": [
            {
                "generation": g.number,
                "time": g.time,
                "user": g.user,
                "sudo_user": g.sudo_user,
                "reason": g.reason,
                "profile": asdict(g.profile) if g.profile else None,
                "proof": proof_data(g.proof),
                "rollback_of": g.rollback_of,
                "trusted": g.trusted,
                "from_environment": list(g.from_environment),
            }
            for g in generations
        ]
    }


def history_text(generations: Sequence[Generation], damaged: Iterable[int] = ()) -> str:
    """A line a generation, newest last; of a `damaged` record only that it is."""
    lines = {g.number: _line(g) for g in generations} | {number: f"#{number}  damaged\n" for number in damaged}
    return "".join(lines[number] for number in sorted(lines)) or "never applied on this machine\n"


def _line(g: Generation) -> str:
    by = f"{g.user} (sudo by {g.sudo_user})" if g.sudo_user else g.user
    what = g.profile.title if g.profile else "before dtsconf" if g.number == 0 else "no profile"
    back = f", rollback to #{g.rollback_of}" if g.rollback_of is not None else ""
    why = f": {g.reason}" if g.reason else ""
    proof = f", proof {g.proof.state}" if g.number else ""
    return escape_controls(f"#{g.number}  {g.time}  {what}{f'  by {by}' if by else ''}{back}{proof}{why}") + "\n"
