"""Saved plans: what they hold, when they are stale, and that one is used up by its apply."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from dtsconf.errors import Invalid
from dtsconf.machine import saved_plan
from dtsconf.machine.request import Settled
from dtsconf.machine.saved_plan import SavedPlan, Stale
from tests.unit.machine.world import CANARY, LOGIN, WORKING, World, effective

CONFIG = "/etc/dts/email.json"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(str(tmp_path))


def saved(world: World) -> SavedPlan:
    plan = world.plan().save(profile="/srv/site.yaml", sets=("server.port=587",))
    return saved_plan.from_bytes(plan.to_bytes(), "plan.json")


def stale(world: World, plan: SavedPlan) -> str:
    before = world.tree()
    with pytest.raises(Stale) as caught:
        world.apply(saved=plan)
    assert caught.value.code == 1
    assert world.tree() == before
    return caught.value.message


def test_it_holds_places_and_digests_and_no_content(world: World) -> None:
    world.want = effective(LOGIN, environment={"sender.name": "Nobody Special"})
    plan = saved(world)
    text = plan.to_bytes().decode()
    assert set(json.loads(text)) == {"format", "profile", "sets", "inputs", "generation", "digest"}
    assert plan.sets == ("server.port=587",)
    assert "DTS_EMAIL_SENDER__NAME" in text
    assert "mail.acme.example" not in text
    assert "Nobody Special" not in text
    assert CANARY not in text
    assert world.root not in text


def test_it_applies_once(world: World) -> None:
    plan = saved(world)
    assert world.apply(saved=plan).changed
    message = stale(world, plan)
    assert "generation" in message
    assert "used up" in message


def test_a_changed_profile_is_named(world: World) -> None:
    plan = saved(world)
    world.want = effective({**WORKING, "server.port": 2525})
    assert "/srv/site.yaml changed" in stale(world, plan)


def test_a_changed_variable_is_named(world: World) -> None:
    world.want = effective(environment={"server.port": 2525})
    plan = saved(world)
    world.want = effective(environment={"server.port": 2526})
    with pytest.raises(Stale) as caught:
        world.apply(saved=plan)
    assert str(caught.value.hint).startswith("plan again: dtsconf plan"), "sudo is at fault for nothing"
    assert "DTS_EMAIL_SERVER__PORT changed" in stale(world, plan)
    world.want = effective()
    assert "DTS_EMAIL_SERVER__PORT is not set here" in stale(world, plan)
    world.want = effective({**WORKING, "sender.name": "Perth"})
    assert "DTS_EMAIL_SERVER__PORT is not used any more" in stale(world, plan), "the profile may have locked it"


def test_what_sudo_left_behind_is_handed_on(world: World) -> None:
    world.want = effective(environment={"server.port": 2525, "sender.name": "Perth"})
    plan = saved(world)
    world.want = effective()
    with pytest.raises(Stale) as caught:
        world.apply(saved=plan)
    names = "DTS_EMAIL_SENDER__NAME,DTS_EMAIL_SERVER__PORT"
    assert f" sudo --preserve-env={names} dtsconf apply --plan plan.json; or plan again: " in str(caught.value.hint)
    world.apply()
    with pytest.raises(Stale) as caught:
        world.apply(saved=plan)
    assert "sudo" not in str(caught.value.hint), "a plan that is used up helps no more"


def test_a_target_that_moved_is_named(world: World) -> None:
    world.apply()
    world.want = effective({**WORKING, "server.port": 2525})
    plan = saved(world)
    world.write(CONFIG, "{}\n")
    assert f"{CONFIG} changed" in stale(world, plan)


def test_a_rotated_secret_is_not_stale(world: World) -> None:
    world.want = effective(LOGIN)
    plan = saved(world)
    world.secrets["file:///etc/secret"] = "another"
    assert world.apply(saved=plan).changed


def test_auto_that_is_first_settled_by_the_apply_is_not_stale(world: World) -> None:
    world.want = effective({**WORKING, "server.encryption": "auto"})
    plan = saved(world)
    world.settled = Settled("tls", 587)
    assert world.apply(saved=plan).changed


def test_another_result_from_the_same_inputs_is_stale(world: World) -> None:
    plan = dataclasses.replace(saved(world), digest="0" * 64)
    assert "result" in stale(world, plan)


def test_what_was_stale_by_another_apply_says_so(world: World) -> None:
    plan = saved(world)
    world.apply()
    assert "was none and is #1" in stale(world, plan)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b'{"format": 2}', b'{"format": 1}', b"\xff", b"[" * 100_000,
             b'{"format":1,"profile":1,"sets":[],"inputs":[],"generation":null,"digest":""}'],
)  # fmt: skip
def test_a_damaged_file_is_exit_3(data: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        saved_plan.from_bytes(data, "plan.json")
    assert caught.value.code == 3
    assert "plan.json" in caught.value.message


def test_a_damaged_file_leaves_no_cause_to_print() -> None:
    with pytest.raises(Invalid) as caught:
        saved_plan.from_bytes(b"{", "plan.json")
    assert caught.value.hint is not None
