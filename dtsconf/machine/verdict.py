"""What a verification's result means for an apply: passed, owed, or failed. Pure.

The levels and when a proof may be owed are the profile's `verify` section; see the contract's "apply, precisely".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.errors import Invalid, Notice, Problem, SignInFailed, VerificationFailed
from dtsconf.frozen import frozen
from dtsconf.machine.record import Proof
from dtsconf.proof import Level, Verification
from dtsconf.settings.check import require_complete

if TYPE_CHECKING:
    from dtsconf.machine.request import Options
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.values import Organisation


@frozen
class Depth:
    """How far to verify. `pending` is set when the proof will still be owed then; `note` says why there is none."""

    level: Level
    pending: str | None = None
    note: str | None = None


def depth(effective: Effective, options: Options) -> Depth:
    """How far this apply verifies.

    Raises:
        Invalid: code 4: --no-verify against a lock on verify. Code 3: values that `expects` leaves to others are
            missing, and `verify.pending` doesn't list `user`.
        SignInFailed: a person has to sign in, and `verify.pending` doesn't list `sign-in`.
    """
    heed_lock(effective.org, options)
    if effective.missing:
        return _without_the_user(effective, options)
    if options.verify is False:
        return Depth("none", note="no-verify")
    level = effective.org.verify.level
    if level == "none" and not options.verify:
        return Depth("none", note="level")
    if by_person(effective):
        return _without_the_person(effective)
    return Depth("send" if level == "none" else level)


def heed_lock(org: Organisation, options: Options) -> None:
    """Raises: Invalid: code 4: --no-verify against the organisation's lock on verify."""
    lock = org.policy.lock_on("verify")
    if options.verify is False and lock is not None:
        place = f" at {org.locked_at(lock.where)}" if lock.where else " by the profile"
        message = f"--no-verify: verify is locked{place}"
        raise Invalid((Problem("locked", message, "leave --no-verify out", lock.where, "verify", code=4),))


def by_person(effective: Effective) -> bool:
    """Whether a person has to sign in before mail goes out: an apply has none to ask."""
    return effective.settings.mode == "microsoft" and effective.settings.microsoft.flow != "application"


def _without_the_person(effective: Effective) -> Depth:
    if "sign-in" in effective.org.verify.pending:
        return Depth("connect", "sign-in")
    flow = effective.settings.microsoft.flow
    raise SignInFailed(
        f"the proof can't be had: microsoft.flow {flow} needs a person to sign in, and verify.pending doesn't list "
        "sign-in",
        "let the proof be owed (verify.pending: [sign-in]; each user runs dtsconf sign-in), or use flow application",
    )


def _without_the_user(effective: Effective, options: Options) -> Depth:
    if "user" not in effective.org.verify.pending:
        require_complete(effective, user=False)
    nowhere = effective.settings.mode == "smtp" and effective.settings.server.host is None
    silent = options.verify is False or effective.org.verify.level == "none"
    pending = _without_the_person(effective).pending if by_person(effective) and not silent else "user"
    level: Level = "none" if nowhere or silent else "connect"
    return Depth(level, pending, "no-verify" if options.verify is False else None)


def judged(found: Verification, planned: Depth, effective: Effective) -> Verification:
    """The verification with what is still owed.

    Raises:
        VerificationFailed: it failed, and the profile doesn't let that pass.
    """
    if not found.ok:
        if not found.reached and "offline" in effective.org.verify.pending:
            return replace(found, pending="offline")
        raise failed(found, None)
    return replace(found, pending=planned.pending or found.pending)


def failed(found: Verification, server: str | None) -> VerificationFailed:
    """The error for a verification that failed: its stage, who said what, and the stage's hint."""
    stage = found.failure
    if stage is None:
        return VerificationFailed("the verification failed", None, reached=found.reached, known=found)
    at = f" at {server}" if server else ""
    cause = f" ({stage.cause})" if stage.cause else ""
    return VerificationFailed(
        f"verification failed{at} at stage {stage.stage}{cause}: {stage.detail}",
        stage.hint,
        reached=found.reached,
        known=found,
    )


def proof(found: Verification | None, planned: Depth, time: str, host: str) -> Proof:
    """What goes on record."""
    pending = found.pending if found else planned.pending
    if found is None:
        return Proof("pending" if pending else "none", planned.level, time, pending, note=planned.note)
    state = "pending" if pending else "verified"
    by = found.program or None, found.user or None
    return Proof(state, found.level, time, pending, found.message_id, *by, host=host)


def owed(found: Proof) -> tuple[Notice, ...]:
    """A warning when something went live without proof."""
    why = {
        "offline": (
            "the server could not be reached, so the settings are live without proof",
            "dtsconf apply --verify",
        ),
        "user": (
            "values that each user gives are missing, so only the connection was verified",
            "dtsconf test without --profile, as a user",
        ),
        "sign-in": (
            "a person has to sign in, whom apply doesn't ask, so only the connection was verified",
            "dtsconf sign-in without --profile, as each user who sends",
        ),
    }
    if found.state != "pending" or found.pending not in why:
        return ()
    message, command = why[found.pending]
    return (Notice("proof-pending", message, f"to prove them: {command}"),)
