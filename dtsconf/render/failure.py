"""A failed command as JSON and as text: its problems, and what it had found out before.

A result is recognised by its module, so that nothing is imported for a failure that has none.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dtsconf.errors import SecretUnavailable, SignInFailed
from dtsconf.names import escape_controls
from dtsconf.render.call import Call, hinted
from dtsconf.render.common import dump, hint_line, notice_data, problem, shared, warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.errors import DtsconfError, Notice
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.values import Organisation


def envelope(
    command: str,
    error: DtsconfError,
    told: Sequence[Notice] = (),
    call: Call = Call(),  # noqa: B008 - frozen
    recorded: Organisation | None = None,
) -> str:
    """The JSON object of a command that failed; `told` are warnings from around it, `call` its options, which the
    commands in hints need too; `recorded` is the machine config as the last apply wrote it, where the settings go by
    that."""
    _complete(error, call, recorded)
    common = shared(command, error.code, _notices(error, told, call), _set_aside(error.known))
    return dump(common | known_data(error.known) | {"problems": [notice_data(p) for p in error.all_problems()]})


def text(
    error: DtsconfError,
    told: Sequence[Notice] = (),
    call: Call = Call(),  # noqa: B008 - frozen
    recorded: Organisation | None = None,
    *,
    seen: Sequence[Notice] = (),
    color: bool = False,
) -> str:
    """As text: what the command itself has to say of it, or its problems one after another; then the warnings, but for
    those that were `seen` before, and those whose fact is the error itself."""
    advised = error.hint
    _complete(error, call, recorded)
    odd = warnings(_news(error, told, call, seen), _set_aside(error.known))
    if _is_applied(error.known):
        from dtsconf.render import apply

        return apply.failure(error, error.known, odd, call, advised, color=color)
    odd = _to_try(error, advised, call, recorded) + odd
    if error.problems:
        return "".join(problem(p) for p in error.problems) + odd
    return "".join(f"{x}\n" for x in (f"error: {escape_controls(error.message)}", hint_line(error.hint)) if x) + odd


def settings_of(error: DtsconfError) -> Effective | None:
    """The settings that a sign-in failed with, or what an application proves itself with; None for any other error, or
    where they aren't known."""
    if not isinstance(error, (SignInFailed, SecretUnavailable)):
        return None
    known = error.known.effective if _is_applied(error.known) else error.known
    return known if hasattr(known, "origin") else None


_BY_SIGN_IN = ("dtsconf sign-in", "--set microsoft.token_cache=file keeps ")
"""What only a sign-in tries: where its tokens are kept is settled then."""


def _to_try(error: DtsconfError, advised: str | None, call: Call, recorded: Organisation | None) -> str:
    """What to paste next, where a sign-in failed that went by what the organisation wrote."""
    effective = settings_of(error)
    if effective is None:
        return ""
    from dtsconf.render import advice, astray

    told = advised or ""
    if any(each in told for each in _BY_SIGN_IN) and "--set microsoft.flow=application" not in told:
        call = replace(call, trial="sign-in", reach=())
    return "" if astray.is_by_hand("token", effective, recorded) else advice.text(advised, call, effective)


def _complete(error: DtsconfError, call: Call, recorded: Organisation | None) -> None:
    """Let the error's hints, and those of what it had found out, be such as a reader of this call can follow."""
    effective = settings_of(error)
    if effective is not None:
        from dtsconf.render import advice

        advice.mend_sign_in(error, call, effective, recorded)
        return
    error.problems = tuple(hinted(each, call) for each in error.problems)
    error.hint = error.hint and call.completed(error.hint)
    if not _is_applied(error.known) or error.known.verification is None:
        return
    from dtsconf.render import advice

    known = error.known
    rollback = known.rollback_of is not None
    mend = advice.mended_without_set if rollback else advice.mended
    found = advice.to_apply(known.verification, rollback=rollback)
    error.known = replace(known, verification=mend(found, call, known.effective))
    failed = error.known.verification.failure
    error.hint = failed.hint if failed else error.hint


def _notices(error: DtsconfError, told: Sequence[Notice], call: Call) -> tuple[Notice, ...]:
    found = (*told, *getattr(error.known, "warnings", ()), *error.warnings)
    return tuple(hinted(each, call) for each in found)


def _news(error: DtsconfError, told: Sequence[Notice], call: Call, seen: Sequence[Notice]) -> list[Notice]:
    """The warnings, but for those that were told before and those whose fact is the error itself."""
    facts = {(each.kind, each.key) for each in error.problems}
    before = {(each.kind, each.message) for each in seen}
    found = _notices(error, told, call)
    return [each for each in found if (each.kind, each.message) not in before and (each.kind, each.key) not in facts]


def _set_aside(known: Any) -> Sequence[Any]:
    """What locks kept out, of a partial result or of the settings that it holds."""
    holder = getattr(known, "effective", None) or known
    found: Sequence[Any] = getattr(holder, "set_aside", ())
    return found


def _is_applied(known: object) -> bool:
    module = sys.modules.get("dtsconf.machine.request")
    return module is not None and isinstance(known, module.Applied)


def known_data(known: Any) -> dict[str, Any]:
    """The fields of a partial result; empty when nothing was known."""
    if _is_applied(known):
        from dtsconf.render import apply

        return apply.data(known)
    if _is_queue_run(known):
        from dtsconf.render import queue

        return queue.ran_data(known.messages, None)
    return {}


def _is_queue_run(known: object) -> bool:
    module = sys.modules.get("dtsconf.sending.queued")
    return module is not None and isinstance(known, module.QueueRun)
