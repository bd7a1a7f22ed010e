"""`apply` and `rollback`: what was done and proven; or, most needed first, why the machine was left as it was."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from dtsconf.names import escape_controls
from dtsconf.render import advice, table
from dtsconf.render.call import Call
from dtsconf.render.common import hint_line, painted, problem, typed
from dtsconf.render.plan import changes_data, secrets
from dtsconf.render.status import owed

if TYPE_CHECKING:
    from dtsconf.errors import DtsconfError
    from dtsconf.machine.record import Generation
    from dtsconf.machine.request import Applied
    from dtsconf.settings.policy import Policy


def data(applied: Applied) -> dict[str, Any]:
    """`changes, digest, changed, generation, verification` as in the contract."""
    return {
        "changes": changes_data(applied.changes),
        "digest": applied.digest,
        "secrets_read": applied.plan is not None and applied.plan.secrets_read,
        "changed": applied.changed,
        "generation": applied.generation.number if applied.generation else None,
        "verification": applied.verification.as_record() if applied.verification else None,
        "settled": applied.settled,
        "host": applied.host,
        "rollback_of": applied.rollback_of,
        "from_environment": list(applied.effective.from_environment) if applied.effective else [],
    }


def text(applied: Applied, *, verbose: bool, color: bool = False, root: str | None = None) -> str:
    """What happened in a line or two; with `verbose` every stage of the proof."""
    lines = []
    if applied.changed and applied.generation is not None:
        what = f"rolled back to #{applied.rollback_of}" if applied.rollback_of is not None else "applied"
        lines.append(
            f"{applied.host}: {what}; generation #{applied.generation.number} ({_profile(applied.generation)})\n"
        )
    else:
        lines.append(f"Nothing to change: {applied.host} holds what {_wanted(applied.rollback_of)}.\n")
    if applied.settled is not None:
        lines.append(f"encryption: auto settled on {applied.settled}\n")
    if applied.changed and applied.plan is not None:
        lines.append(secrets(applied.plan))
    return "".join(lines) + _proof(applied, root, verbose=verbose, color=color)


def _wanted(rollback_of: int | None) -> str:
    if rollback_of is None:
        return "the profile asks for"
    return f"#{rollback_of} wrote" if rollback_of else "stood there before dtsconf"


def _proof(applied: Applied, root: str | None, *, verbose: bool, color: bool) -> str:
    verification = applied.verification
    if verification is None:
        return _unproven(applied, root)
    rows = table.stages(verification, color=color) if verbose else ""
    if verification.pending:
        return rows + f"the proof is still owed: {verification.pending}\n"
    return rows + (table.proven(verification) if verification.ok else table.failure(verification))


def _unproven(applied: Applied, root: str | None) -> str:
    """That settings are live which no mail has proven, and why."""
    generation = applied.generation
    if not applied.changed and generation is not None and (make := owed(generation.proof, root)):
        return f"the proof is still owed: offline{make}\n"
    if not applied.changed or generation is None or generation.profile is None or generation.proof.state != "none":
        return ""
    why = "--no-verify" if generation.proof.note == "no-verify" else "verify.level is none"
    return f"not proven: no test was made ({why}); to prove it: {_proving(applied, root)}\n"


def _proving(applied: Applied, root: str | None) -> str:
    """What proves settings that are live: an apply, unless a person has to sign in for that."""
    from dtsconf.machine.verdict import by_person

    if applied.effective is not None and by_person(applied.effective):
        return f"{typed('test', root)}, as each user who sends"
    return typed("apply --verify", root)


def failure(
    error: DtsconfError,
    applied: Applied,
    odd: str = "",
    call: Call = Call(),  # noqa: B008 - frozen
    advised: str | None = None,
    *,
    color: bool = False,
) -> str:
    """A failed apply, most needed first: that nothing was written, the cause, the server's own words, the stages in a
    line, where the values came from, the fix to type (of the hint `advised`, before it was told for this call), how to
    look again, and last `odd`, the warnings as text."""
    lines = [_head(applied, color=color)]
    verification = applied.verification
    if verification is None or verification.ok:
        lines += [*map(problem, error.all_problems())]
    else:
        lines += [table.failure(verification), f"stages: {table.in_a_line(verification)}\n"]
        lines += [advice.origins(applied.effective), hint_line(error.hint) or "", "\n" if error.hint else ""]
        lines.append(advice.text(advised, call, applied.effective) if applied.rollback_of is None else "")
    return "".join(lines) + _look_again(applied, call) + odd


def _head(applied: Applied, *, color: bool) -> str:
    if applied.half:
        half = f"{applied.host} may hold files of both until that is done."
        return f"{painted('NEITHER DONE NOR PUT BACK.', 'red', on=color)} {half}\n"
    head = "NOT APPLIED." if applied.rollback_of is None else "NOT ROLLED BACK."
    return f"{painted(head, 'red', on=color)} {_keeps(applied)} Nothing was written.\n"


def _look_again(applied: Applied, call: Call) -> str:
    """What to type to see more, where settings came about at all; a rollback goes by a generation, which no test looks
    at, and may go without proof."""
    status = typed("status", call.root)
    if applied.effective is None or applied.half:
        return f"look again: {status}\n"
    if applied.rollback_of is None:
        return f"look again: {typed('test', call.root, call.profile)}; {status} for the machine\n"
    proof, policies = applied.verification, (applied.effective.org.policy, _in_force(applied.before))
    if proof is None or proof.ok or any(policy.lock_on("verify") for policy in policies if policy):
        return f"look again: {status}\n"
    unproven = typed(f"rollback {applied.rollback_of} --no-verify", call.root)
    return f"to go back without the proof: {unproven}; {status} for the machine\n"


def _in_force(before: Generation | None) -> Policy | None:
    """The policy that holds on the machine, as far as its record tells."""
    from dtsconf.errors import Invalid
    from dtsconf.settings import machine_config

    try:
        return machine_config.from_bytes(before.config.encode(), "")[0].policy if before and before.config else None
    except Invalid:
        return None


def _keeps(applied: Applied) -> str:
    if applied.unsure:
        return f"{applied.host} stays as it is."
    if applied.before is None or applied.before.number == 0:
        return f"{applied.host} stays as it was before dtsconf."
    before = applied.before
    return f"{applied.host} keeps #{before.number} ({_profile(before)}, {day(before.time)})."


def _profile(generation: Generation) -> str:
    return escape_controls(generation.profile.title) if generation.profile else "no profile"


def day(stamp: str) -> str:
    """`2 Oct` of an ISO 8601 time stamp, with the year when it isn't this one's."""
    when = datetime.fromisoformat(stamp).astimezone()
    year = "" if when.year == datetime.now(when.tzinfo).year else f" {when.year}"
    return f"{when.day} {when:%b}{year}"
