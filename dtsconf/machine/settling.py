"""`encryption: auto` on a machine: what it came to before, what the server says now, and no silent way back to plain.

RFC 3207 section 6 warns of the attack: whoever sits between can take STARTTLS out of the server's offer. So a machine
that was once settled on TLS for a host and port stays there unless the caller says --allow-downgrade.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from dtsconf.errors import Notice
from dtsconf.frozen import frozen
from dtsconf.machine.generations import settled_at
from dtsconf.machine.past import past_of
from dtsconf.machine.record import SettledRecord
from dtsconf.machine.request import Settled
from dtsconf.machine.verdict import failed
from dtsconf.proof import Stage, Verification
from dtsconf.settings.model import effective_port
from dtsconf.settings.resolve import recheck, with_settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.machine.record import Generation
    from dtsconf.machine.request import Options, Services
    from dtsconf.settings.effective import Effective


@frozen
class Outcome:
    """`effective` with `auto` replaced, or as it was where nobody could be asked; `memory` what to remember by host and
    port; `unreached` the failed attempt when the server could not be reached."""

    effective: Effective
    memory: Mapping[str, SettledRecord] = field(default_factory=dict)
    unreached: Verification | None = None
    warnings: tuple[Notice, ...] = ()


def open_question(effective: Effective) -> bool:
    """Whether `auto` is in use and has to be settled."""
    settings = effective.settings
    return settings.mode == "smtp" and settings.server.encryption == "auto" and settings.server.host is not None


def remembered(effective: Effective, last: Generation | None) -> Effective:
    """The settings with `auto` as it was settled before on this machine, else unchanged. Asks nobody.

    Raises:
        Invalid: code 4, a rule forbids what was settled.
    """
    if not open_question(effective) or last is None:
        return effective
    host, port = _address(effective)
    found = last.settled.get(settled_at(host, port))
    return effective if found is None else _with(effective, found.encryption, port)


def settle(
    effective: Effective,
    last: Generation | None,
    services: Services,
    options: Options,
    *,
    may_be_offline: bool,
    time: str,
) -> Outcome:
    """Ask the server what `auto` is to be. `may_be_offline` lets an unreachable server pass.

    Raises:
        VerificationFailed: the server could not be reached (9), its TLS fails, it offers none and had it before, or a
            password would go over plain (6).
        Invalid: code 4, a rule forbids what was settled.
    """
    if not open_question(effective):
        return Outcome(effective)
    host, port = _address(effective)
    services.progress(f"asking {host}:{port} for encryption")
    past = past_of(last, host, port, forget_tls=options.allow_downgrade)
    answer = services.settle(effective, past)
    if isinstance(answer, Verification):
        if answer.reached or not may_be_offline:
            raise failed(answer, f"{host}:{port}")
        return _unreached(effective, last, answer)
    if answer.encryption == "none":
        _refuse_plain(answer, effective, had=past.tls)
    memory = {settled_at(host, port): SettledRecord(answer.encryption, time)}
    told = _plain(answer, host, port) if answer.encryption == "none" else ()
    return Outcome(_with(effective, answer.encryption, port), memory, warnings=told)


def _plain(answer: Settled, host: str, port: int) -> tuple[Notice, ...]:
    why = answer.detail or "the server offers no TLS"
    message = f"encryption: auto settled on none at {host}:{port} ({why}): mail goes unencrypted"
    hint = "let the server offer STARTTLS, or set server.encryption yourself"
    return (Notice("auto-settled-plain", message, hint, key="server.encryption"),)


def _unreached(effective: Effective, last: Generation | None, answer: Verification) -> Outcome:
    before = remembered(effective, last)
    how = f"as before: {before.settings.server.encryption}" if before is not effective else "written as auto"
    message = f"server.encryption: auto could not be settled, since the server could not be reached; {how}"
    notice = Notice("auto-not-settled", message, "apply again when the server can be reached", key="server.encryption")
    return Outcome(before, {}, answer, (notice,))


def _refuse_plain(answer: Settled, effective: Effective, *, had: bool) -> None:
    host, port = _address(effective)
    settings = effective.settings
    if had:
        detail = answer.detail or "the server offers no TLS"
        hint = (
            "if the server really gave up TLS: dtsconf apply --profile FILE --allow-downgrade; else look for what"
            " stands between"
        )
        stage = Stage(
            "tls", False, 0, f"{detail}; this machine had TLS with it before", None, None, "tls-stripped", hint
        )
    elif settings.login.required and not settings.server.allow_cleartext_login:
        detail = "the server offers no TLS, and the password would go over an unencrypted connection"
        hint = "let the server offer STARTTLS, or use another port"
        stage = Stage("auth", False, 0, detail, None, None, "cleartext-refused", hint)
    else:
        return
    level = effective.org.verify.level
    raise failed(Verification(level, False, (*answer.stages, stage)), f"{host}:{port}")


def _with(effective: Effective, encryption: str, port: int) -> Effective:
    return recheck(effective, with_settled(effective.settings, encryption, port))


def _address(effective: Effective) -> tuple[str, int]:
    return effective.settings.server.host or "", effective_port(effective.settings)
