"""What is recorded of this machine: drift, interrupted runs, staging files that were left, the lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtsconf.doctor.check import Check, Subject

if TYPE_CHECKING:
    from dtsconf.machine.record import Generation


def machine_state(subject: Subject) -> Iterator[Check]:
    """In sync, drifted, interrupted or never applied, and leftovers of a killed run."""
    from dtsconf.machine import generations
    from dtsconf.machine.lock import lock_is_free, may_write_state
    from dtsconf.machine.recovery import leftovers
    from dtsconf.machine.status import status

    found = status(subject.system, subject.layout, subject.now)
    number = f"generation #{found.generation.number}" if found.generation else "no generation"
    match found.state:
        case "in-sync":
            yield Check("state", "ok", f"the machine holds what was last applied ({number})")
        case "never-applied":
            yield Check("state", "ok", "dtsconf was never applied here")
        case "interrupted" if found.at_work is not None:
            hint = "wait for it to end, then look again"
            yield Check("state", "warn", f"{found.at_work}, is just replacing the files", hint)
        case "interrupted":
            hint = found.stuck or "run `dtsconf status` as root: it finishes what was begun"
            yield Check("state", "fail", "an apply was cut off at its end; targets may be of two generations", hint)
        case "drifted":
            what = "; ".join(f"{subject.shown(item.path)}: {item.what}" for item in found.drift)
            hint = "look with `dtsconf plan`, then `dtsconf apply` puts it back"
            yield Check("state", "warn", f"drifted from {number}: {what}", hint)
    yield from (Check("state", "warn", odd.message, odd.hint) for odd in found.warnings if odd.kind == "forgotten")
    for lost in generations.damage(subject.system, subject.layout).values():
        yield Check("generations", "warn", lost.message, lost.hint)
    if found.proof is not None and found.proof.state != "verified" and found.generation and found.generation.profile:
        why = found.proof.pending or found.proof.note or "not verified"
        own = _own_proof(subject, found.generation, found.proof.pending)
        if own is not None:
            yield Check("proof", "ok", f"{number} is proven by {own}")
        else:
            hint = _PROVES.get(found.proof.pending or "", "dtsconf apply --verify")
            yield Check("proof", "warn", f"{number} is not proven by a mail ({why})", hint)
    running = may_write_state(subject.layout) and not lock_is_free(subject.layout)
    if found.state != "interrupted" and not running and leftovers(subject.layout):
        hint = "run `dtsconf status` as root: it clears them away"
        yield Check("leftovers", "warn", "staging files of a run that was killed lie beside the targets", hint)


_PROVES = {"sign-in": "dtsconf sign-in", "user": "dtsconf test"}
"""What a user does to prove what each user owes; everything else an apply owes, and proves for the machine; a test
proves it for its user alone."""


def _own_proof(subject: Subject, generation: Generation, owed: str | None) -> str | None:
    """What this user did that proved what stands here now, in words: a sign-in, or a test."""
    from dtsconf.wiring import Inputs, own_test
    from dtsconf.wiring.signing_in import proven_here, standing

    root = subject.layout.root
    if owed == "sign-in" and (signed_in := proven_here(standing(Inputs(root=root)), generation)):
        return f"the sign-in of {signed_in.account}"
    tested = own_test.proven_here(root, generation)
    return None if tested is None else f"this user's test, as {tested.account}"


def lock(subject: Subject) -> Iterator[Check]:
    """Whether an apply is at work. A lock is never stale: the system gives it back when its holder dies."""
    from dtsconf.machine.lock import at_work, may_write_state

    if not may_write_state(subject.layout):
        yield Check("lock", "ok", "only a user who may write the machine state can tell whether the lock is held")
    elif (by := at_work(subject.layout)) is None:
        yield Check("lock", "ok", "no other dtsconf is at work")
    else:
        yield Check("lock", "warn", f"held by {by}", "wait for it to end; dtsconf apply waits with --wait SECONDS")
