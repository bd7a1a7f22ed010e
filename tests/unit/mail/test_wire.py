from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from dtsconf.mail.reply import NotAReply, Reply
from dtsconf.mail.wire import LONGEST_LINE, ConnectionLost, Limits, Wire
from tests.real.loopback import Connection
from tests.unit.mail.scripted import Peer, Script, server


def soon(seconds: float = 3) -> float:
    return time.monotonic() + seconds


@contextlib.contextmanager
def wired(script: Script) -> Iterator[Wire]:
    with server(script) as running:
        wire = Wire(socket.create_connection(("127.0.0.1", running.port)))
        try:
            yield wire
        finally:
            wire.close()


def saying(data: bytes) -> Script:
    return lambda peer: peer.raw(data)


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"250 ok\r\n", Reply(250, ("ok",))),
        (b"250 ok\n", Reply(250, ("ok",))),
        (b"250-a\r\n250-b\n250 c\r\n", Reply(250, ("a", "b", "c"))),
        (b"250\r\n", Reply(250, ("",))),
        (b"250-" + b"a" * 8000 + b"\r\n250 b\r\n", Reply(250, ("a" * 8000, "b"))),
    ],
)
def test_a_reply_is_read_whole(data: bytes, reply: Reply) -> None:
    with wired(saying(data)) as wire:
        assert wire.read_reply(soon()) == reply
        assert wire.pending == b""


def test_a_second_reply_stays_for_later() -> None:
    with wired(saying(b"250 one\r\n250 two\r\n")) as wire:
        assert wire.read_reply(soon()).text == "250 one"
        assert wire.pending == b"250 two\r\n"
        assert wire.read_reply(soon()).text == "250 two"


def test_what_was_read_already_is_some_of_it() -> None:
    with wired(saying(b"250 one\r\nmore")) as wire:
        wire.read_reply(soon())
        assert wire.read_some(soon()) == b"more"
        assert wire.pending == b""


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n",
        b"250-a\r\n550 b\r\n",
        b"250 " + b"a" * (LONGEST_LINE + 10) + b"\r\n",
        b"x" * (LONGEST_LINE + 10),
        b"250-line\r\n" * 10_000,
    ],
)
def test_what_is_no_reply_or_too_big_is_refused(data: bytes) -> None:
    with wired(saying(data)) as wire, pytest.raises(NotAReply):
        wire.read_reply(soon())


def test_a_server_that_drips_does_not_outlast_the_deadline() -> None:
    def drip(peer: Peer) -> None:
        for _ in range(40):
            peer.raw(b"2")
            time.sleep(0.1)

    with wired(drip) as wire:
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            wire.read_reply(soon(0.5))
        assert time.monotonic() - start < 1


def test_a_closed_connection_is_told_from_a_reset_one() -> None:
    with wired(lambda _: None) as wire, pytest.raises(ConnectionLost, match="the server closed"):
        wire.read_reply(soon())

    def resets(peer: Peer) -> None:
        peer.hear()
        peer.reset()

    with wired(resets) as wire:
        wire.send(b"NOOP\r\n", soon())
        with pytest.raises(ConnectionLost, match="reset"):
            wire.read_reply(soon())


def test_what_can_not_be_sent_any_more_says_so() -> None:
    def resets(peer: Peer) -> None:
        peer.hear()
        peer.reset()

    with wired(resets) as wire:
        wire.send(b"NOOP\r\n", soon())
        with pytest.raises(ConnectionLost):
            wire.read_reply(soon())
        with pytest.raises(ConnectionLost, match="Broken pipe"):
            wire.send(b"QUIT\r\n", soon())


def test_a_connection_that_was_reset_before_it_is_used_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        Connection(accepted).reset()
        with pytest.raises(ConnectionLost) as caught:
            Wire(client)
        assert caught.value.reason == "Connection reset by peer"
        assert client.fileno() < 0


def test_a_server_that_reads_nothing_does_not_outlast_the_deadline() -> None:
    with wired(lambda _: time.sleep(1)) as wire, pytest.raises(TimeoutError):
        wire.send(b"x" * 20_000_000, soon(0.3))


def test_a_stage_never_ends_after_the_whole() -> None:
    limits = Limits(stage=60, whole=0.2)
    assert limits.end() - time.monotonic() <= 0.2
    assert limits.short(5) - time.monotonic() <= 0.2
    time.sleep(0.25)
    assert limits.spent


@given(
    st.lists(st.sampled_from([b"250-a\r\n", b"250 b\n", b"250", b"\r\n", b"\0", b"\xff", b"2", b"-"]), max_size=12).map(
        b"".join
    )
)
def test_any_bytes_end_in_a_reply_or_a_known_error(data: bytes) -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(data)
        there.shutdown(socket.SHUT_WR)
        wire = Wire.__new__(Wire)
        wire._sock, wire._buffer, wire._tls, wire.received = here, bytearray(), None, 0
        wire.before_waiting = lambda: None
        try:
            assert wire.read_reply(soon()).code // 100 == 2
        except (NotAReply, ConnectionLost):
            return


def test_a_connection_that_is_gone_already_is_lost_not_a_crash() -> None:
    sock = socket.socket()
    with pytest.raises(ConnectionLost):
        Wire(sock)
    assert sock.fileno() == -1
