"""A secret that was changed at its source: told by apply and `plan --secrets`, and never shown."""

from __future__ import annotations

import pytest

from tests.scenarios.harness import Machine, login

CHANGED = "login.password: changed (value hidden)"
TARGETS = (["dts"], ["msmtp"], ["dts", "msmtp"])


@pytest.fixture
def applied(machine: Machine) -> Machine:
    machine.secret_file("c4n4ry-old")
    return machine


def profile(machine: Machine, targets: list[str]) -> str:
    return machine.profile(settings=login(f"file://{machine.work}/secret"), targets=targets)


@pytest.mark.parametrize("targets", TARGETS, ids="+".join)
def test_a_rotated_secret(applied: Machine, targets: list[str]) -> None:
    path = profile(applied, targets)
    applied.apply(path).ok()
    applied.secret_file("c4n4ry-new")

    plain = applied.run("plan", "--profile", path, "--detailed-exitcode").ok()
    assert "Nothing to change" in plain.stdout
    assert "login.password: not looked at" in plain.stdout
    assert "plan --secrets" in plain.stdout

    looked = applied.run("plan", "--secrets", "--profile", path, "--detailed-exitcode")
    assert looked.code == 7
    assert CHANGED in looked.stdout
    assert "not looked at" not in looked.stdout
    assert "recorded anew" not in looked.stdout

    body = applied.run("plan", "--secrets", "--profile", path, "--json").ok().json
    assert body["secrets_read"] is True
    holders = [change for change in body["changes"] if not change["path"].endswith("email.json")]
    assert holders
    assert all(CHANGED in change["diff"] for change in holders)
    assert applied.run("plan", "--profile", path, "--json").ok().json["secrets_read"] is False

    assert CHANGED in applied.run("plan", "--secrets", "--profile", path, "--format", "markdown").ok().stdout
    result = applied.apply(path).ok()
    assert CHANGED in result.stdout
    assert "Nothing to change" in applied.run("plan", "--secrets", "--profile", path).ok().stdout


def test_apply_as_json(applied: Machine) -> None:
    path = profile(applied, ["dts"])
    applied.apply(path).ok()
    applied.secret_file("c4n4ry-new")
    body = applied.apply(path, "--json").ok().json
    assert body["secrets_read"] is True
    assert any(CHANGED in change["diff"] for change in body["changes"])


def test_the_same_value_from_another_place_is_no_rotation(applied: Machine) -> None:
    applied.apply(profile(applied, ["dts"])).ok()
    moved = applied.profile(settings=login(applied.secret_file("c4n4ry-old", "other")))
    result = applied.run("plan", "--secrets", "--profile", moved).ok()
    assert CHANGED not in result.stdout
    assert "other" in result.stdout


def test_nothing_is_said_where_no_secret_is_delivered(applied: Machine) -> None:
    for parts in ({}, {"settings": login(f"file://{applied.work}/secret"), "secrets": {"deliver": "reference"}}):
        path = applied.profile(**parts)
        applied.apply(path).ok()
        result = applied.run("plan", "--profile", path).ok()
        assert "not looked at" not in result.stdout
        assert CHANGED not in applied.run("plan", "--secrets", "--profile", path).ok().stdout


def test_a_first_apply_calls_no_secret_changed(applied: Machine) -> None:
    path = profile(applied, ["dts"])
    assert CHANGED not in applied.run("plan", "--secrets", "--profile", path).ok().stdout
    assert CHANGED not in applied.apply(path).ok().stdout
