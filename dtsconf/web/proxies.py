"""What `connection.proxy` means for one address. The environment and the system's settings are read here, nowhere else.

`system` is what HTTPS_PROXY, ALL_PROXY and NO_PROXY say, on Windows and macOS also the system's own settings; it
doesn't count for this machine itself. Cleartext, which is for loopback only, goes through no proxy at all.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from dtsconf.names import is_loopback
from dtsconf.web.trouble import SYSTEM

_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""In the order in which urllib and requests heed them."""


def given_by(proxy: str) -> str:
    """Who names the proxy that `proxies_for` gave: a variable, `connection.proxy`, or the system's settings."""
    if proxy != "system":
        return "connection.proxy"
    return next((name for name in _VARIABLES if os.environ.get(name)), SYSTEM)


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
