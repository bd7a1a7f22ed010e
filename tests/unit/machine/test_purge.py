"""purge: everything of dtsconf's goes, adopted files come back, what can't be reached is said."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from dtsconf.errors import DtsconfError, Interrupted
from dtsconf.machine import engine
from dtsconf.machine.purge import Besides, PurgeItem
from dtsconf.settings.sections import Target
from tests.unit.machine.world import LOGIN, World, effective
from tests.unit.posix import user_id

CONFIG = "/etc/dts/email.json"
MSMTP = "/etc/msmtprc"
BOTH = (Target(kind="dts"), Target(kind="msmtp"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(str(tmp_path))


def yes(_items: tuple[PurgeItem, ...]) -> bool:
    return True


def files(world: World) -> list[str]:
    return [path for path, (_mode, content) in world.tree().items() if content is not None]


def test_after_purge_the_machine_is_as_before(world: World) -> None:
    world.write(MSMTP, "account old\n", 0o640)
    before = world.tree()
    world.apply(effective(LOGIN, targets=BOTH), adopt=True)
    done = engine.purge(world.machine, ask=yes)
    assert done.changed
    assert {path: entry for path, entry in world.tree().items() if not path.startswith("var")} == before
    assert not world.exists("/var/lib/dtsconf")
    assert world.status().state == "never-applied"


def test_a_purge_cut_off_among_the_records_knows_that_all_is_put_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write(MSMTP, "account old\n", 0o640)
    world.apply(effective(LOGIN, targets=BOTH), adopt=True)
    unlink, records = world.system.unlink, os.path.dirname(world.layout.generation(1))

    def killed(path: str) -> bool:
        gone = unlink(path)
        if os.path.dirname(path) == records and path.endswith(".json"):
            raise KeyboardInterrupt
        return gone

    monkeypatch.setattr(world.system, "unlink", killed)
    with pytest.raises(Interrupted):
        engine.purge(world.machine, ask=yes)
    monkeypatch.undo()
    assert world.status().state == "in-sync"
    assert [item.path for item in engine.purge_list(world.machine)] == ["/var/lib/dtsconf"]
    engine.purge(world.machine, ask=yes)
    assert world.read(MSMTP) == "account old\n"


def test_the_list_names_every_fate(world: World) -> None:
    world.write(MSMTP, "account old\n")
    world.apply(effective(LOGIN, targets=BOTH), adopt=True)
    world.write(CONFIG, "changed\n")
    found = {item.path: item for item in engine.purge_list(world.machine)}
    assert found[MSMTP].fate == "put-back"
    assert found[CONFIG].fate == "delete"
    assert "changed by somebody" in found[CONFIG].what
    assert found["/etc/dts/email.secrets.json"].fate == "delete"
    assert found["/var/lib/dtsconf"].fate == "delete"


def test_no_is_no(world: World) -> None:
    world.apply()
    before = world.tree()
    with pytest.raises(DtsconfError):
        engine.purge(world.machine, ask=lambda _items: False)
    assert world.tree() == before


def test_nothing_there_is_nothing_to_do(world: World) -> None:
    assert not engine.purge(world.machine, ask=yes).changed


def test_it_goes_on_where_a_killed_purge_stopped(world: World) -> None:
    world.apply()
    world.rollback(0)
    for number in (0, 1):
        os.unlink(world.real(f"/var/lib/dtsconf/generations/{number}.json"))
    assert engine.purge(world.machine, ask=yes).changed
    assert files(world) == []


def test_this_users_state_goes_and_another_users_stays(world: World) -> None:
    world.apply()
    mine = f"/var/lib/dtsconf/users/{user_id()}"
    world.write(f"{mine}/proofs.json", "{}")
    world.write("/var/lib/dtsconf/users/99999/proofs.json", "{}")
    engine.purge(world.machine, ask=yes)
    assert not world.exists(mine)
    assert files(world) == ["var/lib/dtsconf/users/99999/proofs.json"]


def test_purged_and_applied_again(world: World) -> None:
    world.apply()
    engine.purge(world.machine, ask=yes)
    applied = world.apply()
    assert applied.generation is not None
    assert applied.generation.number == 1
    assert world.status().state == "in-sync"


def test_a_kept_file_that_is_gone_is_said_and_the_rest_goes(world: World) -> None:
    world.write(MSMTP, "account old\n")
    world.apply(effective(LOGIN, targets=BOTH), adopt=True)
    os.unlink(world.real(MSMTP + ".before-dtsconf"))
    items = engine.purge_list(world.machine)
    assert [(item.path, item.fate) for item in items if "kept copy" in item.what] == [(MSMTP, "out-of-reach")]
    engine.purge(world.machine, ask=yes)
    assert files(world) == []


def test_somebodys_file_where_an_adopted_one_stood_is_left(world: World) -> None:
    world.write(MSMTP, "account old\n")
    world.apply(effective(targets=BOTH), adopt=True)
    world.apply(effective())
    world.write(MSMTP, "account mine\n")
    assert [(i.path, i.fate) for i in engine.purge_list(world.machine) if i.path == MSMTP] == [(MSMTP, "out-of-reach")]
    engine.purge(world.machine, ask=yes)
    assert world.read(MSMTP) == "account mine\n"
    assert world.read(MSMTP + ".before-dtsconf") == "account old\n"


def test_what_lies_elsewhere_is_listed_and_taken_away_after_the_yes(world: World) -> None:
    taken: list[str] = []
    besides = (Besides(PurgeItem("your sign-in", "delete", "its tokens"), lambda: taken.append("tokens")),)
    with pytest.raises(DtsconfError):
        engine.purge(world.machine, ask=lambda _items: False, besides=besides)
    assert not taken
    done = engine.purge(world.machine, ask=yes, besides=besides)
    assert done.changed
    assert "your sign-in" in [item.path for item in done.items]
    assert taken == ["tokens"]


def test_what_can_t_be_taken_away_is_told_with_why_and_where(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system names the end of a path alone, for what it was reached through."""
    world.apply(effective())

    def refused(_layout: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", "spool")

    monkeypatch.setattr("dtsconf.machine.purge._purge_user", refused)
    with pytest.raises(DtsconfError) as caught:
        engine.purge(world.machine, ask=yes)
    assert str(caught.value) == (
        f"not everything could be removed: can't write {world.layout.real(world.layout.state)}: the file system is"
        " read-only"
    )
    assert str(caught.value.hint).startswith("remount it writable")
    assert str(caught.value.hint).endswith("; then dtsconf purge again")


def test_secrets_beside_a_machine_config_that_nobody_knows_any_more_are_named(world: World) -> None:
    """They hold a password, and purge can't take them away either."""
    world.apply(effective(LOGIN))
    shutil.rmtree(world.layout.real(world.layout.state))
    left = [(item.path, item.fate) for item in engine.purge_list(world.machine)]
    assert left == [(CONFIG, "out-of-reach"), ("/etc/dts/email.secrets.json", "out-of-reach")]
