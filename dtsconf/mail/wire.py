"""Bytes to and from the server: one socket, plain or under TLS, every wait bounded by a deadline, every reply by size.

Rules: a reply line may be 8 KiB (RFC 5321 4.5.3.1.5 promises 512 bytes), a reply 64 KiB; a bare LF ends a line on
input, output always has CRLF (RFC 5321 2.3.8). TLS runs through memory buffers, so that what the server really sent is
known when a handshake fails. Refuses to know commands and meanings.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from dtsconf.mail.reply import NotAReply, Reply, parse_line
from dtsconf.net.connect import peer_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from dtsconf.proof import Said

LONGEST_LINE = 8 * 1024
LONGEST_REPLY = 64 * 1024
LINE_END = 2
"""Bytes that each line of a reply counts for besides its text, so that empty ones have an end, too."""

KEPT = 256
"""Bytes of a line that is no answer that are kept as evidence."""

_TOO_LONG = f"a line of the server's answer is longer than {LONGEST_LINE // 1024} KiB"


class ConnectionLost(Exception):
    """The connection ended. `reason` is the word of whoever said so: the system, TLS, or the server by closing."""

    def __init__(self, reason: str, said_by: Said = "system") -> None:
        super().__init__(reason)
        self.reason = reason
        self.said_by = said_by


class HandshakeFailed(Exception):
    """TLS did not come about. `error` is the library's, `answer` what the server sent, at most LONGEST_REPLY of it."""

    def __init__(self, error: ssl.SSLError, answer: bytes) -> None:
        super().__init__(str(error))
        self.error = error
        self.answer = answer


class Limits:
    """Time-outs: `stage` seconds for each stage, `whole` seconds for the conversation (infinity: unbounded).

    `patience` gives single stages a time of their own, in seconds: `data` for each block, `accepted` for the answer to
    the final dot (RFC 5321 4.5.3.2.5 and 6).
    """

    def __init__(self, stage: float, whole: float, patience: Mapping[str, float] | None = None) -> None:
        self.stage = stage
        self.whole = whole
        self.end_of_all = time.monotonic() + whole
        self._patience = patience or {}

    def of(self, stage: str) -> float:
        """Seconds that this stage may take."""
        return self._patience.get(stage, self.stage)

    def end(self, stage: str = "") -> float:
        """When a stage that begins now must be over (monotonic seconds)."""
        return min(time.monotonic() + self.of(stage), self.end_of_all)

    def short(self, seconds: float) -> float:
        """An end for a look on the side: at most `seconds`, and never past a stage's or the whole's."""
        return min(time.monotonic() + seconds, self.end())

    @property
    def spent(self) -> bool:
        """Whether the time for the whole is over."""
        return time.monotonic() >= self.end_of_all


class Wire:
    """A connected socket that reads whole replies. Closes it on `close`.

    `received` counts the bytes read from it, `peer` is the server's address, `local_address` our own. `before_waiting`
    is called each time before more is waited for than what lies here already; whatever it raises goes on.

    Raises:
        ConnectionLost: the connection has ended already; the socket is closed.
    """

    _in: ssl.MemoryBIO
    _out: ssl.MemoryBIO

    def __init__(self, sock: socket.socket) -> None:
        try:
            self.peer = peer_of(sock)
            # Small writes follow each other (one command after another): without this they may wait for a delayed ACK.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.local_address = str(sock.getsockname()[0])
        except OSError as error:
            sock.close()
            raise ConnectionLost(error.strerror or str(error)) from error
        self._sock = sock
        self._buffer = bytearray()
        self._tls: ssl.SSLObject | None = None
        self.received = 0
        self.before_waiting: Callable[[], None] = _nothing

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS session, once there is one."""
        return self._tls

    @property
    def pending(self) -> bytes:
        """What was read and not yet taken."""
        return bytes(self._buffer)

    @property
    def ahead(self) -> bytes:
        """What the server has said before more was asked: looks at what was read already, waits for nothing."""
        if self._tls is not None and self._in.pending:
            self._decrypt(self._tls)
        return bytes(self._buffer)

    def close(self) -> None:
        """Close the socket; never raises."""
        self._sock.close()

    def send(self, data: bytes, end: float) -> None:
        """Send all of it.

        Raises:
            TimeoutError: not gone by `end`.
            ConnectionLost: the connection ended.
        """
        if self._tls is None:
            self._raw_send(data, end)
            return
        self._tls_write(self._tls, data)
        self._flush(end)

    def read_reply(self, end: float) -> Reply:
        """Read one whole reply.

        Raises:
            TimeoutError: not whole by `end`.
            ConnectionLost: the connection ended.
            NotAReply: something else stood there.
        """
        lines: list[str] = []
        code, last, size = 0, False, 0
        while not last:
            line = self.read_line(end)
            size += len(line) + LINE_END
            this, last, text = parse_line(line)
            if size > LONGEST_REPLY:
                raise NotAReply(line, f"the server's answer is longer than {LONGEST_REPLY // 1024} KiB")
            if code and this != code:
                raise NotAReply(line, f"the server's answer has two codes, {code} and {this}")
            code = this
            lines.append(text)
        return Reply(code, tuple(lines))

    def read_line(self, end: float) -> bytes:
        """One line without its line end; CRLF and bare LF both end it. Raises as `read_reply`."""
        while (at := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LONGEST_LINE:
                raise NotAReply(bytes(self._buffer[:KEPT]), _TOO_LONG)
            self._buffer += self._receive(end)
        line = bytes(self._buffer[:at])
        if len(line) > LONGEST_LINE:
            raise NotAReply(line[:KEPT], _TOO_LONG)
        del self._buffer[: at + 1]
        return line.removesuffix(b"\r")

    def read_some(self, end: float) -> bytes:
        """Whatever comes next, at least a byte (for looking at what speaks here). Raises as `read_reply`."""
        if not self._buffer:
            self._buffer += self._receive(end)
        some = bytes(self._buffer)
        self._buffer.clear()
        return some

    def start_tls(self, context: ssl.SSLContext, host: str, end: float) -> None:
        """Hold the TLS handshake (RFC 8446) and talk under it from here on. `host` is the name or IP address to check.

        Raises:
            HandshakeFailed: with the library's error and what the server answered.
            TimeoutError, ConnectionLost: as for `read_reply`.
        """
        import ssl

        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self._in, self._out, server_hostname=host)
        answer = b""
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush(end)
                data = self._raw_receive(end)
                answer = (answer + data)[:LONGEST_REPLY]
                self._in.write(data)
            except ssl.SSLError as error:
                self._send_alert(end)
                raise HandshakeFailed(error, answer) from error
        self._flush(end)
        self._tls = tls

    def _send_alert(self, end: float) -> None:
        """Tell the server why; that it may be gone already changes nothing."""
        try:
            self._flush(end)
        except (ConnectionLost, TimeoutError):
            return

    def _receive(self, end: float) -> bytes:
        return self._raw_receive(end) if self._tls is None else self._tls_receive(self._tls, end)

    def _tls_receive(self, tls: ssl.SSLObject, end: float) -> bytes:
        import ssl

        while True:
            try:
                data = tls.read(LONGEST_LINE)
            except ssl.SSLWantReadError:
                self._flush(end)
                self._in.write(self._raw_receive(end))
                continue
            except ssl.SSLZeroReturnError:
                data = b""
            except ssl.SSLError as error:
                self._send_alert(end)
                raise _tls_lost(error) from error
            if not data:
                raise ConnectionLost("the server closed the TLS session", "server")
            return data

    def _decrypt(self, tls: ssl.SSLObject) -> None:
        """Make readable what lies here; trouble is for the next read to tell."""
        import ssl

        with suppress(ssl.SSLError):
            while len(self._buffer) <= LONGEST_REPLY and (data := tls.read(LONGEST_LINE)):
                self._buffer += data

    def _tls_write(self, tls: ssl.SSLObject, data: bytes) -> None:
        import ssl

        try:
            tls.write(data)
        except ssl.SSLError as error:
            raise _tls_lost(error) from error

    def _flush(self, end: float) -> None:
        if data := self._out.read():
            self._raw_send(data, end)

    def _raw_send(self, data: bytes, end: float) -> None:
        try:
            self._sock.settimeout(_remaining(end))
            self._sock.sendall(data)
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionLost(error.strerror or str(error)) from error

    def _raw_receive(self, end: float) -> bytes:
        self.before_waiting()
        try:
            self._sock.settimeout(_remaining(end))
            data = self._sock.recv(LONGEST_REPLY)
        except TimeoutError:
            raise
        except OSError as error:
            raise ConnectionLost(error.strerror or str(error)) from error
        if not data:
            raise ConnectionLost("the server closed the connection", "server")
        self.received += len(data)
        return data


def _nothing() -> None:
    """Nobody has anything to do first."""


def _remaining(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def _tls_lost(error: ssl.SSLError) -> ConnectionLost:
    return ConnectionLost(f"TLS: {str(error.reason or error).replace('_', ' ').lower()}", "tls")
