"""How an application proves itself: a client secret, a certificate with its key, or an assertion of somebody else's.

Sources: RFC 6749 2.3.1 (secret), RFC 7523 (assertions), Microsoft Entra "certificate credentials".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dtsconf.auth import certificate, claims
from dtsconf.auth.request import LONGEST, text
from dtsconf.errors import SecretUnavailable, SignInFailed
from dtsconf.secret.kind import Looked
from dtsconf.secret.value import Secret


def credential(key: str, secret: Secret) -> Any:
    """What msal takes for the secret of the setting `key`.

    Raises:
        SecretUnavailable: it is not what the setting wants.
    """
    try:
        return _MAKERS[key](secret)
    except SecretUnavailable as unfit:
        raise SecretUnavailable(f"{key}: {unfit.message}", unfit.hint) from None


def look(key: str, secret: Secret) -> Looked:
    """Whether a secret is what its setting wants, as soon as it is fetched; of a setting that isn't an application's it
    is. See `secret.kind.Look`."""
    if key == certificate.KEY:
        found = certificate.pair(secret)
        notices = certificate.require_valid(found, time.time())
        return Looked(_iso(found.end), notices)
    if key in _MAKERS:
        _MAKERS[key](secret)
    return Looked(_not_over(secret) if key == _ASSERTION else None)


def _not_over(assertion: Secret, skew: float = claims.SKEW) -> str | None:
    """When the token ends (ISO 8601), as far as it says so. Raises: SecretUnavailable: it has ended, more than `skew`
    seconds ago by our clock."""
    end = claims.number(claims.read(assertion.reveal().strip()).get("exp"))
    if end is None:
        return None
    if end + skew < time.time():
        clock = f"by this machine's clock, which says {_iso(time.time())}"
        raise SecretUnavailable(f"the token ended at {_iso(end)}, {clock}", _FRESH)
    return _iso(end)


def _iso(when: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(when))


def _client_secret(secret: Secret) -> str:
    value = secret.reveal()
    if fault := _fault(secret, value):
        raise SecretUnavailable(f"it {fault}, so it is no client secret", _VALUE)
    return value


_ASSERTION = "microsoft.client_assertion"
_FRESH = "such a token is good for minutes: give a fresh one"
_VALUE = "the Value itself is still good"
_ANEW = "dtsconf secret check shows where it comes from: store it anew there"


def _fault(secret: Secret, value: str) -> str | None:
    """Why a text can't be a client secret, as the end of a sentence."""
    if len(value) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if value.isprintable():
        return None
    return secret.slip() or "holds a character that nobody sees"


def by_its_form(failed: SignInFailed, key: str, secret: Secret) -> SignInFailed:
    """The error for a client secret that was refused: no new one is wanted where something was stored around it that no
    Value has. For an assertion outside its time: one that was given has to be given anew, others are made here."""
    if key == _ASSERTION:
        return _by_its_end(failed, secret)
    odd = secret.slip()
    if key != "microsoft.client_secret" or odd is None or not any(p.kind == "aadsts7000215" for p in failed.problems):
        return failed
    message = f"{failed.message}; what is stored {odd}, which is no part of any Value"
    return _with(failed, message, f"take that away: {_ANEW}")


def _by_its_end(failed: SignInFailed, assertion: Secret) -> SignInFailed:
    """The error for an assertion that was refused: where a provider gives no reason, the end that is written in it."""
    if any(p.kind == "aadsts700024" for p in failed.problems):
        return _with(failed, failed.message, f"{failed.hint}, and give a fresh token")
    if "invalid_client" not in failed.message:
        return failed
    try:
        _not_over(assertion, skew=0)  # it was refused, so nobody lets the minutes pass
    except SecretUnavailable as over:
        return _with(failed, f"{failed.message}; {over.message}", str(over.hint))
    return failed


def _with(failed: SignInFailed, message: str, hint: str) -> SignInFailed:
    return SignInFailed(message, hint, tuple(replace(each, message=message, hint=hint) for each in failed.problems))


def _certificate(secret: Secret) -> dict[str, str]:
    found = certificate.pair(secret)
    return {"private_key": found.key, "public_certificate": found.certificate}


def _assertion(secret: Secret) -> dict[str, Any]:
    value = secret.reveal().strip()
    hint = "give the token as it came, such as the CI system's id token"
    try:
        text(value)
    except ValueError:
        raise SecretUnavailable("it is no token", hint) from None
    if value.count(".") != 2:
        raise SecretUnavailable("it is no token: a JWT has three parts, with a dot between them (RFC 7519)", hint)
    return {"client_assertion": lambda: value}


_MAKERS: Mapping[str, Callable[[Secret], Any]] = {
    "microsoft.client_secret": _client_secret,
    certificate.KEY: _certificate,
    _ASSERTION: _assertion,
}
