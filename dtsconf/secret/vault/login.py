"""Signs in to Vault once: with a token that is there, or for one by AppRole, JWT or client certificate.

Rules: the secret fields of `auth` are references, fetched from elsewhere than Vault. A token that was got here is
revoked at the end of the run; one that was given is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any

from dtsconf.errors import Notice, SecretUnavailable
from dtsconf.frozen import frozen
from dtsconf.secret.vault import causes
from dtsconf.secret.vault.config import Config, ambient_token
from dtsconf.secret.vault.connection import Connection, Refused, checked_token

if TYPE_CHECKING:
    import hvac

    from dtsconf.secret.backend import Notices
    from dtsconf.secret.value import Secret

Fetch = Callable[[str, str], "Secret"]
_KEY = "secrets.vault.auth"
_PARTING = 5.0
"""Seconds for the revocation: nobody waits for it."""


@frozen
class Ticket:
    """How we are signed in. `origin` tells whose token it is, `lease` its seconds to live (0: not known), `ours`
    whether it is to be revoked, `ends` when it ends by itself (monotonic seconds), `counted`: after some uses, too."""

    origin: str
    lease: int = 0
    ours: bool = False
    ends: float = inf
    counted: bool = False


def client_certificate(config: Config, fetch: Fetch) -> Secret | None:
    """The certificate with its key that the settings name; None leaves it to the environment's.

    Raises:
        SecretUnavailable: it can't be had, or the method wants one and none is named.
    """
    if config.auth.certificate is not None:
        return fetch(config.auth.certificate, f"{_KEY}.certificate")
    if config.auth.method == "cert" and config.client_cert is None:
        raise _missing(
            "certificate", "cert", "a reference to a PEM text with certificate and key, or VAULT_CLIENT_CERT"
        )
    return None


def sign_in(connection: Connection, fetch: Fetch, notices: Notices) -> Ticket:
    """Give the connection's client a token. What is odd about where it was found goes to `notices`.

    Raises:
        SecretUnavailable: a field is missing or can't be had, or Vault refuses the login.
    """
    if connection.config.auth.method == "token":
        return _with_token(connection, fetch, notices)
    method = connection.config.auth.method
    body, connection.hidden = _body(connection.config, fetch)
    mount = (connection.config.auth.mount or method).strip("/")
    try:
        answer = connection.ask(lambda client: client.adapter.post(f"/v1/auth/{_quoted(mount)}/login", json=body))
    except Refused as refused:
        cause = _cause(refused, method, mount, connection)
    else:
        return _taken(connection, answer, method)
    raise connection.failure(cause)


def _with_token(connection: Connection, fetch: Fetch, notices: Notices) -> Ticket:
    reference = connection.config.auth.token
    if reference is not None:
        token, origin = fetch(reference, f"{_KEY}.token"), f"{_KEY}.token"
    else:
        found = ambient_token(connection.config, notices)
        if found is None:
            hint = f"set {_KEY}, or VAULT_TOKEN for this run together with VAULT_ADDR={connection.config.url.value}"
            raise SecretUnavailable("there is no token for Vault", hint + _under_sudo(connection.config))
        token, origin = found
    connection.client.token = checked_token(token, origin)
    return Ticket(origin)


def _under_sudo(config: Config) -> str:
    """sudo(8) takes variables away and gives another home, so the caller's token isn't found."""
    caller = config.environ.get("SUDO_USER")
    return f" (to hand {caller}'s on: sudo --preserve-env=VAULT_ADDR,VAULT_TOKEN)" if caller else ""


def _body(config: Config, fetch: Fetch) -> tuple[dict[str, str], list[str]]:
    """What the login sends, and which texts of it are secret."""
    auth = config.auth
    if auth.method == "approle":
        if auth.role_id is None:
            raise _missing("role_id", "approle", "the role's id: vault read auth/approle/role/NAME/role-id")
        if auth.secret_id is None:  # a role may do without one (bind_secret_id=false)
            return {"role_id": auth.role_id}, []
        secret_id = fetch(auth.secret_id, f"{_KEY}.secret_id").reveal()
        return {"role_id": auth.role_id, "secret_id": secret_id}, [secret_id]
    if auth.method == "jwt":
        if auth.jwt is None:
            raise _missing("jwt", "jwt", "a reference to the token, in CI env://NAME")
        jwt = fetch(auth.jwt, f"{_KEY}.jwt").reveal()
        return {"jwt": jwt} | ({"role": auth.role} if auth.role else {}), [jwt]
    return ({"name": auth.role} if auth.role else {}), []


def _missing(name: str, method: str, what: str) -> SecretUnavailable:
    return SecretUnavailable(f"{_KEY}.{name} is not set, and method {method} needs it", f"set it to {what}")


def _cause(refused: Refused, method: str, mount: str, connection: Connection) -> causes.Cause:
    said, config = connection.words(refused.errors), connection.config
    namespace = config.namespace.value if config.namespace else None
    if "namespace" in said and "not found" in said:
        return causes.unknown_namespace(namespace)
    if refused.status == 404:
        return causes.no_login(method, mount, namespace)
    if refused.status == 403:
        return causes.login_forbidden(method, mount, said)
    return causes.login_refused(method, mount, said)


def _taken(connection: Connection, answer: Any, method: str) -> Ticket:
    auth = answer.get("auth") if isinstance(answer, dict) else None
    token = auth.get("client_token") if isinstance(auth, dict) else None
    if not isinstance(auth, dict) or not isinstance(token, str):
        raise connection.failure(causes.no_vault("a login that gives no token"))
    from dtsconf.secret.value import Secret

    origin = f"the {method} login"
    connection.client.token = checked_token(Secret(token), origin)
    told = auth.get("lease_duration")
    lease = told if isinstance(told, int) else 0
    ends = time.monotonic() + lease if lease > 0 else inf
    # A batch token ends by itself only; Vault refuses to revoke it.
    return Ticket(origin, lease, auth.get("token_type") != "batch", ends, bool(auth.get("num_uses")))


def sign_out(connection: Connection, ticket: Ticket) -> Notice | None:
    """Revoke the token that was got here. A failure is only worth a warning: the token ends by itself."""
    if not ticket.ours or time.monotonic() >= ticket.ends:
        return None
    try:
        connection.ask(_revoke, seconds=min(connection.config.timeout, _PARTING))
    except Refused as refused:
        if ticket.counted:  # it was used up by what was read
            return None
        reason = connection.words(refused.errors) or f"Vault answered {refused.status}"
    except SecretUnavailable as error:
        reason = error.message
    else:
        return None
    told = f"the Vault token of this run could not be revoked ({reason}); it ends by itself in {ticket.lease} s"
    return Notice(
        "vault-revoke", told, 'let the role revoke it: path "auth/token/revoke-self" { capabilities = ["update"] }'
    )


def _revoke(client: hvac.Client) -> None:
    client.auth.token.revoke_self()


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path)
