"""One connection: urllib3's, with addresses tried the Happy Eyeballs way, each step timed, each failure told apart.

What breaks while it is opened leaves here as `NoAnswer`, which no layer above wraps or swallows. A certificate that
failed is looked at over a second connection, by the same way, that asks for nothing.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from dtsconf.net.certificate import Certificate, chain_length, day, from_der, from_peer
from dtsconf.net.connect import Address, LookupFailed, Race, connected, peer_of, resolve
from dtsconf.web.trouble import NoAnswer, Place, Step, Trouble, What
from dtsconf.web.trust import blind

if TYPE_CHECKING:
    from dtsconf.web.faults import Fault

_BREAKS = (OSError, HTTPException, HTTPError, ValueError)
"""What http.client and urllib3 raise while a connection is opened."""

LOOK = 2.0
"""Seconds for the look at a certificate that failed, at most: it only makes the error clearer."""


@dataclass
class Trail:
    """How far one request has come. `end` is when patience ends (monotonic seconds), `line` the connection that it
    goes over, `place` where on the way it is. `over`: nobody waits for it any more."""

    end: float = 0.0
    place: Place = "request"
    steps: list[Step] = field(default_factory=list)
    sent: bool = False
    line: Line | None = None
    over: bool = False

    def go_on(self) -> None:
        """Between two steps: what nobody waits for takes no further one.

        Raises:
            TimeoutError: it is over.
        """
        if self.over:
            raise TimeoutError

    def cut(self) -> None:
        """Nobody waits any more: end the connection under whoever still works on it."""
        self.over = True
        sock = None if self.line is None else self.line.sock
        if isinstance(sock, socket.socket):
            with suppress(OSError):
                # Not SSLSocket's own, which takes the session away from under a thread that writes.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class Desk(threading.local):
    """Where whoever works on a request has its trail; one that was left behind keeps its own."""

    def __init__(self) -> None:
        self.trail = Trail()


class Line(HTTPConnection):
    """A connection in clear, which is for this machine itself. `desk` is set by the pool."""

    debuglevel = 0
    """http.client's own debugging prints whole requests, their tokens too; who turns it on means other connections."""
    desk: Desk
    _trail: Trail
    _began = 0.0
    _address: Address
    _peer = ""

    def connect(self) -> None:
        """Open the connection.

        Raises:
            NoAnswer: with the step that failed.
        """
        self._trail = self.desk.trail
        self._trail.line = self
        self._trail.place, self._began = "resolve", time.perf_counter()
        super().connect()

    def request(self, *args: Any, **options: Any) -> None:
        """Send the request; the trail notes when all of it has been handed over."""
        trail = self.desk.trail
        trail.line = self
        trail.go_on()
        super().request(*args, **options)
        trail.sent = True

    def _new_conn(self) -> socket.socket:
        end = min(self._trail.end, time.monotonic() + (self.timeout or 0.0))
        try:
            addresses = resolve(self._dns_host.strip("[]"), self.port, end)
        except LookupFailed as failed:
            from dtsconf.web import faults

            raise self._no_way(faults.of_lookup(failed)) from None
        self._passed(", ".join(map(str, addresses)), "system")
        self._trail.place = "connect"
        return self._connected(Race(addresses, end))

    def _connected(self, race: Race) -> socket.socket:
        sock = race.run()
        if sock is None:
            from dtsconf.web import faults

            raise self._no_way(faults.of_race(race))
        try:
            self._address = peer_of(sock)
        except OSError as error:
            from dtsconf.web import faults

            sock.close()
            raise self._no_way(faults.of_broken(error)) from None
        sock.settimeout(self.timeout)
        # A request's head and body follow each other: without this each waits for a delayed ACK.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        told = f" ({'; '.join(map(str, race.failed))})" if race.failed else ""
        self._peer = f"{self._address} port {self.port}{told}"
        if not self._tunnel_host:
            self._connected_through(self._peer)
        return sock

    def _connected_through(self, reached: str) -> None:
        self._passed(reached, "system")
        self._trail.place = "tls"

    def _passed(self, detail: str, said_by: Any) -> None:
        self._trail.go_on()
        self._trail.steps.append(Step(self._trail.place, self._took(), detail, said_by))
        self._began = time.perf_counter()

    def _took(self) -> float:
        return round((time.perf_counter() - self._began) * 1000, 1)

    def _no_way(self, fault: Fault, certificate: Certificate | None = None) -> NoAnswer:
        what: What = "proxy" if self.proxy is not None and self._trail.place != "tls" else fault.what
        told = Trouble(what, fault.cause, fault.detail, fault.said_by, self._trail.place, certificate=certificate)
        return NoAnswer(replace(told, steps=tuple(self._trail.steps), ms=self._took()))


class SecureLine(Line, HTTPSConnection):
    """A connection under TLS, by way of a proxy's tunnel where there is one."""

    def connect(self) -> None:
        """Open the connection: look up, connect, tunnel, TLS.

        Raises:
            NoAnswer: with the step that failed.
        """
        failed: NoAnswer | None = None
        try:
            super().connect()
        except _BREAKS as error:
            failed = self._broken(error)
        if failed is not None:
            self.close()
            raise failed
        self._passed(self._secured(), "tls")
        self._trail.place = "request"

    @property
    def is_connected(self) -> bool:
        """Whether it still stands. Readable isn't closed: after the handshake of TLS 1.3 there are session tickets to
        read (RFC 8446 4.6.1), which urllib3 takes for the end."""
        if not isinstance(self.sock, ssl.SSLSocket):
            return super().is_connected
        self.sock.settimeout(0)
        try:
            self.sock.recv(1)  # nothing at the end, else something that nobody asked for
        except ssl.SSLWantReadError:
            return True
        except OSError:
            return False
        return False

    def _tunnel(self) -> None:
        super()._tunnel()
        self._connected_through(f"{self._tunnel_host} port {self._tunnel_port} by way of the proxy {self._peer}")

    def _secured(self) -> str:
        """What TLS came to, for the report."""
        sock: Any = self.sock
        cipher, told = sock.cipher(), sock.getpeercert()
        seen = f"; {from_peer(told)}" if told else ""
        return f"{sock.version()}, {cipher[0] if cipher else 'no cipher'}{seen}"

    def _broken(self, error: Exception) -> NoAnswer:
        from dtsconf.web import faults

        if self._trail.place != "tls":
            return self._no_way(faults.of_tunnel(error))
        fault = faults.of_handshake(error)
        seen = self._look() if fault.what == "certificate" else None
        if seen is not None:
            told = f"; certificate {seen.subject}, issued by {seen.issuer}, for {seen.fits}, valid from"
            told += f" {day(seen.not_before)} until {day(seen.not_after)}, SHA-256 {seen.sha256}"
            fault = fault._replace(detail=fault.detail + told)
        return self._no_way(fault, certificate=seen)

    def _look(self) -> Certificate | None:
        """The certificate that is shown here, trusted or not; None when it can't be had."""
        if self.ssl_context is None:
            return None
        left = self._trail.end - time.monotonic()
        other = _Looking(
            self._dns_host,
            self.port,
            timeout=min(self.timeout or LOOK, LOOK, max(left / 2, 0.001)),
            proxy=self.proxy,
            proxy_config=self.proxy_config,
            ssl_context=blind(self.ssl_context),
            server_hostname=self.server_hostname,
        )
        other.address = self._address
        if self._tunnel_host:
            headers: Any = self._tunnel_headers  # type: ignore[attr-defined] # set_tunnel's; typeshed leaves it out
            other.set_tunnel(self._tunnel_host, self._tunnel_port, headers, self._tunnel_scheme or "http")
        return other.seen()


class _Looking(HTTPSConnection):
    """urllib3's own, to an address that has answered before, for one look."""

    address: Address

    def _new_conn(self) -> socket.socket:
        return connected(self.address, time.monotonic() + float(self.timeout or 0))

    def seen(self) -> Certificate | None:
        """The certificate that is shown here, trusted or not; None when it can't be had in time."""
        try:
            self.connect()
            sock: Any = self.sock
            der, alone = sock.getpeercert(binary_form=True), chain_length(sock) == 1
        except _BREAKS:
            return None
        finally:
            self.close()
        found = from_der(der or b"")
        return replace(found, alone=alone) if found else None


class Pool(HTTPConnectionPool):
    """The connections to one host, all with their trail on one desk."""

    ConnectionCls = Line

    def __init__(self, *args: Any, desk: Desk, **options: Any) -> None:
        self._desk = desk
        super().__init__(*args, **options)

    def _new_conn(self) -> Any:
        line: Any = super()._new_conn()
        line.desk = self._desk
        return line

    def open(self, timeout: float) -> None:
        """See that a connection stands, asking for nothing. `timeout` in seconds, for each step.

        Raises:
            NoAnswer: with the step that failed.
        """
        line = self._get_conn(timeout)
        line.timeout = timeout
        try:
            if line.is_closed and self.proxy is not None:
                self._prepare_proxy(line)
            else:
                self._validate_conn(line)
        except BaseException:
            line.close()
            raise
        finally:
            self._put_conn(line)


class SecurePool(Pool, HTTPSConnectionPool):
    """As `Pool`, under TLS."""

    ConnectionCls = SecureLine
