"""What a refused login is told to come of: nothing is proposed that speaks against what is known of name, password or
address, and what is proposed works as typed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.harness import Machine, login
from tests.scenarios.test_apply import Servers, proven
from tests.scenarios.test_hints import advised, typed

GOOGLE = (
    "535-5.7.8 Username and Password not accepted. For more information, go to\n"
    "535 5.7.8  https://support.google.com/mail/?p=BadCredentials 5b1f17b1804b1-435afbfb tsm - gsmtp"
)


def settings(password: str) -> dict[str, Any]:
    return login(password, encryption="none", allow_cleartext_login=True)


@pytest.mark.parametrize(
    ("stored", "slip"),
    [
        (b"\xef\xbb\xbfPw-canary-41\n", "begins with a byte order mark"),
        (b"Pw-canary-41\n\n", "ends in a line break"),
        (b"Pw-canary-41 ", "ends in a blank"),
        (b"Pw-canary-41\nold one", "has 2 lines"),
        (b'"Pw-canary-41"\n', "begins and ends with a quotation mark"),
    ],
)
@pytest.mark.parametrize("answer", ["535 5.7.8 Error: authentication failed: (reason unavailable)", GOOGLE])
def test_a_slip_that_the_password_shows_comes_first(
    machine: Machine, smtpd: Servers, stored: bytes, slip: str, answer: str
) -> None:
    machine.secrets.append("Pw-canary-41")
    path = machine.write("secret", stored, 0o600)
    server = smtpd(users={"lab": "Pw-canary-41"}, auth_without_tls=True, replies={"AUTH-RESULT": answer})
    told = machine.run("test", "--profile", machine.profile(**proven(server, settings=settings(f"file://{path}"))))
    assert advised(told.fails(6).stdout).startswith(f"hint: the password {slip}, which is sent as part of it")
    assert "; store it anew: (" in advised(told.stdout)
    assert "try:" not in told.stdout, "the user name is not what is wrong"
    assert "--set" not in told.stdout


@pytest.mark.parametrize(("pattern", "guessed"), [("*@acme.example", False), ("*", True)])
def test_a_user_name_that_a_rule_forbids_is_not_guessed_at(
    machine: Machine, smtpd: Servers, pattern: str, *, guessed: bool
) -> None:
    refused = {"AUTH-RESULT": "535 5.7.8 Error: authentication failed"}
    server = smtpd(users={"lab": "x"}, auth_without_tls=True, replies=refused)
    given = settings(machine.secret_file("Pw-canary-40"))
    given["login"]["username"] = "lab@acme.example"
    rules = [{"key": "login.username", "matches": pattern}]
    profile = machine.profile(**proven(server, settings=given, policy={"rules": rules}))
    hint = advised(machine.run("test", "--profile", profile).fails(6).stdout)
    assert ("--set login.username=lab; dtsconf secret check" in hint) == guessed
    assert ("(lab@acme.example) or the password is wrong: dtsconf secret check" in hint) != guessed
    assert "forbids" not in hint


def test_a_user_name_that_was_proven_is_not_doubted(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(users={"lab": "Pw-canary-42"}, auth_without_tls=True)
    profile = machine.profile(**proven(server, settings=settings(machine.secret_file("Pw-canary-42"))))
    machine.apply(profile).ok()
    server.users = {"lab": "Pw-canary-43"}
    machine.run("send", "--queue", "--to", "ann@acme.example", "--body", "x").ok()
    for args in (("test",), ("send", "--to", "ann@acme.example", "--body", "x"), ("queue", "flush")):
        told = machine.run(*args).fails(6)
        assert "lab logged in here when this was proven (20" in told.text
        assert "username=" not in told.text
        assert "try:" not in told.text
    machine.secret_file("Pw-canary-43")
    machine.apply(profile).ok()
    other = ("--set", "login.username=lib")
    assert "login.username=ADDRESS" in machine.run("test", "--profile", profile, *other).fails(6).text


SENDER = {"sender": {"email": "lab@acme.example", "name": "Lab"}}
NOT_YOU = "550 5.7.1 Client was not authenticated"
NOT_OWNED = "553 5.7.1 <lab@acme.example>: Sender address rejected: not owned by user lab@acme.example"


@pytest.mark.parametrize(("answer", "told"), [(NOT_YOU, "the account's own address"), (NOT_OWNED, "its own address")])
def test_the_address_in_use_is_not_proposed(machine: Machine, smtpd: Servers, answer: str, told: str) -> None:
    server = smtpd(users={"lab@acme.example": "Pw-canary-45"}, auth_without_tls=True, replies={"MAIL": answer})
    given = settings(machine.secret_file("Pw-canary-45"))
    given["login"]["username"] = "lab@acme.example"
    profile = machine.profile(**proven(server, settings={**given, **SENDER}))
    same = machine.run("test", "--profile", profile).fails(6)
    assert told in advised(same.stdout)
    assert "sender.email=lab@acme.example" not in same.stdout
    assert "try:" not in same.stdout
    other = machine.run("test", "--profile", profile, "--set", "sender.email=dts@acme.example").fails(6)
    server.replies.clear()
    machine.run(*typed(other.stdout)).ok()


def test_the_way_to_log_in_that_is_in_force_is_not_proposed(machine: Machine, smtpd: Servers) -> None:
    refused = ["504 5.7.4 Unrecognized authentication type"]
    server = smtpd(users={"lab": "Pw-canary-46"}, auth_without_tls=True, replies={"AUTH-RESULT": refused})
    profile = machine.profile(**proven(server, settings=settings(machine.secret_file("Pw-canary-46"))))
    told = machine.run("test", "--profile", profile).fails(6)
    assert "had offered (PLAIN): try the other one, --set login.mechanism=login" in advised(told.stdout)
    machine.run(*typed(told.stdout)).ok()


def test_a_guess_does_not_lead_back_to_the_one_before(machine: Machine, smtpd: Servers) -> None:
    refused = "504 5.7.4 Unrecognized authentication type"
    server = smtpd(users={"lab": "Pw-canary-47"}, auth_without_tls=True, replies={"AUTH-RESULT": refused})
    given = settings(machine.secret_file("Pw-canary-47"))
    given["login"]["username"] = "lab@acme.example"
    profile = machine.profile(**proven(server, settings={**given, **SENDER}))
    other = machine.run(*typed(machine.run("test", "--profile", profile).fails(6).stdout)).fails(6)
    back = "without --set login.mechanism (auto), unless that was refused already"
    assert back in advised(other.stdout)
    assert "chooses as well, ask the administrator of 127.0.0.1, and send along what this writes" in advised(
        other.stdout
    )
    assert "try:" not in other.stdout
    server.replies["AUTH-RESULT"] = "535 5.7.8 Error: authentication failed"
    other = machine.run(*typed(machine.run("test", "--profile", profile).fails(6).stdout)).fails(6)
    assert "without --set login.username (lab@acme.example), unless that was refused already" in advised(other.stdout)
    assert "try:" not in other.stdout


def test_google_knows_nobody_by_half_an_address(machine: Machine, smtpd: Servers) -> None:
    server = smtpd(users={"lab@acme.example": "Pw-canary-44"}, auth_without_tls=True, replies={"AUTH-RESULT": [GOOGLE]})
    profile = machine.profile(**proven(server, settings=settings(machine.secret_file("Pw-canary-44"))))
    told = machine.run("test", "--profile", profile).fails(6)
    first = "hint: the whole address is wanted as user name, --set login.username=lab@acme.example; then make an app"
    assert advised(told.stdout).startswith(first)
    machine.run(*typed(told.stdout)).ok()
    server.replies["AUTH-RESULT"] = GOOGLE
    whole = machine.run("test", "--profile", profile, "--set", "login.username=lab@acme.example").fails(6)
    assert advised(whole.stdout).startswith("hint: make an app password for lab@acme.example")
    assert "try:" not in whole.stdout
