"""A generation's record that was damaged: what it knew is lost, everything else goes on, and it stays where it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.machine import generations, purge
from dtsconf.settings.sections import Target
from tests.unit.machine.world import LOGIN, WORKING, World, effective

CONFIG = "/etc/dts/email.json"
NEW = effective({**LOGIN, "server.port": 2525})


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A machine with generations 0, 1 and 2."""
    made = World(str(tmp_path))
    made.apply(effective(LOGIN))
    made.apply(NEW)
    return made


def damage(world: World, number: int, text: str = "x\n") -> str:
    path = world.layout.generation(number)
    world.write(path, text)
    return path


def test_status_names_the_newest_damaged_record_and_apply_makes_a_new_one(world: World) -> None:
    path = damage(world, 2)
    found = world.status()
    assert (found.state, found.drift[0].path) == ("drifted", path)
    applied = world.apply(NEW)
    assert applied.changed
    assert applied.generation is not None
    assert applied.generation.number == 3
    assert any(path in each.message for each in applied.warnings)
    assert world.read(path) == "x\n"
    assert world.status().state == "in-sync"
    assert world.plan(NEW).plan.empty


def test_a_new_record_is_made_even_where_no_file_changes(world: World) -> None:
    world.write(CONFIG, "{}")
    world.apply(NEW)
    config = world.read(CONFIG)
    damage(world, 3)
    planned = world.plan(NEW).plan
    assert not planned.changes
    assert not planned.empty
    world.apply(NEW)
    assert (world.read(CONFIG), world.status().state) == (config, "in-sync")
    assert generations.current_number(world.system, world.layout) == 4


def test_records_that_are_all_damaged_are_kept_too(world: World) -> None:
    for number in (0, 1, 2):
        damage(world, number)
    assert world.status().state == "drifted"
    (told,) = world.status().warnings
    assert told.hint == "dtsconf apply --profile FILE --adopt makes a new record and leaves this one where it is"
    with pytest.raises(DtsconfError, match="a machine config of dtsconf's; the record that would know of it is"):
        world.apply(NEW)
    world.apply(NEW, adopt=True)
    assert generations.numbers(world.system, world.layout) == [0, 1, 2, 3]
    assert [world.read(world.layout.generation(n)) for n in (0, 1, 2)] == ["x\n"] * 3


def test_rollback_over_a_damaged_newest_goes_to_the_one_before(world: World) -> None:
    damage(world, 2)
    applied = world.rollback()
    assert applied.rollback_of == 1
    assert json.loads(world.read(CONFIG))["settings"]["server"]["port"] != 2525


def test_an_older_damaged_record_hinders_nobody_but_who_goes_back_to_it(world: World) -> None:
    world.apply(effective(WORKING))
    path = damage(world, 2)
    assert world.status().state == "in-sync"
    assert [g.number for g in generations.history(world.system, world.layout)] == [0, 1, 3]
    assert list(generations.damage(world.system, world.layout)) == [2]
    with pytest.raises(DtsconfError, match=path):
        world.rollback(2)
    assert world.rollback().rollback_of == 1


def test_a_newer_format_is_no_damage(world: World) -> None:
    damage(world, 2, '{"format": 2}')
    for look in (world.status, lambda: world.apply(NEW)):
        with pytest.raises(DtsconfError, match="newer dtsconf"):
            look()


def test_a_failure_says_that_it_cannot_tell_which_generation_stays(world: World) -> None:
    damage(world, 2)
    world.secrets.clear()
    with pytest.raises(DtsconfError) as caught:
        world.apply(NEW)
    assert caught.value.known.unsure


def test_one_s_own_config_that_was_adopted_and_put_back_is_told_of(tmp_path: Path) -> None:
    """It was adopted since its record is damaged: going back to the start brings it back, and mail is sent by it."""
    world = World(str(tmp_path))
    world.apply(effective(WORKING))
    Path(world.real(world.layout.generation(1))).write_text("x\n")
    world.apply(NEW, adopt=True)
    assert world.status().warnings == ()
    world.rollback(0)
    assert Path(world.real(CONFIG)).exists()
    (told,) = world.status().warnings
    assert told.kind == "forgotten"
    left = [item.path for item in purge.purge_list(world.machine) if item.fate == "out-of-reach"]
    assert CONFIG in left


@pytest.mark.parametrize("how", ["damaged", "gone"])
def test_nobody_is_told_to_be_back_at_the_start_while_a_config_stays(tmp_path: Path, how: str) -> None:
    world = World(str(tmp_path))
    world.apply(effective(WORKING))
    record = Path(world.real(world.layout.generation(1)))
    record.write_text("x\n")
    if how == "gone":
        record.unlink()
        (told,) = world.status().warnings
        assert told.kind == "forgotten"
    before = world.tree()
    with pytest.raises(DtsconfError, match="so it can't be taken away") as caught:
        world.rollback(0)
    assert world.tree() == before
    assert f"rm {world.real(CONFIG)}, then the same again" in (caught.value.hint or "")
    left = [item.path for item in purge.purge_list(world.machine) if item.fate == "out-of-reach"]
    assert CONFIG in left
    Path(world.real(CONFIG)).unlink()
    world.rollback(0)
    assert world.status().state == "in-sync"


def test_of_another_file_it_cannot_be_told_whose_it_is(tmp_path: Path) -> None:
    world = World(str(tmp_path))
    want = effective(LOGIN, targets=(Target(kind="msmtp"),))
    world.apply(want)
    damage(world, 1)
    with pytest.raises(DtsconfError, match="msmtprc stands there already, and whether dtsconf wrote it can't be told"):
        world.apply(want)


def test_purge_takes_damaged_records_away(world: World) -> None:
    for number in (0, 1, 2):
        damage(world, number)
    purge.purge(world.machine, ask=lambda _items: True)
    assert not world.exists(world.layout.generation(2))


def test_purge_names_what_it_can_no_longer_know(world: World) -> None:
    """A secret among it: what the damaged record knew is left, and nobody is told that all is gone."""
    for number in (1, 2):
        damage(world, number)
    done = purge.purge(world.machine, ask=lambda _items: True)
    left = {item.path for item in done.items if item.fate == "out-of-reach"}
    assert left == {CONFIG, "/etc/dts/email.secrets.json"}
    assert all(map(world.exists, left))
