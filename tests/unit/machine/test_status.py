"""status: in sync, drifted, interrupted, never applied; and cheap."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.machine import generations, status as status_module
from dtsconf.machine.lock import machine_lock
from dtsconf.machine.standing import Standing
from dtsconf.machine.system import Found
from dtsconf.render import status as render
from dtsconf.settings.sections import Target
from dtsconf.times import iso_time, parse_time
from tests.unit.machine.world import LOGIN, NOON, WORKING, World, effective

CONFIG = "/etc/dts/email.json"
SECRETS = "/etc/dts/email.secrets.json"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(str(tmp_path))


def test_never_applied(world: World) -> None:
    found = world.status()
    assert (found.state, found.generation, found.proof) == ("never-applied", None, None)
    assert world.tree() == {}


def test_drift_says_what_and_since_when(world: World) -> None:
    world.apply(effective(LOGIN))
    world.write(CONFIG, "{}\n")
    os.utime(world.real(CONFIG), (4e9, 4e9))
    (item,) = world.status().drift
    assert (item.path, item.what, item.since) == (CONFIG, "content changed", "2096-10-02T07:06:40Z")


def test_a_new_mode_is_no_older_than_its_change(world: World) -> None:
    world.apply()
    generation = world.status().generation
    assert generation is not None
    record = dataclasses.replace(generation.targets[0], mtime_ns=5)
    since = status_module._since(record, Standing(record.size, 0o600, record.uid, record.gid, 5, None), world.layout)
    assert since == iso_time(os.stat(world.real(CONFIG)).st_ctime)


def test_a_missing_file_is_drift(world: World) -> None:
    world.apply()
    os.unlink(world.real(CONFIG))
    (item,) = world.status().drift
    assert (item.path, item.what) == (CONFIG, "missing")
    assert item.since is not None


def test_a_link_in_place_of_a_target_is_drift(world: World) -> None:
    world.apply()
    os.rename(world.real(CONFIG), world.real("/etc/dts/other.json"))
    os.symlink("other.json", world.real(CONFIG))
    (item,) = world.status().drift
    assert item.what.startswith("replaced by something else")


def test_a_secrets_file_with_another_owner_or_mode_is_drift(world: World) -> None:
    world.apply(effective(LOGIN))
    os.chmod(world.real(SECRETS), 0o604)
    (item,) = world.status().drift
    assert item.what == "mode 0604, was 0600"


def test_proof_and_its_age(world: World) -> None:
    applied = world.apply()
    world.clock.time += 3600
    found = world.status()
    assert found.proof is not None
    assert (found.proof.state, found.proof.level) == ("verified", "send")
    assert found.proof_age is not None
    assert 3600 <= found.proof_age < 3610
    assert found.generation == applied.generation


def test_a_journal_is_interrupted(world: World) -> None:
    world.apply()
    world.write("/var/lib/dtsconf/journal.json", "{}")
    assert world.status().state == "interrupted"


def test_a_journal_that_nobody_can_read_is_told_with_what_is_left_to_do(world: World) -> None:
    """No command finishes it, so none is named."""
    world.apply()
    world.write("/var/lib/dtsconf/journal.json", "garbage")
    found = world.status()
    assert found.state == "interrupted"
    assert (found.stuck or "").endswith(f"then rm {world.real(world.layout.journal)}")
    assert render.text(found, None).splitlines()[-1] == f"hint: {found.stuck}"


def test_a_run_that_is_going_live_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.apply()
    world.write(world.layout.journal, "{}")
    monkeypatch.setattr(time, "sleep", lambda _seconds: os.unlink(world.real(world.layout.journal)))
    assert world.status().state == "in-sync"


def test_a_run_that_takes_long_to_go_live_is_named_and_nothing_was_cut_off(world: World) -> None:
    world.apply()
    world.write(world.layout.journal, "{}")
    with machine_lock(world.system, world.layout, 0, command="dtsconf apply"):
        found = world.status()
    assert found.state == "interrupted"
    assert (found.at_work or "").startswith(f"dtsconf apply, process {os.getpid()}, since ")
    text = render.text(found, None, world.root)
    assert text.startswith("going live: dtsconf apply, process ")
    assert "cut off" not in text
    assert text.splitlines()[-1].startswith("hint: wait for it to end, then `dtsconf status")
    assert world.status().at_work is None


def test_with_the_key_a_secret_is_compared_by_its_content(world: World) -> None:
    world.apply(effective(LOGIN))
    assert world.status().unchecked == ()
    facts = os.stat(world.real(SECRETS))
    world.write(SECRETS, world.read(SECRETS)[::-1], 0o600)
    os.utime(world.real(SECRETS), ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert [item.what for item in world.status().drift] == ["content changed"]


def test_without_the_key_a_secret_is_compared_by_its_facts(world: World) -> None:
    world.apply(effective(LOGIN))
    os.rename(world.real("/var/lib/dtsconf/key"), world.real("/var/lib/dtsconf/kept"))
    found = world.status()
    assert (found.state, found.unchecked) == ("in-sync", (SECRETS,))
    world.write(SECRETS, "{}", 0o600)
    (item,) = world.status().drift
    assert item.path == SECRETS
    assert "bytes, was" in item.what


def test_an_unreadable_record_is_an_error_that_names_it(world: World) -> None:
    world.apply()
    world.write("/var/lib/dtsconf/generations/1.json", '{"format": 99}')
    with pytest.raises(DtsconfError) as caught:
        world.status()
    assert "1.json" in caught.value.message


def test_history_rows_have_the_contracts_fields(world: World) -> None:
    world.apply(reason="why")
    world.apply(effective({**WORKING, "server.port": 26}))
    world.rollback(1)
    rows = [generations.history_row(each) for each in generations.history(world.system, world.layout)]
    assert [row["generation"] for row in rows] == [0, 1, 2, 3]
    assert set(rows[1]) == {"generation", "time", "user", "reason", "profile", "proof", "rollback_of"}
    assert rows[1]["reason"] == "why"
    assert rows[1]["profile"]["name"] == "acme"
    assert rows[0]["profile"] is None
    assert rows[3]["rollback_of"] == 1


def test_times_are_utc_and_round_trip() -> None:
    assert iso_time(NOON) == "2026-09-21T14:13:20Z"
    assert parse_time(iso_time(NOON)) == NOON


def test_status_imports_neither_pydantic_nor_yaml() -> None:
    code = (
        "import sys, dtsconf.machine.status, dtsconf.machine.local, dtsconf.machine.generations;"
        "print([m for m in ('pydantic', 'yaml', 'ssl', 'click', 'asyncio', 'email') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("kinds", [("dts",), ("msmtp",), ("dts", "msmtp")])
def test_every_choice_of_targets_comes_out_in_sync(world: World, kinds: tuple[str, ...]) -> None:
    chosen = tuple(Target.of_json({"kind": kind}) for kind in kinds)
    world.apply(effective(LOGIN, targets=chosen))
    assert world.status().state == "in-sync"
    assert world.plan(secrets=True).plan.empty


def test_a_key_that_is_gone_is_told_as_that(world: World) -> None:
    world.apply(effective(LOGIN))
    os.unlink(world.real(world.layout.key))
    found = world.status()
    assert found.unchecked == (SECRETS,)
    assert [(each.kind, each.hint) for each in found.warnings] == [("key", "dtsconf apply makes a new one")]
    assert "its key is gone" in render.text(found, None, world.root)
    world.apply()
    assert world.status().warnings == ()


def test_a_file_that_can_not_be_read_is_no_key_that_is_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.apply(effective(LOGIN))
    look = world.system.look

    def closed(path: str) -> Found | None:
        if path == SECRETS:
            raise PermissionError(13, "Permission denied", path)
        return look(path)

    monkeypatch.setattr(world.system, "look", closed)
    found = world.status()
    assert (found.state, found.unchecked, found.warnings) == ("in-sync", (SECRETS,), ())
