"""What a proxy says in place of a tunnel, taken apart."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from dtsconf.looks.proxy import Heard, ask, read
from dtsconf.web.trouble import Proxy
from tests.real.loopback import Connection, Gone, LoopbackServer

ANSWER = "HTTP/1.1 407 Proxy Authentication Required\r\nServer: squid\r\n{}Content-Type: text/html\r\n\r\n{}"


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ("", None),
        ("SSH-2.0-OpenSSH_9.2\r\n", None),
        ("HTTP/1.0 200 Connection established\r\n\r\n", Heard("200 Connection established")),
        (
            ANSWER.format(
                "Proxy-Authenticate: NTLM\r\nproxy-authenticate: Basic realm=x\r\n", "<title> No\n way</title>"
            ),
            Heard("407 Proxy Authentication Required", ("NTLM", "Basic"), "squid", "No way", html=True),
        ),
        ("HTTP/1.1 403 No\r\n\r\n<HTML>x", Heard("403 No", html=True)),
    ],
)
def test_read(answer: str, heard: Heard | None) -> None:
    assert read(answer) == heard


def test_what_is_shown() -> None:
    told = str(read(ANSWER.format("Proxy-Authenticate: NTLM\r\n", "<title>x</title>")))
    assert told == "407 Proxy Authentication Required; it takes NTLM; squid; a page titled 'x'"


def test_a_proxy_that_drips_is_not_listened_to_for_ever() -> None:
    """Each byte comes in time, and still there is an end."""
    given = []

    def drip(connection: Connection) -> None:
        connection.read_line()
        with suppress(Gone, OSError):
            for byte in ("HTTP/1.1 502 " + "x" * 300).encode():
                connection.write(bytes([byte]))
                given.append(byte)
                time.sleep(0.01)

    with LoopbackServer(drip) as running:
        proxy = Proxy("http", "127.0.0.1", running.port, "HTTPS_PROXY")
        heard = ask(proxy, "login.test", 443, time.monotonic() + 0.4)
    assert heard is not None
    assert heard.status.startswith("502")
    assert len(given) < 200
