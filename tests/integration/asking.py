"""How the tests ask a Vault: one run of the program's own resolver, with the settings spelled out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from dtsconf.errors import Invalid, SecretUnavailable
from dtsconf.secret.backend import VaultAuth, VaultSettings
from dtsconf.secret.resolver import Resolver
from tests.real.openbao import Vault


def settings(vault: Vault, auth: VaultAuth | None = None, **changes: object) -> VaultSettings:
    """The profile's `secrets.vault` for this server."""
    plain = VaultSettings(vault.url, None, vault.ca_file, 5, auth or VaultAuth("token", token="env://TOKEN"))
    return replace(plain, **changes)  # type: ignore[arg-type] # the fields' names are the caller's word


def resolver(given: VaultSettings, environ: Mapping[str, str], proxy: str = "system") -> Resolver:
    """What fetches secrets in one run."""
    return Resolver(environ, surroundings=lambda: (given, proxy))


def fetched(reference: str, given: VaultSettings, environ: Mapping[str, str], proxy: str = "system") -> str:
    """The secret, in a run of its own that leaves no warning."""
    with resolver(given, environ, proxy) as run:
        value = run.fetch(reference, key="login.password").reveal()
    assert run.warnings == []
    return value


def refused(reference: str, given: VaultSettings, environ: Mapping[str, str], proxy: str = "system") -> str:
    """What the user is told when it can't be had: message and hint. No token, and nothing of a library's error."""
    with resolver(given, environ, proxy) as run, pytest.raises((SecretUnavailable, Invalid)) as caught:
        run.fetch(reference, key="login.password")
    error = caught.value
    told = f"{error.message} | {error.hint}"
    assert error.hint
    assert error.__cause__ is None
    for name, secret in environ.items():
        shown = name == "VAULT_TLS_SERVER_NAME" or len(secret) < 16
        assert shown or secret.startswith(("http", "/")) or secret not in f"{told}{error!r}"
    return told
