"""A sign-in that failed is told with the settings that it went by: what stands in the organisation's place, locks, rules
and places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from dtsconf.errors import SignInFailed
from dtsconf.render import failure
from dtsconf.render.call import Call
from dtsconf.render.placed import placed
from dtsconf.settings.effective import Effective
from dtsconf.settings.values import Organisation
from tests.unit.machine.world import effective
from tests.unit.render.test_astray import machine, recorded

PEOPLE = {
    "mode": "microsoft",
    "microsoft.client_id": "11111111-2222-4333-8444-555555555555",
    "microsoft.tenant": "acmee.example",
}
APPLICATION = {
    **PEOPLE,
    "sender.email": "reports@acme.example",
    "microsoft.flow": "application",
    "microsoft.client_secret": "file:///etc/secret",
}
HINT = "microsoft.tenant is wrong: --set microsoft.tenant=acme.example"


def told(found: Effective, hint: str = HINT, *, then: Organisation | None = None, trial: str = "test") -> str:
    error = SignInFailed("no", hint)
    error.known = found
    return failure.text(error, (), Call("site.yaml", trial=trial), then)


def test_the_place_of_a_value_is_said_with_what_to_try_and_where_to_keep_it() -> None:
    assert told(effective(PEOPLE)) == (
        "error: no\n"
        "hint: microsoft.tenant (/srv/site.yaml:3:3) is wrong: --set microsoft.tenant=acme.example\n"
        "try:  dtsconf test --profile site.yaml --set microsoft.tenant=acme.example\n"
        "keep: once that works\n"
        "  /srv/site.yaml:3:3  tenant: acme.example\n"
    )
    assert "try:  dtsconf sign-in --profile site.yaml --set" in told(effective(PEOPLE), trial="sign-in")


def test_a_lock_leads_to_the_line_to_edit() -> None:
    text = told(effective(PEOPLE, locks=("microsoft",)))
    assert "edit /srv/site.yaml:3:3 to tenant: acme.example (locked, so --set can't)" in text
    assert "--set microsoft" not in text


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"microsoft.flow": "browser"}, "DTS_EMAIL_MICROSOFT__FLOW) in place of the profile's application; "),
        ({"microsoft.remember_me": True}, "microsoft.remember_me is true here (environment, "),
        ({"microsoft.via": "graph"}, "microsoft.via is graph here (environment, DTS_EMAIL_MICROSOFT__VIA) in place of"),
        ({"microsoft.client_secret": "env://X"}, "in place of the profile's file:///etc/secret; to go by that again"),
        ({"sender.email": "x@acme.example"}, ""),
    ],
)
def test_what_stands_in_the_organisation_s_place_comes_first(environment: Mapping[str, Any], words: str) -> None:
    text = told(effective(APPLICATION, environment=environment), "ask")
    hint = text.splitlines()[1].removeprefix("hint: ")
    assert (words in hint) if words else hint == "ask"
    assert hint.endswith("; else ask") is bool(words)


def test_an_application_s_secret_decides_nothing_for_a_person() -> None:
    other = effective({**APPLICATION, "microsoft.flow": "auto"}, environment={"microsoft.client_secret": "env://X"})
    assert "client_secret is" not in told(other, "ask")


def test_what_a_hand_changed_in_the_machine_config_comes_first_and_nothing_is_to_try() -> None:
    text = told(machine(PEOPLE), then=recorded({**PEOPLE, "microsoft.tenant": "acme.example"}))
    assert "was changed by hand since the last apply (microsoft.tenant is acmee.example there and was" in text
    assert "try:" not in text


def test_json_has_the_same_hint_and_the_warnings_of_the_settings() -> None:
    found = effective({**APPLICATION, "microsoft.flow": "auto"})
    error = SignInFailed("no", HINT)
    error.known = found
    data = json.loads(failure.envelope("test", error))
    assert [each["hint"] for each in data["problems"]] == [
        "microsoft.tenant (/srv/site.yaml:3:3) is wrong: --set microsoft.tenant=acme.example"
    ]
    assert "microsoft.client_secret will not be used: microsoft.flow is auto" in [
        each["message"] for each in data["warnings"]
    ]


def test_a_place_is_said_once_and_not_of_a_default_or_of_what_was_told_before() -> None:
    found = effective(PEOPLE)
    assert placed("microsoft.tenant, microsoft.tenant", found) == (
        "microsoft.tenant (/srv/site.yaml:3:3), microsoft.tenant"
    )
    assert placed("microsoft.authority and microsoft.nothing", found) == "microsoft.authority and microsoft.nothing"
    assert placed("microsoft.tenant", found, known="microsoft.tenant is x here") == "microsoft.tenant"
    assert placed("microsoft.tenant: x", found) == "microsoft.tenant: x"
    assert placed("microsoft.tenant", machine(PEOPLE)) == "microsoft.tenant (in the profile acme)"


def test_an_error_without_settings_is_told_as_it_is() -> None:
    assert failure.text(SignInFailed("no", HINT)) == f"error: no\nhint: {HINT}\n"
    typed = effective(PEOPLE)
    setting = replace(typed.origin["microsoft.tenant"], layer="command line")
    assert placed("microsoft.tenant", replace(typed, origin={**typed.origin, "microsoft.tenant": setting})) == (
        "microsoft.tenant"
    )
