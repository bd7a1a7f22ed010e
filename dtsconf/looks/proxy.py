"""The proxy on the way to the service is what failed: why it can't be reached, or what it says when it is asked for a
tunnel once more, without user name and password (RFC 9110 9.3.6, 11.7.1)."""

from __future__ import annotations

import re
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.looks import names, network, own
from dtsconf.looks.case import Case, Goal, Outcome
from dtsconf.net.connect import received
from dtsconf.proof import Evidence
from dtsconf.web.answer import title

if TYPE_CHECKING:
    from dtsconf.looks.asked import Asked
    from dtsconf.web.trouble import Proxy, Trouble

_LIMIT = 8192
_STATUS = re.compile(r"HTTP/1\.[01] (\d{3}[^\r\n]*)")
_SCHEME = re.compile(r"(?mi)^proxy-authenticate:\s*([A-Za-z][\w-]*)")
_SERVER = re.compile(r"(?mi)^(?:server|via|x-squid-error):\s*([^\r\n]{1,120})")
SPOKEN = "basic"
"""The way to give a proxy a password that dtsconf knows (RFC 7617)."""


@frozen
class Heard:
    """What a proxy answered: HTTP's status line, the ways to log in that it takes, what it says of itself, the title of
    its page; `html`: there is one."""

    status: str
    schemes: tuple[str, ...] = ()
    server: str = ""
    page: str = ""
    html: bool = False

    def __str__(self) -> str:
        parts = [self.status, f"it takes {', '.join(self.schemes)}" if self.schemes else "", self.server]
        return "; ".join(filter(None, [*parts, f"a page titled '{self.page}'" if self.page else ""]))


def examine(asked: Asked) -> Outcome:
    """Why there is no way through the proxy."""
    trouble = asked.trouble
    proxy = trouble.proxy
    if proxy is None or not proxy.host or proxy.astray or not proxy.scheme.startswith("http"):
        return Outcome()
    case = Case(Goal(proxy.host, proxy.port, "the proxy", proxy.named), trouble.cause, trouble.ms)
    hint = trouble.proxy_hint(trouble.host)
    if trouble.place == "resolve":
        found = names.examine(case, lambda said, evidence: Outcome(evidence, names.told(said, proxy.host)))
        return Outcome(found.evidence, found.telling, hint)
    if trouble.said_by == "system":
        return _unreached(case, hint)
    return _heard(ask(proxy, trouble.host, trouble.port, case.end()), trouble, proxy)


def _unreached(case: Case, hint: str) -> Outcome:
    if not case.addresses:
        return Outcome()
    seen, evidence = network.look(case, ())
    told, mend = own.misled(seen) or own.own(seen) or (None, None)
    return Outcome(evidence, told, mend or hint)


def ask(proxy: Proxy, host: str, port: int, end: float) -> Heard | None:
    """Ask the proxy for a tunnel, in clear, without a password. `end` in monotonic seconds. None: no HTTP came back."""
    if proxy.scheme != "http":
        return None
    request = f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode("ascii", "replace")
    answer = b""
    with (
        suppress(OSError),
        socket.create_connection((proxy.host, proxy.port), max(0.05, end - time.monotonic())) as sock,
    ):
        sock.sendall(request)
        answer = received(sock, _LIMIT, end, _is_tunnel)
    return read(answer.decode("utf-8", "replace"))


def _is_tunnel(answer: bytes) -> bool:
    """Whether it said yes: what follows is the server's, who waits for us."""
    return b"\r\n\r\n" in answer and answer[9:12] == b"200" and b"text/html" not in answer.lower()


def read(answer: str) -> Heard | None:
    """The answer taken apart; None when it isn't HTTP's."""
    status = _STATUS.match(answer)
    if status is None:
        return None
    head, _, body = answer.partition("\r\n\r\n")
    server = _SERVER.search(head)
    said = server.group(1).strip() if server else ""
    html = "text/html" in head.lower() or "<html" in body.lower()
    return Heard(status.group(1).strip(), tuple(_SCHEME.findall(head)), said, title(body), html)


def _heard(heard: Heard | None, trouble: Trouble, proxy: Proxy) -> Outcome:
    what = f"asked the proxy {proxy.place} for a way to {trouble.host} port {trouble.port}, without a password"
    if heard is None:
        silence = Evidence(what, "no answer", "it takes connections, and says nothing to what it is asked")
        return Outcome((silence,) if trouble.proxy_mute else (), None, trouble.proxy_hint(trouble.host))
    if heard.status.startswith("407") and heard.schemes and SPOKEN not in map(str.lower, heard.schemes):
        return _unspoken(what, heard, trouble)
    means = _MEANS.get(heard.status[:3], "the proxy doesn't let this through")
    told = None
    if heard.status.startswith("403"):
        told = f"it forbids the way to {trouble.host}{_page(heard)}"
    if trouble.proxy_status.startswith("5"):
        told = f"it can't reach {trouble.host} itself"
    if trouble.wants_login:
        told = "it wants a user name and password first"
        if proxy.login:
            told = means = f"it does not take the user name and password in {proxy.named}"
    return Outcome((Evidence(what, str(heard), means),), told, trouble.proxy_hint(trouble.host))


def _page(heard: Heard) -> str:
    return f" (its page: '{heard.page}')" if heard.page else ""


def in_its_place(trouble: Trouble, end: float) -> Outcome | None:
    """Whether the proxy said yes to a tunnel, and then gave a page of its own in place of the service; None if not."""
    proxy = trouble.proxy
    heard = ask(proxy, trouble.host, trouble.port, end) if proxy is not None and not proxy.login else None
    if proxy is None or heard is None or not heard.html:
        return None
    what = f"asked the proxy {proxy.place} for a way to {trouble.host} port {trouble.port}"
    told = f"{proxy.told} answers with a page of its own{_page(heard)} in place of {trouble.host}"
    hint = "open any web page in a browser and sign in to the network or the proxy; if there is nothing to sign in to,"
    who = f"ask whoever runs the proxy {proxy.place} (from {proxy.named}) to let this machine through to {trouble.host}"
    return Outcome((Evidence(what, str(heard), "a page, where a tunnel is to begin"),), told, f"{hint} {who}")


_MEANS = {
    "200": "this time it lets it through: the trouble comes and goes",
    "403": "the proxy is reached, and forbids this address to this machine",
    "407": "the proxy is reached, and wants a user name and password first",
    "500": "the proxy is reached, and can't reach the service itself",
    "502": "the proxy is reached, and can't reach the service itself",
    "503": "the proxy is reached, and can't reach the service itself",
    "504": "the proxy is reached, and the service doesn't answer it",
    "400": "what answers there knows no tunnels: a web server, no proxy",
    "404": "what answers there knows no tunnels: a web server, no proxy",
    "405": "what answers there knows no tunnels: a web server, no proxy",
    "501": "what answers there knows no tunnels: a web server, no proxy",
}


def _unspoken(what: str, heard: Heard, trouble: Trouble) -> Outcome:
    """A proxy for Windows' own logins alone."""
    ways = " and ".join(heard.schemes)
    told = f"the proxy takes logins by {ways} alone, which dtsconf can't"
    ask = f"ask whoever runs the proxy to let this machine through to {trouble.host} without a login"
    helper = "run a helper that logs in for it on this machine (px, cntlm)"
    hint = f"{ask}; or {helper}, and name that: --set connection.proxy=http://127.0.0.1:3128"
    return Outcome((Evidence(what, str(heard), told),), told, hint)
