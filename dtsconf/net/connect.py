"""From a host name to a connected socket: a bounded look-up, then addresses tried the Happy Eyeballs way.

RFC 8305: families take turns, a new attempt starts 250 ms after the last one or as soon as it fails, the first to
connect wins; so a dead address costs a fraction of a second. Refuses to know what is spoken on the connection.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
import time
from contextlib import suppress
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, cast

from dtsconf.frozen import frozen
from dtsconf.net.limits import OutOfTime, within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STAGGER = 0.25
"""Seconds between two attempts: the Connection Attempt Delay of RFC 8305 8."""

MOST_ADDRESSES = 16
"""Addresses that are tried; a name with more of them is a fault or an attack."""

LONGER = 3
"""How many times as long as the address that connected another one has to have been silent, to be told as silent: on a
slow line both may be on their way."""

SockAddr = tuple[str, int] | tuple[str, int, int, int]
_CONNECTED = 0

SILENT = "no answer"
"""What is said of an address that met silence."""


class LookupFailed(Exception):
    """The name could not be looked up. `code` is getaddrinfo's (EAI_...), None for a time-out."""

    def __init__(self, words: str, code: int | None) -> None:
        super().__init__(words)
        self.words = words
        self.code = code


@frozen
class Address:
    """One place to connect to."""

    family: int
    sockaddr: SockAddr

    def at(self, port: int) -> Address:
        """The same host's other port."""
        host, _, *scope = self.sockaddr
        return Address(self.family, (host, port, *scope))  # type: ignore[arg-type] # mypy loses the tuples' lengths

    @property
    def port(self) -> int:
        """Its port."""
        return self.sockaddr[1]

    def __str__(self) -> str:
        return str(self.sockaddr[0])


def connected(address: Address, end: float) -> socket.socket:
    """A socket connected to this one address, by `end` (monotonic seconds); its next wait ends then, too. Raises:
    OSError."""
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        sock.settimeout(_left(end))
        sock.connect(address.sockaddr)
        sock.settimeout(_left(end))
    except OSError:
        sock.close()
        raise
    return sock


def peer_of(sock: socket.socket) -> Address:
    """The other end of a connected socket. Raises: OSError: the connection has ended already, and what ended it, such
    as a reset."""
    try:
        return Address(sock.family, sock.getpeername())
    except OSError:
        if ended := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(ended, _words(ended)) from None
        raise


def received(sock: socket.socket, most: int, end: float, enough: Callable[[bytes], bool] | None = None) -> bytes:
    """What comes over a socket until the other side is done, `most` bytes are there, or `enough` says so; by `end`
    (monotonic seconds), however it drips. What came before any trouble counts."""
    answer = b""
    with suppress(OSError):
        while len(answer) < most and (left := end - time.monotonic()) > 0 and not (enough and enough(answer)):
            sock.settimeout(left)
            if not (part := sock.recv(most)):
                break
            answer += part
    return answer


def _left(end: float) -> float:
    """Seconds up to `end`, and a moment where it is over: 0 would mean not to wait at all."""
    return max(0.05, end - time.monotonic())


@frozen
class Attempt:
    """An address that did not answer: the system's error number, None for a time-out."""

    address: Address
    errno: int | None

    @property
    def place(self) -> str:
        """Address and port, to be shown."""
        return f"{self.address} port {self.address.port}"

    @property
    def why(self) -> str:
        """What the system said."""
        return _words(self.errno) if self.errno else SILENT

    def __str__(self) -> str:
        return f"{self.address}: {self.why}"


def _words(number: int) -> str:
    """What the system says of an error of a socket; the C library of Windows knows none of those."""
    words = os.strerror(number)
    if sys.platform == "win32":
        import ctypes

        words = ctypes.FormatError(number).rstrip(". \r\n")
    return words


def resolve(host: str, port: int, end: float) -> list[Address]:
    """Look the host up (A and AAAA) and give its addresses, families taking turns. Bounded by `end` (monotonic).

    The system's resolver can't be interrupted, so it runs in a daemon thread that is left behind when time is over.

    Raises:
        LookupFailed: no such name, no answer, or not in time.
    """
    if ":" in host or host.replace(".", "").isdigit():
        return _look_up(host, port)
    try:
        return within(max(0.0, end - time.monotonic()), lambda: _look_up(host, port))
    except OutOfTime:
        raise LookupFailed("the name servers gave no answer in time", None) from None


def _look_up(host: str, port: int) -> list[Address]:
    try:
        # As bytes, a name in ASCII is looked up as it is, and Python's tables for others aren't loaded.
        name = host.encode() if host.isascii() else host
        rows = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise LookupFailed(error.strerror or str(error), error.errno) from error
    except UnicodeError as error:
        raise LookupFailed("the name can't be looked up", None) from error
    places = [Address(family, cast("SockAddr", sockaddr)) for family, _, _, _, sockaddr in rows if _usable(family)]
    return interleave(list(dict.fromkeys(places)))[:MOST_ADDRESSES]


def _usable(family: int) -> bool:
    return family in (socket.AF_INET, socket.AF_INET6)


def interleave(addresses: Sequence[Address]) -> list[Address]:
    """Let the families take turns, the resolver's first choice first, its order kept within each (RFC 8305 4)."""
    if not addresses:
        return []
    first = [a for a in addresses if a.family == addresses[0].family]
    other = [a for a in addresses if a.family != addresses[0].family]
    return [a for a in chain.from_iterable(zip_longest(first, other)) if a is not None]


class Race:
    """One run of Happy Eyeballs: call `run` once. `failed` holds the addresses that did not answer, in order."""

    def __init__(self, addresses: Sequence[Address], end: float) -> None:
        self._waiting = list(addresses)
        self._end = end
        self._selector = selectors.DefaultSelector()
        self._next = time.monotonic()
        self._enough = 0.0
        self.failed: list[Attempt] = []

    def run(self) -> socket.socket | None:
        """The first socket to connect, or None when none did (see `failed`)."""
        try:
            winner = None
            while winner is None and (self._waiting or self._selector.get_map()):
                if time.monotonic() >= self._end:
                    break
                winner = self._start_due() or self._wait()
            if winner is None:  # time was over before some of them had their turn
                self.failed += [Attempt(address, None) for address in self._waiting]
            return winner
        finally:
            self._close_rest()

    def _start_due(self) -> socket.socket | None:
        if not self._waiting or time.monotonic() < self._next:
            return None
        address = self._waiting.pop(0)
        self._next = time.monotonic() + STAGGER
        try:
            sock = socket.socket(address.family, socket.SOCK_STREAM)
        except OSError as error:
            self._fail(address, error.errno)
            return None
        try:
            sock.setblocking(False)
            sock.connect(address.sockaddr)
        except BlockingIOError:
            self._selector.register(sock, selectors.EVENT_WRITE, (sock, address, time.monotonic()))
            return None
        except OSError as error:
            sock.close()
            self._fail(address, error.errno)
            return None
        return sock

    def _wait(self) -> socket.socket | None:
        """Wait for an attempt to end, but not past the next start; give the socket that connected."""
        until = min(self._end, self._next) if self._waiting else self._end
        if not self._selector.get_map():
            return None
        for key, _ in self._selector.select(max(0.0, until - time.monotonic())):
            sock: socket.socket
            sock, address, start = key.data
            self._selector.unregister(sock)
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error == _CONNECTED:
                self._enough = LONGER * (time.monotonic() - start)
                return sock
            sock.close()
            self._fail(address, error)
        return None

    def _fail(self, address: Address, number: int | None) -> None:
        self.failed.append(Attempt(address, number))
        self._next = time.monotonic()

    def _close_rest(self) -> None:
        for key in list(self._selector.get_map().values()):
            sock, address, start = key.data
            sock.close()
            if time.monotonic() - start >= self._enough:
                self.failed.append(Attempt(address, None))
        self._selector.close()
