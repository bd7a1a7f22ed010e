"""Checks of addresses on the web: URLs, proxies, Microsoft tenants. Used as validators, so they give the value back.

A URL here is a scheme and a host with port and path at most: a user name or password in one would be a secret in
clear, and a query has no use. Raise what `faults.fault` makes.
"""

from __future__ import annotations

import re

from dtsconf import names
from dtsconf.settings.faults import UUID_PATTERN, fault

LONGEST_URL = 1000
"""The longest URL, in characters."""


def _url(text: str, *, schemes: tuple[str, ...]) -> str:
    """Scheme, host, optional port and path; nothing else. What stands before an @ may be a password, so isn't shown."""
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    scheme, mark, rest = text.partition("://")
    if len(text) > LONGEST_URL:
        raise fault("too-long", f"is longer than {LONGEST_URL} characters", "is this the right address?")
    if "@" in rest:
        raise fault("url", "holds a user name or password", "leave out all before the @", show=False)
    if not mark or scheme.lower() not in schemes:
        raise fault("url", f"is no {wanted} address", f"write {schemes[0]}://{text if not mark and text else 'host'}")
    if names.has_controls(text) or any(c in rest for c in " ?#\\"):
        raise fault(
            "url", "has a blank, query or fragment in it", f"write {schemes[0]}://host, with port and path if need be"
        )
    host, port = split_port(rest.split("/")[0])
    if wrong := names.host_problem(host):
        raise fault("url", f"has no good host: '{names.escape_controls(host)}' {wrong}", f"write {schemes[0]}://host")
    if port is not None and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise fault("url", "has no good port: 1 to 65535 are possible", "leave the port out for the usual one")
    return text.rstrip("/")


def split_port(authority: str) -> tuple[str, str | None]:
    """`host:port`, `[v6]:port` or a bare host, split; the port is None where none is given."""
    host, colon, port = authority.rpartition(":")
    return (host, port) if colon and not authority.endswith("]") else (authority, None)


def https(text: str) -> str:
    """An https URL."""
    return _url(text, schemes=("https",))


def vault_url(text: str) -> str:
    """Vault's address: https, or http on loopback."""
    url = _url(text, schemes=("https", "http"))
    if url.lower().startswith("http:") and not names.is_loopback(split_port(url[7:].split("/")[0])[0]):
        raise fault("url", "would send Vault's tokens in clear", f"write https{url[4:]}; http is for loopback only")
    if url.endswith(names.VAULT_API):
        hint = f"write {url.removesuffix(names.VAULT_API)}: dtsconf puts {names.VAULT_API} behind it by itself"
        raise fault("url", f"ends in {names.VAULT_API}, which is Vault's API and not its address", hint)
    return url


def proxy(text: str) -> str:
    """`system`, `none` or a proxy's URL."""
    if text in ("system", "none"):
        return text
    if "://" not in text:
        raise fault("proxy", "is none of system, none and a URL", "write proxy: http://host:port", show="@" not in text)
    if "@" in text:
        hint = "write proxy: system, and give the proxy with its password in HTTPS_PROXY"
        raise fault("proxy", "holds a user name or password", hint, show=False)
    if re.search(r"/\S+\.(pac|dat)$", text.rstrip("/").partition("?")[0], re.IGNORECASE):
        hint = "write the proxy that the script names for this machine, http://HOST:PORT"
        raise fault("proxy", "is a script that names proxies (PAC), and no proxy", hint)
    return _url(text, schemes=("http", "https"))


def tenant(text: str) -> str:
    """A Microsoft tenant: id, domain, or one of the three words for several."""
    if text in ("organizations", "common", "consumers") or re.fullmatch(UUID_PATTERN, text, re.ASCII):
        return text
    if names.host_problem(text) or "." not in text:
        raise fault("tenant", "is no tenant", "write its id (a UUID), its domain, organizations, common or consumers")
    return text
