"""Users log in at the mail host with the mechanisms that an endpoint offers, and with their own password only."""

from __future__ import annotations

import base64
import smtplib
import subprocess
from typing import Any

import pytest
from scramp import ScramClient

from tests.real.client import connected, trusting
from tests.real.dovecot import USERS, User
from tests.real.endpoints import ANY_USER_SENDER, ENDPOINTS, Facts
from tests.real.processes import find, wait_until
from tests.real.servers import Endpoint, MailHost

pytestmark = pytest.mark.servers


WITH_PLAIN_OR_LOGIN = [
    facts for facts in ENDPOINTS if set(facts.mechanisms) & {"PLAIN", "LOGIN"} and facts.name.startswith("login")
]


@pytest.mark.parametrize("facts", WITH_PLAIN_OR_LOGIN, ids=lambda facts: facts.name)
@pytest.mark.parametrize("password", ["right", "wrong"])
def test_plain_and_login_take_the_right_password_and_no_other(mail: MailHost, facts: Facts, password: str) -> None:
    user = mail.users["alice"]
    with connected(mail.endpoint(facts.name), mail.certificates.client_context()) as client:
        given = user.password if password == "right" else "wrong"
        if password == "right":
            assert client.login(user.name, given)[0] == 235
            assert client.mail(ANY_USER_SENDER)[0] == 250
        else:
            with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
                client.login(user.name, given)
            assert caught.value.smtp_code == 535


@pytest.mark.parametrize(
    "facts", [facts for facts in ENDPOINTS if facts.login == "required"], ids=lambda facts: facts.name
)
def test_where_a_login_is_required_mail_is_refused_without(mail: MailHost, facts: Facts) -> None:
    with connected(mail.endpoint(facts.name), mail.certificates.client_context()) as client:
        code, text = client.mail(ANY_USER_SENDER)
    assert (code, text[:5]) in {(530, b"5.7.0"), (553, b"5.7.1")}


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "SCRAM-SHA-256"])
@pytest.mark.parametrize("password", ["right", "wrong"])
@pytest.mark.parametrize("user", USERS, ids=lambda user: f"{user.name}-{user.stored}")
def test_every_user_can_use_every_mechanism(mail: MailHost, user: User, mechanism: str, password: str) -> None:
    answer = _log_in(mail.endpoint("login"), user.name, user.password if password == "right" else "wrong", mechanism)
    assert answer.startswith(b"235" if password == "right" else b"535"), answer


def _log_in(endpoint: Endpoint, name: str, password: str, mechanism: str) -> bytes:
    """The server's last word on a login, after a SASL exchange made by hand."""
    with connected(endpoint, trusting()) as client:
        if mechanism == "PLAIN":
            return _exchange(client, "AUTH PLAIN", f"\0{name}\0{password}")
        if mechanism == "LOGIN":
            return _exchange(client, "AUTH LOGIN", name, password)
        return _scram(client, name, password)


def _exchange(client: smtplib.SMTP, command: str, *answers: str) -> bytes:
    code, text = client.docmd(command)
    for answer in answers:
        code, text = client.docmd(base64.b64encode(answer.encode()).decode())
    return b"%d %s" % (code, text)


def _scram(client: smtplib.SMTP, name: str, password: str) -> bytes:
    """RFC 7677 in the profile of RFC 4954, by the library whose server side is no part of the mail host."""
    scram: Any = ScramClient(["SCRAM-SHA-256"], name, password)
    code, text = client.docmd("AUTH SCRAM-SHA-256", base64.b64encode(scram.get_client_first().encode()).decode())
    if code == 334:
        scram.set_server_first(base64.b64decode(text).decode())
        code, text = client.docmd(base64.b64encode(scram.get_client_final().encode()).decode())
    if code == 334:
        scram.set_server_final(base64.b64decode(text).decode())
        code, text = client.docmd("")
    return b"%d %s" % (code, text)


def test_a_user_may_relay_to_elsewhere_and_nothing_leaves(mail: MailHost) -> None:
    user = mail.users["alice"]
    with connected(mail.endpoint("login"), trusting()) as client:
        client.login(user.name, user.password)
        subject = mail.fresh_recipient()
        client.sendmail(ANY_USER_SENDER, [f"{subject.partition('@')[0]}@elsewhere.example"], "Subject: x\r\n\r\nx\r\n")
    wait_until(lambda: f"{subject.partition('@')[0]}@elsewhere.example>, relay=none" in mail.log(), "the mail's end")
    assert "status=sent (elsewhere.example)" in mail.log()


@pytest.mark.parametrize("sender", ["alice@corp.example", "bob@corp.example"])
def test_where_senders_are_owned_a_user_sends_as_itself_only(mail: MailHost, sender: str) -> None:
    user = mail.users["alice"]
    with connected(mail.endpoint("sender-not-owned"), trusting()) as client:
        client.login(user.name, user.password)
        code, text = client.mail(sender)
    assert (code, text[:5]) == ((250, b"2.1.0") if sender == ANY_USER_SENDER else (553, b"5.7.1"))


def test_swaks_agrees(mail: MailHost) -> None:
    endpoint, user, recipient = mail.endpoint("login"), mail.users["bob"], mail.fresh_recipient()
    command = [find("swaks") or "swaks", "--server", endpoint.host, "--port", str(endpoint.port), "--tls"]
    command += ["--tls-verify", "--tls-ca-path", mail.ca_file, "--auth", "PLAIN", "--auth-user", user.name]
    command += ["--auth-password", user.password, "--from", "bob@corp.example", "--to", recipient, "--hide-all"]
    done = subprocess.run([*command, "--header", "Subject: by swaks"], capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert mail.wait_for_mail(recipient)["Subject"] == "by swaks"
