"""What a secret backend is: one place where secrets are kept, behind one call, and what it is told at its making."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Protocol

from dtsconf.errors import Notice
from dtsconf.frozen import frozen
from dtsconf.secret.ref import Reference
from dtsconf.secret.value import Secret

Notices = list[Notice]
"""Where a backend tells what is odd about a source; it goes on all the same."""


@frozen
class VaultAuth:
    """How to sign in to Vault: `method` is token, approle, jwt or cert. `secret_id`, `jwt`, `certificate` and `token`
    are references, never values."""

    method: str = "token"
    mount: str | None = None
    role: str | None = None
    role_id: str | None = None
    secret_id: str | None = None
    jwt: str | None = None
    certificate: str | None = None
    token: str | None = None


@frozen
class VaultSettings:
    """The profile's (or machine config's) `secrets.vault`, plain: what is None was not said. `timeout` in seconds."""

    url: str | None = None
    namespace: str | None = None
    ca_file: str | None = None
    timeout: float = 15
    auth: VaultAuth = field(default_factory=VaultAuth)


def _no_fetch(reference: str, key: str) -> Secret:
    raise LookupError(f"{key}: nothing here fetches {reference}")


@frozen
class Context:
    """What a backend is made with: the environment, whether --strict was given, Vault's settings, the proxy for HTTPS
    (system, none or a URL), and `fetch(reference, key)` for the secrets that open the backend itself."""

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    strict: bool = False
    vault: VaultSettings = field(default_factory=VaultSettings)
    proxy: str = "system"
    fetch: Callable[[str, str], Secret] = field(default=_no_fetch, repr=False)


class Backend(Protocol):
    """One place where secrets are kept.

    A backend may also have `close() -> None`, called once at the end of the run, on failure too: it gives back what it
    got for the run and never raises. It may have `facts(reference) -> Mapping[str, str]`, asked after a fetch, for
    `secret check`: `store` (where it lies), `whose`, `version`, `changed` and `expiry` (ISO 8601 times), as far as it
    knows them; never a value.
    """

    def fetch(self, reference: Reference) -> Secret:
        """The secret behind the reference, exactly as stored. Raises SecretUnavailable."""
        ...


Maker = Callable[[Context, Notices], Backend]
"""Makes a backend, or raises SecretUnavailable. Cheap: it connects nowhere."""
