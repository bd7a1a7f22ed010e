"""A line to a server that can be cut: what a restart of the server looks like to its clients.

Rules: one thread a direction; `cut` ends every connection at once, wherever it is; `stop` ends them all for good.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Cutter:
    """Listens on a loopback port of its own and passes everything on to `port`."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._turn = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            with self._turn:
                self._open |= {client, server}
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        self._end({one, other})

    def cut(self) -> None:
        """End every connection."""
        with self._turn:
            ending = set(self._open)
        self._end(ending)

    def _end(self, ending: set[socket.socket]) -> None:
        with self._turn:
            self._open -= ending
        for one in ending:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def stop(self) -> None:
        """No further connection, and an end to those there are."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@contextlib.contextmanager
def cutter(port: int) -> Iterator[Cutter]:
    """A line to `port` of this machine for as long as the block runs."""
    line = Cutter(port)
    try:
        yield line
    finally:
        line.stop()
