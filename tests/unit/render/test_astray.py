"""What stands in the organisation's place when a stage fails, and what takes it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dtsconf.render import astray
from dtsconf.settings.effective import Effective
from dtsconf.settings.signed_in import with_account
from dtsconf.settings.values import Organisation, Value
from tests.unit.machine.world import LOGIN, WORKING, effective
from tests.unit.settings.test_microsoft import MICROSOFT


def machine(values: dict[str, Any]) -> Effective:
    """The same settings as a machine config gives them."""
    found = effective(values)
    org = replace(found.org, layer=replace(found.org.layer, name="machine"))
    return replace(found, org=org, origin={key: replace(one, layer="machine") for key, one in found.origin.items()})


def recorded(values: dict[str, Any]) -> Organisation:
    org = machine(values).org
    raw = {key: Value(one.value, None) for key, one in effective(values).origin.items()}
    return replace(org, layer=replace(org.layer, values=raw))


@pytest.mark.parametrize(
    ("stage", "environment", "words"),
    [
        (
            "connect",
            {"server.port": 2525},
            "server.port is 2525 here (environment, DTS_EMAIL_SERVER__PORT) in place of the",
        ),
        ("resolve", {"server.port": 2525}, ""),
        ("resolve", {"microsoft.smtp.host": "smtp.office365.us"}, ""),
        ("tls", {"server.encryption": "starttls"}, "in place of the profile's none"),
        ("tls", {"connection.min_tls": "1.3"}, "in place of the default, 1.2"),
        ("mail-from", {"sender.email": "boss@acme.example"}, "to go by that again: unset DTS_EMAIL_SENDER__EMAIL"),
        ("auth", {"sender.email": "boss@acme.example"}, ""),
        ("mail-from", {"server.port": 2525}, ""),
        ("accepted", {"sender.email": "boss@acme.example"}, ""),
    ],
)
def test_only_what_a_stage_goes_by_is_told(stage: str, environment: dict[str, Any], words: str) -> None:
    values = {**WORKING, "server.encryption": "none", "server.port": 25}
    found = astray.told(stage, effective(values, environment=environment), None)
    assert words in found if words else found == ""


@pytest.mark.parametrize(
    ("seconds", "cause", "is_told"), [(0.5, "dns", True), (0.5, "refused", False), (90, "dns", False)]
)
def test_too_short_a_time_is_told_where_time_ran_out(seconds: float, cause: str, *, is_told: bool) -> None:
    found = astray.told("resolve", effective(WORKING, environment={"connection.timeout": seconds}), None, cause)
    assert found.startswith("connection.timeout is 0.5 here (environment, DTS_EMAIL_CONNECTION__TIMEOUT)") is is_told
    assert ("unset DTS_EMAIL_CONNECTION__TIMEOUT" in found) is is_told


def test_what_is_as_the_organisation_has_it_is_not_told() -> None:
    assert (
        astray.told("connect", effective({**WORKING, "server.port": 25}, environment={"server.port": 25}), None) == ""
    )
    assert astray.told("connect", None, None) == ""


def test_a_secret_in_clear_is_hidden() -> None:
    literal = effective(LOGIN, environment={"login.password": "env://DTS_EMAIL_LOGIN__PASSWORD"})
    told = astray.told("auth", literal, None)
    assert told.startswith("login.password is (hidden) here")
    assert "env://" not in told


def test_the_address_that_a_sign_in_brings_along_was_changed_by_nobody() -> None:
    null = {**MICROSOFT, "sender.email": None}
    now, then = with_account(machine(null), "ann@acme.example"), recorded(null)
    assert now.settings.sender.email == "ann@acme.example"
    assert astray.told("mail-from", now, then) == ""
    by_hand = machine({**MICROSOFT, "sender.email": "bob@acme.example"})
    assert "sender.email is bob@acme.example there and was not set" in astray.told("mail-from", by_hand, then)


def test_what_was_changed_by_hand_in_the_machine_config() -> None:
    now, then = machine({**WORKING, "server.port": 26}), recorded({**WORKING, "server.port": 25})
    told = astray.told("connect", now, then)
    assert told.startswith(
        "the machine config was changed by hand since the last apply (server.port is 26 there and was 25)"
    )
    assert astray.is_by_hand("connect", now, then)
    assert astray.told("resolve", now, then) == ""
    assert astray.told("connect", now, None) == ""
    assert astray.told("connect", effective({**WORKING, "server.port": 26}), then) == "", "a profile is at hand"
    assert not astray.is_by_hand("connect", machine({**WORKING, "server.port": 25}), then)


def test_too_short_a_time_that_a_hand_gave_is_told_as_that() -> None:
    now, then = machine({**WORKING, "connection.timeout": 0.1}), recorded({**WORKING, "connection.timeout": 15})
    assert "connection.timeout is 0.1 there and was 15" in astray.told("tls", now, then, "timeout")
    assert astray.told("tls", now, now.org, "timeout") == ""
    assert astray.is_by_hand("tls", now, then, "timeout")
    assert not astray.is_by_hand("tls", now, then, "refused")


def test_what_is_not_set_in_both_was_changed_by_nobody() -> None:
    now, then = machine({**WORKING, "server.port": 26}), recorded({**WORKING, "server.port": 25})
    notice = astray.by_hand(now.org, then)
    assert notice is not None
    assert "server.port is 26 there and was 25" in notice.message
    assert "not set there and was not set" not in notice.message
