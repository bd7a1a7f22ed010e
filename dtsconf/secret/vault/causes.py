"""Failure -> one sentence that says what is wrong, and the next thing to do. Pure: facts in, `Cause` out.

Server's words are shown with control characters escaped, shortened, and with the secrets of the request blotted out.
Values read from Vault never come here, only the names of fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.names import escape_controls, is_ip
from dtsconf.secret.asking import kept_in_vault

if TYPE_CHECKING:
    from dtsconf.web.trouble import Trouble

_LONGEST_WORDS = 300
_MOST_FIELDS = 20
_REASONS = {"refused": "connection refused", "dropped": "connection reset", "no-route": "no route to host"}
_FLAWS = {"tls-not-yet-valid": "is not valid yet", "tls-expired": "has expired"}


@frozen
class Cause:
    """`message` stands before the address in brackets; `hint` is what to type or do."""

    message: str
    hint: str


def words(errors: Iterable[object], secrets: Sequence[str] = ()) -> str:
    """The server's own words, fit to be shown."""
    text = escape_controls(" ".join(blotted(" ".join(map(str, errors)), secrets).split()))
    return text if len(text) <= _LONGEST_WORDS else text[:_LONGEST_WORDS] + "..."


def blotted(text: str, secrets: Sequence[str]) -> str:
    """The text without the secrets, whatever white space they stand there with: a server may say again what it got."""
    for secret in sorted(secrets, key=len, reverse=True):
        if parts := secret.split():
            text = re.sub(r"\s*".join(map(re.escape, parts)), "********", text)
    return text


def sealed(url: str) -> Cause:
    """It has started, but nobody has given it its keys."""
    return Cause("Vault is sealed", f"whoever runs Vault unseals it: vault operator unseal -address={url}")


def not_initialised(url: str) -> Cause:
    """It has never been set up."""
    return Cause("Vault is not initialised", f"is {url} the right one? A new Vault is set up by: vault operator init")


def server_error(status: int, said: str, waited: float) -> Cause:
    """5xx and the like that did not pass. `waited` in seconds."""
    told = f": {said}" if said else ""
    message = f"Vault answered {status} for {waited:.1f} s{told}"
    return Cause(
        message, "try again later; with no active node, whoever runs Vault looks at: vault operator raft list-peers"
    )


def rate_limited() -> Cause:
    """429 until the end of patience."""
    return Cause(
        "Vault answers 429: too many requests", "try again later, or raise the quota (vault list sys/quotas/rate-limit)"
    )


def unknown_namespace(namespace: str | None) -> Cause:
    """The X-Vault-Namespace header names none."""
    message = f"there is no namespace {namespace}" if namespace else "Vault wants a namespace"
    return Cause(message, "set secrets.vault.namespace (or VAULT_NAMESPACE) to one of: vault namespace list")


def token_refused(origin: str) -> Cause:
    """The token itself, not what it may do."""
    return Cause(
        f"Vault doesn't take the token of {origin}: it is wrong, expired, revoked or used up",
        "get a new one (vault login, vault token create); vault token lookup tells of one",
    )


def denied(paths: Sequence[str]) -> Cause:
    """The token may not read any of these API paths (without `v1/`), the likeliest first."""
    lines = [f'path "{path}" {{ capabilities = ["read"] }}' for path in paths]
    other = f" (were it a KV version 1 mount: {lines[-1]})" if len(lines) > 1 else ""
    hint = (
        "first compare mount and path with what is stored, letter by letter (vault secrets list, vault kv list): of a"
    )
    hint += " path that isn't there Vault says no more than this"
    return Cause(
        f"permission denied for {paths[0]}",
        f"{hint}; if it is right, the policy line that allows it: {lines[0]}{other}",
    )


def no_path(path: str) -> Cause:
    """Nothing is stored there."""
    look = f"look for it: vault kv list {path.rpartition('/')[0]}"
    return Cause(f"there is no secret at {path}", f"{look}; to store one: {kept_in_vault(path, 'FIELD', 'put')}")


def no_mount(path: str) -> Cause:
    """No secret engine answers for the path."""
    return Cause(f"no secret engine is mounted where {path} would be", "the mounts: vault secrets list")


def no_field(path: str, field: str, fields: Iterable[str]) -> Cause:
    """The secret is there, the field is not. Names only."""
    names = sorted(escape_controls(name) for name in fields)
    shown = ", ".join(names[:_MOST_FIELDS]) + (", ..." if len(names) > _MOST_FIELDS else "")
    hint = f"its fields: {shown}" if names else "it has no fields at all"
    if {"data", "metadata"} == set(names):
        hint = "the reference leaves `data/` out: vault://MOUNT/PATH#FIELD"
    return Cause(f"{path} has no field {field}", hint)


def not_text(path: str, field: str, kind: str) -> Cause:
    """Something else than a string, which has no one spelling."""
    return Cause(
        f"the field {field} of {path} is {kind}, no text", f"store it as a string: {kept_in_vault(path, field)}"
    )


def empty(path: str, field: str) -> Cause:
    """An empty text is no secret."""
    return Cause(f"the field {field} of {path} is empty", f"store the secret: {kept_in_vault(path, field)}")


def not_utf8(path: str, field: str) -> Cause:
    """Half a surrogate pair."""
    return Cause(f"the field {field} of {path} is not UTF-8 text", "store it as UTF-8")


def no_versions(path: str) -> Cause:
    """`?version=` on KV version 1."""
    return Cause(f"{path} lies in a KV version 1 mount, which keeps no versions", "take ?version= out of the reference")


def gone_version(path: str, version: str, *, destroyed: bool, when: str) -> Cause:
    """A version that was deleted or destroyed. `version` as Vault counts."""
    if destroyed:
        return Cause(f"version {version} of {path} was destroyed", f"name another: vault kv metadata get {path}")
    at = f" at {when}" if when else ""
    return Cause(
        f"version {version} of {path} was deleted{at}",
        f"bring it back: vault kv undelete -versions={version} {path}; or name another version",
    )


def no_version(path: str, version: str) -> Cause:
    """The path is perhaps there, the version is not."""
    return Cause(f"there is no version {version} of {path}", f"the versions: vault kv metadata get {path}")


def login_refused(method: str, mount: str, said: str) -> Cause:
    """4xx at a login."""
    told = f": {said}" if said else ""
    return Cause(
        f"Vault refused the {method} login at auth/{mount}{told}", f"check secrets.vault.auth and {_ROLES[method]}"
    )


_ROLES = {
    "approle": "the role: vault read auth/approle/role/NAME (role_id and secret_id belong together; ids expire)",
    "jwt": "the role: vault read auth/jwt/role/NAME (bound_audiences, bound_claims; a CI's token lives for minutes)",
    "cert": "the role: vault read auth/cert/certs/NAME (its CA and allowed names)",
}


def login_forbidden(method: str, mount: str, said: str) -> Cause:
    """403 at a login: no such mount (OpenBao doesn't tell strangers), or a lock-out after failed logins."""
    hint = f"is {method} mounted there? vault auth list; after failed logins a lock-out passes in 15 minutes"
    return Cause(f"Vault refused the {method} login at auth/{mount}: {said or 'no reason given'}", hint)


def no_login(method: str, mount: str, namespace: str | None) -> Cause:
    """No auth method answers there."""
    inside = f" of namespace {namespace}" if namespace else ""
    message = f"no auth method is mounted at auth/{mount}{inside}" + (
        ", or there is no such namespace" if inside else ""
    )
    return Cause(message, f"set secrets.vault.auth.mount to where {method} is: vault auth list")


def read_refused(status: int, said: str) -> Cause:
    """A no to a read that is neither about rights nor about the path."""
    return Cause(
        f"Vault refused the read with {status}: {said or 'no reason given'}", "its log tells more: vault status"
    )


def redirected(where: str, url: str) -> Cause:
    """A token goes to no other address than the one that was set."""
    target = escape_controls(where) or "nowhere"
    return Cause(
        f"Vault redirects to {target}, and a token goes nowhere but to {url}", "set the address that Vault really has"
    )


def no_vault(detail: str, url: str = "") -> Cause:
    """Something else answers there: a proxy's page, another service, a Vault that wants TLS."""
    hint = "check secrets.vault.url or VAULT_ADDR" + ("; is it https:// there?" if url.startswith("http:") else "")
    return Cause(f"what answers there is no Vault ({escape_controls(detail)})", hint)


def too_late(seconds: float) -> Cause:
    """Silence or a drip."""
    message = f"no whole answer within {seconds:g} s"
    return Cause(message, "try again later, or give it longer: secrets.vault.timeout")


def too_large(limit: int) -> Cause:
    """More than any secret."""
    return Cause(f"the answer is larger than {limit >> 20} MiB", "check secrets.vault.url or VAULT_ADDR")


def transport(trouble: Trouble, host: str, *, named: str = "", roots: str = "") -> Cause:
    """Why no answer came, where no word of Vault's or of the time tells it. `named`: what VAULT_TLS_SERVER_NAME says
    that the certificate is for, in place of the host; `roots`: the file of roots that counts and who names it, '' for
    the system's."""
    match trouble.what:
        case "certificate":
            if trouble.cause in ("tls-name", *_FLAWS):
                return _unfit(trouble.cause, host, named=named)
            return _untrusted(trouble, roots)
        case "proxy":
            return Cause(f"{trouble.proxy_told} doesn't lead there ({_reason(trouble)})", trouble.proxy_hint(host))
        case "lookup":
            return Cause(f"the host name {host} is not known", "check secrets.vault.url or VAULT_ADDR, and DNS")
        case "tls":
            return _no_tls(trouble.detail)
        case "connect":
            return Cause(
                f"Vault can't be reached ({_reason(trouble)})",
                "check the address and the way there: vault status",
            )
        case _:
            return Cause("the connection broke before the whole answer was there", "try again; vault status tells more")


def _reason(trouble: Trouble) -> str:
    return _REASONS.get(trouble.cause, "no answer") if trouble.said_by == "system" else words([trouble.detail])


def _unfit(cause: str, host: str, *, named: str) -> Cause:
    if cause == "tls-name" and named:
        hint = "VAULT_TLS_SERVER_NAME is to be a name that the certificate holds; without it the address's own counts"
        return Cause(f"Vault's certificate is for another name than {escape_controls(named)}", hint)
    if cause == "tls-name":
        kind = "address" if is_ip(host) else "name"
        hint = "use a name that the certificate holds, or set VAULT_TLS_SERVER_NAME to one"
        return Cause(f"Vault's certificate is for another {kind} than {host}", hint)
    return Cause(f"Vault's certificate {_FLAWS[cause]}", "whoever runs Vault renews it; is this machine's clock right?")


def _untrusted(trouble: Trouble, roots: str) -> Cause:
    """Neither the system's roots nor the file that takes their place vouch for it."""
    issuer = words([trouble.certificate.issuer]) if trouble.certificate else ""
    by = f"it was issued by {issuer}, and " if issuer else ""
    if roots:
        hint = "put the certificate of that CA into this file, or name the file that holds it"
        return Cause(f"Vault's certificate is not trusted: {by}{roots} holds no root for it", hint)
    hint = "name the CA's file: secrets.vault.ca_file, or VAULT_CACERT"
    return Cause(f"Vault's certificate is not trusted: {by}the system has no root for it", hint)


def _no_tls(reason: str) -> Cause:
    if "certificate required" in reason or "handshake failure" in reason:
        hint = "give one: secrets.vault.auth.certificate, or VAULT_CLIENT_CERT and VAULT_CLIENT_KEY"
        return Cause(f"TLS failed ({reason}); perhaps it wants a client certificate", hint)
    return Cause(f"TLS failed ({reason})", "is the port right, and does it speak TLS?")
