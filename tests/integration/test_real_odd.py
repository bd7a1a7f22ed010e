"""The odd servers are as odd as their names say."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import pytest

from tests.real import odd
from tests.real.ca import Certificates
from tests.real.loopback import LoopbackServer
from tests.real.polite import SmtpServer
from tests.real.scripted import Action, Drop, Expect, Flood, Raw, Say, ScriptedServer, Stall, StartTls, Step

CLIENT = "client.corp.example"


def first_bytes(server: LoopbackServer, seconds: float = 2, say: bytes = b"") -> bytes:
    with socket.create_connection((server.host, server.port), timeout=seconds) as sock:
        sock.sendall(say)
        return sock.recv(100)


@pytest.mark.parametrize(
    ("make", "start"),
    [
        (odd.eager_http, b"HTTP/1.1 400 "),
        (odd.ssh, b"SSH-2.0-"),
        (odd.closing, b""),
        (odd.blocked, b"554 5.7.1 "),
        (odd.busy, b"421 4.7.0 "),
        (odd.flooding, b"220-xxx"),
        (odd.dripping, b"2"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_odd_servers_begin_so(make: Callable[[], AbstractContextManager[LoopbackServer]], start: bytes) -> None:
    with make() as server:
        answer = first_bytes(server)
        assert answer.startswith(start)
        assert bool(answer) == bool(start)


def test_a_web_server_waits_for_a_request_and_answers_anything() -> None:
    with odd.http() as server:
        assert first_bytes(server, say=b"EHLO x\r\n").startswith(b"HTTP/1.1 400 ")
        with pytest.raises(TimeoutError):
            first_bytes(server, seconds=0.2)


def test_a_silent_server_takes_the_connection_and_says_nothing() -> None:
    with odd.silent() as server:
        with pytest.raises(TimeoutError):
            first_bytes(server, seconds=0.2)
        assert server.accepted == 1


def test_a_resetting_server_resets() -> None:
    with odd.resetting() as server, pytest.raises(ConnectionResetError):
        first_bytes(server)


def test_a_dead_port_refuses() -> None:
    with odd.dead_port() as port, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_closing_a_server_ends_its_stalled_connections_quickly() -> None:
    server = odd.silent()
    with socket.create_connection((server.host, server.port), timeout=5) as sock:
        while not server.accepted:
            time.sleep(0.01)
        begin = time.monotonic()
        server.close()
        assert time.monotonic() - begin < 2
        assert sock.recv(1) == b""


def test_a_script_is_followed_into_tls_and_records_what_came(certificates: Certificates) -> None:
    script: list[Step] = [
        Say("220 scripted"),
        Expect("EHLO .*"),
        Say("250-scripted\n250 STARTTLS"),
        Expect("STARTTLS"),
        Say("220 go"),
        StartTls(certificates.server_context()),
        Expect("EHLO .*"),
        Say("250 scripted"),
        Drop(),
    ]
    with ScriptedServer(script) as server:
        with smtplib.SMTP(server.host, server.port, CLIENT, timeout=5) as client:
            client.starttls(context=certificates.client_context())
            client.ehlo()
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.noop()
        assert server.surprises == []
        assert server.sessions[0].plain == [f"ehlo {CLIENT}", "STARTTLS"]
        assert server.sessions[0].encrypted == [f"ehlo {CLIENT}"]


def test_a_script_can_inject_plain_text_behind_the_answer_to_starttls(certificates: Certificates) -> None:
    injected: list[Step] = [Say("220 x"), Expect("STARTTLS"), Raw(b"220 go\r\n250 injected\r\n"), Drop()]
    with ScriptedServer(injected) as server, socket.create_connection((server.host, server.port), timeout=5) as sock:
        sock.sendall(b"STARTTLS\r\n")
        with sock.makefile("rb") as stream:
            assert stream.read() == b"220 x\r\n220 go\r\n250 injected\r\n"


def test_what_a_script_did_not_expect_is_told() -> None:
    with ScriptedServer([Say("220 x"), Expect("EHLO .*"), Say("250 x")]) as server:
        with smtplib.SMTP(server.host, server.port, CLIENT, timeout=5) as client:
            client.putcmd("NOOP")
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.getreply()
        assert server.surprises == ["'EHLO .*' expected, 'NOOP' came"]


def test_scripts_are_used_one_a_connection() -> None:
    with ScriptedServer([Say("421 later"), Drop()], [Say("220 now"), Stall()]) as server:
        assert [first_bytes(server)[:3] for _ in range(3)] == [b"421", b"220", b"220"]


def test_the_polite_server_misbehaves_where_told() -> None:
    acts: dict[str, Action | Sequence[Action | None]] = {
        "RCPT": [Say("450 4.7.1 Greylisted"), None],
        "DATA": Drop(),
        "NOOP": Flood(),
    }
    with SmtpServer(on=acts) as server:
        with smtplib.SMTP(server.host, server.port, CLIENT, timeout=5) as client:
            client.ehlo()
            client.mail("alice@corp.example")
            assert client.rcpt("bob@corp.example") == (450, b"4.7.1 Greylisted")
            assert client.rcpt("bob@corp.example")[0] == 250
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.docmd("DATA")
        assert server.messages == []
        assert [re.split("[ :]", line)[0].upper() for line in server.sessions[0].lines] == [
            "EHLO",
            "MAIL",
            "RCPT",
            "RCPT",
            "DATA",
        ]


def test_the_polite_server_speaks_implicit_tls(certificates: Certificates) -> None:
    with (
        SmtpServer(tls=certificates.server_context(), wrapper=True) as server,
        smtplib.SMTP_SSL(server.host, server.port, CLIENT, timeout=5, context=certificates.client_context()) as client,
    ):
        client.ehlo()
        assert not client.has_extn("starttls")
        assert isinstance(client.sock, ssl.SSLSocket)
        assert client.noop()[0] == 250


def test_the_polite_server_listens_on_ipv6() -> None:
    with SmtpServer(host="::1") as server:
        assert server.host == "::1"
        assert first_bytes(server).startswith(b"220 ")
