"""`explain KEY`: every layer's word, the winner, locks, rules, meaning."""

from __future__ import annotations

import pytest

from dtsconf.errors import UsageProblem
from dtsconf.settings.explain import LayerView, explain
from dtsconf.settings.keys import GROUPS, KEYS
from tests.unit.settings.layers import (
    APPLICATION,
    LOGIN,
    WORKING,
    command_line,
    environment,
    organisation,
    place,
    rule,
    user,
    where_of,
)


def test_every_layer_is_shown_with_value_place_and_state() -> None:
    org = organisation({**WORKING, "sender.name": "DTS"})
    told = explain("sender.name", org, [environment(sender__name="env"), user(sender__name="me")])
    assert told.value == "me"
    assert told.layers == (
        LayerView("default", None, None, "overridden"),
        LayerView("profile", "DTS", place(4), "overridden"),
        LayerView("environment", "env", where_of("environment", "sender.name"), "overridden"),
        LayerView("user", "me", where_of("user", "sender.name"), "wins"),
        LayerView("command line", None, None, "absent"),
    )


def test_a_value_kept_out_by_a_lock_is_set_aside() -> None:
    told = explain("server.port", organisation(locks=["server"]), [user(server__port=1), command_line(server__port=2)])
    assert (told.value, told.locked, told.locked_at) == (None, True, place(101))
    assert [view.state for view in told.layers] == ["wins", "absent", "absent", "set aside", "set aside"]


def test_a_value_that_the_settings_are_refused_for() -> None:
    org = organisation({**LOGIN, "server.port": 587})
    told = explain("server.port", org, [user(server__port=2525)])
    assert [view.state for view in told.layers] == ["overridden", "overridden", "absent", "refused", "absent"]
    refused = told.layers[3]
    assert "a secret goes only where its own layer says" in str(refused.why)
    assert [view.why for view in told.layers if view is not refused] == [None] * 4
    over = explain("server.port", org, [user(server__port=2525), command_line(server__port=2525)])
    assert [view.state for view in over.layers[3:]] == ["overridden", "wins"]


def test_cleartext_login_is_refused_wherever_it_is_not_the_organisation_s() -> None:
    told = explain(
        "server.allow_cleartext_login", organisation(LOGIN), [environment(server__allow_cleartext_login=True)]
    )
    assert told.layers[2].state == "refused"


def test_a_null_that_resets_wins() -> None:
    told = explain(
        "connection.timeout", organisation({**WORKING, "connection.timeout": 60}), [user(connection__timeout=None)]
    )
    assert told.value == 15
    assert [(view.value, view.state) for view in told.layers] == [
        (15, "overridden"),
        (60, "overridden"),
        (None, "absent"),
        (None, "wins"),
        (None, "absent"),
    ]


def test_the_machine_config_appears_under_its_name() -> None:
    assert explain("mode", organisation(name="machine")).layers[1].layer == "machine"


def test_rules_are_shown_with_whether_they_hold() -> None:
    rules = [
        rule("server.port", "max", 600, "why"),
        rule("server.port", "one_of", (25,)),
        rule("mode", "present", True),
    ]
    told = explain("server.port", organisation(rules=rules))
    assert [(view.words, view.holds, view.rule.because) for view in told.rules] == [
        ("be at most 600", True, "why"),
        ("be 25", False, None),
    ]


def test_a_rule_of_the_other_mode_rests() -> None:
    told = explain("server.port", organisation(APPLICATION, rules=[rule("server.port", "max", 600)]))
    assert [view.holds for view in told.rules] == [None]


def test_a_secret_in_clear_is_hidden_and_a_reference_is_not() -> None:
    told = explain(
        "login.password", organisation(LOGIN), [environment(login__password="env://DTS_EMAIL_LOGIN__PASSWORD")]
    )
    assert told.value == "(hidden)"
    assert [view.value for view in told.layers][1:3] == ["file:///etc/secret", "(hidden)"]


def test_settings_that_do_not_work_can_be_explained() -> None:
    assert explain("server.host", organisation({"server.encryption": "none", "login.required": True})).value is None


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_has_a_meaning_and_a_variable(key: str) -> None:
    told = explain(key, organisation({}))
    assert told.meaning
    assert told.variable == KEYS[key].variable
    assert told.layers[0].state == "wins"


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_says_which_keys_it_holds(group: str) -> None:
    told = explain(group, organisation(locks=[group]))
    assert told.keys == tuple(key for key in KEYS if key.startswith(group + "."))
    assert told.meaning
    assert told.locked_at == place(101)
    assert (told.layers, told.variable) == ((), None)


def test_an_unknown_key_is_a_usage_problem_with_the_nearest() -> None:
    with pytest.raises(UsageProblem) as caught:
        explain("server.hots", organisation())
    assert caught.value.code == 2
    assert "server.host" in str(caught.value.hint)


def test_whether_the_profile_expects_it() -> None:
    assert explain("sender.name", organisation(expects=["sender"])).expected
    assert not explain("sender.name", organisation()).expected


def test_fields_of_verify_and_secrets_are_explained_too() -> None:
    told = explain("verify.level", organisation(locks=["verify"]))
    assert (told.value, told.locked, told.locked_at) == ("send", True, place(101))
    assert told.layers == (LayerView("default", "send", None, "wins"),)
    assert "How far" in told.meaning
    assert explain("verify.pending", organisation()).value == ["sign-in"]
    assert explain("secrets.vault.auth.method", organisation(name="machine")).layers[0].layer == "machine"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("verify.lvel", "did you mean verify.level?"),
        ("policy.max_size", "a field of verify or secrets, such as verify"),
    ],
)
def test_what_can_not_be_explained_says_what_can(name: str, hint: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        explain(name, organisation())
    assert hint in str(caught.value.hint)
