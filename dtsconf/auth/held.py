"""What a sign-in holds: the account, the access token and msal's own cache, as one text that a store keeps.

The access token stands beside msal's cache, so that one that is still good is had without importing msal and without
asking the provider anything. Only a store sees the text; what may be shown of it is `facts.Facts`.
"""

from __future__ import annotations

import json
import time
from dataclasses import field

from dtsconf.auth.request import Account, text
from dtsconf.frozen import frozen
from dtsconf.secret.value import Secret

FORMAT = 1
FRESH = 600
"""Seconds that must be left on a token that is handed out (Exchange refuses one that ends sooner, `501 5.5.127`)."""


@frozen
class Held:
    """One sign-in's yield. `expires` in seconds since 1970; `renewable`: msal's cache holds a refresh token; `scopes`
    is what the access token is for, and `cache` that cache, serialised."""

    account: Account
    access: Secret
    expires: float
    renewable: bool
    scopes: str = ""
    cache: Secret = field(repr=False, default_factory=lambda: Secret(""))

    def left(self) -> float:
        """Seconds until the access token is void."""
        return self.expires - time.time()


def to_bytes(held: Held) -> bytes:
    """The text that a store keeps; it holds secrets in clear."""
    data = {
        "format": FORMAT,
        "username": held.account.username,
        "tenant": held.account.tenant,
        "access": held.access.reveal(),
        "expires": held.expires,
        "renewable": held.renewable,
        "scopes": held.scopes,
        "cache": held.cache.reveal(),
    }
    return json.dumps(data).encode()


def from_bytes(data: bytes) -> Held | None:
    """Read what `to_bytes` wrote; None for anything else: a sign-in that can't be read is none."""
    try:
        found = json.loads(data)
        if found["format"] != FORMAT:
            return None
        account = Account(str(found["username"]), str(found["tenant"]))
        access = Secret(text(found["access"]))
        ends, renewable = float(found["expires"]), found["renewable"] is True
        return Held(account, access, ends, renewable, str(found["scopes"]), Secret(str(found["cache"])))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
