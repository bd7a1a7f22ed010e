"""Rules: which value they see, when they rest, what they say."""

from __future__ import annotations

from typing import Any

import pytest

from dtsconf.errors import Invalid, Problem
from dtsconf.settings import rules
from dtsconf.settings.policy import Op
from dtsconf.settings.resolve import resolve
from dtsconf.settings.values import Layer, LayerName
from tests.unit.settings.layers import (
    APPLICATION,
    LOGIN,
    WORKING,
    command_line,
    environment,
    layer,
    organisation,
    place,
    rule,
    user,
)


def broken(org: Any, *layers: Layer) -> tuple[Problem, ...]:
    with pytest.raises(Invalid) as caught:
        resolve(org, layers)
    assert caught.value.code == 4
    return caught.value.problems


@pytest.mark.parametrize(
    ("key", "op", "operand", "value", "holds"),
    [
        ("server.encryption", "one_of", ("tls", "starttls"), "tls", True),
        ("server.encryption", "one_of", ("tls", "starttls"), "none", False),
        ("server.encryption", "none_of", ("none", "auto"), "auto", False),
        ("server.encryption", "none_of", ("none", "auto"), "tls", True),
        ("server.port", "one_of", (465, 587), 465, True),
        ("server.port", "one_of", (465, 587), 25, False),
        ("server.port", "min", 465, 465, True),
        ("server.port", "min", 465, 464, False),
        ("server.port", "max", 587, 588, False),
        ("connection.timeout", "max", 15, 15.0, True),
        ("connection.timeout", "max", 15, 15.5, False),
        ("connection.min_tls", "min", "1.3", "1.2", False),
        ("connection.min_tls", "min", 1.2, "1.3", True),
        ("connection.min_tls", "one_of", (1.3,), "1.3", True),
        ("connection.min_tls", "one_of", (1.3,), "1.2", False),
        ("server.host", "matches", "*.acme.example", "mail.acme.example", True),
        ("server.host", "matches", "*.acme.example", "mail.acme.example.evil.example", False),
        ("server.host", "matches", "*.acme.example", "MAIL.ACME.EXAMPLE", True),
        ("server.host", "none_of", ("mail.evil.example",), "Mail.Evil.Example.", False),
        ("server.port", "matches", "5*", 587, True),
        ("login.required", "one_of", (True,), False, False),
        ("login.required", "one_of", (True,), True, True),
        ("login.required", "one_of", (1,), True, False),
        ("login.password", "matches", "vault://*", "file:///etc/secret", False),
        ("login.password", "matches", "vault://kv/DTS*", "vault://kv/dts#p", False),
        ("server.ca_file", "one_of", ("/etc/dts/CA.pem",), "/etc/dts/ca.pem", False),
        ("sender.name", "min", 3, "DTS", False),
        ("sender.name", "present", True, "DTS", True),
        ("sender.name", "present", True, None, False),
        ("sender.name", "present", False, None, True),
        ("sender.name", "present", False, "DTS", False),
    ],
)
def test_operators(key: str, op: Op, operand: Any, value: Any, holds: bool) -> None:
    assert rules.holds(rule(key, op, operand), value) is holds


@pytest.mark.parametrize(
    ("op", "operand"), [("one_of", ("x",)), ("none_of", (None,)), ("matches", "x"), ("min", 1), ("max", 1)]
)
def test_on_null_only_present_fails(op: Op, operand: Any) -> None:
    assert rules.holds(rule("sender.name", op, operand), None)


@pytest.mark.parametrize(("encryption", "port"), [("none", 25), ("starttls", 587), ("auto", 587), ("tls", 465)])
def test_a_rule_sees_the_port_that_null_stands_for(encryption: str, port: int) -> None:
    org = organisation({**WORKING, "server.encryption": encryption}, rules=[rule("server.port", "one_of", (1,))])
    assert f"server.port is {port} (the port of encryption '{encryption}')" in broken(org)[0].message


@pytest.mark.parametrize("name", ["default", "profile", "machine", "environment", "user", "command line"])
def test_a_rule_is_checked_whichever_layer_gave_the_value(name: Any) -> None:
    values = {"server.host": "mail.acme.example", "sender.email": "a@acme.example"}
    org_name: LayerName = name if name in ("profile", "machine") else "profile"
    given = {"server.encryption": "none"}
    org = organisation(
        {**values, **(given if name == org_name else {})},
        name=org_name,
        rules=[rule("server.encryption", "one_of", ("tls",))],
    )
    layers = [layer(name, given)] if name in ("environment", "user", "command line") else []
    (problem,) = broken(org, *layers)
    assert (problem.kind, problem.key, problem.code) == ("rule-broken", "server.encryption", 4)
    assert f"given by {name}" in problem.message


def test_the_message_tells_value_place_rule_and_reason() -> None:
    org = organisation(rules=[rule("server.encryption", "one_of", ("tls", "starttls"), "Mail leaves the site network")])
    (problem,) = broken(org, environment(server__encryption="none"))
    assert problem.message == (
        "server.encryption is 'none', given by environment, DTS_EMAIL_SERVER__ENCRYPTION; it must be one of 'tls', 'starttls' "
        "(rule at /etc/profiles/acme.yaml:200:3): Mail leaves the site network"
    )
    assert str(problem.where) == "DTS_EMAIL_SERVER__ENCRYPTION"
    assert "DTS_EMAIL_SERVER__ENCRYPTION" in str(problem.hint)


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        (".*@nx.example", "write '*@nx.example' at /etc/profiles/acme.yaml:200:3"),
        (r"^[a-z]+@nx\.example$", "write '*@nx.example' at /etc/profiles/acme.yaml:200:3"),
        (r"/.*@nx\.example$/", "write '*@nx.example' at /etc/profiles/acme.yaml:200:3"),
        ("%@nx.example", "write '*@nx.example' at /etc/profiles/acme.yaml:200:3"),
        ("%@other.example", "change sender.email"),
        (r".*@nx\.(example|test)$", "change sender.email"),
        (".*@other.example", "change sender.email"),
        ("*@other.example", "change sender.email"),
    ],
)
def test_a_pattern_of_another_kind_is_told_where_its_glob_would_hold(pattern: str, hint: str) -> None:
    org = organisation(
        {**WORKING, "sender.email": "plant@nx.example"}, rules=[rule("sender.email", "matches", pattern)]
    )
    (problem,) = broken(org)
    assert hint in str(problem.hint)
    assert ("takes a glob" in str(problem.hint)) == ("write" in hint)


def test_a_default_that_breaks_a_rule_is_told_at_the_rule() -> None:
    (problem,) = broken(organisation(rules=[rule("sender.name", "present", True)]))
    assert problem.where == place(200)
    assert "sender.name is null, given by default; it must be set" in problem.message
    assert problem.hint == "set sender.name in the profile: it must be set"


def test_a_secret_given_in_clear_is_not_named() -> None:
    org = organisation({**LOGIN, "login.password": None}, rules=[rule("login.password", "matches", "vault://*")])
    (problem,) = broken(org, environment(login__password="env://DTS_EMAIL_LOGIN__PASSWORD"))
    assert "login.password is (hidden)" in problem.message


SMTP_RULES = [
    rule("server.encryption", "one_of", ("tls",)),
    rule("login.required", "one_of", (True,)),
    rule("server.host", "present", True),
]
MICROSOFT_RULES = [rule("microsoft.via", "one_of", ("graph",)), rule("microsoft.client_id", "present", True)]


def test_smtp_rules_rest_in_microsoft_mode() -> None:
    assert resolve(organisation(APPLICATION, rules=SMTP_RULES)).settings.mode == "microsoft"


def test_microsoft_rules_rest_in_smtp_mode() -> None:
    assert resolve(organisation(rules=MICROSOFT_RULES)).settings.mode == "smtp"


def test_a_layer_that_switches_the_mode_wakes_its_rules() -> None:
    org = organisation({**WORKING, **APPLICATION, "mode": "smtp"}, rules=MICROSOFT_RULES)
    assert [p.key for p in broken(org, user(mode="microsoft"))] == ["microsoft.via"]


@pytest.mark.parametrize("values", [WORKING, APPLICATION])
def test_rules_on_mode_sender_and_connection_hold_in_both_modes(values: dict[str, Any]) -> None:
    org = organisation(
        values,
        rules=[
            rule("connection.timeout", "max", 5),
            rule("sender.name", "present", True),
            rule("mode", "none_of", (values.get("mode", "smtp"),)),
        ],
    )
    assert {p.key for p in broken(org)} == {"connection.timeout", "sender.name", "mode"}


def test_every_broken_rule_is_told() -> None:
    org = organisation(rules=[rule("server.port", "max", 100), rule("server.port", "one_of", (25,))])
    assert len(broken(org, command_line(server__port=2525))) == 2


@pytest.mark.parametrize("timeout", [3, 15, 70])
def test_rules_that_leave_no_value_are_what_is_wrong(timeout: int) -> None:
    at_odds = [rule("connection.timeout", "min", 60), rule("connection.timeout", "max", 5)]
    org = organisation({**WORKING, "connection.timeout": timeout}, rules=at_odds)
    with pytest.raises(Invalid) as caught:
        resolve(org, ())
    (problem,) = caught.value.problems
    assert "it must" not in problem.message
    assert "must be at least 60" in problem.message
    assert "be at most 5" in problem.message
    assert problem.message.endswith("no value is both")
    assert (problem.hint, problem.code) == ("change one of the two", 3)


def test_a_rule_that_text_cannot_meet_fails_closed() -> None:
    assert not rules.holds(rule("server.host", "max", 5), "mail.acme.example")


@pytest.mark.parametrize(
    ("op", "operand", "words"),
    [
        ("one_of", ("tls", "starttls"), "be one of 'tls', 'starttls'"),
        ("none_of", (25,), "not be 25"),
        ("matches", "*.example", "match '*.example'"),
        ("min", 1, "be at least 1"),
        ("max", 9, "be at most 9"),
        ("present", True, "be set"),
        ("present", False, "not be set"),
    ],
)
def test_words(op: Op, operand: Any, words: str) -> None:
    assert rules.words(rule("server.host", op, operand)) == words
