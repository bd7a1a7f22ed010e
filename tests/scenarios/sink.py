"""A mail server that takes one message of any size and keeps none of it: it counts the bytes, and can be made to wait
in the middle.

Speaks just enough SMTP for one client at a time. Knows nothing of dtsconf.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

END = b"\r\n.\r\n"
BLOCK = 1 << 18


class Sink:
    """`received` is how many bytes came after 354. `halfway` is called once, when the first of them are there."""

    address = "127.0.0.1"

    def __init__(self, halfway: Callable[[], object] = lambda: None, size: int = 1 << 40) -> None:
        self.received = 0
        self._halfway = halfway
        self._size = size
        self._listener = socket.create_server((self.address, 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, contextlib.suppress(OSError, EOFError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(120)
        connection.sendall(b"220 sink ESMTP\r\n")
        with connection.makefile("rb", buffering=0) as lines:
            while line := lines.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    connection.sendall(b"250-sink\r\n250 SIZE %d\r\n" % self._size)
                elif verb == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    self._drain(connection)
                    connection.sendall(b"250 2.0.0 gone\r\n")
                else:
                    connection.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")

    def _drain(self, connection: socket.socket) -> None:
        tail = b""
        while not tail.endswith(END):
            data = connection.recv(BLOCK)
            if not data:
                raise EOFError
            if not self.received:
                self._halfway()
            self.received += len(data)
            tail = (tail + data)[-len(END) :]
