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
    assert "logged in here when this was proven" in str(of_reply("auth", said, proven).hint)


@pytest.mark.parametrize(
    ("host", "username", "words"),
    [
        ("email-smtp.eu-west-1.amazonaws.com", "AKIA1", "Amazon SES takes the SMTP user name (AKIA...)"),
        ("SMTP.sendgrid.net", "apikey", "the word apikey as user name and an API key as password; where"),
        ("smtp.sendgrid.net", "dts@acme.example", "user name, --set login.username=apikey, and an API key"),
        ("smtp.postmarkapp.com", "dts", "the server's API token as user name and as password alike"),
        ("in-v3.mailjet.com", "dts", "the secret key as password"),
    ],
)
def test_a_provider_whose_user_name_is_no_address_is_known_by_its_host(host: str, username: str, words: str) -> None:
    facts = IN._replace(host=host, username=username)
    hint = str(of_reply("auth", reply("535 Authentication Credentials Invalid"), facts).hint)
    assert words in hint
    assert "=ADDRESS" not in hint
    assert "the key is wrong or was revoked" in hint


def test_a_host_that_only_sounds_like_a_providers_is_none() -> None:
    for host in ("notsendgrid.net", "sendgrid.net.acme.example", "email-smtp.amazonaws.com"):
        assert IN._replace(host=host).keyed == ""


def test_sendgrid_is_known_by_its_answer_wherever_it_stands() -> None:
    hint = str(of_reply("auth", reply(SENDGRID), IN).hint)
    assert hint.startswith("SendGrid takes the word apikey as user name, --set login.username=apikey,")
    right = str(of_reply("auth", reply(SENDGRID), IN._replace(username="apikey")).hint)
    assert "--set" not in right
