"""Merging, locks, set-aside values, what is missing, and what comes out: the contract's section "Layers"."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dtsconf.errors import Invalid, Notice, Place, Problem, Variable
from dtsconf.settings import check
from dtsconf.settings.effective import Sighted
from dtsconf.settings.keys import KEYS
from dtsconf.settings.model import DEFAULT_PORTS, effective_port
from dtsconf.settings.resolve import build, merge, resolve, review
from dtsconf.settings.values import LAYER_ORDER, ORGANISATION, Layer, SetAside
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


def problems_of(*args: Any, **kwargs: Any) -> tuple[Invalid, tuple[Problem, ...]]:
    with pytest.raises(Invalid) as caught:
        resolve(*args, **kwargs)
    return caught.value, caught.value.problems


# Merging


def test_without_any_layer_the_defaults_hold() -> None:
    merged = merge(organisation({}), ())
    assert {key: setting.value for key, setting in merged.origin.items()} == {k: v.default for k, v in KEYS.items()}
    assert {setting.layer for setting in merged.origin.values()} == {"default"}


def test_each_layer_beats_the_ones_below() -> None:
    org = organisation({**WORKING, "sender.name": "profile"})
    layers = [environment(sender__name="environment"), user(sender__name="user"), command_line(sender__name="set")]
    for count, winner in enumerate(("profile", "environment", "user", "set")):
        assert resolve(org, layers[:count]).settings.sender.name == winner


def test_the_order_in_which_layers_are_passed_has_no_say() -> None:
    org = organisation()
    layers = [command_line(sender__name="set"), environment(sender__name="environment")]
    assert resolve(org, layers).settings.sender.name == resolve(org, layers[::-1]).settings.sender.name == "set"


def test_mappings_merge_key_by_key() -> None:
    effective = resolve(organisation(), [environment(server__port=2525), user(connection__timeout=3)])
    server = effective.settings.server
    assert (server.host, server.port, effective.settings.connection.timeout) == ("mail.acme.example", 2525, 3)


def test_null_resets_to_the_default_and_is_the_origin() -> None:
    effective = resolve(organisation({**WORKING, "sender.name": "DTS"}), [user(sender__name=None)])
    assert effective.settings.sender.name is None
    assert effective.origin["sender.name"].layer == "user"


def test_null_resets_a_setting_that_cannot_be_null_to_its_default() -> None:
    org = organisation({**WORKING, "connection.timeout": 60})
    effective = resolve(org, [command_line(connection__timeout=None)])
    assert effective.settings.connection.timeout == effective.origin["connection.timeout"].value == 15


def test_empty_differs_from_absent_and_null() -> None:
    org = organisation({**WORKING, "sender.name": "DTS"})
    assert resolve(org, [user(sender__name="")]).settings.sender.name == ""
    assert resolve(org, [user()]).settings.sender.name == "DTS"


def test_every_value_knows_layer_and_place() -> None:
    layers = [environment(sender__name="x"), user(connection__timeout=3), command_line(server__port=2525)]
    origin = resolve(organisation(), layers).origin
    assert set(origin) == set(KEYS)
    assert (origin["server.host"].layer, origin["server.host"].where) == ("profile", place(1))
    assert (origin["sender.name"].layer, origin["sender.name"].where) == (
        "environment",
        Variable("DTS_EMAIL_SENDER__NAME"),
    )
    assert str(origin["connection.timeout"].where) == "/home/u/.config/dts/email.yaml:1:1"
    assert str(origin["server.port"].where) == "--set server.port"
    assert (origin["login.username"].layer, origin["login.username"].where) == ("default", None)


def test_what_the_environment_gave_is_listed() -> None:
    layers = [environment(sender__name="x", connection__timeout=3), user(connection__timeout=4)]
    assert resolve(organisation(), layers).from_environment == ("sender.name",)


def test_the_machine_config_takes_the_place_of_the_profile() -> None:
    origin = resolve(organisation(name="machine")).origin
    assert origin["server.host"].layer == "machine"


def test_the_settings_ignore_variables_without_our_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "microsoft")
    monkeypatch.setenv("SERVER", '{"host": "evil.example"}')
    effective = resolve(organisation())
    assert (effective.settings.mode, effective.settings.server.host) == ("smtp", "mail.acme.example")


# Locks


@pytest.mark.parametrize("lock", ["server.port", "server"])
def test_a_locked_key_keeps_the_organisations_value(lock: str) -> None:
    org = organisation({**WORKING, "server.port": 587}, locks=[lock])
    effective = resolve(org, [environment(server__port=25), user(server__port=26)])
    assert effective.settings.server.port == 587
    assert effective.set_aside == (
        SetAside("server.port", "environment", where_of("environment", "server.port"), place(101)),
        SetAside("server.port", "user", where_of("user", "server.port"), place(101)),
    )


def test_a_lock_on_a_group_locks_all_below_it_also_what_it_does_not_set() -> None:
    org = organisation(locks=["microsoft"])
    effective = resolve(org, [user(microsoft__smtp__port=25, microsoft__tenant="common")])
    assert effective.settings.microsoft.smtp.port == 587
    assert {item.key for item in effective.set_aside} == {"microsoft.smtp.port", "microsoft.tenant"}


def test_what_is_wrong_with_a_layer_as_a_whole_is_told_beside_locks() -> None:
    wrong = Problem("yaml", "this is no YAML", None, Place("/home/u/.config/dts/email.yaml", 1, 1))
    with pytest.raises(Invalid) as caught:
        resolve(organisation(locks=["server"]), (), problems=(wrong,))
    assert [problem.message for problem in caught.value.problems] == ["this is no YAML"]


def test_a_lock_does_not_hold_a_key_that_merely_starts_alike() -> None:
    org = organisation(locks=["sender.name"])
    assert resolve(org, [user(sender__email="x@acme.example")]).settings.sender.email == "x@acme.example"


def test_every_locked_setting_knows_where() -> None:
    origin = resolve(organisation(locks=["server"])).origin
    assert (origin["server.port"].locked, origin["server.port"].locked_at) == (True, place(101))
    assert (origin["sender.name"].locked, origin["sender.name"].locked_at) == (False, None)


def test_set_on_a_locked_key_is_exit_4_even_with_the_same_value() -> None:
    org = organisation(locks=["server"])
    error, problems = problems_of(org, [command_line(server__host="mail.acme.example")])
    assert error.code == 4
    assert [(p.kind, p.key, str(p.where)) for p in problems] == [("locked", "server.host", "--set server.host")]
    assert "acme.yaml:101:3" in problems[0].message


def test_strict_makes_every_set_aside_value_exit_4() -> None:
    org = organisation(locks=["server"])
    error, problems = problems_of(org, [environment(server__host="a.example"), user(server__port=1)], strict=True)
    assert error.code == 4
    assert [p.key for p in problems] == ["server.host", "server.port"]
    assert "DTS_EMAIL_SERVER__HOST" in problems[0].message


def test_a_locked_literal_secret_is_set_aside_without_its_value() -> None:
    org = organisation(LOGIN, locks=["login.password"])
    effective = resolve(org, [environment(login__password="env://DTS_EMAIL_LOGIN__PASSWORD")])
    assert effective.settings.login.password == "file:///etc/secret"


# All problems at once


def test_all_problems_come_at_once_and_kind_3_wins() -> None:
    org = organisation({"login.required": True}, locks=["server.port"], rules=[rule("connection.timeout", "max", 10)])
    error, problems = problems_of(org, [command_line(server__port=25)])
    assert error.code == 3
    assert {p.code for p in problems} == {3, 4}
    assert {p.kind for p in problems} == {"locked", "missing", "cleartext-login", "rule-broken"}


def test_problems_met_while_reading_come_along_and_hide_what_follows_from_them() -> None:
    bad = Problem(
        "host", "server.host: 'x y' has a blank in it", None, Variable("DTS_EMAIL_SERVER__HOST"), "server.host"
    )
    _, problems = problems_of(organisation({"sender.email": "a@b.example"}), problems=[bad])
    assert problems == (bad,)


def test_what_was_set_aside_and_warned_of_is_known_in_a_failure_too() -> None:
    org = organisation({**WORKING, "server.port": 465}, locks=["server"], rules=[rule("sender.name", "present", True)])
    error, _ = problems_of(org, [user(server__port=1)])
    assert [item.key for item in error.known.set_aside] == ["server.port"]
    assert [notice.kind for notice in error.known.warnings] == ["unusual-pair", "mode-free"]


def test_warnings_met_while_reading_come_along() -> None:
    notice = Notice("unknown-variable", "the variable DTS_EMAIL_X names no setting", strict=3)
    assert resolve(organisation(), notices=[notice]).warnings == (notice,)
    error, problems = problems_of(organisation(), notices=[notice], strict=True)
    assert (error.code, problems[0].kind) == (3, "unknown-variable")


def test_a_plain_warning_stays_one_under_strict() -> None:
    notice = Notice("ca-file-place", "a home")
    assert resolve(organisation(), notices=[notice], strict=True).warnings == (notice,)


# What is missing, and `expects`


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({"sender.email": "a@b.example"}, ["server.host"]),
        ({"server.host": "h.example"}, ["sender.email"]),
        ({**WORKING, "login.required": True}, ["login.username", "login.password"]),
        ({"mode": "microsoft"}, ["microsoft.client_id"]),
        (
            {"mode": "microsoft", "microsoft.flow": "application"},
            ["microsoft.client_id", "sender.email", "microsoft.client_secret"],
        ),
    ],
)
def test_a_required_value_that_is_missing_is_exit_3_with_its_variable(
    values: dict[str, Any], missing: list[str]
) -> None:
    error, problems = problems_of(organisation(values), [Layer("environment")])
    assert error.code == 3
    assert [p.key for p in problems] == missing
    assert KEYS[missing[0]].variable in str(problems[0].hint)


def test_of_the_organisation_s_word_alone_expects_is_the_other_way() -> None:
    found = review(organisation({"server.host": "h.example"})).problems
    assert [p.hint for p in found] == ["give sender.email in the profile's settings, or list it under expects"]


def test_microsoft_mode_needs_no_sender() -> None:
    values = {"mode": "microsoft", "microsoft.client_id": "00000000-0000-0000-0000-000000000001"}
    assert resolve(organisation(values)).settings.sender.email is None


def test_a_profile_that_others_extend_may_lack_required_values() -> None:
    values = {"login.required": True}
    rules = [rule("server.encryption", "one_of", ("tls",)), rule("server.host", "present", True)]
    assert review(organisation(values, rules=rules), complete=False).problems == ()


def test_a_profile_that_others_extend_may_not_break_rules_with_what_it_sets() -> None:
    org = organisation({"server.encryption": "none"}, rules=[rule("server.encryption", "one_of", ("tls",))])
    assert [p.kind for p in review(org, complete=False).problems] == ["rule-broken"]


@pytest.mark.parametrize("name", ["sender.email", "sender"])
def test_a_missing_key_under_expects_is_owed_not_wrong(name: str) -> None:
    values = {key: raw for key, raw in WORKING.items() if key != "sender.email"}
    org = organisation(values, expects=[name], rules=[rule("sender.email", "present", True)])
    effective = resolve(org)
    assert effective.missing == ("sender.email",)
    with pytest.raises(Invalid) as caught:
        check.require_complete(effective)
    assert caught.value.code == 3
    assert "DTS_EMAIL_SENDER__EMAIL" in str(caught.value.problems[0].hint)
    misspelt = Notice("unknown-variable", "the variable DTS_EMAIL_SENDER_EMAIL names no setting and has no effect")
    with pytest.raises(Invalid) as caught:
        check.require_complete(replace(effective, warnings=(misspelt,)))
    assert caught.value.known == Sighted((), (misspelt,)), "it may be what is missing"


def test_a_key_under_expects_with_a_default_is_owed_until_somebody_sets_it() -> None:
    org = organisation(expects=["connection.timeout"])
    assert resolve(org).missing == ("connection.timeout",)
    assert resolve(org, [environment(connection__timeout=15)]).missing == ()


def test_what_expects_asks_for_is_there_once_a_layer_gives_it() -> None:
    values = {key: raw for key, raw in WORKING.items() if key != "sender.email"}
    effective = resolve(organisation(values, expects=["sender.email"]), [environment(sender__email="a@acme.example")])
    assert (effective.missing, effective.settings.sender.email) == ((), "a@acme.example")
    check.require_complete(effective)


def test_a_default_that_the_machine_config_writes_down_is_still_owed() -> None:
    org = organisation(
        {**WORKING, "connection.timeout": 15}, name="machine", given=frozenset(WORKING), expects=["connection.timeout"]
    )
    assert resolve(org).missing == ("connection.timeout",)


def test_what_is_expected_but_locked_without_a_value_could_never_be_given() -> None:
    values = {key: raw for key, raw in WORKING.items() if key != "sender.email"}
    error, problems = problems_of(organisation(values, expects=["sender.email"], locks=["sender"]))
    assert (error.code, problems[0].kind) == (3, "expected-but-locked")


def test_there_is_a_source_class_for_every_layer() -> None:
    layers = [Layer(name, {}) for name in LAYER_ORDER if name not in ORGANISATION]
    assert build([organisation(APPLICATION).layer, *layers]).mode == "microsoft"


def test_the_default_ports() -> None:
    for encryption, port in DEFAULT_PORTS.items():
        assert effective_port(resolve(organisation({**WORKING, "server.encryption": encryption})).settings) == port


def test_a_problem_without_a_key_is_not_lost() -> None:
    read = Problem("syntax", "this is no YAML", None, Place("user.yaml", 1, 1))
    with pytest.raises(Invalid) as caught:
        resolve(organisation(), (), problems=[read])
    assert caught.value.problems == (read,)


def test_what_rests_on_a_value_that_could_not_be_read_is_left_out() -> None:
    read = Problem("type", "expects true or false", None, Variable("DTS_EMAIL_LOGIN__REQUIRED"), "login.required")
    org = organisation({**LOGIN, "login.required": False})
    assert [notice.kind for notice in resolve(org).warnings] == ["unused"]
    with pytest.raises(Invalid) as caught:
        resolve(org, (), problems=[read])
    assert caught.value.problems == (read,)
    assert caught.value.known.warnings == ()


def test_roots_without_encryption_lead_to_either_end() -> None:
    """A test may have said to go without encryption: to send whoever did so back to it would be a circle."""
    (told,) = resolve(
        organisation({**WORKING, "server.encryption": "none", "server.ca_file": "/etc/roots.pem"})
    ).warnings
    assert "server.ca_file has no effect" in told.message
    assert str(told.hint).endswith("or, where the server has neither, take server.ca_file out")
