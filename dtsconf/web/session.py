"""Requests to a service: whole or not at all, within a time, of a bounded answer, and of no other address than asked.

Rules: nothing in the environment says whom to trust or what to go through (`trust_env` is off; what `connection.proxy:
system` means is read in `proxies`). requests' time-outs count from byte to byte, so a server that drips beats them:
each request runs in a thread that is left behind, its connection cut, when time is up. A redirect is never followed,
since a token would go along. Cleartext only where the session was made for it. Nothing of a request reaches a log.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests import Response
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from dtsconf.frozen import frozen
from dtsconf.net.limits import THREAD, OutOfTime, within
from dtsconf.web.line import Desk, Pool, SecurePool, Trail
from dtsconf.web.proxies import on_the_way, proxies_for, refused
from dtsconf.web.trouble import NoAnswer, Proxy, Step, Trouble

if TYPE_CHECKING:
    import ssl

__all__ = ["LIMIT", "PATIENCE", "Response", "Session"]

LIMIT = 1 << 20
"""The largest answer when nothing else is said, in bytes: tokens and JSON are far smaller."""

LONGEST = 1000
"""Characters of a trouble's detail: a server's status line or Location may have 64 KiB."""

PATIENCE = 4
"""A request may take this many times the time-out of one wait."""

T = TypeVar("T")


class _NotOurs(logging.Filter):
    """Keeps what urllib3 says of our requests out of the logs of a program that imports dtsconf: it writes down whole
    addresses, and that of an upload lets in whoever has it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is of somebody else's request: ours run in threads of that name."""
        return threading.current_thread().name != THREAD


for _name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "urllib3"]:
    logging.getLogger(_name).addFilter(_NotOurs())


class Session(requests.Session):
    """As requests' own: for our calls, for `hvac.Client(session=...)` and for msal's `http_client=`.

    `timeout` in seconds, for each wait: look-up with connect, handshake, each piece of an answer. A request as a whole
    ends by `until` (monotonic seconds) where that is set, else within PATIENCE times the time-out. `limit` is the
    largest answer in bytes. `proxy` is `connection.proxy`: system, none or a URL. `server_name` is the name to check
    the certificate for when it isn't the URL's. `cleartext`: http:// is taken too; for this machine itself only.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        timeout: float,
        proxy: str = "system",
        limit: int = LIMIT,
        server_name: str | None = None,
        cleartext: bool = False,
    ) -> None:
        super().__init__()
        self.trust_env = False
        self.headers["Accept-Encoding"] = "identity"
        self.headers["User-Agent"] = "dtsconf"
        self.timeout = timeout
        self.proxy = proxy
        self.limit = limit
        self.until: float | None = None
        self._desk = Desk()
        self.adapters.clear()
        self.mount("https://", _Adapter(self._desk, context, server_name))
        if cleartext:
            self.mount("http://", _Adapter(self._desk))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> Response:
        """One request. What the caller says of trust, proxies and redirects is set aside for what this session was made
        with. `wait` and `whole`, in seconds, give this one request its own patience: for each piece of the answer, and
        for all of it; `limit` is the largest answer to it, in bytes.

        Raises:
            NoAnswer: no whole answer, or one that is elsewhere or too large.
        """
        for name in ("verify", "cert", "timeout"):
            options.pop(name, None)
        wait = options.pop("wait", self.timeout)
        trail = self._begin(options.pop("whole", PATIENCE * wait))
        waits = min(self.timeout, self._left(trail)), min(wait, self._left(trail))
        way = self._way(url)
        options |= {"allow_redirects": False, "stream": True, "timeout": waits, "proxies": way.proxies}
        plain, limit = super().request, options.pop("limit", self.limit)
        response = self._within(trail, way, lambda: _whole(plain(method, url, *args, **options), limit))
        if _leads_elsewhere(response):
            where = response.headers.get("Location", "").partition("#")[0].partition("?")[0]
            raise NoAnswer(way.placed(Trouble("redirect", "protocol", where, "server", sent=True)))
        return response

    def get_redirect_target(self, resp: Response) -> str | None:
        """None: requests would read the whole body of a redirect, however long, to see where it leads."""
        return None

    def open(self, url: str) -> tuple[Step, ...]:
        """See that a connection to the URL's host stands, asking for nothing; the steps it took, none when it stood
        already.

        Raises:
            NoAnswer: with the step that failed.
        """
        trail = self._begin(PATIENCE * self.timeout)
        adapter: Any = self.get_adapter(url)
        way, wait = self._way(url), min(self.timeout, self._left(trail))
        self._within(trail, way, lambda: adapter.open(url, way.proxies, wait))
        return tuple(trail.steps)

    def somebody_elses(self, url: str, detail: str) -> Trouble:
        """The trouble that an answer from this URL stands for which isn't the service's; `detail` describes it."""
        return self._way(url).placed(Trouble("page", "protocol", detail, "server", sent=True))

    def _begin(self, whole: float) -> Trail:
        trail = Trail()
        until = time.monotonic() + whole
        trail.end = until if self.until is None else min(until, self.until)
        return trail

    def _left(self, trail: Trail) -> float:
        return max(trail.end - time.monotonic(), 0.001)

    def _way(self, url: str | bytes) -> _Way:
        """How the URL is reached. Raises NoAnswer: by a proxy that can't be used."""
        text = url if isinstance(url, str) else url.decode()
        proxies = proxies_for(text, self.proxy)
        way = _Way(text, proxies, on_the_way(text, proxies, self.proxy) if proxies else None)
        if way.proxy is not None and (trouble := refused(way.proxy)) is not None:
            raise NoAnswer(way.placed(trouble))
        return way

    def _within(self, trail: Trail, way: _Way, work: Callable[[], T]) -> T:
        """What the work gives, or NoAnswer; nothing of a library's error hangs on to it."""

        def begun() -> T:
            self._desk.trail = trail
            return work()

        try:
            return within(self._left(trail), begun)
        except NoAnswer as failed:
            trouble = failed.trouble
        except OutOfTime:
            trail.cut()
            trouble = Trouble("silence", "timeout", "no whole answer in time", "dtsconf", trail.place)
        except _TooLarge as large:
            trouble = Trouble("size", "protocol", f"the answer is larger than {large} bytes", "dtsconf")
        except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            from dtsconf.web.faults import of_request

            trouble = Trouble(*of_request(error))
            if trouble.what == "proxy":
                trouble = replace(trouble, place="connect")
        except BaseException:
            trail.cut()  # what nobody waits for any more doesn't go on
            raise
        raise NoAnswer(way.placed(replace(trouble, sent=trail.sent, steps=tuple(trail.steps))))


@frozen
class _Way:
    """Where a request goes, and through what."""

    url: str
    proxies: dict[str, str]
    proxy: Proxy | None

    def placed(self, trouble: Trouble) -> Trouble:
        """The trouble, with where it was to go, in as many words as somebody reads."""
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname or "", parts.port or 443
        except ValueError:
            host, port = "", 443
        return replace(trouble, detail=trouble.detail[:LONGEST], host=host, port=port, proxy=self.proxy)


class _Adapter(HTTPAdapter):
    """Connects under one SSL context and nothing else: requests would add the roots that it carries along."""

    def __init__(self, desk: Desk, context: ssl.SSLContext | None = None, server_name: str | None = None) -> None:
        self._pools = {"http": partial(Pool, desk=desk), "https": partial(SecurePool, desk=desk)}
        self._tls: dict[str, Any] = {} if context is None else {"ssl_context": context}
        if server_name is not None:
            self._tls["server_hostname"] = server_name
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **options, **self._tls)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options, **self._tls)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, True, None)
        return host, {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The context holds it all."""

    def open(self, url: str, proxies: dict[str, str], timeout: float) -> None:
        """See that a connection for the URL stands. Raises NoAnswer."""
        request = requests.Request("GET", url).prepare()
        pool: Any = self.get_connection_with_tls_context(request, True, proxies)
        pool.open(timeout)


class _TooLarge(Exception):
    """An answer beyond the limit."""


def _leads_elsewhere(response: Response) -> bool:
    return 300 <= response.status_code < 400


def _whole(response: Response, limit: int) -> Response:
    """The response with its body read, which of a redirect nobody wants. Raises _TooLarge."""
    with response:
        data = b"" if _leads_elsewhere(response) else response.raw.read(limit + 1, decode_content=True)
    if len(data) > limit:
        raise _TooLarge(limit)
    response.raw = io.BytesIO(data)
    response.request.body = None  # it may be large, and nobody asks for it any more
    response.encoding = "utf-8"  # JSON's only one (RFC 8259, 8.1); requests would guess
    return response
