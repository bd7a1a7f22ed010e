"""Waits on this machine's loopback address for the one answer that the browser brings (RFC 8252 7.3 and 8.3).

msal has a receiver too, which binds all addresses inside a container. This one binds 127.0.0.1 and nothing else; takes
an answer only with the right `state`, once, and only under the name that the redirect address has (a page elsewhere
can't reach it by another name); is bounded in size, time and number of requests; and repeats nothing of what it got.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from dtsconf.auth.request import LONGEST

HOST = "127.0.0.1"
NAME = "localhost"
"""The name in the redirect address: Microsoft registers http://localhost and takes any port for it."""
REQUESTS = 100
"""Requests that are answered at all; a browser makes two or three."""
PATIENCE = 10
"""Seconds for one request."""
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>dtsconf</title><p>{words}</p>"
    "<p>You can close this page and go back to dtsconf.</p>"
)
_TAKEN = "dtsconf has the answer; whether it is a yes, it tells itself."
_NOT_OURS = "This is no answer that dtsconf waits for."


class Receiver:
    """Listens from its making to `close`. A context manager."""

    def __init__(self) -> None:
        self._server = _Server()
        self.address = f"http://{NAME}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="loopback", daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def expect(self, state: str) -> None:
        """Begin to answer: what comes with this `state` is the answer."""
        self._server.state = state
        self._thread.start()

    def wait(self, seconds: float, tick: Callable[[float], None]) -> dict[str, str] | None:
        """The answer's fields, or None when none came in time. `tick` hears the seconds left, about once a second."""
        left = seconds
        while left > 0:
            tick(left)
            if self._server.answered.wait(min(left, 1.0)):
                return self._server.answer
            left -= 1.0
        return None

    def close(self) -> None:
        """Listen no more."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """One thread a request, so that one which never ends keeps no other waiting."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = False

    def __init__(self) -> None:
        self.state = ""
        self.answer: dict[str, str] | None = None
        self.answered = threading.Event()
        self._taking = threading.Lock()
        self._requests = 0
        super().__init__((HOST, 0), _Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Answer so many requests and no more."""
        self._requests += 1
        return self._requests <= REQUESTS and not self.answered.is_set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A request that broke off is nobody's concern, and its trace would go to the terminal."""

    def take(self, fields: dict[str, str]) -> bool:
        """Whether the fields are the answer; the first one that is stays it."""
        with self._taking:
            right = hmac.compare_digest(fields.get("state", "").encode(), self.state.encode())
            if not right or self.answer is not None or not ({"code", "error"} & fields.keys()):
                return False
            self.answer = fields
            return True


class _Handler(BaseHTTPRequestHandler):
    """GET with a query or POST with a form (OAuth 2.0 Form Post Response Mode)."""

    server: _Server
    timeout = PATIENCE
    server_version, sys_version = "dtsconf", ""

    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        fits = length.isascii() and length.isdigit() and len(length) < 9 and int(length) <= LONGEST
        self._answer(self.rfile.read(int(length)).decode("ascii", "replace") if fits else "")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Requests hold codes: they are written down nowhere."""

    def _answer(self, form: str) -> None:
        named = self.headers.get("Host", "") in (
            f"{NAME}:{self.server.server_port}",
            f"{HOST}:{self.server.server_port}",
        )
        taken = named and self.server.take(_fields(form))
        try:
            self._page(200 if taken else 400, _TAKEN if taken else _NOT_OURS)
        finally:
            if taken:
                self.server.answered.set()

    def _page(self, status: int, words: str) -> None:
        body = _PAGE.format(words=words).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", "default-src 'none'"),
            ("Referrer-Policy", "no-referrer"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _fields(form: str) -> dict[str, str]:
    """The fields, each given once; a field given twice makes it no answer (RFC 6749 3.1)."""
    if len(form) > LONGEST:
        return {}
    try:
        found = parse_qs(form, max_num_fields=50)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()} if all(len(v) == 1 for v in found.values()) else {}
