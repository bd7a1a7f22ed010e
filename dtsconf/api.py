"""dtsconf as functions: the same results as the commands, as typed objects.

    load   the effective settings                         (show)
    plan   what apply would change                        (plan)
    apply  change the machine and prove it, or nothing    (apply)
    check  the staged report of a test send               (test)

`send` is in `sending.function`.

A `profile` or `root` that isn't given is that of `DTSCONF_PROFILE` or `DTSCONF_ROOT` in `environ` (None: the
process's), and `DTSCONF_STRICT=1` is `strict`, as for the commands.

Everything that goes wrong is a `DtsconfError` with `problems`, `hint` and `code` (the exit code).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from dtsconf import wiring
from dtsconf.errors import Notice, SignInFailed, UsageProblem
from dtsconf.frozen import frozen
from dtsconf.wiring import Inputs, Path, hands, inputs, looking, own_test
from dtsconf.wiring.given import require_switches, text_of

if TYPE_CHECKING:
    from dtsconf.auth.request import Person
    from dtsconf.machine.plan import Plan
    from dtsconf.machine.planning import Planned
    from dtsconf.machine.request import Applied, Options
    from dtsconf.mail.transcript import Transcript
    from dtsconf.proof import Level, Verification
    from dtsconf.settings.effective import Effective


@frozen
class Checked:
    """A finished test: its report, the settings it was made with, and what was odd about them."""

    verification: Verification
    effective: Effective
    warnings: tuple[Notice, ...] = ()


def load(
    profile: Path | None = None,
    *,
    overrides: Mapping[str, object] | Iterable[str] = (),
    root: Path | None = None,
    strict: bool = False,
    user: bool = True,
    environ: Mapping[str, str] | None = None,
) -> Effective:
    """The effective settings with their origins; `user` False leaves the user's own file out, as apply does. `root` is
    a folder that stands for / (None: that of `DTSCONF_ROOT`, else this machine); `send` works under the root that its
    `settings` were read for.

    Raises:
        Invalid: with every problem of every layer.
    """
    require_switches(user=user)
    given = inputs(profile, overrides=overrides, root=root, strict=strict, environ=environ)
    return wiring.effective(given, user=user)


def plan(
    profile: Path | None = None,
    *,
    overrides: Mapping[str, object] | Iterable[str] = (),
    root: Path | None = None,
    strict: bool = False,
    secrets: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Plan:
    """What apply would change on the machine. Reads no secret unless `secrets`; asks nobody and writes nothing.

    Raises:
        Invalid: the layers can't be used, or a target can't express them.
        SecretUnavailable: with `secrets`, one can't be had.
    """
    require_switches(secrets=secrets)
    given = inputs(profile, overrides=overrides, root=root, strict=strict, environ=environ)
    return plan_of(given, secrets=secrets).plan


def plan_of(given: Inputs, *, secrets: bool = False) -> Planned:
    """As `plan`, with all that the plan was made from, for inputs that are put together already."""
    from dtsconf.machine.planning import plan as compute

    load = cache(lambda: wiring.effective(given, user=False, recorded=True))
    if not secrets:
        return compute(load, wiring.machine_of(given))
    with hands.resolver_of(given, load) as resolver:
        return compute(load, wiring.machine_of(given), fetch=hands.services(given, resolver).fetch)


def apply(  # noqa: PLR0913 - one keyword for each option of the command
    profile: Path | None = None,
    *,
    overrides: Mapping[str, object] | Iterable[str] = (),
    root: Path | None = None,
    strict: bool = False,
    trust_profile: bool = False,
    verify: bool | None = None,
    adopt: bool = False,
    allow_downgrade: bool = False,
    reason: str | None = None,
    wait: float = 30,
    environ: Mapping[str, str] | None = None,
) -> Applied:
    """Bring the machine to its profile and prove it by mail, or leave it byte for byte as it was.

    `verify` False skips the proof where the profile allows it, True makes it even when nothing changes. `wait` is in
    seconds, for another apply to end.

    Raises:
        DtsconfError: nothing live has changed; `known` tells how far it got.
    """
    from dtsconf.machine.request import Options

    require_switches(verify=verify is not None and verify, adopt=adopt, allow_downgrade=allow_downgrade)
    reason = text_of(reason, "reason")
    given = inputs(profile, overrides=overrides, root=root, strict=strict, trust_profile=trust_profile, environ=environ)
    options = Options(
        verify=verify, adopt=adopt, allow_downgrade=allow_downgrade, trusted=trust_profile, reason=reason, wait=wait,
        attended=False,
    )  # fmt: skip
    return apply_of(given, options)


def apply_of(
    given: Inputs,
    options: Options,
    *,
    ask: Callable[[Plan], bool] = lambda _plan: True,
    progress: Callable[[str], None] = lambda _words: None,
) -> Applied:
    """As `apply`, for inputs and options that are put together already; `ask` sees the plan before anything is done."""
    from dataclasses import replace

    from dtsconf.machine import engine
    from dtsconf.machine.commit import commit_of

    commit = commit_of(given.profile) if given.profile else None
    loaded: list[Effective] = []

    def load_now() -> Effective:
        loaded[:] = [wiring.effective(given, user=False, guarded=True, recorded=True)]
        return loaded[0]

    with hands.resolver_of(given, lambda: loaded[0]) as resolver:
        applied = engine.apply(
            load_now,
            wiring.machine_of(given),
            hands.services(given, resolver, where=lambda key: loaded[0].origin[key].where, ask=ask, progress=progress),
            replace(options, commit=commit),
        )
    return replace(applied, warnings=(*applied.warnings, *resolver.warnings))


def rollback_of(
    number: int | None,
    given: Inputs,
    options: Options,
    *,
    ask: Callable[[Plan], bool] = lambda _plan: True,
    progress: Callable[[str], None] = lambda _words: None,
) -> Applied:
    """Go back to generation `number` (None: the newest whose content differs; 0: what stood there before dtsconf)."""
    from dataclasses import replace

    from dtsconf.machine import engine
    from dtsconf.machine.rollback import effective_of, goal_of

    machine = wiring.machine_of(given)
    old = goal_of(number, machine)  # once: while this run waits for the lock, another one makes the newest an older one
    with hands.resolver_of(given, lambda: effective_of(old, machine)) as resolver:
        services = hands.services(given, resolver, ask=ask, progress=progress)
        applied = engine.rollback(old.number, machine, services, options)
    return replace(applied, warnings=(*applied.warnings, *resolver.warnings))


def check(
    profile: Path | None = None,
    *,
    overrides: Mapping[str, object] | Iterable[str] = (),
    root: Path | None = None,
    strict: bool = False,
    level: Level | None = None,
    to: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Checked:
    """Test Settings: hold the conversation up to `level` (default: the profile's) and report every stage.

    A server that refuses or can't be reached is a report, not an error: see `verification.ok` and its `failure`.

    Raises:
        UsageProblem: there is no such level, or `to` is no address.
        Invalid: the settings can't be used, or policy forbids the recipient.
        SecretUnavailable: the login's password can't be had.
    """
    return check_of(inputs(profile, overrides=overrides, root=root, strict=strict, environ=environ), level=level, to=to)


def check_of(
    given: Inputs,
    *,
    level: Level | None = None,
    to: str | None = None,
    person: Person | None = None,
    progress: Callable[[str], None] = lambda _words: None,
    transcript: Transcript | None = None,
) -> Checked:
    """As `check`, for inputs that are put together already; `person` may be asked to sign in, `transcript` is told all
    that is said, secrets masked."""
    from dtsconf.names import address_fault, escape_controls
    from dtsconf.proof import LEVELS

    if level is not None and level not in LEVELS:
        raise UsageProblem(f"'{escape_controls(str(level))}' is no level", f"one of {', '.join(LEVELS[1:])}")
    to = text_of(to, "to")
    if to is not None and (fault := address_fault(to)):
        raise UsageProblem(f"--to: '{escape_controls(to)}' {fault[0]}", fault[1])
    return hands.unmoved(lambda: _checked(given, level, to, person, progress, transcript))


def _checked(
    given: Inputs,
    level: Level | None,
    to: str | None,
    person: Person | None,
    progress: Callable[[str], None],
    transcript: Transcript | None,
) -> Checked:
    from dtsconf.settings.check import require_complete
    from dtsconf.settings.roots import require_roots

    effective = wiring.effective(given, user=True)
    usual = effective.org.verify.level
    depth = level or ("send" if usual == "none" else usual)
    require_complete(effective)
    if effective.settings.mode == "smtp" or to or effective.org.verify.to:
        _require_recipient(effective, depth, to)
    require_roots(effective)
    with hands.resolver_of(given, lambda: effective) as resolver:
        if depth in hands.LOGS_IN:
            secrets = hands.secrets_of(given, effective, resolver)
            try:
                access = hands.access_of(given, effective, secrets, person=person, progress=progress)
            except SignInFailed as failed:
                found = looking.unheard(depth, failed, effective, progress)
                return Checked(found, effective, (*effective.warnings, *resolver.warnings))
        else:
            access = hands.without_login(given, effective)
    _require_recipient(access.effective, depth, to)
    verification = hands.verify_of(given, access, depth, to, progress, transcript)
    unkept = own_test.record(given, access.effective, verification)
    return Checked(verification, access.effective, (*effective.warnings, *resolver.warnings, *unkept))


def _require_recipient(effective: Effective, depth: Level, to: str | None) -> None:
    from dtsconf.settings.recipients import require_allowed

    if to is not None or depth in ("envelope", "send"):
        require_allowed(effective, to or effective.org.verify.to)
