"""What an SMTP server is to a client: Postfix and the polite in-process server must both keep it, so that what a test
shows against the one holds for the other."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, BinaryIO

import pytest

from tests.real.ca import Certificates
from tests.real.endpoints import SMALL_SIZE_LIMIT
from tests.real.polite import SmtpServer
from tests.real.servers import MailHost

SENDER, CLIENT = "alice@corp.example", "client.corp.example"
USER, PASSWORD = "alice", "correct horse battery staple"

pytestmark = pytest.mark.servers


@dataclass(frozen=True)
class Server:
    """One implementation: where it listens, whom it can deliver to, and how to read what was delivered."""

    host: str
    port: int
    recipient: str
    context: ssl.SSLContext
    delivered: Callable[[], str]

    @contextlib.contextmanager
    def connected(self) -> Iterator[smtplib.SMTP]:
        client = smtplib.SMTP(self.host, self.port, CLIENT, timeout=10)
        try:
            yield client
        finally:
            client.close()


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "starttls": {"tls": True},
    "starttls-required": {"tls": True, "require_tls": True},
    "login": {"tls": True, "require_tls": True, "require_login": True, "users": {USER: PASSWORD}},
    "small": {"extensions": ("PIPELINING", f"SIZE {SMALL_SIZE_LIMIT}", "8BITMIME", "ENHANCEDSTATUSCODES")},
}
POSTFIX = {"starttls": "starttls-optional", "login": "login-plain-login"}


@pytest.fixture(params=["postfix", "in-process"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Server]]:
    with contextlib.ExitStack() as stack:

        def postfix(kind: str) -> Server:
            mail: MailHost = request.getfixturevalue("mail")
            host, port, _ = mail.endpoint(POSTFIX.get(kind, kind))
            recipient = mail.fresh_recipient()
            context = mail.certificates.client_context()
            return Server(host, port, recipient, context, lambda: mail.wait_for_mail(recipient).get_content())

        def in_process(kind: str) -> Server:
            certificates: Certificates = request.getfixturevalue("certificates")
            traits = dict(KINDS[kind])
            if traits.pop("tls", False):
                traits["tls"] = certificates.server_context()
            server = stack.enter_context(SmtpServer(**traits))

            def delivered() -> str:
                return server.messages[-1].data.decode().replace("\r\n", "\n").partition("\n\n")[2]

            recipient = "mailcheck@corp.example"
            return Server(server.host, server.port, recipient, certificates.client_context(), delivered)

        yield postfix if request.param == "postfix" else in_process


def letter(recipient: str, body: str = "hello\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, recipient, "contract"
    message.set_content(body)
    return message


def pipeline(server: Server, *commands: str, until: str) -> list[str]:
    """The codes of all replies when every command is sent in one go after EHLO; `until` is the last reply's code."""
    with socket.create_connection((server.host, server.port), timeout=10) as sock, sock.makefile("rb") as replies:
        _codes(replies, "220")
        sock.sendall(f"EHLO {CLIENT}\r\n".encode())
        _codes(replies, "250")
        sock.sendall("".join(f"{command}\r\n" for command in commands).encode())
        return _codes(replies, until)


def _codes(replies: BinaryIO, until: str) -> list[str]:
    codes: list[str] = []
    for line in replies:
        text = line.decode()
        if text[3] != "-":
            codes.append(text[:3])
        if codes and codes[-1] == until:
            break
    return codes


def test_it_greets_and_says_what_it_can(make: Callable[[str], Server]) -> None:
    with make("plain").connected() as client:
        code, _ = client.ehlo()
        assert code == 250
        for word in ("pipelining", "8bitmime", "smtputf8", "enhancedstatuscodes"):
            assert client.has_extn(word)
        assert client.esmtp_features["size"] == "10485760"
        assert not client.has_extn("starttls")
        assert not client.has_extn("auth")


def test_it_takes_helo(make: Callable[[str], Server]) -> None:
    with make("plain").connected() as client:
        assert client.helo()[0] == 250
        assert client.mail(SENDER)[0] == 250


def test_it_delivers_a_mail_dots_and_all(make: Callable[[str], Server]) -> None:
    server = make("plain")
    body = "hello\n.\n..two dots\n.leading dot\n"
    with server.connected() as client:
        assert client.send_message(letter(server.recipient, body)) == {}
        assert client.quit()[0] == 221
    assert server.delivered() == body


def test_it_takes_commands_in_order_only(make: Callable[[str], Server]) -> None:
    server = make("plain")
    with server.connected() as client:
        assert client.mail(SENDER)[0] == 503
        client.ehlo()
        assert client.rcpt(server.recipient)[0] == 503
        assert client.docmd("DATA")[0] == 503
        assert client.mail(SENDER)[0] == 250
        assert client.mail(SENDER)[0] == 503
        assert client.docmd("DATA")[0] in {503, 554}


def test_rset_forgets_the_envelope_and_not_the_greeting(make: Callable[[str], Server]) -> None:
    server = make("plain")
    with server.connected() as client:
        client.ehlo()
        client.mail(SENDER)
        client.rcpt(server.recipient)
        assert client.rset()[0] == 250
        assert client.rcpt(server.recipient)[0] == 503
        assert client.mail(SENDER)[0] == 250


def test_noop_and_unknown_commands(make: Callable[[str], Server]) -> None:
    with make("plain").connected() as client:
        client.ehlo()
        assert client.noop()[0] == 250
        code, text = client.docmd("FROBNICATE")
        assert (code // 100, text[:2]) == (5, b"5.")
        assert client.docmd("MAIL", "nonsense")[0] == 501


def test_pipelined_commands_are_answered_one_by_one(make: Callable[[str], Server]) -> None:
    server = make("plain")
    commands = (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{server.recipient}>", "RSET", "NOOP", "QUIT")
    assert pipeline(server, *commands, until="221") == ["250", "250", "250", "250", "221"]


def test_starttls_begins_anew(make: Callable[[str], Server]) -> None:
    server = make("starttls")
    with server.connected() as client:
        client.ehlo()
        assert client.has_extn("starttls")
        client.mail(SENDER)
        assert client.starttls(context=server.context)[0] == 220
        assert client.docmd("RCPT", f"TO:<{server.recipient}>")[0] == 503
        client.ehlo()
        assert not client.has_extn("starttls")
        assert client.send_message(letter(server.recipient)) == {}
    assert server.delivered() == "hello\n"


def test_starttls_where_there_is_none_is_an_error(make: Callable[[str], Server]) -> None:
    with make("plain").connected() as client:
        client.ehlo()
        assert client.docmd("STARTTLS")[0] // 100 == 5
        assert client.noop()[0] == 250


def test_required_tls_is_required(make: Callable[[str], Server]) -> None:
    server = make("starttls-required")
    with server.connected() as client:
        client.ehlo()
        assert client.mail(SENDER)[0] == 530
        client.starttls(context=server.context)
        client.ehlo()
        assert client.mail(SENDER)[0] == 250


@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_a_required_login_is_required(make: Callable[[str], Server], mechanism: str) -> None:
    server = make("login")
    with server.connected() as client:
        client.ehlo()
        assert not client.has_extn("auth")
        client.starttls(context=server.context)
        client.ehlo()
        assert set(client.esmtp_features["auth"].split()) == {"PLAIN", "LOGIN"}
        assert client.mail(SENDER)[0] == 530
        client.user, client.password = USER, "wrong"
        respond = client.auth_plain if mechanism == "plain" else client.auth_login
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            client.auth(mechanism, respond)
        assert caught.value.smtp_code == 535
        client.password = PASSWORD
        assert client.auth(mechanism, respond)[0] == 235
        assert client.send_message(letter(server.recipient)) == {}


def test_a_login_that_is_not_base64_or_not_offered_is_refused(make: Callable[[str], Server]) -> None:
    server = make("login")
    with server.connected() as client:
        client.starttls(context=server.context)
        client.ehlo()
        assert client.docmd("AUTH PLAIN", "not base64!")[0] // 100 == 5
        assert client.docmd("AUTH", "CRAM-MD5")[0] // 100 == 5
        assert client.noop()[0] == 250


def test_too_large_a_mail_is_refused_by_its_announced_size(make: Callable[[str], Server]) -> None:
    with make("small").connected() as client:
        client.ehlo()
        code, text = client.mail(SENDER, [f"SIZE={SMALL_SIZE_LIMIT + 1}"])
        assert (code, text[:5]) == (552, b"5.3.4")
        assert client.mail(SENDER, [f"SIZE={SMALL_SIZE_LIMIT // 2}"])[0] == 250


def test_too_large_a_mail_is_refused_after_its_data(make: Callable[[str], Server]) -> None:
    server = make("small")
    with server.connected() as client:
        client.ehlo()
        client.mail(SENDER)
        client.rcpt(server.recipient)
        code, text = client.data(("x" * 70 + "\r\n") * 400)
        assert (code, text[:5]) == (552, b"5.3.4")
        assert client.mail(SENDER)[0] == 250
