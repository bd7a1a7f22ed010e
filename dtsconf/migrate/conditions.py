"""What must hold on this machine for a new profile: asked one after the other, each told apart from the rest.

Mail host and identity provider are both asked, whatever comes of the other; who signs in, and whether a mail goes
through, only when both are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from dtsconf.errors import DtsconfError
from dtsconf.frozen import frozen
from dtsconf.migrate.values import Condition, Findings, Name

if TYPE_CHECKING:
    from dtsconf.proof import Level, Verification
    from dtsconf.settings.effective import Effective
    from dtsconf.wiring import Inputs

CLIENT: Final = "microsoft.client_id"
PROOFS: Final = ("microsoft.certificate", "microsoft.client_secret", "microsoft.client_assertion")
"""What an application proves itself with: one of these, the best first."""
SIGN_IN: Final = ("auth", "token")
"""Stages at which a token is got or taken; those before are about the way to the server."""


@frozen
class Tools:
    """What reaches out. `test` holds the conversation of a level with a profile, and may ask a person to sign in;
    `reach` asks the identity provider of some settings whether it is there. Both raise DtsconfError."""

    test: Callable[[Inputs, Level], Verification]
    reach: Callable[[Inputs, Effective], None]


def examine(new: Inputs, effective: Effective, tools: Tools) -> Findings:
    """The conditions of the profile that `new` names, whose settings are `effective`."""
    given = tuple(_given(effective))
    if not all(one.ok for one in given):
        return Findings((*given, *_skipped("mail-host", "authority", "sign-in", "send")))
    there = (
        *given,
        _tried("mail-host", lambda: tools.test(new, "connect"))[0],
        _reached(new, effective, tools),
    )
    if not all(one.ok for one in there):
        return Findings((*there, *_skipped("sign-in", "send")))
    sent, verification = _tried("send", lambda: tools.test(new, "send"))
    return Findings((*there, *_told_apart(sent, verification)), verification)


def _given(effective: Effective) -> Iterator[Condition]:
    """What the profile itself has to name: the app registration, and for an application what it proves itself with."""
    microsoft = effective.settings.microsoft
    if microsoft.client_id is None:
        hint = f"create the app registration (above), then add --set {CLIENT}=UUID"
        yield Condition("client-id", ok=False, detail=f"{CLIENT} is not set", hint=hint, code=3)
    else:
        yield Condition("client-id", ok=True, detail=str(microsoft.client_id))
    if microsoft.flow != "application":
        return
    named = [key for key in PROOFS if getattr(microsoft, key.removeprefix("microsoft.")) or effective.org.expected(key)]
    if named:
        yield Condition("credential", ok=True, detail=named[0])
        return
    detail = f"{PROOFS[0]} is not set, nor are {PROOFS[1]} or {PROOFS[2]}"
    hint = f"a certificate is best: make one (README, For an application), then add --set {PROOFS[0]}=file:///PATH"
    yield Condition("credential", ok=False, detail=detail, hint=hint, code=3)


def _told_apart(sent: Condition, verification: Verification | None) -> Iterator[Condition]:
    """Sign-in and send, by the stage at which the test of both ended."""
    failed = verification.failure if verification else None
    if not sent.ok and (verification is None or (failed is not None and failed.stage in SIGN_IN)):
        yield Condition("sign-in", sent.ok, sent.detail, sent.hint, sent.code)
        yield from _skipped("send")
        return
    stages = verification.stages if verification else ()
    words = next((stage.detail for stage in reversed(stages) if stage.stage in SIGN_IN), "")
    yield Condition("sign-in", ok=True, detail=words)
    yield sent


def _tried(name: Name, test: Callable[[], Verification]) -> tuple[Condition, Verification | None]:
    """The condition as a test found it, and the test's report."""
    try:
        verification = test()
    except DtsconfError as error:
        return _refused(name, error), None
    failed = verification.failure
    if failed is None:
        detail = verification.stages[-1].detail if verification.stages else ""
        return Condition(name, ok=True, detail=detail), verification
    code = 6 if verification.reached else 9
    return Condition(
        name, ok=False, detail=f"{failed.stage}: {failed.detail}", hint=failed.hint, code=code
    ), verification


def _reached(new: Inputs, effective: Effective, tools: Tools) -> Condition:
    microsoft = effective.settings.microsoft
    try:
        tools.reach(new, effective)
    except DtsconfError as error:
        return _refused("authority", error)
    return Condition("authority", ok=True, detail=f"{microsoft.authority.rstrip('/')}/{microsoft.tenant}")


def _refused(name: Name, error: DtsconfError) -> Condition:
    return Condition(name, ok=False, detail=error.message, hint=error.hint, code=error.code)


def _skipped(*names: Name) -> Iterator[Condition]:
    return (Condition(name, ok=None, detail="not looked at") for name in names)
