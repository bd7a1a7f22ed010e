"""rollback: an old generation again, with the secret as it is now; 0 is what stood there before dtsconf."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dtsconf.errors import DtsconfError, Invalid, SecretUnavailable, VerificationFailed
from dtsconf.render import failure
from dtsconf.settings.sections import Target, Verify
from tests.unit.machine.world import CANARY, LOGIN, PASSED, REJECTED, WORKING, World, effective

CONFIG = "/etc/dts/email.json"
SECRETS = "/etc/dts/email.secrets.json"
MSMTP = "/etc/msmtprc"
BOTH = (Target(kind="dts"), Target(kind="msmtp"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(str(tmp_path))


def targets(world: World) -> dict[str, object]:
    return {path: entry for path, entry in world.tree().items() if not path.startswith("var/lib")}


def test_rollback_restores_the_bytes(world: World) -> None:
    world.apply(effective(LOGIN, targets=BOTH))
    before = targets(world)
    world.apply(effective({**LOGIN, "server.port": 2525, "server.host": "other.example"}, targets=BOTH))
    assert targets(world) != before
    rolled = world.rollback()
    assert targets(world) == before
    assert rolled.generation is not None
    assert (rolled.generation.number, rolled.generation.rollback_of) == (3, 1)
    assert rolled.rollback_of == 1
    assert world.status().state == "in-sync"
    assert world.checks[-1].generation == 3


def test_without_a_number_it_takes_the_newest_that_differs(world: World) -> None:
    world.apply(effective({**WORKING, "server.port": 1}))
    world.apply(effective({**WORKING, "server.port": 2}))
    world.apply(effective({**WORKING, "server.port": 3}))
    world.rollback(2)
    assert '"port": 2' in world.read(CONFIG)
    world.rollback()
    assert '"port": 3' in world.read(CONFIG)


def test_without_a_number_after_one_apply_it_goes_back_to_before(world: World) -> None:
    world.apply()
    world.rollback()
    assert not world.exists(CONFIG)


def test_0_restores_what_stood_there(world: World) -> None:
    world.write(MSMTP, "account old\n", 0o640)
    before = world.tree()
    world.apply(effective(LOGIN, targets=BOTH), adopt=True)
    rolled = world.rollback(0)
    after = {path: entry for path, entry in world.tree().items() if not path.startswith("var")}
    assert after == before
    assert rolled.plan is not None
    assert any("(the file that stood here before dtsconf, 12 bytes is put back)" in c.diff for c in rolled.plan.changes)
    assert rolled.verification is None
    assert rolled.generation is not None
    assert rolled.generation.rollback_of == 0
    assert world.status().state == "in-sync"
    assert len(world.checks) == 1


def test_0_takes_changed_files_of_ours_too(world: World) -> None:
    world.apply()
    world.write(CONFIG, "mine\n")
    world.rollback(0)
    assert not world.exists(CONFIG)


def test_0_twice_has_nothing_to_do(world: World) -> None:
    world.apply()
    world.rollback(0)
    assert not world.rollback(0).changed


def test_after_0_a_file_that_stands_there_is_foreign_again(world: World) -> None:
    world.write(MSMTP, "account old\n")
    world.apply(effective(targets=BOTH), adopt=True)
    world.rollback(0)
    with pytest.raises(DtsconfError) as caught:
        world.apply(effective(targets=BOTH))
    assert "--adopt" in (caught.value.hint or "")
    assert world.apply(adopt=True).changed


def test_0_without_the_kept_file_says_what_is_gone(world: World) -> None:
    world.write(MSMTP, "account old\n")
    world.apply(effective(targets=BOTH), adopt=True)
    os.unlink(world.real(MSMTP + ".before-dtsconf"))
    before = world.tree()
    with pytest.raises(DtsconfError) as caught:
        world.rollback(0)
    assert ".before-dtsconf" in caught.value.message
    assert world.tree() == before


def test_forward_again_after_0(world: World) -> None:
    world.apply(effective(LOGIN))
    text = world.read(CONFIG)
    world.rollback(0)
    world.rollback(1)
    assert world.read(CONFIG) == text


def test_it_takes_the_secret_as_it_is_now(world: World) -> None:
    world.apply(effective(LOGIN))
    world.secrets["file:///etc/secret"] = "newer"
    world.apply(effective({**LOGIN, "server.port": 2525}))
    world.rollback(1)
    assert list(json.loads(world.read(SECRETS))["secrets"].values()) == ["newer"]


def test_the_delivered_secret_serves_when_its_source_is_gone(world: World) -> None:
    world.apply(effective(LOGIN))
    world.apply(effective({**LOGIN, "server.port": 2525}))
    world.secrets.clear()
    rolled = world.rollback(1)
    assert list(json.loads(world.read(SECRETS))["secrets"].values()) == [CANARY]
    assert any(n.kind == "secret-kept" and CANARY not in n.message for n in rolled.warnings)


def test_another_reference_is_not_served_by_the_delivered_one(world: World) -> None:
    world.apply(effective(LOGIN))
    world.apply(effective({**LOGIN, "login.password": "env://PW"}))
    del world.secrets["file:///etc/secret"]
    before = world.tree()
    with pytest.raises(SecretUnavailable):
        world.rollback(1)
    assert world.tree() == before


def test_a_rollback_is_verified_like_any_apply(world: World) -> None:
    world.apply()
    world.apply(effective({**WORKING, "server.port": 2525}))
    before = world.tree()
    world.verification = REJECTED
    with pytest.raises(VerificationFailed) as caught:
        world.rollback(1)
    assert world.tree() == before
    assert caught.value.known.rollback_of == 1


@pytest.mark.parametrize("locked", [1, 2])
def test_no_verify_heeds_the_lock_in_force_and_that_of_the_goal(world: World, locked: int) -> None:
    for number in (1, 2):
        world.apply(effective({**WORKING, "server.port": number}, locks=("verify",) if number == locked else ()))
    before = world.tree()
    with pytest.raises(Invalid, match="--no-verify: verify is locked") as caught:
        world.rollback(1, verify=False)
    assert caught.value.code == 4
    assert world.tree() == before
    assert world.rollback(1).changed


def test_a_rollback_that_fails_proposes_no_way_round_the_lock_in_force(world: World) -> None:
    world.apply()
    world.apply(effective({**WORKING, "server.port": 2}))
    world.verification = REJECTED
    with pytest.raises(VerificationFailed) as free:
        world.rollback(1)
    assert "--no-verify" in failure.text(free.value)
    world.verification = PASSED
    world.apply(effective({**WORKING, "server.port": 3}, locks=("verify",)))
    world.verification = REJECTED
    with pytest.raises(VerificationFailed) as locked:
        world.rollback(1)
    assert "--no-verify" not in failure.text(locked.value)


def test_an_unknown_number_names_the_known(world: World) -> None:
    world.apply(effective(verify=Verify(level="none")))
    with pytest.raises(DtsconfError) as caught:
        world.rollback(7)
    assert caught.value.code == 1
    assert "#0, #1" in (caught.value.hint or "")


def test_never_applied_has_nothing_to_go_back_to(world: World) -> None:
    with pytest.raises(DtsconfError) as caught:
        world.rollback()
    assert caught.value.code == 1
    assert world.tree() == {}


def test_0_leaves_somebodys_file_where_an_adopted_one_stood(world: World) -> None:
    world.write(MSMTP, "account old\n")
    world.apply(effective(targets=BOTH), adopt=True)
    world.apply(effective())
    world.write(MSMTP, "account mine\n")
    rolled = world.rollback(0)
    assert world.read(MSMTP) == "account mine\n"
    assert any(n.kind == "left" and MSMTP in n.message for n in rolled.warnings)
    assert world.status().state == "in-sync"
