"""Evidence against Postfix and Dovecot: the encryption that fits the port is found, a content filter is seen, and a
transcript of every kind of login holds no secret."""

from __future__ import annotations

import base64
import socket
from typing import Any, BinaryIO

import pytest

from dtsconf.mail.evidence import looked_into
from dtsconf.mail.transcript import Transcript
from dtsconf.mail.verify import verify
from dtsconf.proof import Verification
from tests.real.loopback import Connection, LoopbackServer
from tests.real.servers import MailHost
from tests.unit.mail.jobs import failed, job

pytestmark = pytest.mark.servers

PATIENT = 30


def examined(mail: MailHost, endpoint: str, encryption: str, **more: Any) -> Verification:
    """A verification against an endpoint, and what was found out about its failure."""
    where = mail.endpoint(endpoint)
    given = job(
        where.port, encryption=encryption, ca_file=mail.ca_file, sender="alice@corp.example", to=mail.fresh_recipient(),
        timeout=2, **more,
    )  # fmt: skip
    return looked_into(given, verify(given))


@pytest.mark.parametrize(
    ("endpoint", "encryption", "works"),
    [
        ("plain", "tls", "none"),
        ("starttls-required", "tls", "starttls"),
        ("starttls-optional", "tls", "starttls"),
        ("starttls-required", "none", "starttls"),
        ("wrapper", "none", "tls"),
        ("wrapper", "starttls", "tls"),
    ],
)
def test_the_encryption_that_fits_the_port_is_found(mail: MailHost, endpoint: str, encryption: str, works: str) -> None:
    result = examined(mail, endpoint, encryption)
    row = failed(result)
    port = mail.endpoint(endpoint).port
    assert f"--set server.port={port} --set server.encryption={works}" in str(row.hint)
    assert f"{works} works on port {port}" in row.detail
    assert result.evidence


@pytest.mark.parametrize("flaw", ["untrusted", "self-signed", "expired", "wrong-name"])
def test_the_certificate_is_looked_at_once_more(mail: MailHost, flaw: str) -> None:
    result = examined(mail, f"starttls-{flaw}", "starttls")
    told = " | ".join(f"{each.what}; {each.seen}; {each.means}" for each in result.evidence)
    assert "looked at the certificate once more" in told
    assert "issued by CN=" in told
    assert failed(result).cause.startswith("tls-")  # type: ignore[union-attr] # `failed` makes sure of it


def test_body_checks_are_seen_as_what_they_are(mail: MailHost) -> None:
    result = examined(mail, "body-rejected", "none")
    row = failed(result)
    assert (row.stage, row.cause, row.code, row.enhanced_code) == ("accepted", "content-rejected", 550, "5.7.1")
    told = " | ".join(f"{each.seen}; {each.means}" for each in result.evidence)
    assert "sender and recipient were taken, and the content was not" in told
    assert "550 5.7.1: " in told


LOGINS = [("login", "plain"), ("login", "login"), ("login", "scram-sha-256")]


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize(("endpoint", "mechanism"), LOGINS)
def test_a_transcript_of_a_login_holds_no_secret(mail: MailHost, endpoint: str, mechanism: str, right: bool) -> None:
    secret = mail.users["alice"].password if right else "not-the-right-Pa55phrase"
    where = mail.endpoint(endpoint)
    dialogue = Transcript()
    given = job(
        where.port, encryption="starttls", ca_file=mail.ca_file, username="alice", password=secret, mechanism=mechanism,
        sender="alice@corp.example", to=mail.fresh_recipient(), timeout=PATIENT,
    )  # fmt: skip
    assert verify(given.written_down(dialogue)).ok == right
    text = "\n".join(line.text for line in dialogue.lines())
    assert f"AUTH {mechanism.upper()}" in text
    assert "EHLO" in text
    assert ("235" if right else "535") in text
    for form in (secret, base64.b64encode(secret.encode()).decode(), base64.b64encode(b"alice").decode()):
        assert form not in text
    assert base64.b64encode(f"\0alice\0{secret}".encode()).decode()[:12] not in text
    assert ("the message, " in text) == right
    assert "DTS" not in text.replace("EHLO", "")


def starring_out(target: int) -> LoopbackServer:
    """What some firewalls' mail inspection does to a session with Postfix: STARTTLS is blotted out (RFC 3207 6)."""

    def serve(connection: Connection) -> None:
        with socket.create_connection(("127.0.0.1", target)) as behind, behind.makefile("rb") as answers:
            _pass_reply(answers, connection)
            while line := connection.read_line():
                behind.sendall(line + b"\r\n")
                _pass_reply(answers, connection)

    return LoopbackServer(serve)


def _pass_reply(answers: BinaryIO, connection: Connection) -> None:
    while line := answers.readline():
        connection.write(line.replace(b"STARTTLS", b"XXXXXXXA"))
        if line[3:4] != b"-":
            return


@pytest.mark.parametrize("encryption", ["starttls", "auto"])
def test_a_proxy_before_postfix_stars_starttls_out(mail: MailHost, encryption: str) -> None:
    with starring_out(mail.endpoint("starttls-optional").port) as proxy:
        given = job(proxy.port, encryption=encryption, ca_file=mail.ca_file, to=mail.fresh_recipient(), timeout=2)
        result = looked_into(given, verify(given))
    row = failed(result)
    assert (row.stage, row.cause) == ("tls", "tls-stripped")
    assert "XXXXXXXA" in row.detail
    assert "server.encryption=none" not in str(row.hint)
    assert "mail filter on the way" in str(row.hint)
