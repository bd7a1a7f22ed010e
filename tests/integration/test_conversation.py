"""The conversation against Postfix and Dovecot, odd servers, firewalls and dead names: cause, stage and evidence."""

from __future__ import annotations

from typing import Any

import pytest

from dtsconf.mail.settle import settle
from dtsconf.mail.verify import verify
from dtsconf.proof import Level, Verification
from tests.real.processes import has_ipv6
from tests.real.servers import MailHost
from tests.unit.mail.jobs import failed, job, names

pytestmark = pytest.mark.servers

ALL_BUT_TLS = "resolve connect banner ehlo mail-from rcpt-to data accepted"
WITH_STARTTLS = "resolve connect banner ehlo tls mail-from rcpt-to data accepted"
WITH_WRAPPER = "resolve connect tls banner ehlo mail-from rcpt-to data accepted"
# After a wrong password Dovecot makes the next logins from the same address wait, 15 s at most.
PATIENT = 30


def ask(mail: MailHost, endpoint: str, encryption: str, level: Level = "send", **more: Any) -> Verification:
    """A verification against an endpoint; trusts the mail host's root unless told otherwise."""
    where = mail.endpoint(endpoint)
    server = {"ca_file": mail.ca_file} | more.pop("server", {})
    more.setdefault("to", mail.fresh_recipient())
    more.setdefault("sender", f"alice@{mail.domain}")
    return verify(job(where.port, level, encryption=encryption, server=server, timeout=more.pop("timeout", 10), **more))


# --- every encryption choice against every kind of server

WORKS = [
    ("plain", "none", ALL_BUT_TLS),
    ("plain", "auto", ALL_BUT_TLS),
    ("starttls-optional", "none", ALL_BUT_TLS),
    ("starttls-optional", "auto", WITH_STARTTLS),
    ("starttls-optional", "starttls", WITH_STARTTLS),
    ("starttls-required", "auto", WITH_STARTTLS),
    ("starttls-required", "starttls", WITH_STARTTLS),
    ("wrapper", "tls", WITH_WRAPPER),
]
FAILS = [
    ("plain", "starttls", "tls", "tls-not-offered", "server.encryption"),
    ("plain", "tls", "tls", "protocol", "starttls"),
    ("starttls-optional", "tls", "tls", "protocol", "--set server.encryption=starttls"),
    ("starttls-required", "none", "mail-from", "tls-required", "--set server.encryption=starttls"),
    ("starttls-required", "tls", "tls", "protocol", "--set server.encryption=starttls"),
    ("wrapper", "none", "banner", "protocol", "--set server.encryption=tls"),
    ("wrapper", "auto", "banner", "protocol", "--set server.encryption=tls"),
    ("wrapper", "starttls", "banner", "protocol", "--set server.encryption=tls"),
]


@pytest.mark.parametrize(("endpoint", "encryption", "stages"), WORKS)
def test_an_encryption_that_fits(mail: MailHost, endpoint: str, encryption: str, stages: str) -> None:
    recipient = mail.fresh_recipient()
    result = ask(mail, endpoint, encryption, to=recipient)
    assert result.ok, result.failure
    assert names(result) == stages
    arrived = mail.wait_for_mail(recipient, message_id=result.message_id)
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert "acme-perth" in arrived.get_content()


@pytest.mark.parametrize(("endpoint", "encryption", "stage", "cause", "hint"), FAILS)
def test_an_encryption_that_does_not(
    mail: MailHost, endpoint: str, encryption: str, stage: str, cause: str, hint: str
) -> None:
    result = ask(mail, endpoint, encryption, timeout=1)
    row = failed(result)
    assert (row.stage, row.cause) == (stage, cause)
    assert hint in str(row.hint)
    assert result.reached


@pytest.mark.parametrize(
    ("endpoint", "encryption"),
    [("plain", "none"), ("starttls-optional", "starttls"), ("starttls-required", "starttls")],
)
def test_auto_settles_on_what_is_there(mail: MailHost, endpoint: str, encryption: str) -> None:
    settled = settle(job(mail.endpoint(endpoint).port, encryption="auto"))
    assert (settled.encryption, settled.failure) == (encryption, None)


@pytest.mark.parametrize(
    ("level", "stages"),
    [
        ("connect", "resolve connect banner ehlo tls"),
        ("auth", "resolve connect banner ehlo tls auth"),
        ("envelope", "resolve connect banner ehlo tls auth mail-from rcpt-to"),
        ("send", "resolve connect banner ehlo tls auth mail-from rcpt-to data accepted"),
    ],
)
def test_levels(mail: MailHost, level: Level, stages: str) -> None:
    alice = mail.users["alice"]
    recipient = mail.fresh_recipient()
    login: dict[str, Any] = {"username": "alice", "password": alice.password, "timeout": PATIENT}
    result = ask(mail, "login", "starttls", level, to=recipient, **login)
    assert result.ok, result.failure
    assert names(result) == stages
    if level == "send":
        mail.wait_for_mail(recipient)
    else:
        assert not mail.mails(recipient)


# --- every mechanism, right and wrong password

MECHANISMS = [
    ("login", "auto", "SCRAM-SHA-256"),
    ("login", "plain", "PLAIN"),
    ("login", "login", "LOGIN"),
    ("login", "scram-sha-256", "SCRAM-SHA-256"),
    ("login-plain-only", "auto", "PLAIN"),
    ("login-login-only", "auto", "LOGIN"),
    ("login-plain-login", "auto", "PLAIN"),
    ("login-scram-only", "auto", "SCRAM-SHA-256"),
]


@pytest.mark.parametrize(("endpoint", "mechanism", "used"), MECHANISMS)
def test_a_right_password(mail: MailHost, endpoint: str, mechanism: str, used: str) -> None:
    secret = mail.users["alice"].password
    result = ask(mail, endpoint, "starttls", username="alice", password=secret, mechanism=mechanism, timeout=PATIENT)
    assert result.ok, result.failure
    assert result.stages[5].detail.startswith(f"{used}: 235 ")


@pytest.mark.parametrize("user", ["bob", "carol", "dts", "alice@corp.example"])
@pytest.mark.parametrize("mechanism", ["plain", "login", "scram-sha-256"])
def test_odd_passwords_and_users(mail: MailHost, user: str, mechanism: str) -> None:
    secret = mail.users[user].password
    login: dict[str, Any] = {"username": user, "password": secret, "mechanism": mechanism, "timeout": PATIENT}
    result = ask(mail, "login-wrapper", "tls", "auth", **login)
    assert result.ok, result.failure


@pytest.mark.parametrize(("endpoint", "mechanism", "used"), MECHANISMS)
def test_a_wrong_password(mail: MailHost, endpoint: str, mechanism: str, used: str) -> None:
    result = ask(
        mail,
        endpoint,
        "starttls",
        username="alice",
        password="not-the-right-Pa55phrase",
        mechanism=mechanism,
        timeout=PATIENT,
    )
    row = failed(result)
    assert (row.stage, row.cause, row.code, row.enhanced_code) == ("auth", "auth-rejected", 535, "5.7.8")
    assert row.detail.startswith(f"{used}: 535 ")
    assert "alice" in str(row.hint)
    assert "Pa55phrase" not in repr(result.as_record())


@pytest.mark.parametrize(("password", "slip"), [("alice-Pa55phrase\n", "ends in a line break"), ("a\u0007b", "")])
def test_a_password_that_doesnt_fit_scram(mail: MailHost, password: str, slip: str) -> None:
    """Another mechanism is proposed only where the password shows nothing that explains it."""
    row = failed(ask(mail, "login", "starttls", username="alice", password=password, mechanism="scram-sha-256"))
    assert (row.stage, row.cause) == ("auth", "auth-rejected" if slip else "auth-mechanism")
    assert "Pa55phrase" not in f"{row}"
    if slip:
        assert str(row.hint).startswith(f"the password {slip}, so that it could not be sent; dtsconf secret")
    assert ("--set login.mechanism=plain" in str(row.hint)) != bool(slip)


def test_a_mechanism_that_is_not_offered(mail: MailHost) -> None:
    row = failed(ask(mail, "login-plain-only", "starttls", username="alice", password="x", mechanism="scram-sha-256"))
    assert (row.stage, row.cause, row.said_by) == ("auth", "auth-mechanism", "dtsconf")
    assert "login.mechanism" in str(row.hint)


def test_a_server_that_wants_a_login(mail: MailHost) -> None:
    row = failed(ask(mail, "login", "starttls"))
    assert row.stage == "mail-from"
    assert "--set login.required=true" in str(row.hint)
    row = failed(ask(mail, "login-impossible", "none", server={"cleartext_login": True}, password="x"))
    assert (row.stage, row.cause) == ("auth", "auth-disabled")


@pytest.mark.parametrize("encryption", ["none", "auto"])
def test_a_login_in_clear(mail: MailHost, encryption: str) -> None:
    secret = mail.users["alice"].password
    row = failed(ask(mail, "login-cleartext", encryption, username="alice", password=secret))
    assert (row.stage, row.cause) == ("auth", "cleartext-refused")
    allowed = {"cleartext_login": True}
    login: dict[str, Any] = {"username": "alice", "password": secret, "server": allowed, "timeout": PATIENT}
    assert ask(mail, "login-cleartext", encryption, **login).ok


def test_a_login_that_is_hidden_until_tls(mail: MailHost) -> None:
    row = failed(ask(mail, "login", "none", username="alice", password="x", server={"cleartext_login": True}))
    assert (row.stage, row.cause) == ("auth", "tls-required")
    assert row.hint == "--set server.encryption=starttls"


# --- what servers refuse


@pytest.mark.parametrize(
    ("endpoint", "stage", "cause", "code", "enhanced"),
    [
        ("sender-rejected", "mail-from", "sender-rejected", 550, "5.7.1"),
        ("sender-rejected-late", "rcpt-to", "sender-rejected", 550, "5.7.1"),
        ("recipient-rejected", "rcpt-to", "recipient-rejected", 550, "5.1.1"),
        ("relay-denied", "rcpt-to", "recipient-rejected", 554, "5.7.1"),
        ("greylisted", "rcpt-to", "greylisted", 450, "4.7.1"),
        ("mailbox-full", "rcpt-to", "mailbox-full", 552, "5.2.2"),
        ("body-rejected", "accepted", "content-rejected", 550, "5.7.1"),
        ("milter-dead", "mail-from", "server-error", 451, "4.7.1"),
    ],
)
def test_refusals(mail: MailHost, endpoint: str, stage: str, cause: str, code: int, enhanced: str) -> None:
    to = "someone@elsewhere.example" if endpoint == "relay-denied" else mail.fresh_recipient()
    row = failed(ask(mail, endpoint, "none", to=to))
    assert (row.stage, row.cause, row.code, row.enhanced_code) == (stage, cause, code, enhanced)
    assert row.said_by == "server"
    assert row.hint
    assert row.detail.startswith(f"{code} {enhanced} ")


def test_a_sender_that_is_not_the_users_own(mail: MailHost) -> None:
    login: dict[str, Any] = {"username": "alice", "password": mail.users["alice"].password, "timeout": PATIENT}
    row = failed(ask(mail, "sender-not-owned", "starttls", sender="bob@corp.example", **login))
    assert (row.stage, row.cause) == ("mail-from", "sender-rejected")
    assert "alice" in str(row.hint)


@pytest.mark.parametrize(
    ("endpoint", "stage", "code", "who"),
    [("small", "mail-from", None, "dtsconf"), ("small-silent", "accepted", 552, "server")],
)
def test_oversize(
    mail: MailHost, endpoint: str, stage: str, code: int | None, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The test mail is small; this one is made to grow beyond the 20 KiB that these endpoints take.
    from dtsconf.mail import message

    body = message._body
    monkeypatch.setattr(message, "_body", lambda *facts: body(*facts) + "padding\r\n" * 4000)
    row = failed(ask(mail, endpoint, "none"))
    assert (row.stage, row.cause, row.code, row.said_by) == (stage, "too-large", code, who)


def test_smtputf8(mail: MailHost) -> None:
    address = "jürgen@bücher.example"
    result = ask(mail, "plain", "none", sender=address, to=address)
    assert result.ok, result.failure
    cases: tuple[tuple[dict[str, Any], str], ...] = (({"sender": address}, "mail-from"), ({"to": address}, "rcpt-to"))
    for who, stage in cases:
        row = failed(ask(mail, "no-smtputf8", "none", **who))
        assert row.stage == stage
        assert "SMTPUTF8" in row.detail


def test_a_server_without_extensions_takes_a_mail_in_seven_bits(mail: MailHost) -> None:
    recipient = mail.fresh_recipient()
    result = ask(mail, "bare", "none", to=recipient, sender="alice@corp.example", name="Jürgen")
    assert result.ok, result.failure
    arrived = mail.wait_for_mail(recipient)
    assert arrived["From"].addresses[0].display_name == "Jürgen"


# --- certificates and versions

CERTIFICATES = [
    ("expired", "tls-expired"),
    ("not-yet-valid", "tls-not-yet-valid"),
    ("wrong-name", "tls-name"),
    ("untrusted", "tls-untrusted"),
    ("self-signed", "tls-untrusted"),
    ("incomplete-chain", "tls-untrusted"),
]


@pytest.mark.parametrize("kind", ["starttls", "wrapper"])
@pytest.mark.parametrize(("flaw", "cause"), CERTIFICATES)
def test_certificates_that_do_not_verify(mail: MailHost, kind: str, flaw: Any, cause: str) -> None:
    result = ask(mail, f"{kind}-{flaw}", "tls" if kind == "wrapper" else "starttls")
    row = failed(result)
    assert (row.stage, row.cause, row.said_by) == ("tls", cause, "tls")
    assert f"SHA-256 {mail.certificates.fingerprint(flaw)}" in row.detail
    assert "issued by CN=" in row.detail
    assert " until 20" in row.detail
    assert row.hint
    if flaw == "wrong-name":
        assert "other.example" in row.detail
        assert row.hint is not None
        assert "--set server.host=NAME with a name that the certificate is for (other.example)" in row.hint
        assert "reissued for 127.0.0.1" in row.hint


@pytest.mark.parametrize("endpoint", ["starttls-optional", "wrapper"])
def test_the_systems_roots_do_not_know_a_private_one(mail: MailHost, endpoint: str) -> None:
    encryption = "tls" if endpoint == "wrapper" else "starttls"
    assert failed(ask(mail, endpoint, encryption, server={"ca_file": None})).cause == "tls-untrusted"
    other = mail.certificates.other_ca_file
    assert failed(ask(mail, endpoint, encryption, server={"ca_file": other})).cause == "tls-untrusted"


@pytest.mark.parametrize("flaw", ["good", "expired", "wrong-name", "self-signed"])
def test_a_right_fingerprint_is_enough(mail: MailHost, flaw: Any) -> None:
    digits = mail.certificates.fingerprint(flaw)
    shown = ":".join(digits[at : at + 2] for at in range(0, 64, 2)).upper()
    endpoint = "wrapper" if flaw == "good" else f"wrapper-{flaw}"
    result = ask(mail, endpoint, "tls", server={"fingerprint": shown, "ca_file": None})
    assert result.ok, result.failure
    assert "name, chain and dates were not checked" in result.stages[2].detail


@pytest.mark.parametrize("endpoint", ["starttls-optional", "wrapper"])
def test_a_wrong_fingerprint(mail: MailHost, endpoint: str) -> None:
    encryption = "tls" if endpoint == "wrapper" else "starttls"
    row = failed(ask(mail, endpoint, encryption, server={"fingerprint": "ab" * 32}))
    assert (row.stage, row.cause, row.said_by) == ("tls", "tls-untrusted", "dtsconf")
    assert mail.certificates.fingerprint("good") in row.detail
    assert "ab" * 32 in row.detail


@pytest.mark.parametrize("kind", ["starttls", "wrapper"])
def test_tls_versions(mail: MailHost, kind: str) -> None:
    encryption = "tls" if kind == "wrapper" else "starttls"
    row = failed(ask(mail, f"{kind}-tls-1.1-only", encryption))
    assert (row.stage, row.cause, row.said_by) == ("tls", "tls-version", "tls")
    row = failed(ask(mail, f"{kind}-tls-1.2-only", encryption, min_tls="1.3"))
    assert (row.stage, row.cause) == ("tls", "tls-version")
    assert "--set connection.min_tls=1.2" in str(row.hint)
    for version in ("1.2", "1.3"):
        result = ask(mail, f"{kind}-tls-{version}-only", encryption)
        assert result.ok, result.failure
        assert any(f"TLSv{version}" in stage.detail for stage in result.stages)


def test_ipv6_and_names(mail: MailHost) -> None:
    assert ask(mail, "wrapper", "tls", host="localhost").ok
    if has_ipv6():
        result = ask(mail, "wrapper", "tls", host="::1")
        assert result.ok, result.failure
        assert result.stages[1].detail.startswith("::1 port ")
