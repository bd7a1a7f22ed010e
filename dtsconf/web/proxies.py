"""What `connection.proxy` means for one address. The environment and the system's settings are read here, nowhere else.

`system` is what HTTPS_PROXY, ALL_PROXY and NO_PROXY say, on Windows and macOS also the system's own settings; it
doesn't count for this machine itself. Cleartext, which is for loopback only, goes through no proxy at all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from dtsconf.names import is_loopback, to_unset
from dtsconf.web.trouble import NO_ADDRESS, SETTING, SYSTEM, Proxy, Trouble

_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""In the order in which urllib and requests heed them."""

_PORTS = {"https": 443, "socks4": 1080, "socks5": 1080, "socks5h": 1080}
"""The port of a proxy whose address names none; else HTTP's."""


_ENDS = frozenset("/?#\\[] \t\r\n")
"""What ends the part of an address that holds user name, password and host (RFC 3986 3.2), or is taken for its end by
libraries, where it isn't written as %XX."""


def on_the_way(url: str, proxies: Mapping[str, str], proxy: str) -> Proxy | None:
    """The proxy that `proxies_for` gave for the URL, without its password; None when there is none."""
    import requests

    address = requests.utils.select_proxy(url, dict(proxies))
    if not address:
        return None
    named = SETTING if proxy != "system" else next((name for name in _VARIABLES if os.environ.get(name)), SYSTEM)
    return _read(address, named)


def _read(address: str, named: str) -> Proxy:
    """The proxy of an address, as `named` gives it."""
    scheme, _, rest = (address if "://" in address else f"http://{address}").partition("://")
    login, at, place = rest.rpartition("@")
    astray = not _ENDS.isdisjoint(login)
    try:
        parts = urlsplit(f"{scheme}://{place if astray else rest}")
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)
    except ValueError:
        return Proxy(scheme.lower(), "", 0, named, bool(at), astray)
    return Proxy(parts.scheme, host, port, named, bool(at), astray)


def unproxied(url: str, proxy: str) -> tuple[str, str] | None:
    """Why the environment's proxy isn't taken for the URL, and what would have it taken; None where there is none."""
    host = urlsplit(url).hostname or ""
    proxies = proxies_for(url, "system")
    found = on_the_way(url, proxies, "system") if proxies else None
    if proxy == "none" and found is not None:
        return f"{SETTING} is none, and {found.named} names one: {found.place}", f"--set {SETTING}=system"
    if proxy != "system" or is_loopback(host) or found is not None:
        return None
    named = next((name for name in _VARIABLES if os.environ.get(name)), None)
    spared = next((name for name in ("no_proxy", "NO_PROXY") if os.environ.get(name)), None)
    if named and spared:
        return f"{named} names a proxy, and {spared} leaves {host} out of it", to_unset(spared)
    clear = next((name for name in ("http_proxy", "HTTP_PROXY") if os.environ.get(name)), None)
    if named or clear is None:
        return None
    told = f"{clear} names a proxy for http:// alone, and none is named for https://"
    return told, f'export HTTPS_PROXY="${clear}" (PowerShell: $env:HTTPS_PROXY = $env:{clear})'


def refused(proxy: Proxy) -> Trouble | None:
    """Why a proxy can't be used whatever it answers; None when it may do."""
    if proxy.scheme in ("http", "https") and not proxy.astray:
        return None
    words = NO_ADDRESS
    if proxy.astray:
        words = "its user name or password holds a character that has to be written as %XX there"
    elif proxy.scheme.startswith("socks"):
        words = "it is a SOCKS proxy, and dtsconf goes through HTTP proxies alone"
    return Trouble("proxy", "no-route", words, "dtsconf", "connect", proxy=proxy)


def proxies_for(url: str, proxy: str) -> dict[str, str]:
    """The proxies to take for the URL, by scheme, as requests wants them. `proxy`: system, none or a URL."""
    parts = urlsplit(url)
    if proxy == "none" or parts.scheme != "https":
        return {}
    if proxy != "system":
        return {"https": proxy}
    if is_loopback(parts.hostname or ""):
        return {}
    import requests

    return requests.utils.get_environ_proxies(url)
