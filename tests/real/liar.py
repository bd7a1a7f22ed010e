"""An identity provider that lies: real HTTPS on loopback, each path a way to misbehave.

The first part of the path, up to a dot, is what it does at its discovery document (`.../.well-known/openid-configuration`) or, after
`token-`, at its token endpoint; the other one is then as it should be. `ahead` is by how many seconds its Date is. `sent` counts the bytes that were taken off its
hands, `posted` the forms that came.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tests.real.ca import CertificateName, Certificates

PIECE = b"x" * 65536
PATIENCE = 30.0
"""Seconds after which even a drip ends, so that no test's thread stays behind for ever."""

WAYS = (
    "endless-body",
    "endless-header",
    "endless-json",
    "drip",
    "silence",
    "hang-up",
    "half",
    "html",
    "nothing",
    "empty",
    "list",
    "deep",
    "bomb",
    "redirect-loop",
    "redirect-away",
    "busy",
    "no-http",
    "binary",
)


@functools.cache
def bomb() -> bytes:
    """64 MiB of JSON's beginning, packed."""
    return gzip.compress(b'{"a": "' + b"x" * (64 << 20), 1)


class Liar(socketserver.ThreadingTCPServer):
    """See the module. `elsewhere` counts what came to the address that a redirect points to."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, context: ssl.SSLContext, listener: socket.socket | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=listener is None)
        if listener is not None:
            self.socket.close()
            self.socket = listener
        self.context = context
        self.sent = 0
        self.elsewhere = 0
        self.posted: list[str] = []
        self.ahead = 0.0
        self.ended = threading.Event()

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.server_address[1]}"

    def get_request(self) -> tuple[Any, Any]:
        sock, address = super().get_request()
        return self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up on a liar: that is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    server: Liar
    protocol_version = "HTTP/1.1"
    ways: ClassVar[dict[str, str]] = {way.replace("-", "_"): way for way in WAYS}

    def setup(self) -> None:
        self.request.settimeout(PATIENCE)
        super().setup()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Nothing."""

    def do_GET(self) -> None:
        way = self._way()
        if way == "elsewhere":
            self.server.elsewhere += 1
        if way.startswith("token-") or way in ("good", "elsewhere"):
            self._json(self._document(way))
        else:
            self._misbehave(way)

    def do_POST(self) -> None:
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        way = self._way()
        if way == "elsewhere":
            self.server.elsewhere += 1
        self._misbehave(way.removeprefix("token-"))

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.server.ahead)

    def _way(self) -> str:
        return urlsplit(self.path).path.split("/")[1].partition(".")[0]

    def _document(self, way: str) -> dict[str, Any]:
        base = f"https://{self.headers['Host']}/{way}"
        return {"issuer": base, "authorization_endpoint": f"{base}/auth", "token_endpoint": f"{base}/token"}

    def _misbehave(self, way: str) -> None:
        getattr(self, "_" + way.replace("-", "_"), self._html)()

    def _json(self, value: Any, status: int = 200) -> None:
        self._whole(status, json.dumps(value).encode(), "application/json")

    def _whole(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self._write(body)

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.server.sent += len(data)

    def _pour(self, head: bytes, piece: bytes, pause: float = 0.0) -> None:
        """Without an end, but for the client's."""
        self._write(head)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not self.server.ended.wait(pause):
            self._write(piece)

    def _good(self) -> None:
        self._json({"access_token": "the-token", "token_type": "Bearer", "expires_in": 3600})

    def _endless_body(self) -> None:
        self._pour(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", PIECE)

    def _endless_json(self) -> None:
        self._pour(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"a": "', PIECE)

    def _endless_header(self) -> None:
        self._pour(b"HTTP/1.1 200 OK\r\nX-Long: ", PIECE)

    def _drip(self) -> None:
        self._pour(b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{"a": "', b"x", 0.05)

    def _silence(self) -> None:
        self.server.ended.wait(PATIENCE)

    def _hang_up(self) -> None:
        self.close_connection = True

    def _half(self) -> None:
        self._write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"issuer": "')
        self.close_connection = True

    def _html(self) -> None:
        self._whole(200, b"<html><title>Guest network</title>sign in to the guest network</html>", "text/html")

    def _nothing(self) -> None:
        self._whole(404, b"<html><title>Not found</title></html>", "text/html")

    def _empty(self) -> None:
        self._whole(200, b"", "application/json")

    def _list(self) -> None:
        self._json([{"access_token": "x"}])

    def _deep(self) -> None:
        self._whole(200, b'{"a":' * 50000, "application/json")

    def _bomb(self) -> None:
        self._whole(200, bomb(), "application/json", Content_Encoding="gzip")

    def _redirect_loop(self) -> None:
        self._whole(302, b"", "text/plain", Location=self.path)

    def _redirect_away(self) -> None:
        self._whole(307, b"", "text/plain", Location=f"{self.server.origin}/elsewhere/token")

    def _busy(self) -> None:
        self._whole(503, b"busy", "text/plain", Retry_After="7")

    def _no_http(self) -> None:
        self._write(b"220 mail.example ESMTP\r\n")
        self.close_connection = True

    def _binary(self) -> None:
        self._whole(200, bytes(range(256)) * 4, "application/json")


@contextlib.contextmanager
def liar(
    certificates: Certificates, name: CertificateName = "good", listener: socket.socket | None = None
) -> Iterator[Liar]:
    """A running liar with this certificate, on loopback or where the socket listens."""
    bomb()  # made before anybody waits for it
    server = Liar(certificates.server_context(name), listener)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
