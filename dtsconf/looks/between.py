"""HTTPS to the service: something answers in its place (a guest network's page, a filter's, another web site), or cuts
or silences the session on the way; or IPv6 carries nothing while IPv4 does.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from dtsconf.looks import families, portal, proxy
from dtsconf.looks.asked import by_proxy
from dtsconf.looks.case import Outcome
from dtsconf.net.connect import connected
from dtsconf.proof import Evidence
from dtsconf.web.trust import blind

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.looks.asked import Asked
    from dtsconf.net.connect import Address
    from dtsconf.web.trouble import Trouble

_ANSWERED = ("redirect", "page", "strange", "size")
_LONG = 60
"""Seconds that are proposed for a server that is slow; silent for longer, it is not slow."""

_AGAIN = "then dtsconf test again"


def examine(asked: Asked) -> Outcome:
    """Who answers, or who cuts."""
    case = asked.case
    if not asked.direct:
        if asked.trouble.what in _ANSWERED:
            return _answered(asked, [])
        found = proxy.in_its_place(asked.trouble, case.end()) if asked.trouble.place == "tls" else None
        return found or _cut(asked, [])
    addresses = case.addresses[:4]
    page, *met = case.together(portal.look(case), *(_shakes(one, asked, case.end()) for one in addresses))
    if isinstance(page, portal.Page) and not page.moved:
        return portal.outcome(case, page, [])
    if asked.trouble.what in _ANSWERED:
        return _answered(asked, [])
    told = {one: str(words or "silence") for one, words in zip(addresses, met, strict=False)}
    row, broken = families.compared(told, "a TLS handshake")
    if broken:
        return Outcome((row,), families.TELLING, families.hint(told, case.host))
    silent = asked.trouble.place == "tls" and asked.trouble.cause in ("timeout", "dropped")
    return _cut(asked, [row] if silent else [])


def _shakes(address: Address, asked: Asked, end: float) -> Callable[[], str]:
    """A look whether TLS comes about at one address, whoever answers."""

    def look() -> str:
        try:
            context = blind(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            with connected(address, end) as sock, context.wrap_socket(sock, server_hostname=asked.case.host):
                return families.ANSWERS
        except TimeoutError:
            return "silence"
        except ssl.SSLError as error:
            return str(error.reason or "cut").replace("_", " ").lower()
        except OSError as error:
            return error.strerror or "cut"

    return look


def _answered(asked: Asked, rows: list[Evidence]) -> Outcome:
    """An answer came, and it is not the service's."""
    trouble, host = asked.trouble, asked.case.host
    to = _page(trouble) if trouble.what == "redirect" else None
    seen = f"sent on to {trouble.detail}" if trouble.what == "redirect" else trouble.detail
    row = Evidence(
        f"read what answers for {host}", seen or "nowhere", f"{asked.service} answers with JSON, and sends nobody on"
    )
    if asked.microsoft or not asked.direct:
        told = f"a filter or a sign-in page of this network answers in place of {host}"
        where = f"open {to} in a web browser" if to else "open any web page in a browser"
        hint = f"{where} and sign in to the network; if there is nothing to sign in to, ask who runs the network's web"
        return Outcome((*rows, row), told, f"{hint} filter to let this machine through to {host}, {_AGAIN}")
    told = f"what answers at {host} is no {asked.service.removeprefix('the ')}"
    hint = (
        f"open https://{host}/ in a web browser: if the network wants a sign-in, sign in there, {_AGAIN}; else correct"
    )
    led = urlsplit(to).hostname if to else None
    other = f" (perhaps https://{led})" if led and led != host else ""
    return Outcome((*rows, row), told, f"{hint} microsoft.authority and microsoft.tenant in the profile{other}")


def _page(trouble: Trouble) -> str | None:
    """The page that a redirect leads to (RFC 9110 10.2.2), as whoever answers names it: many a guest network's speaks
    no HTTPS. None where it names none that a browser opens."""
    if not trouble.detail:
        return None
    try:
        url = urljoin(f"https://{trouble.host}/", trouble.detail)
        parts = urlsplit(url)
        shown = parts.scheme in ("http", "https") and parts.hostname and url.isprintable() and " " not in url
        return url[:200] if shown else None
    except ValueError:
        return None


def _cut(asked: Asked, rows: list[Evidence]) -> Outcome:
    """No answer at all, although a connection stands."""
    host, trouble = asked.case.host, asked.trouble
    met = {"timeout": "stays silent", "dropped": "is cut"}.get(trouble.cause)
    told = f"{host} is connected to, and then the session {met or 'is no TLS'}"
    if trouble.cause == "tls-version":
        return _old(asked)
    early = asked.direct and trouble.place == "tls"
    spared, through = by_proxy(asked) if early else ("", "")
    who = asked.trouble.proxy.told if asked.trouble.proxy else "the firewall or web filter of this network"
    ask = f"ask who runs {who} to let this machine through to {host}"
    if through:
        ask = f"{ask}; {through}"
    told += "; a firewall or web filter on the way does so" if asked.microsoft else ""
    if trouble.cause == "timeout" and asked.timeout < _LONG:
        ask = f"{ask}; or give it longer: --set connection.timeout={_LONG}"
    hint = f"{ask}, {_AGAIN}" if early else f"dtsconf test again; if it stays so, {ask}"
    return Outcome(tuple(rows), f"{told}{spared and '; ' + spared}", hint)


def _old(asked: Asked) -> Outcome:
    """No version of TLS suits both sides."""
    host = asked.case.host
    told = f"{host}, or whatever answers in its place, speaks no TLS {asked.min_tls} (connection.min_tls)"
    lower = "--set connection.min_tls=1.2, or " if asked.min_tls != "1.2" else ""
    return Outcome((), told, f"{lower}ask who runs {host} or the firewall for TLS {asked.min_tls}, {_AGAIN}")
