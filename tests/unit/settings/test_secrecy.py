"""A secret goes only where its own layer says."""

from __future__ import annotations

from typing import Any

import pytest

from dtsconf.errors import Invalid, Problem
from dtsconf.settings.resolve import resolve
from dtsconf.settings.secrecy import GUARDED
from dtsconf.settings.values import Layer, Organisation
from tests.unit.settings.layers import APPLICATION, LOGIN, command_line, environment, layer, organisation, user

FULL = {
    **LOGIN,
    "server.port": 587,
    "server.ca_file": "/etc/dts/ca.pem",
    "server.fingerprint": "ab" * 32,
    "connection.min_tls": "1.3",
}
CHANGES = {
    "server.host": "evil.example",
    "server.port": 2525,
    "server.encryption": "tls",
    "server.ca_file": "/tmp/evil.pem",
    "server.fingerprint": "cd" * 32,
    "connection.min_tls": "1.2",
    "login.username": "someone",
}
MICROSOFT = {
    **APPLICATION,
    "microsoft.authority": "https://login.acme.example",
    "microsoft.smtp.host": "a.example",
    "microsoft.smtp.port": 2587,
}
MICROSOFT_CHANGES = {
    "microsoft.authority": "https://login.evil.example",
    "microsoft.tenant": "evil.example",
    "microsoft.client_id": "00000000-0000-0000-0000-00000000000f",
    "microsoft.smtp.host": "evil.example",
    "microsoft.smtp.port": 25,
}


def refused(org: Organisation, *layers: Layer) -> list[Problem]:
    with pytest.raises(Invalid) as caught:
        resolve(org, layers)
    assert caught.value.code == 4
    return [problem for problem in caught.value.problems if problem.kind == "secret-redirected"]


def test_a_host_that_a_layer_resets_is_one_that_is_missing() -> None:
    with pytest.raises(Invalid) as caught:
        resolve(organisation(FULL), (layer("environment", {"server.host": None}),))
    assert "server.host" in {problem.key for problem in caught.value.problems}


def test_a_host_that_the_organisation_leaves_open_is_anybodys_to_give() -> None:
    org = organisation({**FULL, "server.host": None})
    given = layer("environment", {"server.host": "relay.acme.example"})
    assert resolve(org, (given,)).settings.server.host == "relay.acme.example"


@pytest.mark.parametrize("name", ["environment", "user"])
@pytest.mark.parametrize("key", CHANGES)
def test_a_changed_destination_under_the_organisations_password_is_exit_4(name: Any, key: str) -> None:
    (problem,) = refused(organisation(FULL), layer(name, {key: CHANGES[key]}))
    assert (problem.key, problem.code) == (key, 4)
    assert "login.password" in problem.message
    assert "/etc/profiles/acme.yaml" in problem.message
    assert str(problem.where) in problem.message


@pytest.mark.parametrize("name", ["environment", "user"])
@pytest.mark.parametrize("key", MICROSOFT_CHANGES)
def test_the_same_for_microsofts_secrets(name: Any, key: str) -> None:
    assert [p.key for p in refused(organisation(MICROSOFT), layer(name, {key: MICROSOFT_CHANGES[key]}))] == [key]


@pytest.mark.parametrize("secret", ["microsoft.client_secret", "microsoft.certificate", "microsoft.client_assertion"])
def test_each_of_microsofts_secrets_counts(secret: str) -> None:
    values = {key: raw for key, raw in MICROSOFT.items() if key != "microsoft.client_secret"}
    org = organisation({**values, secret: "file:///etc/secret"})
    assert len(refused(org, user(microsoft__authority="https://evil.example"))) == 1


def test_what_to_take_back_is_told_first() -> None:
    (given,) = refused(organisation(FULL), environment(server__host="evil.example"))
    assert str(given.hint).startswith("unset DTS_EMAIL_SERVER__HOST; or give DTS_EMAIL_LOGIN__PASSWORD as well")
    (written,) = refused(organisation(FULL), user(server__host="evil.example"))
    assert str(written.hint).startswith(f"take server.host out of {written.where}; or give login.password in that file")


def test_a_locked_secret_is_not_proposed_to_be_given() -> None:
    (given,) = refused(organisation(FULL, locks=["login.password"]), environment(server__host="evil.example"))
    assert given.hint == "unset DTS_EMAIL_SERVER__HOST; or let the profile list server.host under expects"


def test_the_secret_in_the_same_layer_makes_it_good() -> None:
    layers = [environment(server__host="other.example", login__password="env://DTS_EMAIL_LOGIN__PASSWORD")]
    assert resolve(organisation(FULL), layers).settings.server.host == "other.example"


def test_the_secret_in_a_higher_layer_makes_it_good_as_well() -> None:
    layers = [environment(server__host="other.example"), user(login__password="file:///home/u/secret")]
    assert resolve(organisation(FULL), layers).settings.server.host == "other.example"


def test_the_command_line_is_free() -> None:
    assert (
        resolve(organisation(FULL), [command_line(server__host="other.example")]).settings.server.host
        == "other.example"
    )


def test_the_command_line_heals_what_a_lower_layer_redirects() -> None:
    layers = [environment(server__host="evil.example"), command_line(server__host="mail.acme.example")]
    assert resolve(organisation(FULL), layers).settings.server.host == "mail.acme.example"


@pytest.mark.parametrize("name", ["login.username", "login"])
def test_keys_in_expects_are_free(name: str) -> None:
    org = organisation(FULL, expects=[name])
    assert resolve(org, [environment(login__username="other")]).settings.login.username == "other"


@pytest.mark.parametrize("key", ["server.port", "server.ca_file", "server.fingerprint", "login.username"])
def test_what_the_organisation_left_open_is_free(key: str) -> None:
    values = {k: v for k, v in FULL.items() if k not in (key, "server.fingerprint")}
    value = {**CHANGES, "server.ca_file": "/etc/dts/own.pem"}[key]
    resolved = resolve(organisation(values), [environment(**{key.replace(".", "__"): value})])
    assert resolved.origin[key].value == value


def test_a_written_null_is_as_if_unset() -> None:
    org = organisation({**LOGIN, "server.ca_file": None})
    assert resolve(org, [user(server__ca_file="/etc/dts/own.pem")]).settings.server.ca_file == "/etc/dts/own.pem"


def test_a_default_written_down_in_the_machine_config_is_as_if_unset() -> None:
    values = {**LOGIN, "connection.min_tls": "1.2"}
    change = user(connection__min_tls="1.3")
    assert (
        resolve(organisation(values, name="machine", given=frozenset(LOGIN)), [change]).settings.connection.min_tls
        == "1.3"
    )
    assert len(refused(organisation(values, name="machine", given=frozenset(values)), change)) == 1


@pytest.mark.parametrize("key", ["microsoft.authority", "microsoft.smtp.host"])
def test_microsofts_own_addresses_are_meant_even_by_default(key: str) -> None:
    org = organisation(APPLICATION)
    assert [p.key for p in refused(org, user(**{key.replace(".", "__"): MICROSOFT_CHANGES[key]}))] == [key]


@pytest.mark.parametrize("key", ["server.fingerprint", "server.ca_file"])
def test_taking_away_what_proves_the_server_is_a_change(key: str) -> None:
    assert [p.key for p in refused(organisation(FULL), user(**{key.replace(".", "__"): None}))] == [key]


def test_the_same_value_again_is_no_change() -> None:
    layers = [environment(server__host="mail.acme.example")]
    assert resolve(organisation(FULL), layers).origin["server.host"].layer == "environment"


def test_a_host_in_other_letters_is_the_same_host() -> None:
    layers = [environment(server__host="MAIL.acme.example")]
    assert resolve(organisation(FULL), layers).settings.server.host == "MAIL.acme.example"


def test_a_username_in_other_letters_is_another() -> None:
    assert len(refused(organisation(FULL), environment(login__username="DTS"))) == 1


def test_without_a_secret_anything_may_change() -> None:
    values = {key: raw for key, raw in FULL.items() if not key.startswith("login.")}
    assert (
        resolve(organisation(values), [environment(server__host="other.example")]).settings.server.host
        == "other.example"
    )


def test_a_password_that_no_login_uses_yet_is_guarded_too() -> None:
    org = organisation({**FULL, "login.required": False})
    assert len(refused(org, environment(server__host="evil.example"))) == 1


def test_the_environments_secret_does_not_follow_the_user_file() -> None:
    low = environment(server__host="ci.example", login__password="env://DTS_EMAIL_LOGIN__PASSWORD")
    (problem,) = refused(organisation(LOGIN), low, user(server__host="evil.example"))
    assert "'ci.example'" in problem.message


def test_the_environments_secret_does_not_go_back_to_the_organisations_host() -> None:
    low = environment(server__host="ci.example", login__password="env://DTS_EMAIL_LOGIN__PASSWORD")
    assert len(refused(organisation(LOGIN), low, user(server__host="mail.acme.example"))) == 1


def test_a_locked_password_set_aside_does_not_count_as_given() -> None:
    org = organisation(FULL, locks=["login.password"])
    assert len(refused(org, user(server__host="evil.example", login__password="file:///home/u/secret"))) == 1


def test_a_locked_destination_is_set_aside_not_refused() -> None:
    effective = resolve(organisation(FULL, locks=["server"]), [environment(server__host="evil.example")])
    assert effective.settings.server.host == "mail.acme.example"


def test_a_secret_taken_away_goes_nowhere() -> None:
    layers = [user(server__host="other.example", login__password=None, login__required=False)]
    assert resolve(organisation(FULL), layers).settings.login.password is None


def test_every_secret_setting_is_guarded() -> None:
    from dtsconf.settings.keys import KEYS

    assert set(GUARDED) == {key.name for key in KEYS.values() if key.kind == "secret"}
    assert {key for guarded in GUARDED.values() for key in guarded} <= set(KEYS)
