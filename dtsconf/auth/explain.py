"""An OAuth error -> what it means and what to do next: Microsoft's by its code, others' in plain words. Pure.

Errors come from a server: `error_description` is shown as its words, escaped, cut, and with all taken out that could be
a token. What a server says never decides anything but the sentence.

Sources: RFC 6749 4.1.2.1 and 5.2, RFC 8628 3.5, OpenID Connect Core 3.1.2.6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from dtsconf.auth import clouds
from dtsconf.auth.codes import APPLICATION, ENDED, LOGS, PLACEHOLDER, ROWS, Row
from dtsconf.auth.request import Wanted
from dtsconf.errors import Problem, SignInFailed
from dtsconf.names import escape_controls
from dtsconf.settings.microsoft import is_placeholder

LONGEST = 400
"""Characters of a server's words that are shown."""

_CODE = re.compile(r"AADSTS(\d{5,8})\b")
_SECRETIVE = re.compile(r"[A-Za-z0-9_~+/=-]{40,}(?:\.[A-Za-z0-9_~+/=-]+)*")
"""A long run without blanks: no word, but it may be a token or a code."""
_TRAILER = re.compile(r"\s*(Trace ID|Correlation ID|Timestamp): .*", re.DOTALL)

_SHOWN = ("error", "error_description")
"""What of an answer is shown."""

_AGAIN = "sign in again: dtsconf sign-in"
PLAIN: Mapping[str, tuple[str, str]] = {
    "access_denied": ("whoever was asked said no, or may not use this app", "sign in again and accept"),
    "authorization_pending": ("nobody entered the code in time", _AGAIN),
    "consent_required": ("the app's permission has not been consented to", "let an administrator consent to it"),
    "expired_token": ("the code has expired", _AGAIN),
    "interaction_required": ("the provider wants to ask something", _AGAIN),
    "invalid_client": (
        "the provider doesn't know this client, or its secret is wrong",
        "check microsoft.client_id, and the client secret, certificate or assertion",
    ),
    "invalid_grant": ("the code or the kept session is no longer good", _AGAIN),
    "invalid_redirect_uri": (
        "the redirect address isn't registered for this client",
        "register http://localhost as a redirect address of a native app",
    ),
    "invalid_request": ("the provider didn't take the request", "check microsoft.client_id and microsoft.flow"),
    "invalid_resource": ("the provider doesn't know what is asked for", "let it offer the scopes {scopes}"),
    "invalid_scope": ("the provider doesn't offer what is asked for", "let the client have the scopes {scopes}"),
    "login_required": ("nobody is signed in", _AGAIN),
    "server_error": ("the provider has a fault of its own", "try again later"),
    "slow_down": ("the provider was asked too often", "wait a minute, then try again"),
    "temporarily_unavailable": ("the provider is busy", "try again later"),
    "unauthorized_client": (
        "the client may not sign in this way",
        "allow it for the client, or choose another microsoft.flow",
    ),
    "unsupported_grant_type": ("the provider doesn't offer this way to sign in", "choose another microsoft.flow"),
}
"""OAuth's own words -> cause and next step."""

_PROOF = "check microsoft.client_id, and the client secret, certificate or assertion"
OF_APPLICATION: Mapping[str, tuple[str, str]] = {
    "access_denied": ("the application may not sign in", "ask the provider's administrator why"),
    "interaction_required": ("the provider wants to ask a person", "let it take the application without that"),
    "invalid_grant": ("the provider doesn't take what the application proves itself with", _PROOF),
    "login_required": ("the provider wants a person", "let it take the application without that"),
}
"""What they mean for an application, where that is something else."""


def failed(answer: Mapping[str, Any], wanted: Wanted) -> SignInFailed:
    """The error that an answer with `error` in it stands for."""
    said = words(answer.get("error_description"))
    number = code(answer)
    row = _row(number, wanted, said) if number is not None else None
    if number is not None and row is not None:
        message, kind = _microsoft(number, row, said), f"aadsts{number}"
        hint = ("for an administrator: " if row.who == "admin" else "") + _filled(row.remedy, wanted)
    else:
        message, hint, kind = _other(answer, said, number, wanted)
    problem = Problem(kind, message, hint, code=SignInFailed.exit_code)
    return SignInFailed(message, hint, (problem,))


def code(answer: Mapping[str, Any]) -> int | None:
    """The number behind AADSTS: of those that are named, the first that is known, else the first."""
    listed = answer.get("error_codes")
    numbers = [each for each in listed if type(each) is int] if isinstance(listed, list) else []
    text = answer.get("error_description")
    numbers += [int(each) for each in _CODE.findall(text)] if isinstance(text, str) else []
    return next((each for each in numbers if each in ROWS), numbers[0] if numbers else None)


def words(said: Any) -> str:
    """A server's words as they may be shown: in one line, without ids and what could be a token, not too long."""
    if not isinstance(said, str):
        return ""
    plain = _SECRETIVE.sub("(hidden)", _TRAILER.sub("", said[: 4 * LONGEST]))
    line = escape_controls(" ".join(plain.split()))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def blotted(answer: Mapping[str, Any], secret: str) -> dict[str, Any]:
    """An answer without the secret that was sent: a server may say again what it got, as it stands or as a form has
    it."""

    def without(said: Any) -> Any:
        for form in {secret, quote(secret, safe=""), quote_plus(secret)} - {""} if isinstance(said, str) else ():
            said = said.replace(form, "********")
        return said

    return {key: without(said) if key in _SHOWN else said for key, said in answer.items()}


def _row(number: int, wanted: Wanted, said: str) -> Row | None:
    """The row of a code for this sign-in; a person's next step is none for an application."""
    row = ROWS.get(number)
    if number == 700016 and is_placeholder(wanted.client_id):
        return PLACEHOLDER
    if number == 700027 and "expired" in said:
        return ENDED
    if not wanted.application or row is None:
        return row
    return APPLICATION.get(number) or (Row(row.cause, LOGS) if row.who == "user" else row)


def _microsoft(number: int, row: Row, said: str) -> str:
    told = f" ({said})" if said else ""
    return f"sign-in failed: AADSTS{number}: {row.cause}{told}"


def _other(answer: Mapping[str, Any], said: str, number: int | None, wanted: Wanted) -> tuple[str, str, str]:
    name = words(answer.get("error")) or "an error without a name"
    cause, hint = PLAIN.get(name, ("", "ask whoever runs the identity provider"))
    if wanted.application:
        cause, hint = OF_APPLICATION.get(name, (cause, _PROOF if hint == _AGAIN else hint))
    if number is not None:  # Microsoft's own words are to the point, OAuth's are not
        cause = "" if said else cause
        hint = f"https://login.microsoftonline.com/error?code={number} tells what it means"
        hint += f"; {_filled(LOGS, wanted)}" if wanted.application else ""
    told = ": ".join(part for part in (name, cause, said) if part)
    return f"sign-in failed: {told}", hint.format(scopes=" ".join(wanted.scopes)), "sign-in"


def _filled(text: str, wanted: Wanted) -> str:
    portal = clouds.cloud(wanted.authority).portal or "https://entra.microsoft.com"
    return text.format(
        client_id=wanted.client_id,
        tenant=wanted.tenant,
        portal=portal,
        own=_own(wanted),
        keep="" if wanted.kept else "; a token is kept between two runs with --set microsoft.remember_me=true",
        **_otherwise(wanted),
    )


def _own(wanted: Wanted) -> str:
    """The option that names the right tenant: the domain of a mailbox is one of its tenant's."""
    domain = (wanted.sender or "").rpartition("@")[2].lower()
    if domain and domain != wanted.tenant.lower():
        return f"--set microsoft.tenant={domain}, the domain of the sender's address"
    return "--set microsoft.tenant=TENANT, its id or one of its domains"


def _otherwise(wanted: Wanted) -> dict[str, str]:
    """How a person signs in otherwise here: by the flow that proves more than the one in use, where there is one."""
    better = wanted.better and f"--set microsoft.flow={wanted.better}"
    managed = "use the machine that the organisation manages"
    by_code = wanted.used == "device-code"
    if not better:
        where = ", where a broker or a browser is there to sign in with (a device code never passes)" if by_code else ""
        allowed = "sign in where a broker or a browser is there" if by_code else _AGAIN
        mfa = "sign in again, and give the second factor: dtsconf sign-in"
        return {"mfa": mfa, "device": managed + where, "allowed": allowed}
    return {
        "mfa": f"sign in where the second factor can be asked for: dtsconf sign-in, with {better}",
        "device": f"{managed}, with {better}" + (" (a device code never passes)" if by_code else ""),
        "allowed": f"sign in with {better}, which they allow",
    }
