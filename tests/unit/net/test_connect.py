from __future__ import annotations

import contextlib
import ctypes
import errno
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from dtsconf.net import connect
from dtsconf.net.connect import Address, LookupFailed, Race, interleave, resolve

V4, V6 = socket.AF_INET, socket.AF_INET6


def v4(last: int, port: int = 25) -> Address:
    return Address(V4, (f"127.0.0.{last}", port))


def v6(last: int) -> Address:
    return Address(V6, (f"2001:db8::{last}", 25, 0, 0))


def test_families_take_turns_and_the_first_choice_stays_first() -> None:
    assert interleave([v6(1), v6(2), v6(3), v4(1)]) == [v6(1), v4(1), v6(2), v6(3)]
    assert interleave([v4(1), v4(2), v6(1)]) == [v4(1), v6(1), v4(2)]
    assert interleave([v4(2), v4(1)]) == [v4(2), v4(1)]
    assert interleave([]) == []


@contextlib.contextmanager
def listening(address: str = "127.0.0.1") -> Iterator[int]:
    with socket.create_server((address, 0)) as sock:
        yield sock.getsockname()[1]


def _take_all(sock: socket.socket) -> None:
    sock.settimeout(2)
    with contextlib.suppress(TimeoutError):
        while True:
            sock.accept()[0].close()


@contextlib.contextmanager
def deaf(awake: float | None = None) -> Iterator[Address]:
    """An address that answers no SYN: its queue of connections is full (Linux drops what comes then). After `awake`
    seconds it takes whatever comes."""
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
        time.sleep(0.05)
        if awake is not None:
            timer = threading.Timer(awake, _take_all, (sock,))
            timer.start()
            stack.callback(timer.join)
        yield Address(V4, sock.getsockname())


def test_the_first_to_connect_wins() -> None:
    with listening() as port:
        race = Race([v4(1, port)], time.monotonic() + 5)
        sock = race.run()
        assert sock is not None
        assert sock.getpeername() == ("127.0.0.1", port)
        sock.close()
        assert race.failed == []


def test_a_refused_address_costs_nothing() -> None:
    with listening() as port:
        start = time.monotonic()
        race = Race([v4(1, 1), v4(1, port)], start + 5)
        sock = race.run()
        assert sock is not None
        sock.close()
        assert time.monotonic() - start < connect.STAGGER
        assert [attempt.errno for attempt in race.failed] == [errno.ECONNREFUSED]


def test_a_dead_address_costs_a_fraction_of_a_second_and_is_told() -> None:
    with deaf() as dead, listening() as port:
        start = time.monotonic()
        race = Race([dead, v4(1, port)], start + 5)
        sock = race.run()
        assert sock is not None
        assert sock.getpeername()[1] == port
        sock.close()
        assert connect.STAGGER * 0.9 <= time.monotonic() - start < 1
        assert [str(attempt) for attempt in race.failed] == ["127.0.0.1: no answer"]


def test_on_a_slow_line_nobody_is_told_as_dead() -> None:
    """The first address answers the second try of the kernel, after a second: the other one, begun later, may yet."""
    with deaf(awake=0.3) as slow, deaf() as other:
        race = Race([slow, other], time.monotonic() + 5)
        sock = race.run()
        assert sock is not None
        assert sock.getpeername() == slow.sockaddr
        sock.close()
        assert race.failed == []


def test_windows_has_its_own_words_for_errors_of_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "FormatError", lambda number: f"{number} was refused.", raising=False)
    assert str(connect.Attempt(v4(1), 10061)) == "127.0.0.1: 10061 was refused"


def test_where_no_time_is_left_nobody_answered() -> None:
    race = Race([v4(1), v4(2)], time.monotonic() - 1)
    assert race.run() is None
    assert [attempt.why for attempt in race.failed] == [connect.SILENT, connect.SILENT]


def test_only_dead_addresses_end_with_the_deadline() -> None:
    with deaf() as dead:
        start = time.monotonic()
        race = Race([dead, dead], start + 0.6)
        assert race.run() is None
        assert 0.5 < time.monotonic() - start < 1.5
        assert [attempt.errno for attempt in race.failed] == [None, None]


def test_an_address_of_a_family_that_is_not_there_is_told() -> None:
    race = Race([Address(V6, ("2001:db8::1", 25, 0, 0))], time.monotonic() + 2)
    assert race.run() is None
    assert len(race.failed) == 1


def test_addresses_are_not_looked_up() -> None:
    assert resolve("192.0.2.7", 25, 0) == [Address(V4, ("192.0.2.7", 25))]
    assert resolve("2001:db8::1", 25, 0) == [Address(V6, ("2001:db8::1", 25, 0, 0))]


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10) and [])
    start = time.monotonic()
    with pytest.raises(LookupFailed) as caught:
        resolve("slow.example", 25, start + 0.2)
    released.set()
    assert time.monotonic() - start < 1
    assert caught.value.code is None


def test_a_name_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(LookupFailed) as caught:
        resolve("nosuch.example", 25, time.monotonic() + 5)
    assert caught.value.code == socket.EAI_NONAME


def test_no_more_addresses_than_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [(V4, socket.SOCK_STREAM, 6, "", (f"192.0.2.{n}", 25)) for n in range(200)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: many)
    assert len(resolve("many.example", 25, time.monotonic() + 5)) == connect.MOST_ADDRESSES
