"""The frame of the in-process servers: a listener on loopback, a thread a connection, an orderly end.

Rules: what a handler raises beyond OSError (the client is gone) is a fault of the server and ends the thread loudly;
`close` waits for every thread. A listening socket may be given, say one made in a network namespace. Knows no SMTP.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

LINE_LIMIT = 1 << 16


class Gone(OSError):
    """The client has closed the connection, or the server is being closed."""


class Connection:
    """A connection as the server's side sees it: lines and bytes, plain or TLS. `raw` keeps every byte that was read."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.buffer = b""
        self.raw = bytearray()

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted by now."""
        return isinstance(self.socket, ssl.SSLSocket)

    def read_line(self) -> bytes:
        """The next line without its CRLF. Raises Gone at the end."""
        while b"\n" not in self.buffer:
            chunk = self.socket.recv(LINE_LIMIT)
            if not chunk:
                raise Gone("the client has closed the connection")
            self.buffer += chunk
            self.raw += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def write(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self.socket.sendall(data)

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Shakes hands as a TLS server. What the client sent ahead in plain text is forgotten (RFC 3207, 4.2)."""
        self.buffer = b""
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def reset(self) -> None:
        """Closes with RST instead of FIN: the client sees "connection reset by peer"."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close_output(self) -> None:
        """Sends FIN, below TLS if there is any; what the client says can still be read."""
        socket.socket.shutdown(self.socket, socket.SHUT_WR)

    def wait_for_end(self) -> None:
        """Says nothing, ignores what comes, until the client or this server has had enough."""
        while self.socket.recv(LINE_LIMIT):
            pass
        raise Gone("stalled to the end")

    def abort(self) -> None:
        """Wakes a thread that waits at this connection; for other threads to call."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


class LoopbackServer:
    """Serves `handle(connection)` on `host`:`port` from its making until `close`."""

    def __init__(
        self, handle: Callable[[Connection], None], *, host: str = "127.0.0.1", listener: socket.socket | None = None
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = listener or socket.create_server((host, 0), family=family)
        self.host: str = self._listener.getsockname()[0]
        self.port: int = self._listener.getsockname()[1]
        self._handle = handle
        self._connections: list[Connection] = []
        self._threads = [threading.Thread(target=self._accept, name=f"accept:{self.port}", daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def accepted(self) -> int:
        """How many connections there have been."""
        return len(self._connections)

    def close(self) -> None:
        """Ends the listener, every connection and every thread."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(10)
        self._listener.close()
        for connection in self._connections:
            connection.abort()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            connection = Connection(sock)
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), name=f"serve:{self.port}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            self._handle(connection)
        except OSError:
            pass  # the client is gone, or refused our TLS: what the test is about
        finally:
            connection.socket.close()
