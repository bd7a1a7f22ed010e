"""What an access token says of itself: read, never trusted, since no signature is checked. Pure.

A token belongs to whom it is for; Microsoft's may be opaque one day. So a token that can't be read says nothing, and
what it says is a note beside a refusal, never a refusal: with RBAC for Applications the right lies in Exchange, and
the token shows no role.

Sources: RFC 7519 (claims), Microsoft Entra "Access token claims reference" (scp, roles, tid, upn).
"""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

from dtsconf.frozen import frozen
from dtsconf.names import escape_controls
from dtsconf.times import in_words

SKEW = 300
"""Seconds that a clock may be off without a word (Entra and Exchange let five minutes pass)."""
AUDIENCES = {
    "00000002-0000-0ff1-ce00-000000000000": "outlook.office365.com",
    "00000003-0000-0000-c000-000000000000": "graph.microsoft.com",
}
"""Application ids that stand for a resource: Exchange Online and Microsoft Graph."""
EXCHANGE = frozenset(
    {"outlook.office.com", "outlook.office365.com", "outlook.office365.us", "partner.outlook.cn", "ps.outlook.com"}
)
"""Names of one and the same: Exchange Online."""
LATEST = 1e11
"""Seconds since 1970 up to which a number is a time: the year 5138."""
TENANTS = ("organizations", "common", "consumers")


@frozen
class Expected:
    """What a token should say. `scopes` as asked for; `username` the address it is to sign in as, or None; `tenant` as
    in the settings."""

    scopes: tuple[str, ...]
    application: bool
    username: str | None
    tenant: str


def read(token: str) -> dict[str, Any]:
    """The claims of a JWT (RFC 7519), unverified; an empty mapping for anything else."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 1 << 16:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def note(token: str, expected: Expected, now: float) -> str | None:
    """What the token's claims show to be wrong, in a sentence or two; None when they show nothing. `now` in seconds
    since 1970."""
    claims = read(token)
    found = [
        *_times(claims, now),
        *_audience(claims, expected),
        *_scope(claims, expected),
        *_user(claims, expected),
        *_tenant(claims, expected),
    ]
    return "; ".join(found) or None


def of_another_time(token: str, now: float) -> bool:
    """Whether the token begins later than now, by more than clocks may be off: a new one says when it was made."""
    claims = read(token)
    begins = number(claims.get("nbf", claims.get("iat")))
    return begins is not None and begins > now + SKEW


def lacking(token: str, expected: Expected) -> tuple[str, ...]:
    """The permissions that a person's token was to have and lacks: those that its scopes leave out, or all of them
    where it is for another service. Empty for an application's, whose rights no token shows."""
    claims = read(token)
    if expected.application:
        return ()
    wanted = expected.scopes if _audience(claims, expected) else _left_out(claims, expected)
    return tuple(scope.rpartition("/")[2] for scope in wanted)


def _left_out(claims: dict[str, Any], expected: Expected) -> tuple[str, ...]:
    """The scopes that the token says nothing of; none where it tells no scopes."""
    said = claims.get("scp", claims.get("scope"))
    if not isinstance(said, str):
        return ()
    had = {scope.rpartition("/")[2].casefold() for scope in said.split()}
    return tuple(scope for scope in expected.scopes if scope.rpartition("/")[2].casefold() not in had)


def _times(claims: dict[str, Any], now: float) -> list[str]:
    begins, ends = number(claims.get("nbf", claims.get("iat"))), number(claims.get("exp"))
    if begins is not None and begins > now + SKEW:
        return [f"the token begins {in_words(begins - now)} from now: this machine's clock is likely behind"]
    if ends is not None and ends < now:
        ago = in_words(now - ends)
        return [f"the token expired {ago} ago; if it was issued just now, this machine's clock is ahead"]
    return []


def _audience(claims: dict[str, Any], expected: Expected) -> list[str]:
    said = claims.get("aud")
    several = said if isinstance(said, list) else [said]
    told = [each for each in several if isinstance(each, str) and each]
    hosts = {_host(each) for each in told}
    wanted = {_host(scope) for scope in expected.scopes}
    if not hosts or hosts & wanted or (hosts & EXCHANGE and wanted & EXCHANGE) or not wanted:
        return []
    return [f"the token is for {_shown(' and '.join(sorted(told)))}, and {' and '.join(sorted(wanted))} is wanted"]


def _scope(claims: dict[str, Any], expected: Expected) -> list[str]:
    left_out = () if expected.application else _left_out(claims, expected)
    if not left_out:
        return []
    names = " and ".join(scope.rpartition("/")[2] for scope in left_out)
    had = _shown(str(claims.get("scp", claims.get("scope"))))
    return [f"the token lacks the permission {names} (it has {had or 'none'})"]


def _user(claims: dict[str, Any], expected: Expected) -> list[str]:
    names = [claims.get(key) for key in ("upn", "preferred_username", "email")]
    who = next((each for each in names if isinstance(each, str) and each), None)
    if expected.application or who is None or expected.username is None:
        return []
    if who.casefold() == expected.username.casefold():
        return []
    return [f"the token is {_shown(who)}'s, and {_shown(expected.username)} is to sign in"]


def _tenant(claims: dict[str, Any], expected: Expected) -> list[str]:
    said = claims.get("tid")
    if (
        not isinstance(said, str)
        or not said
        or expected.tenant in TENANTS
        or "." in expected.tenant
        or said == expected.tenant
    ):
        return []
    return [f"the token is of tenant {_shown(said)}, and microsoft.tenant is {_shown(expected.tenant)}"]


def _host(name: str) -> str:
    """What a scope or an audience is for: a host name where it is an address, else the name itself."""
    bare = AUDIENCES.get(name, name)
    try:
        return (urlsplit(bare).hostname or bare) if "://" in bare else bare
    except ValueError:
        return bare


def _shown(value: str) -> str:
    return escape_controls(value[:200])


def number(value: Any) -> float | None:
    """Seconds since 1970; None for what is no time (JSON's numbers have no end)."""
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if numeric and abs(value) < LATEST else None
