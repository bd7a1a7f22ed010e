"""What a refusal says of the account at the server, and of what its provider takes for a login."""

from __future__ import annotations

import pytest

from dtsconf.mail.causes import of_reply
from tests.unit.mail.test_causes import FACTS, reply

IN = FACTS._replace(login=True)
SENDGRID = "535 Authentication failed: The provided authorization grant is invalid, expired, or revoked"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("You must change your password before logging on the first time", "wants another password for user@"),
        ('SMTP access requires enabling "Authenticated SMTP" in the mailbox settings', "lets no mail programs into"),
        ("Your trial has expired, please upgrade your plan", "has no plan that lets it send"),
        ("Access forbidden. IP address 203.0.113.9 is not whitelisted", "takes no login from this machine's address"),
        ("Login from this country is blocked (geo restriction)", "takes no login from this machine's address"),
        ("Account locked for 30 minutes after 5 failed attempts", "wait as long as the server's answer says"),
        ("Cuenta bloqueada, demasiados intentos", "wait as long as the server's answer says"),
        ("Conta bloqueada: muitas tentativas de login", "wait as long as the server's answer says"),
        ("Trop de tentatives, compte verrouill\u00e9", "wait as long as the server's answer says"),
        ("Account bloccato: troppi tentativi", "wait as long as the server's answer says"),
        ("Te veel mislukte pogingen", "wait as long as the server's answer says"),
        ("La cuenta est\u00e1 deshabilitada", "has switched this account off"),
        ("Usu\u00e1rio bloqueado", "has switched this account off"),
        ("Ce compte est bloqu\u00e9", "has switched this account off"),
        ("Utente disabilitato", "has switched this account off"),
        ("Dit account is geblokkeerd", "has switched this account off"),
        ("Ihr Zugang ist gesperrt", "has switched this account off"),
        ("Das Benutzerkonto wurde deaktiviert", "has switched this account off"),
    ],
)
def test_what_is_no_matter_of_name_or_password_proposes_no_other_name(words: str, told: str) -> None:
    hint = str(of_reply("auth", reply(f"535 5.7.8 {words}"), IN).hint)
    assert told in hint
    assert "--set" not in hint


def test_a_refused_mechanism_leads_to_another_that_is_offered() -> None:
    """Postfix with Cyrus SASL says 535 for it as well."""
    said = reply("535 5.7.8 Error: authentication failed: Invalid authentication mechanism")
    hint = str(of_reply("auth", said, IN._replace(chosen="PLAIN", other_mechanism="login")).hint)
    assert "--set login.mechanism=login" in hint


def test_exchange_takes_whole_addresses_alone() -> None:
    said = reply("535 5.7.139 Authentication unsuccessful, the user credentials were incorrect. [X.prod.outlook.com]")
    hint = str(of_reply("auth", said, IN).hint)
    assert hint.startswith("the password of user@acme.example is wrong")
    assert "login.username" not in hint
    short = str(of_reply("auth", said, IN._replace(username="dts")).hint)
    assert short.startswith("the whole address is wanted as user name, --set login.username=dts@acme.example; then ")
    proven = IN._replace(proven="2026-01-01", proven_name="user@acme.example")
    assert "so the password must have changed since" in str(of_reply("auth", said, proven).hint)
    renewed = str(of_reply("auth", said, proven._replace(renewed=True)).hint)
    assert "so the user name is right, and the password of these settings is wrong" in renewed
    assert "login.username" not in renewed


@pytest.mark.parametrize("proven", [None, "2026-01-01"])
def test_after_a_login_that_went_well_no_password_is_doubted(proven: str | None) -> None:
    """hMailServer, MailEnable: the session has lost it."""
    facts = IN._replace(proven=proven, proven_name="user@acme.example")
    for words in ("530 SMTP authentication is required.", "503 This mail server requires authentication"):
        assert "took the login and then did not know it" in str(of_reply("rcpt-to", reply(words), facts).hint)


def test_of_a_login_that_was_not_understood_the_other_way_is_tried() -> None:
    said = reply("501 5.5.4 Syntax error: no parameters allowed")
    hint = str(of_reply("auth", said, IN._replace(chosen="PLAIN", other_mechanism="login")).hint)
    assert "--set login.mechanism=login" in hint
    assert "nothing in these settings mends that" in str(of_reply("auth", said, IN).hint)


@pytest.mark.parametrize(
    ("host", "username", "words"),
    [
        ("email-smtp.eu-west-1.amazonaws.com", "AKIA1", "Amazon SES takes the SMTP user name (AKIA...)"),
        ("SMTP.sendgrid.net", "apikey", "the word apikey as user name and an API key as password; where"),
        ("smtp.sendgrid.net", "dts@acme.example", "user name, --set login.username=apikey, and an API key"),
        ("smtp.postmarkapp.com", "dts", "the server's API token as user name and as password alike"),
        ("in-v3.mailjet.com", "dts", "the secret key as password"),
        ("smtp-relay.brevo.com", "dts@acme.example", "and an SMTP key, not an API key, as password; where"),
        ("smtp.mandrillapp.com", "dts@acme.example", "takes an API key as password, whatever the user name; where"),
        ("smtp.us-ashburn-1.oraclecloud.com", "dts", "the SMTP user name (ocid1.user...) and SMTP password"),
        ("smtp.email.eu-frankfurt-1.oci.oraclecloud.com", "dts", "the SMTP user name (ocid1.user...)"),
        ("smtp.azurecomm.net", "dts", "a client secret of that application as password"),
    ],
)
def test_a_provider_whose_user_name_is_no_address_is_known_by_its_host(host: str, username: str, words: str) -> None:
    facts = IN._replace(host=host, username=username)
    for answer in ("535 Authentication Credentials Invalid", "535 5.7.3 Authentication unsuccessful"):
        hint = str(of_reply("auth", reply(answer), facts).hint)
        assert words in hint
        assert "=ADDRESS" not in hint
        assert "=dts" not in hint
        assert "the key is wrong or was revoked" in hint


def test_a_host_that_only_sounds_like_a_providers_is_none() -> None:
    for host in ("notsendgrid.net", "sendgrid.net.acme.example", "email-smtp.amazonaws.com"):
        assert IN._replace(host=host).keyed == ""


def test_sendgrid_is_known_by_its_answer_wherever_it_stands() -> None:
    hint = str(of_reply("auth", reply(SENDGRID), IN).hint)
    assert hint.startswith("SendGrid takes the word apikey as user name, --set login.username=apikey,")
    right = str(of_reply("auth", reply(SENDGRID), IN._replace(username="apikey")).hint)
    assert "--set" not in right


@pytest.mark.parametrize(
    ("stage", "text", "told"),
    [
        ("accepted", "554 Account acme.example is disabled. Please contact support.", "has switched this account off"),
        ("accepted", "554 5.1.8 Email Outgoing Blocked", "has switched this account off"),
        (
            "accepted",
            "550 5.7.1 Spam detected, your account has been blocked. Please change your password in the manager",
            "has blocked this account, as it does when spam went out by it, and wants another password first",
        ),
        ("accepted", "554 Your subscription has expired", "has no plan that lets it send"),
        (
            "accepted",
            "554 5.2.0 STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; x",
            "the sender's own mailbox, dts@acme.example, is full",
        ),
        (
            "accepted",
            (
                "554 Access denied: User `arn:aws:iam::1:user/ses' is not authorized to perform `ses:SendRawEmail' on"
                " resource `arn:aws:ses:eu-west-1:1:identity/dts@acme.example'"
            ),
            "allow ses:SendRawEmail for the identity of dts@acme.example",
        ),
        ("mail-from", "550 that sending domain is not verified", "confirm dts@acme.example (or its domain)"),
        ("accepted", "550 You are not authorized to send from that email address", "confirm dts@acme.example"),
        ("accepted", "550 5.7.1 Unconfigured Sending Domain <acme.example>", "confirm dts@acme.example"),
        ("accepted", "550 5.1.8 Sender domain has not been validated", "confirm dts@acme.example"),
        ("accepted", "550 Rejected by header based manually blocked senders", "that somebody blocked by hand"),
        ("accepted", "550 5.7.501 Service unavailable. Spam abuse detected from IP range.", "is on a block list"),
        (
            "accepted",
            "554 Message rejected: Address is on the suppression list for your account",
            "take it off the suppression list",
        ),
        (
            "rcpt-to",
            "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
            "from inside its organisation alone",
        ),
    ],
)
def test_what_a_refused_mail_tells_of_the_account_or_its_addresses(stage: str, text: str, told: str) -> None:
    assert told in str(of_reply(stage, reply(text), IN).hint)


GOOGLE = "550 5.7.1 Invalid credentials for relay [203.0.113.9]. The IP address you've registered in your G Suite SMTP"


def test_a_relay_that_knows_the_login_is_not_asked_for_one() -> None:
    assert "--set login.required=true" in str(of_reply("mail-from", reply(GOOGLE), FACTS).hint)
    hint = str(of_reply("mail-from", reply(GOOGLE), IN).hint)
    assert "enter both in the relay's settings" in hint
    assert "--set" not in hint


@pytest.mark.parametrize("stage", ["mail-from", "rcpt-to", "accepted"])
def test_a_sender_that_may_not_relay_is_the_account_or_has_to_be(stage: str) -> None:
    said = reply("553 Sender is not allowed to relay emails")
    assert "--set sender.email=user@acme.example" in str(of_reply(stage, said, IN).hint)
    own = str(of_reply(stage, said, IN._replace(username="dts@acme.example")).hint)
    assert "has it a mailbox of its own there" in own
    assert "you@acme.example" not in own


def test_an_account_that_the_recipient_has_is_not_ones_own() -> None:
    assert of_reply("rcpt-to", reply("550 this account is disabled"), IN).cause == "recipient-rejected"
    gone = reply("550 5.2.1 The email account that you tried to reach is disabled.")
    assert of_reply("accepted", gone, IN).cause == "recipient-rejected"
