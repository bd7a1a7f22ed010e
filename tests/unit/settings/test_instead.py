"""What stands in the place of the organisation's word, and what of it an apply without a profile would keep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dtsconf.errors import Invalid
from dtsconf.settings import instead
from dtsconf.settings.resolve import resolve
from dtsconf.settings.values import Organisation
from tests.unit.settings.layers import LOGIN, WORKING, environment, organisation, user


def machine(values: dict[str, Any] = WORKING, **more: Any) -> Organisation:
    return organisation(values, name="machine", given=frozenset(values), **more)


def told(org: Organisation, **values: Any) -> list[str]:
    found = instead.for_good(resolve(org, [environment(**values)]))
    return [f"{each.where}: {each.message}; {each.hint}" for each in found]


def test_what_a_variable_would_put_into_the_machine_config_to_stay() -> None:
    (said,) = told(machine({**WORKING, "connection.timeout": 30}), connection__timeout=20)
    assert said == (
        "DTS_EMAIL_CONNECTION__TIMEOUT: connection.timeout 20 goes into the machine config to stay, in place of the "
        "machine config's 30; to put back just what was last applied: unset DTS_EMAIL_CONNECTION__TIMEOUT"
    )
    (said,) = told(machine(), sender__name="Perth")
    assert "sender.name Perth goes into the machine config to stay, in place of the default, null" in said


@pytest.mark.parametrize(
    "org",
    [
        machine({**WORKING, "sender.name": "Perth"}),
        machine(expects=["sender"]),
        organisation(),
        replace(machine(), name=""),
        replace(machine(), absent="nothing was applied on this machine yet"),
    ],
    ids=["the same", "expected", "a profile", "variables alone", "nothing yet"],
)
def test_where_nothing_is_replaced_nothing_is_told(org: Organisation) -> None:
    assert told(org, sender__name="Perth") == []


def test_variables_alone_stand_in_nobodys_place() -> None:
    given = environment(**{key.replace(".", "__"): value for key, value in LOGIN.items()}, server__port=2525)
    nobody = replace(organisation({}, name="machine"), name="")
    found = resolve(nobody, [given])
    keys = ("server.port", "server.encryption", "login.required")
    assert [instead.stands(key, found.origin[key], found.org) for key in keys] == [False] * 3
    of_a_profile = resolve(organisation({}), [given])
    assert [instead.stands(key, of_a_profile.origin[key], of_a_profile.org) for key in keys] == [True] * 3
    applied = replace(machine(), name="")
    there = resolve(applied, [environment(server__encryption="tls")])
    assert instead.stands("server.encryption", there.origin["server.encryption"], applied)


def test_a_required_value_that_a_user_resets_is_to_be_taken_out_again() -> None:
    with pytest.raises(Invalid) as caught:
        resolve(organisation(LOGIN), [user(login__password=None)])
    (problem,) = caught.value.problems
    assert problem.message == "login.password is not set: login.required is true"
    assert str(problem.hint).startswith("login.password is null here (user, ")
    assert "in place of the profile's file:///etc/secret; to go by that again: take login.password out of " in str(
        problem.hint
    )
    assert "give login.password" not in str(problem.hint)
