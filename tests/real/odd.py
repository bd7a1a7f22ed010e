"""Things that answer where a mail server should be, and mail servers that say no at once.

Rules: each is a function that returns a running server, to be used as a context manager; what they say is what the
real ones say. Knows no client.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from tests.real.loopback import Connection, LoopbackServer
from tests.real.polite import SmtpServer
from tests.real.processes import free_ports
from tests.real.scripted import Drip, Drop, Flood, Raw, Say, ScriptedServer, Stall

HTTP_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\nContent-Length: 40\r\n"
    b"Connection: close\r\n\r\n<html><h1>400 Bad Request</h1></html>\r\n\r\n"
)


def http(host: str = "127.0.0.1") -> LoopbackServer:
    """A web server: it waits for a request, and takes whatever it gets for a bad one."""

    def serve(connection: Connection) -> None:
        connection.read_line()
        connection.write(HTTP_ANSWER)

    return LoopbackServer(serve, host=host)


def eager_http(host: str = "127.0.0.1") -> ScriptedServer:
    """A web proxy that answers before it is asked, as captive portals do with a connection that says nothing."""
    return ScriptedServer([Raw(HTTP_ANSWER), Drop()], host=host)


def ssh(host: str = "127.0.0.1") -> ScriptedServer:
    """An SSH server: its banner (RFC 4253, 4.2), then it waits for the client's."""
    return ScriptedServer([Raw(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"), Stall()], host=host)


def silent(host: str = "127.0.0.1") -> ScriptedServer:
    """Accepts and never speaks."""
    return ScriptedServer([Stall()], host=host)


def closing(host: str = "127.0.0.1") -> ScriptedServer:
    """Accepts and closes at once, as a TCP wrapper does."""
    return ScriptedServer([Drop()], host=host)


def resetting(host: str = "127.0.0.1") -> ScriptedServer:
    """Accepts and resets at once."""
    return ScriptedServer([Drop(reset=True)], host=host)


def dripping(host: str = "127.0.0.1") -> ScriptedServer:
    """Sends its banner a byte at a time: no single read takes long."""
    return ScriptedServer([Drip("220 " + "patience " * 100), Stall()], host=host)


def flooding(host: str = "127.0.0.1") -> ScriptedServer:
    """Sends a banner without end."""
    return ScriptedServer([Flood("220-" + "x" * 500)], host=host)


def blocked(text: str = "554 5.7.1 Your address is on our blocklist", host: str = "127.0.0.1") -> SmtpServer:
    """Greets with 554: no service for you."""
    return SmtpServer(on={"CONNECT": Say(text)}, host=host)


def busy(text: str = "421 4.7.0 Too many connections, try again later", host: str = "127.0.0.1") -> ScriptedServer:
    """Greets with 421 and closes."""
    return ScriptedServer([Say(text), Drop()], host=host)


@contextlib.contextmanager
def dead_port(host: str = "127.0.0.1") -> Iterator[int]:
    """A port on which nothing listens and which nothing else can take meanwhile: connections are refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as holder:
        holder.bind((host, free_ports(1)[0]))
        yield holder.getsockname()[1]
