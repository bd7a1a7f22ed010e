"""Where Vault is and how it is trusted: the profile's `secrets.vault` over the VAULT_* variables, each with its origin.

Rules: a variable only fills what the profile leaves open. Checking of certificates can't be switched off. A token that
merely lies around (VAULT_TOKEN, ~/.vault-token) goes to the address in VAULT_ADDR and nowhere else; a secret that the
profile names goes to no address that only VAULT_ADDR names. Reads no network and no secret but that token.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dtsconf.errors import Invalid, Problem, SecretUnavailable, Variable
from dtsconf.frozen import frozen
from dtsconf.names import VAULT_API, escape_controls, is_loopback, to_unset
from dtsconf.secret.file import read_private
from dtsconf.secret.value import Secret

if TYPE_CHECKING:
    from dtsconf.secret.backend import Context, Notices, VaultAuth

_FALSE = ("", "0", "f", "false")
_TOKEN_FILE = ".vault-token"


@frozen
class Given:
    """A value and where it comes from: a key of the profile, a variable's name, or `default`."""

    value: str
    origin: str


@frozen
class Config:
    """How Vault is reached. `timeout` in seconds, for one request with its retries. `proxy`: system, none or a URL.
    `auth.token` and its like are references."""

    url: Given
    namespace: Given | None
    ca_file: Given | None
    client_cert: Given | None
    client_key: Given | None
    server_name: Given | None
    timeout: float
    proxy: str
    auth: VaultAuth
    environ: Mapping[str, str] = field(repr=False)

    @property
    def host(self) -> str:
        """The server's name or address, bare."""
        return urlsplit(self.url.value).hostname or ""

    def origins(self) -> tuple[tuple[str, Given], ...]:
        """What was settled, by name, for `secret check`."""
        pairs = (
            ("address", self.url),
            ("namespace", self.namespace),
            ("CA file", self.ca_file),
            ("client certificate", self.client_cert),
            ("client key", self.client_key),
            ("TLS server name", self.server_name),
        )
        return tuple((name, given) for name, given in pairs if given is not None)


def read_config(context: Context) -> Config:
    """The profile's values over the variables'.

    Raises:
        Invalid: VAULT_SKIP_VERIFY is set, or VAULT_ADDR is no address that a token may go to (exit 3); or VAULT_ADDR
            alone says where a secret of the profile would go (exit 4).
        SecretUnavailable: there is no address.
    """
    environ, vault = context.environ, context.vault
    _refuse_blindness(environ)
    url = _first(vault.url, "secrets.vault.url", environ, "VAULT_ADDR")
    if url is None:
        hint = "set secrets.vault.url in the profile, or VAULT_ADDR for this run"
        hint += " (BAO_ADDR is not read)" if environ.get("BAO_ADDR") else ""
        raise SecretUnavailable("no address of a Vault is set", hint)
    if url.origin == "VAULT_ADDR":
        _check_address(url.value)
        _refuse_detour(vault.auth)
    return Config(
        Given(url.value.rstrip("/"), url.origin),
        _first(vault.namespace, "secrets.vault.namespace", environ, "VAULT_NAMESPACE"),
        _first(vault.ca_file, "secrets.vault.ca_file", environ, "VAULT_CACERT"),
        *_client_pair(environ, url.value),
        _first(None, "", environ, "VAULT_TLS_SERVER_NAME"),
        vault.timeout,
        context.proxy,
        vault.auth,
        environ,
    )


def _first(said: str | None, key: str, environ: Mapping[str, str], variable: str) -> Given | None:
    if said is not None:
        return Given(said, key)
    value = environ.get(variable, "")
    return Given(value, variable) if value else None


def _client_pair(environ: Mapping[str, str], url: str) -> tuple[Given | None, Given | None]:
    """The variables' client certificate, unless they say that it is for another Vault."""
    elsewhere = environ.get("VAULT_ADDR", "")
    if elsewhere and not same_address(elsewhere, url):
        return None, None
    names = ("VAULT_CLIENT_CERT", "VAULT_CLIENT_KEY")
    cert, key = (_first(None, "", environ, name) for name in names)
    return cert, key


def _refuse_blindness(environ: Mapping[str, str]) -> None:
    if environ.get("VAULT_SKIP_VERIFY", "").lower() not in _FALSE:
        message = "VAULT_SKIP_VERIFY is set, and dtsconf sends no secret to a server that it can't tell from another"
        hint = f"{to_unset('VAULT_SKIP_VERIFY')}, and name the server's CA: secrets.vault.ca_file, or VAULT_CACERT"
        _refuse("VAULT_SKIP_VERIFY", message, hint)


def _check_address(text: str) -> None:
    parts = _split(text)
    strange = any(character <= " " or character in "\\\x7f" for character in text) or text.rstrip("/").endswith(":0")
    if strange or parts is None or parts[0] not in ("http", "https") or not parts[1]:
        _refuse("VAULT_ADDR", "VAULT_ADDR is no address", "set it to one such as https://vault.corp.example:8200")
    elif text.rstrip("/").endswith(VAULT_API):
        text = text.rstrip("/").removesuffix(VAULT_API)
        message = f"VAULT_ADDR ends in {VAULT_API}, which is Vault's API and not its address"
        _refuse("VAULT_ADDR", message, f"set it to {escape_controls(text)}")
    elif "@" in text or "?" in text or "#" in text:
        _refuse("VAULT_ADDR", "VAULT_ADDR holds more than an address", "set it to https://HOST:PORT")
    elif parts[0] == "http" and not is_loopback(parts[1]):
        message = f"VAULT_ADDR would send Vault's tokens in clear to {escape_controls(parts[1])}"
        _refuse("VAULT_ADDR", message, "set it to an https:// address; http is for loopback only")


def _refuse_detour(auth: VaultAuth) -> None:
    """A secret goes only where its own layer says: who sets one variable can't have the profile's secret id sent to a
    server of their own. `env://` is free, since the environment then gives both."""
    for name in ("secret_id", "jwt", "certificate", "token"):
        reference: str | None = getattr(auth, name)
        if reference is None or reference.startswith("env://"):
            continue
        key = f"secrets.vault.auth.{name}"
        message = (
            f"Vault's address comes from VAULT_ADDR alone, but {key} ({reference}) from the profile: a secret goes "
            "only where its own layer says"
        )
        hint = f"set secrets.vault.url in the profile; or let the environment give the secret too: {name}: env://NAME"
        raise Invalid((Problem("secret-redirected", message, hint, Variable("VAULT_ADDR"), key, code=4),))


def _refuse(variable: str, message: str, hint: str) -> None:
    raise Invalid((Problem("vault", message, hint, Variable(variable)),))


def _split(url: str) -> tuple[str, str, int | None, str] | None:
    """Scheme, host, port and path, in one spelling; None when it is no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
        return parts.scheme, parts.hostname or "", port, parts.path.rstrip("/")
    except ValueError:
        return None


def same_address(one: str, other: str) -> bool:
    """Whether two URLs name the same Vault: scheme, host, port and path, whatever their spelling."""
    return _split(one) is not None and _split(one) == _split(other)


def ambient_token(config: Config, notices: Notices) -> tuple[Secret, str] | None:
    """The token that lies around in the environment or the home folder, and where; None when there is none. What is odd
    about its file goes to `notices`.

    Raises:
        SecretUnavailable: there is one, but it isn't meant for this address.
    """
    found = _from_variable(config) or _from_home(config, notices)
    if found is not None and not same_address(config.environ.get("VAULT_ADDR", ""), config.url.value):
        address = config.environ.get("VAULT_ADDR")
        meant = "VAULT_ADDR names another Vault" if address else "VAULT_ADDR isn't set"
        raise SecretUnavailable(
            f"the token in {found[1]} is not sent to {config.url.value}: {meant}",
            f"if it is meant for that Vault, set VAULT_ADDR={config.url.value}; else set secrets.vault.auth",
        )
    return found


def _from_variable(config: Config) -> tuple[Secret, str] | None:
    value = config.environ.get("VAULT_TOKEN", "")
    return (Secret(value), "VAULT_TOKEN") if value else None


def _from_home(config: Config, notices: Notices) -> tuple[Secret, str] | None:
    """Vault's own login command writes the token there; like it, white space around is not part of it. As any file with
    a secret it has to be this user's or root's, else who runs dtsconf for another could be made to send what only they
    can read."""
    path = os.path.join(config.environ.get("HOME") or os.path.expanduser("~"), _TOKEN_FILE)
    if not os.path.lexists(path):
        return None
    text = read_private(path, notices).decode("latin-1").strip()
    return (Secret(text), f"~/{_TOKEN_FILE}") if text else None
