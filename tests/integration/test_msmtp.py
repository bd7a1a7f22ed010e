"""Our msmtprc in the hands of msmtp itself: it sends through every kind of server, with every kind of password."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dtsconf.machine.targets.msmtp import Password, msmtp_file
from dtsconf.secret.value import Secret
from tests.real.servers import MailHost
from tests.unit.machine.world import effective, place

pytestmark = pytest.mark.servers

SENDER = "alice@corp.example"


def settings(mail: MailHost, endpoint: str, **values: Any) -> dict[str, Any]:
    """What a profile for this endpoint says; `server__ca_file=None` takes a value out again."""
    found: dict[str, Any] = {
        "sender.email": SENDER,
        "server.host": "localhost" if mail.has_ipv6 else "127.0.0.1",
        "server.port": mail.endpoint(endpoint).port,
        "server.ca_file": mail.ca_file,
    }
    found |= {key.replace("__", "."): value for key, value in values.items()}
    return {key: value for key, value in found.items() if value is not None}


def login(mail: MailHost, name: str, **values: Any) -> dict[str, Any]:
    return {
        "login__required": True,
        "login__username": mail.users[name].name,
        "login__password": "file:///etc/secret",
        **values,
    }


def send(
    mail: MailHost, folder: Path, values: dict[str, Any], password: Password | None = None
) -> subprocess.CompletedProcess[str]:
    """Sends a mail through msmtp with the msmtprc for these settings; on success waits until it has arrived."""
    file = msmtp_file("/etc/msmtprc", effective(values).settings, password, "test", lambda _key: place(1))
    path = folder / "msmtprc"
    path.write_bytes(file.content or b"")
    path.chmod(0o600)
    to = mail.fresh_recipient()
    done = subprocess.run(
        ["msmtp", "-C", str(path), "-a", "default", to],
        input=f"To: {to}\nSubject: by msmtp\n\nHello\n",
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        timeout=60,
    )
    if done.returncode == 0:
        arrived = mail.wait_for_mail(to, subject="by msmtp")
        assert SENDER in str(arrived["From"])
        assert arrived["Return-Path"] in {None, f"<{SENDER}>"}
    return done


@pytest.mark.parametrize(
    ("endpoint", "encryption"),
    [("plain", "none"), ("starttls-optional", "starttls"), ("starttls-required", "starttls"), ("wrapper", "tls")],
)
def test_every_encryption(mail: MailHost, tmp_path: Path, endpoint: str, encryption: str) -> None:
    done = send(mail, tmp_path, settings(mail, endpoint, server__encryption=encryption))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["alice", "bob", "carol", "dts", "alice@corp.example"])
def test_every_password_as_a_file_holds_it(mail: MailHost, tmp_path: Path, name: str) -> None:
    password = Password("file:///etc/secret", "file", Secret(mail.users[name].password))
    values = settings(mail, "login", server__encryption="starttls", **login(mail, name))
    done = send(mail, tmp_path, values, password)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("mechanism", ["auto", "plain", "login", "scram-sha-256"])
def test_every_mechanism(mail: MailHost, tmp_path: Path, mechanism: str) -> None:
    password = Password("file:///etc/secret", "file", Secret(mail.users["alice"].password))
    values = settings(mail, "login", server__encryption="starttls", **login(mail, "alice", login__mechanism=mechanism))
    done = send(mail, tmp_path, values, password)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("mechanism", ["auto", "plain", "login", "scram-sha-256"])
def test_a_login_in_clear_where_the_profile_allows_it(mail: MailHost, tmp_path: Path, mechanism: str) -> None:
    password = Password("file:///etc/secret", "file", Secret(mail.users["alice"].password))
    allowed = {"login__mechanism": mechanism, "server__allow_cleartext_login": True, "server__encryption": "none"}
    values = settings(mail, "login-cleartext", **login(mail, "alice", **allowed))
    done = send(mail, tmp_path, values, password)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["alice", "carol", "dts"])
def test_a_file_reference_is_read_when_mail_is_sent(mail: MailHost, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "a 'secret'"
    secret.write_text(mail.users[name].password + "\n", encoding="utf-8")
    password = Password(f"file://{secret}", "reference")
    values = settings(mail, "login", server__encryption="starttls", **login(mail, name))
    done = send(mail, tmp_path, values, password)
    assert done.returncode == 0, done.stderr


def test_a_wrong_password_is_told(mail: MailHost, tmp_path: Path) -> None:
    password = Password("file:///etc/secret", "file", Secret("wrong"))
    done = send(
        mail, tmp_path, settings(mail, "login", server__encryption="starttls", **login(mail, "alice")), password
    )
    assert done.returncode != 0
    assert "535" in done.stderr
    assert "wrong\n" not in done.stderr


@pytest.mark.parametrize("flaw", ["expired", "wrong-name", "untrusted", "self-signed"])
def test_a_bad_certificate_is_refused(mail: MailHost, tmp_path: Path, flaw: str) -> None:
    done = send(mail, tmp_path, settings(mail, f"starttls-{flaw}", server__encryption="starttls"))
    assert done.returncode != 0
    assert "certificate" in done.stderr.lower()


def test_a_fingerprint_stands_for_name_chain_and_dates(mail: MailHost, tmp_path: Path) -> None:
    right = mail.certificates.fingerprint("self-signed")
    values = settings(mail, "wrapper-self-signed", server__encryption="tls", server__ca_file=None)
    assert send(mail, tmp_path, {**values, "server.fingerprint": right}).returncode == 0
    assert send(mail, tmp_path, {**values, "server.fingerprint": "00" * 32}).returncode != 0


@pytest.mark.parametrize(
    ("version", "minimum", "passes"),
    [("1.2", "1.2", True), ("1.3", "1.3", True), ("1.2", "1.3", False), ("1.1", "1.2", False)],
)
def test_the_oldest_tls_version(mail: MailHost, tmp_path: Path, version: str, minimum: str, passes: bool) -> None:
    values = settings(mail, f"wrapper-tls-{version}-only", server__encryption="tls", connection__min_tls=minimum)
    done = send(mail, tmp_path, values)
    assert (done.returncode == 0) is passes, done.stderr
