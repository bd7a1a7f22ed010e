"""An access token as a value, and what hands tokens out. Pure; knows neither who issues them nor where they go.

Shared by `auth` (which gets tokens) and `mail` (which signs in with them), so that neither knows the other.
"""

from __future__ import annotations

from typing import Protocol

from dtsconf.frozen import frozen
from dtsconf.secret.value import Secret


@frozen
class Token:
    """An access token (RFC 6750). `username` is the address it signs in as, `expires` seconds since 1970 (UTC)."""

    value: Secret
    username: str
    expires: float


class TokenSource(Protocol):
    """Gives tokens for one account and one audience."""

    def get(self, *, fresh: bool = False, challenge: str | None = None) -> Token:
        """A token that is good for some minutes; with `fresh` one that was not handed out before. `challenge` is what a
        service asks for in a claims challenge (JSON): only a new token can answer it.

        Raises:
            SignInFailed: there is none without the user, or the identity provider says no.
        """

    def note(self, token: Token) -> str | None:
        """What the token's own claims show to be wrong (audience, scope, user, tenant, expiry), in a few words; None
        when nothing does. Claims are read, not verified: a note explains a refusal and is never one."""

    def mend(self, token: Token, otherwise: str | None = None) -> str:
        """The next step where a service refused the token: what the token itself shows to be mended first (this
        machine's clock, a permission that it lacks), else `otherwise`; None: what mends most refusals of a mail
        server."""

    def ahead(self) -> float | None:
        """Seconds by which the identity provider's clock was ahead of this machine's at its last answer of this run;
        None where it gave none, or no time with it."""
