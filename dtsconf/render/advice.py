"""A hint's options as a whole command to paste, and how to keep what worked. For a reader who knows neither."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from dtsconf.mail.meanings.hints import ANEW, TEST_AGAIN
from dtsconf.names import escape_controls
from dtsconf.render import astray, keeping, placed, proposals, recipient
from dtsconf.render.call import Call
from dtsconf.render.proposal import news
from dtsconf.settings.effective import display, origin_of, source
from dtsconf.settings.model import effective_port
from dtsconf.settings.rules import in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from dtsconf.errors import DtsconfError
    from dtsconf.mail.sent import Recipient, Sent
    from dtsconf.proof import Stage, Verification
    from dtsconf.queue.ledger import Ran
    from dtsconf.settings.effective import Effective, Setting
    from dtsconf.settings.values import Organisation

ORIGINS = (
    "mode",
    "server.host",
    "server.port",
    "server.encryption",
    "server.ca_file",
    "server.fingerprint",
    "login.username",
    "login.password",
    "microsoft.authority",
    "microsoft.tenant",
    "microsoft.client_id",
    "microsoft.flow",
    "microsoft.via",
    "microsoft.smtp.host",
    "sender.email",
)
"""The settings whose origin a failure tells."""

_WHERE = re.compile(rf"dtsconf secret check shows where (?:the password|it) comes from{ANEW}")
"""How a hint leads to where a secret is stored."""

ABOVE = ("environment", "user", "command line")
"""Layers above the organisation's: what they give is on this machine, or for this user, alone."""


def text(hint: str | None, call: Call, effective: Effective | None = None) -> str:
    """What to paste next, with this call's options; and where to write what worked. Empty when the hint names no
    options that are complete. Where a lock keeps --set out: what to type once the file is edited; where a rule does,
    nothing does before that has changed."""
    proposed = proposals.first(_guessing(hint or "", effective), effective)
    if not proposed or any(each.rule for each in proposed):
        return ""
    keys = {each.key for each in proposed}
    others = tuple(one for one in call.sets if one.partition("=")[0].strip() not in keys)
    if not all(each.free for each in proposed):
        machine = effective is not None and effective.origin[proposed[0].key].layer == "machine"
        again = typed(replace(call, sets=others))
        return f"then: {call.completed('dtsconf apply --profile FILE') if machine else again}\n"
    more = tuple(f"{each.key}={each.value}" for each in proposed)
    kept = "".join(f"{escape_controls(line)}\n" for line in keeping.kept(proposed, effective, call.sets).splitlines())
    changed = {each.key for each in news(proposed, effective)}
    if effective is not None and any(effective.origin[key].layer == "machine" for key in changed):
        kept += f"  # and then\n  {call.completed('dtsconf apply --profile FILE')}\n"
    return f"try:  {typed(replace(call, sets=(*others, *more)))}\nkeep: once that works\n{kept}"


def typed(call: Call) -> str:
    """The test, or the sign-in, that this call asks for, as a whole command."""
    from shlex import quote

    return escape_controls(" ".join(map(quote, ["dtsconf", call.trial, *call.reach, *call.words(call.trial)])))


def told(hint: str, call: Call, effective: Effective | None) -> str:
    """The hint as a reader of this call can follow it: see `proposals.told` and `Call.completed`. One that is about the
    password, or the application's secret, ends in what stores that anew; where a variable gives it, that alone is said,
    since `secret check` shows no more of it."""
    hint = recipient.told(_guessing(hint, effective), effective)
    anew = _storing(effective) if effective is not None and "dtsconf secret check" in hint else ""
    if anew and effective is not None and str(_secret(effective).value).startswith("env://") and _WHERE.search(hint):
        hint, anew = _WHERE.sub(lambda _found: anew, hint), ""
    if anew and effective is not None and not hint.removesuffix(ANEW).endswith(" comes from"):
        what = "the password" if effective.settings.mode == "smtp" else "the secret"
        anew = anew.replace("store it anew", f"to store {what} anew", 1)
    stored = call.completed(f"; {anew}") if anew else ""
    return call.completed(proposals.told(hint.removesuffix(ANEW) if anew else hint, effective)) + stored


def _guessing(hint: str, effective: Effective | None) -> str:
    """The hint without guesses that lead nowhere."""
    return astray.without_return(proposals.without_forbidden(hint, effective), effective)


def _secret(effective: Effective) -> Setting:
    """The password, or the application's secret, whichever the mode in use needs."""
    return effective.origin["login.password" if effective.settings.mode == "smtp" else "microsoft.client_secret"]


def _storing(effective: Effective) -> str:
    """What stores the password, or the application's secret, anew; empty where nobody can tell."""
    from dtsconf.secret.plugins import schemes_for
    from dtsconf.secret.ref import NotAReference, parse
    from dtsconf.secret.storing import storing

    setting = _secret(effective)
    try:
        reference = parse(str(setting.value), schemes_for(str(setting.value)))
    except NotAReference:
        return ""
    if reference.scheme not in ("env", "file", "keyring"):
        return ""
    delivered = setting.layer == "machine" and effective.org.secrets.deliver != "reference"
    taken = "; then dtsconf apply --profile FILE" if delivered else ""
    return f"{storing(reference)}{taken}"


Part = TypeVar("Part", "Stage", "Recipient", "Ran")


def mended(
    found: Verification, call: Call, effective: Effective | None, recorded: Organisation | None = None
) -> Verification:
    """The verification with its hints `told`, and before them what stands in the organisation's place (`astray`).
    `recorded`: the machine config as the last apply wrote it."""
    return replace(
        found, stages=tuple(_mended(_to_keep(one, call, effective), call, effective, recorded) for one in found.stages)
    )


def _to_keep(stage: Stage, call: Call, effective: Effective | None) -> Stage:
    """The stage with a hint that tells where another recipient is to be written, unless --to named the one refused."""
    if stage.ok or not stage.hint or "--to" in call.reach:
        return stage
    return replace(stage, hint=stage.hint + recipient.kept(stage.hint, effective))


def _mended(stage: Stage, call: Call, effective: Effective | None, recorded: Organisation | None) -> Stage:
    if stage.ok:
        return stage
    first = call.completed(astray.told(stage.stage, effective, recorded, stage.cause))
    hint = told(stage.hint, call, effective) if stage.hint else ""
    return replace(stage, hint="; else ".join(each for each in (first, hint) if each) or None)


def mended_queue(failed: Stage, call: Call, effective: Effective | None, recorded: Organisation | None = None) -> Stage:
    """As `mended`, for the stage at which no queued mail could go on; it ends in what sends them after that."""
    flush = "dtsconf queue flush"
    done = "" if flush in (failed.hint or "") else call.completed(f"; once that is mended: {flush}")
    mended = _mended(failed, call, effective, recorded)
    return replace(mended, hint=f"{mended.hint}{done}" if mended.hint else None)


def mended_run(rans: Sequence[Ran], call: Call, effective: Effective | None) -> tuple[Ran, ...]:
    """As `mended`, for the mails of a run over the queue."""
    return _each(rans, lambda hint: told(hint, call, effective))


def to_apply(found: Verification, *, rollback: bool) -> Verification:
    """The verification of an apply or a rollback with hints that lead back to it, not to a test."""
    again = "the same rollback again" if rollback else "the same apply again"
    return replace(found, stages=_each(found.stages, lambda hint: TEST_AGAIN.sub(again, hint)))


def mended_without_set(found: Verification, call: Call, _effective: Effective | None) -> Verification:
    """As `mended`, for a command that takes no --set."""
    return replace(found, stages=_each(found.stages, lambda hint: call.completed(proposals.unset(hint))))


def mended_sent(found: Sent, call: Call, effective: Effective, recorded: Organisation | None = None) -> Sent:
    """As `mended`, for a mail of the user's."""
    stages = tuple(_mended(stage, call, effective, recorded) for stage in found.stages)
    return replace(found, stages=stages, recipients=_each(found.recipients, lambda hint: told(hint, call, effective)))


def mend_sign_in(error: DtsconfError, call: Call, effective: Effective, recorded: Organisation | None) -> None:
    """As `mended`, for a sign-in that failed without a report; its hints say where the values are given as well."""
    stage, cause = getattr(error, "unreached", None) or ("token", None)
    first = call.completed(astray.told(stage, effective, recorded, cause))

    def mend(hint: str | None) -> str | None:
        rest = told(placed.placed(hint, effective, known=first), call, effective) if hint else ""
        return "; else ".join(each for each in (first, rest) if each) or None

    error.hint = mend(error.hint)
    error.problems = tuple(replace(each, hint=mend(each.hint)) for each in error.problems)


def _each(parts: Sequence[Part], mend: Callable[[str], str]) -> tuple[Part, ...]:
    return tuple(replace(part, hint=mend(part.hint)) if part.hint else part for part in parts)


def origins(effective: Effective | None, layers: Collection[str] | None = None) -> str:
    """Where the values come from that a server cares about, a row each: those of `layers`, None for all that are given,
    and the port in any case."""
    if effective is None:
        return ""
    rows = []
    for key in ORIGINS:
        setting = effective.origin[key]
        wanted = layers is None or setting.layer in layers
        if wanted and in_use(key, effective.settings.mode) and (told_of := _origin(key, effective)):
            rows.append(f"  {escape_controls(told_of)}\n")
    if layers is None and (to := effective.org.verify.to):
        given = source(effective.org.layer.name, effective.org.place_of("verify.to"))
        rows.append(f"  verify.to = {escape_controls(f'{to} ({given})')}\n")
    return "values:\n" + "".join(rows) if rows else ""


def _origin(key: str, effective: Effective) -> str:
    """One value and where it comes from; empty for a default, save for the port, which goes by the encryption."""
    setting = effective.origin[key]
    if key == "server.port" and setting.value is None:
        kind = effective.settings.server.encryption
        return f"{key} = {effective_port(effective.settings)} (the default for {kind})"
    if setting.layer == "default" or setting.value is None:
        return ""
    return f"{key} = {display(key, setting.value)} ({origin_of(setting)})"
