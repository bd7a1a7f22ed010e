from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from dtsconf.mail.causes import of_reply
from dtsconf.mail.facts import Facts
from dtsconf.mail.meanings import TABLE
from dtsconf.mail.reply import Reply

FACTS = Facts(
    "mail.test", 587, "starttls", False, "user@acme.example", "dts@acme.example", "you@acme.example", tls=True
)
CAUSES = {
    "dns",
    "no-route",
    "refused",
    "timeout",
    "blocked",
    "not-smtp",
    "protocol",
    "tls-required",
    "tls-not-offered",
    "tls-version",
    "tls-untrusted",
    "tls-name",
    "tls-expired",
    "tls-not-yet-valid",
    "tls-stripped",
    "auth-mechanism",
    "auth-rejected",
    "auth-disabled",
    "cleartext-refused",
    "sender-rejected",
    "recipient-rejected",
    "content-rejected",
    "mailbox-full",
    "too-large",
    "rate-limited",
    "greylisted",
    "server-error",
    "dropped",
    "outcome-unknown",
    "token",
}
STAGES = ["banner", "ehlo", "tls", "auth", "mail-from", "rcpt-to", "data", "accepted"]


def cause(stage: str, text: str, *, login: bool = False, tls: bool = True) -> str:
    code, _, rest = text.partition(" ")
    return of_reply(stage, Reply(int(code), (rest,)), FACTS._replace(login=login, tls=tls)).cause


@pytest.mark.parametrize(
    ("stage", "text", "expected"),
    [
        # banner
        ("banner", "554 5.7.1 No SMTP service here", "blocked"),
        ("banner", "550 go away", "blocked"),
        ("banner", "421 4.3.2 Service not available", "server-error"),
        ("banner", "421 Service not available, closing transmission channel", "server-error"),
        ("banner", "421 4.7.0 Too many connections from your host", "rate-limited"),
        ("banner", "421 too many concurrent SMTP connections", "rate-limited"),
        ("banner", "421 4.7.66 rejected for now", "rate-limited"),
        # ehlo
        ("ehlo", "550 5.7.1 Access denied", "blocked"),
        ("ehlo", "550 Invalid HELO name", "blocked"),
        ("rcpt-to", "504 5.5.2 <pc>: Helo command rejected: need fully-qualified hostname", "blocked"),
        # tls
        ("tls", "454 4.7.0 TLS not available due to local problem", "server-error"),
        ("tls", "502 5.5.1 Command not implemented", "tls-not-offered"),
        # auth
        ("auth", "535 5.7.8 Error: authentication failed", "auth-rejected"),
        ("auth", "535 Incorrect authentication data", "auth-rejected"),
        ("auth", "535 5.7.3 Authentication unsuccessful", "auth-rejected"),
        ("auth", "534 5.7.9 Application-specific password required", "auth-rejected"),
        ("auth", "534 5.7.9 mechanism too weak", "auth-mechanism"),
        ("auth", "504 5.7.4 Unrecognized authentication type", "auth-mechanism"),
        ("auth", "503 5.5.1 Error: authentication not enabled", "auth-disabled"),
        ("auth", "502 5.7.0 Please authenticate elsewhere", "auth-disabled"),
        ("auth", "454 4.7.0 Temporary authentication failure", "server-error"),
        ("auth", "432 4.7.12 A password transition is needed", "auth-rejected"),
        ("auth", "421 4.7.0 Too many failed logins", "rate-limited"),
        ("auth", "550 5.7.30 Basic authentication is not supported for Client Submission.", "auth-disabled"),
        (
            "auth",
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
            "auth-disabled",
        ),
        (
            "auth",
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
            "auth-disabled",
        ),
        (
            "auth",
            "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.",
            "auth-disabled",
        ),
        (
            "auth",
            "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.",
            "auth-rejected",
        ),
        ("auth", "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", "auth-rejected"),
        # mail-from
        ("mail-from", "530 5.7.57 Client not authenticated to send mail", "auth-rejected"),
        ("mail-from", "530 5.7.0 Authentication required", "auth-rejected"),
        ("mail-from", "550 5.7.1 Sender address rejected: no", "sender-rejected"),
        ("mail-from", "553 5.1.8 bad sender", "sender-rejected"),
        ("mail-from", "450 4.1.8 Sender address rejected: Domain not found", "sender-rejected"),
        ("mail-from", "552 5.3.4 Message size exceeds fixed limit", "too-large"),
        ("mail-from", "552 too much", "too-large"),
        ("mail-from", "451 4.7.1 Service unavailable - try again later", "server-error"),
        ("mail-from", "452 4.3.1 Insufficient system storage", "server-error"),
        ("mail-from", "450 4.7.500 Server busy", "rate-limited"),
        ("mail-from", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", "sender-rejected"),
        # rcpt-to
        ("rcpt-to", "550 5.1.1 User unknown", "recipient-rejected"),
        ("rcpt-to", "554 5.7.1 <a@b>: Relay access denied", "recipient-rejected"),
        ("rcpt-to", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "recipient-rejected"),
        ("rcpt-to", "550 relaying prohibited", "recipient-rejected"),
        ("rcpt-to", "450 4.2.0 <a@b>: Recipient address rejected: Greylisted", "greylisted"),
        ("rcpt-to", "451 4.7.1 Please try again in 300 seconds", "greylisted"),
        ("rcpt-to", "452 4.2.2 Over quota", "mailbox-full"),
        ("rcpt-to", "552 5.2.2 Mailbox full", "mailbox-full"),
        ("rcpt-to", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example", "blocked"),
        ("rcpt-to", "553 5.7.1 <a@b>: Sender address rejected: not owned by user x", "sender-rejected"),
        ("rcpt-to", "452 4.5.3 Too many recipients", "rate-limited"),
        # content
        ("data", "554 5.5.1 Error: no valid recipients", "content-rejected"),
        ("accepted", "550 5.7.1 Virus found", "content-rejected"),
        ("accepted", "552 5.3.4 Error: message file too big", "too-large"),
        ("accepted", "550 5.2.252 SendAsDenied", "sender-rejected"),
        ("accepted", "554 5.2.252 SendAsDenied; user@acme.example not allowed to send as x", "sender-rejected"),
        ("accepted", "550 5.1.1 no such user", "recipient-rejected"),
        ("accepted", "451 4.3.0 queue file write error", "server-error"),
        # out of place
        ("data", "250 what", "protocol"),
        ("banner", "250 what", "protocol"),
        ("mail-from", "354 what", "protocol"),
    ],
)
def test_what_servers_say(stage: str, text: str, expected: str) -> None:
    assert cause(stage, text) == expected


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        ("mail-from", "530 5.7.0 Must issue a STARTTLS command first"),
        ("mail-from", "451 5.7.3 STARTTLS is required to send mail"),
        ("auth", "538 5.7.11 Encryption required for requested authentication mechanism"),
        ("auth", "530 5.7.0 Encryption needed"),
        ("rcpt-to", "550 5.7.10 no"),
        ("mail-from", "554 5.7.1 Session encryption is required"),
    ],
)
def test_a_server_that_wants_tls(stage: str, text: str) -> None:
    assert cause(stage, text, tls=False) == "tls-required"
    assert cause(stage, text, tls=True) != "tls-required"


def test_hints_name_the_next_thing_to_type() -> None:
    relay = Reply(554, ("5.7.1 Relay access denied",))
    assert "login.required" in str(of_reply("rcpt-to", relay, FACTS).hint)
    assert "login.required" not in str(of_reply("rcpt-to", relay, FACTS._replace(login=True)).hint)
    assert "--set server.encryption=starttls" in str(
        of_reply(
            "mail-from", Reply(530, ("5.7.0 Must issue a STARTTLS command first",)), FACTS._replace(tls=False)
        ).hint
    )
    denied = Reply(550, ("5.7.60 no",))
    assert "user@acme.example" in str(of_reply("mail-from", denied, FACTS).hint)


def test_security_defaults_are_never_advised_against() -> None:
    for row in TABLE:
        assert "off" not in row.hint.replace("office", "").split()
    hint = of_reply("auth", Reply(535, ("5.7.139 security defaults policy",)), FACTS).hint
    assert "keep them on" in str(hint)


@given(st.sampled_from(STAGES), st.integers(200, 599), st.text(max_size=80), st.booleans(), st.booleans())
def test_every_reply_has_a_cause_of_the_list_and_a_hint(
    stage: str, code: int, text: str, login: bool, tls: bool
) -> None:
    finding = of_reply(stage, Reply(code, (text,)), FACTS._replace(login=login, tls=tls))
    assert finding.cause in CAUSES
    assert finding.hint


def test_braces_in_facts_are_taken_as_they_are() -> None:
    odd = FACTS._replace(username="{f.host}{x}")
    assert "{f.host}{x}" in str(of_reply("auth", Reply(535, ("no",)), odd).hint)
