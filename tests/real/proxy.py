"""A small HTTP proxy on loopback that makes tunnels (RFC 9110, 9.3.6), and sends every name to one address.

Rules: `asked` lists the targets of CONNECT; with `refusal` it answers that status instead, with these `headers` (lines
that end in CRLF) and this `page`. Knows no TLS.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer


class Proxy(ThreadingTCPServer):
    """All tunnels lead to 127.0.0.1, at the port that was asked for."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, listener: socket.socket | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=listener is None)
        if listener is not None:
            self.socket.close()
            self.socket, self.server_address = listener, listener.getsockname()
        self.asked: list[str] = []
        self.refusal = ""
        self.headers = ""
        self.page = ""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"


class _Handler(BaseRequestHandler):
    server: Proxy
    request: socket.socket

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            got = self.request.recv(4096)
            if not got:
                return
            head += got
        target = head.split(b" ")[1].decode()
        self.server.asked.append(target)
        if self.server.refusal:
            page = self.server.page.encode()
            top = f"HTTP/1.1 {self.server.refusal}\r\n{self.server.headers}Content-Length: {len(page)}\r\n\r\n"
            self.request.sendall(top.encode() + page)
            return
        with socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2]))) as there:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pass, args=(there, self.request), daemon=True)
            back.start()
            _pass(self.request, there)
            back.join(5)


def _pass(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def proxy(listener: socket.socket | None = None) -> Iterator[Proxy]:
    """A running proxy, on loopback or where the socket listens."""
    with Proxy(listener) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def forwarder(address: str, port: int, to: int) -> Iterator[None]:
    """Within the block connections to `address`:`port` end at 127.0.0.1:`to`."""

    class Handler(BaseRequestHandler):
        request: socket.socket

        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", to)) as there:
                back = threading.Thread(target=_pass, args=(there, self.request), daemon=True)
                back.start()
                _pass(self.request, there)
                back.join(5)

    class Server(ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server((address, port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
