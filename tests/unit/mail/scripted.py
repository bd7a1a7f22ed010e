"""A server for one test: each connection runs the test's script in a thread, over real TCP on loopback.

Rules: nothing is answered that the script does not say; `heard` holds every line a client sent, in order, over all
connections. Errors of a script come up in `stop`, so a wrong script fails its test. Knows nothing of dtsconf.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

Script = Callable[["Peer"], None]
EHLO = "250-mail.test\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, heard: list[str]) -> None:
        self.sock = sock
        self._heard = heard
        self._buffer = b""
        self.gone = False

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def say(self, text: str) -> None:
        self.raw(text.encode() + b"\r\n")

    def hear(self) -> str:
        """One line; '' at the end of the connection."""
        while b"\n" not in self._buffer:
            data = self.sock.recv(65536)
            if not data:
                self.gone = True
                return ""
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        self._heard.append(line.removesuffix(b"\r").decode("utf-8", "surrogateescape"))
        return self._heard[-1]

    def hear_data(self) -> list[str]:
        """The lines of a message, up to the final dot; ConnectionError when the client goes before."""
        lines = []
        while (line := self.hear()) != ".":
            if self.gone:
                raise ConnectionError
            lines.append(line)
        return lines

    def tls(self, context: ssl.SSLContext) -> None:
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def reset(self) -> None:
        """Close with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()


class Server:
    """Listens at once; `port` is where."""

    def __init__(self, script: Script, family: socket.AddressFamily = socket.AF_INET) -> None:
        self.heard: list[str] = []
        self.connections = 0
        self._script = script
        self._errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._sock = socket.socket(family, socket.SOCK_STREAM)
        self._sock.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        self._sock.listen(8)
        self.port: int = self._sock.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._sock.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(10)
        peer = Peer(sock, self.heard)
        try:
            self._script(peer)
        except (ConnectionError, ssl.SSLError):
            pass  # the client hung up, as it may
        except Exception as error:  # noqa: BLE001  (brought up in stop)
            self._errors.append(error)
        finally:
            peer.sock.close()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
        for thread in [self._accepting, *self._threads]:
            thread.join(15)
            assert not thread.is_alive()
        if self._errors:
            raise self._errors[0]


@contextlib.contextmanager
def server(script: Script, **kwargs: Any) -> Iterator[Server]:
    running = Server(script, **kwargs)
    try:
        yield running
    finally:
        running.stop()


def dialogue(*, replies: dict[str, str] | None = None, ehlo: str = EHLO, banner: str = "220 mail.test ESMTP") -> Script:
    """A server that takes everything, but answers the verbs or whole lines in `replies` (`.` is the end of the mail) with
    that text; '' hangs up instead."""
    said = {"EHLO": ehlo, "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "DATA": "354 go on", ".": "250 2.0.0 queued"}
    said |= {"RSET": "250 2.0.0 ok", "QUIT": "221 2.0.0 bye", "HELO": "250 mail.test"} | (replies or {})

    def script(peer: Peer) -> None:
        peer.say(banner)
        while line := peer.hear():
            verb = line.split(maxsplit=1)[0].upper()
            answer = said.get(line, said.get(verb, "500 5.5.2 what?"))
            if not answer:
                return
            peer.say(answer)
            if verb == "DATA" and answer.startswith("354"):
                peer.hear_data()
                if not said["."]:
                    return
                peer.say(said["."])
            if verb == "QUIT" or answer.startswith("421"):
                return

    return script
