"""A small KV version 2 server on loopback that behaves, or has one of the faults that OpenBao can't be made to have.

Rules: HTTP in clear, one thread a connection, one secret engine `kv`, one token. While `fault` is empty it is a Vault;
otherwise each request meets that fault. Knows nothing of dtsconf.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

TOKEN = "odd-token-0123456789"

Fault = Literal[
    "",
    "silent",
    "drip headers",
    "drip body",
    "half",
    "half json",
    "html",
    "list",
    "huge",
    "429",
    "429 for a while",
    "503 for a while",
    "502",
    "503",
    "elsewhere",
    "reset",
    "no data",
    "html 503",
    "404 list",
    "404 null",
    "403 odd",
    "404 text",
    "deep",
    "teapot",
    "echo",
    "echo 503",
    "echo elsewhere",
    "echo kind",
]

_WHOLE = b'{"data": {"data": {"x": "s3cret-in-part"}, "metadata": {"version": 1}}}'
_NO_LEADER = b'{"errors": ["local node not active but active cluster node not found"]}'
_JSON, _HTML = "application/json", "text/html; charset=utf-8"
_ANSWERS: dict[str, tuple[int, bytes, str]] = {
    "half json": (200, _WHOLE[:40], _JSON),
    "html": (200, b"<html><body>Please log in</body></html>", _HTML),
    "list": (200, b"[1, 2]", _JSON),
    "huge": (200, b'{"data": "' + b"x" * (9 << 20) + b'"}', _JSON),
    "no data": (200, b'{"request_id": "1"}', _JSON),
    "html 503": (503, b"<html>Service Unavailable</html>", _HTML),
    "404 list": (404, b'["not", "here"]', _JSON),
    "404 null": (404, b"null", _JSON),
    "403 odd": (403, b'{"errors": [{"code": 7}]}', _JSON),
    "404 text": (404, b"404 page not found", "text/plain"),
    "deep": (200, b"[" * 200_000, _JSON),
    "teapot": (418, b'{"errors": ["short and stout\\u001b[31m"]}', _JSON),
    "429": (429, b'{"errors": ["rate limit quota exceeded"]}', _JSON),
    "502": (502, _NO_LEADER, _JSON),
    "503": (503, _NO_LEADER, _JSON),
}


class OddVault(ThreadingHTTPServer):
    """`store` maps a path below `kv/` to its fields, as JSON text; `asked` lists what was asked, as `METHOD path`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store: dict[str, str] = {}
        self.asked: list[str] = []
        self.fault: Fault = ""
        self.elsewhere = "http://127.0.0.2:1/"
        self.left = 0
        self.over = threading.Event()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what the faults are about."""


class _Handler(BaseHTTPRequestHandler):
    server: OddVault
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
        """Says nothing."""

    def do_GET(self) -> None:
        self.server.asked.append(f"GET {urlsplit(self.path).path}")
        fault = self.server.fault
        if fault.endswith(" for a while"):
            self.server.left -= 1
            fault = "" if self.server.left < 0 else "429" if fault.startswith("429") else "503"
        if fault == "":
            self._behave()
        elif fault.startswith("echo"):
            self._echo(fault, [self.headers.get("X-Vault-Token") or "no token"])
        else:
            self._misbehave(fault)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.server.fault.startswith("echo"):
            self._echo(self.server.fault, [text for text in json.loads(body).values() if isinstance(text, str)])
        else:
            self.do_GET()

    def _behave(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if self.headers.get("X-Vault-Token") != TOKEN:
            self._answer(403, {"errors": ["permission denied"]})
        elif not path.startswith("/v1/kv/"):
            self._answer(404, {"errors": [f'no handler for route "{path[4:]}". route entry not found.']})
        elif path.removeprefix("/v1/kv/data/") in self.server.store:
            about = {"version": 1, "created_time": "2026-11-01T10:00:00Z", "destroyed": False, "deletion_time": ""}
            text = '{"data": {"data": %s, "metadata": %s}}'
            stored = self.server.store[path.removeprefix("/v1/kv/data/")]
            self._send(200, (text % (stored, json.dumps(about))).encode())
        else:
            self._answer(404, {"errors": []})

    def _echo(self, fault: str, sent: list[str]) -> None:
        """Says again what was sent, in one of the places that a client might show."""
        said = f"invalid: {' and '.join(sent)}"
        line = "".join(character for character in said if "!" <= character <= "~")
        if fault == "echo elsewhere":
            self._send(307, b"", location=f"{self.server.elsewhere}{line}")
        elif fault == "echo kind":
            self._send(200, b"hello", kind=line)
        else:
            self._answer(503 if fault == "echo 503" else 400, {"errors": [said, "x" * 200 + said]})

    def _misbehave(self, fault: str) -> None:
        status, data, kind = _ANSWERS.get(fault, (0, b"", ""))
        if fault == "silent":
            self.server.over.wait(30)
        elif fault == "drip headers":
            self._drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000)
        elif fault == "drip body":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            self._drip(_WHOLE + b" " * 900)
        elif fault in {"half", "reset"}:
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + _WHOLE[:40] if fault == "half" else b""
            )
            self.close_connection = True
        elif fault == "elsewhere":
            self._send(307, b"", kind="text/plain", location=self.server.elsewhere + "v1/kv/data/x?token=hidden")
        else:
            self._send(status, data, kind)

    def _drip(self, data: bytes) -> None:
        for number in range(len(data)):
            self.wfile.write(data[number : number + 1])
            if self.server.over.wait(0.05):
                return

    def _answer(self, status: int, content: object) -> None:
        self._send(status, json.dumps(content).encode())

    def _send(self, status: int, data: bytes, kind: str = "application/json", location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(data)


@contextlib.contextmanager
def odd_vault() -> Iterator[OddVault]:
    """A server that behaves until `fault` is set."""
    with OddVault() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
            time.sleep(0.06)  # a drip notices at its next byte that it is over
