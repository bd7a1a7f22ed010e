"""status: what the machine holds against what was last applied."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.scenarios.harness import CONFIG, NOBODY, PROGRAM, Machine, call, chown, in_namespace, login, mode


def status(machine: Machine, code: int, *args: str) -> dict[str, Any]:
    result = machine.run("status", "--json", *args)
    assert result.code == code, result
    return dict(result.json)


def test_never_applied(machine: Machine) -> None:
    body = status(machine, 7)
    assert body["state"] == "never-applied"
    assert body["drift"] == []
    assert body["generation"] is None
    assert body["proof"]["state"] == "none"
    assert not machine.state.exists(), "status makes nothing"
    assert "never applied" in machine.run("status").fails(7).text.replace("-", " ")


def test_in_sync(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    body = status(machine, 0)
    assert (body["state"], body["drift"], body["generation"]) == ("in-sync", [], 1)
    assert set(body["proof"]) >= {"state", "level", "time"}
    assert "in sync" in machine.run("status").ok().stdout


def _link(machine: Machine) -> None:
    machine.config.rename(machine.root / "x")
    machine.config.symlink_to("../../x")


def _folder(machine: Machine) -> None:
    machine.config.unlink()
    machine.config.mkdir()


DRIFTS: dict[str, Callable[[Machine], object]] = {
    "content": lambda machine: machine.config.write_text("{}"),
    "one byte": lambda machine: machine.config.write_bytes(machine.config.read_bytes()[:-1] + b" "),
    "deleted": lambda machine: machine.config.unlink(),
    "a link instead": _link,
    "a folder instead": _folder,
    "secret": lambda machine: machine.delivered.write_text("{}"),
    "secret deleted": lambda machine: machine.delivered.unlink(),
    "secret's mode": lambda machine: machine.delivered.chmod(0o644),
    "msmtp": lambda machine: machine.msmtprc.write_text("#\n"),
}


@pytest.mark.parametrize("case", DRIFTS)
def test_drift_is_seen_named_and_mended(machine: Machine, case: str) -> None:
    profile = machine.profile(settings=login(machine.secret_file("pear-tree-9")), targets=["dts", "msmtp"])
    machine.apply(profile).ok()
    DRIFTS[case](machine)
    body = status(machine, 7)
    assert body["state"] == "drifted"
    (drift,) = body["drift"]
    expected = {"secret": "email.secrets.json", "msmtp": "msmtprc"}.get(
        case.split("'", maxsplit=1)[0].split(" ", maxsplit=1)[0], "email.json"
    )
    assert drift["path"].endswith(expected)
    assert drift["what"]
    assert "since" in drift
    text = machine.run("status").fails(7).stdout
    assert expected in text
    result = machine.apply(profile)
    if case in {"a link instead", "a folder instead"}:
        assert result.code in {0, 1}, result
        return
    result.ok()
    assert status(machine, 0)["state"] == "in-sync"


def test_a_file_written_again_with_the_same_content_is_in_sync(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    content = machine.config.read_bytes()
    machine.config.unlink()
    machine.config.write_bytes(content)
    os.chmod(machine.config, 0o644)
    assert status(machine, 0)["state"] == "in-sync"


def test_status_asks_nobody_and_reads_no_secret(machine: Machine) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file("pear-tree-9")))).ok()
    (machine.work / "secret").unlink()
    assert status(machine, 0)["state"] == "in-sync"


def test_status_with_profile_tells_whether_a_plan_would_change_something(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    machine.run("status", "--profile", profile).ok()
    changed = machine.profile("new.yaml", name="new")
    result = machine.run("status", "--profile", changed).fails(7)
    assert "plan" in result.text or "change" in result.text
    machine.run("status").ok()


def as_nobody(machine: Machine, *args: str) -> subprocess.CompletedProcess[str]:
    command = in_namespace(":", PROGRAM, *args, uid=NOBODY)
    env = {**machine.environ(), "HOME": "/nonexistent"}
    return call(command, cwd="/", env=env)


def test_what_another_user_may_not_read_is_compared_by_its_facts(machine: Machine) -> None:
    machine.apply(machine.profile(settings=login(machine.secret_file("pear-tree-9")), targets=["dts", "msmtp"])).ok()
    result = as_nobody(machine, "status")
    assert result.returncode == 0, result
    assert "content not checked" in result.stdout
    assert "email.secrets.json" in result.stdout
    machine.delivered.write_text(json.dumps({"x": "y" * 99}))
    result = as_nobody(machine, "status", "--json")
    assert result.returncode == 7, result
    assert json.loads(result.stdout)["state"] == "drifted"


def test_a_mode_that_shuts_a_user_out_is_no_drift_for_that_user_either(machine: Machine) -> None:
    """No apply would put it back: what helps is the same for everybody who looks."""
    machine.apply(machine.profile()).ok()
    machine.config.chmod(0o600)
    result = as_nobody(machine, "status")
    assert result.returncode == 0, result
    assert f"as root: chmod 644 {machine.config}" in result.stderr
    assert "puts it back" not in result.stdout


def test_other_users_see_and_explain_the_machine_config(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    for args in (["show"], ["explain", "server.host"], ["history"], ["show", "--json"]):
        result = as_nobody(machine, *args)
        assert result.returncode == 0, result
        assert "Traceback" not in result.stderr


def test_proof_has_state_level_and_age(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    body = status(machine, 0)
    assert body["proof"]["state"] == "none"
    assert "none" in machine.run("status").ok().stdout.lower() or "not" in machine.run("status").ok().stdout.lower()


def test_damaged_state_is_told_without_a_traceback(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    files = [path for path in machine.state.rglob("*") if path.is_file() and path.name != "lock"]
    for path in files:
        content = path.read_bytes()
        for bad in (b"", b"{", b"[]", b"null", b"\0\xff"):
            path.write_bytes(bad)
            for command in (["status"], ["history"]):
                machine.run(*command)
        path.write_bytes(content)
    machine.run("status").ok()


def test_leftovers_of_somebody_else_are_not_touched(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    stranger = machine.config.parent / "note.txt"
    stranger.write_text("mine")
    hidden = machine.config.parent / ".email.json.dtsconf-backup"
    hidden.write_text("mine too")
    machine.apply(machine.profile(name="other")).ok()
    machine.run("purge", "--yes").ok()
    assert stranger.read_text() == "mine"
    assert hidden.read_text() == "mine too"


def test_the_state_folder_is_not_followed_as_a_link(machine: Machine) -> None:
    outside = machine.folder / "outside"
    outside.mkdir()
    (machine.root / "var/lib").mkdir(parents=True)
    (machine.root / "var/lib/dtsconf").symlink_to(outside)
    result = machine.apply(machine.profile())
    assert result.code not in {0, 70}, result
    assert list(outside.iterdir()) == []
    assert not (machine.root / CONFIG).exists()


def test_apply_without_a_profile_puts_drift_back(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    before = machine.config.read_text()
    machine.config.write_text(before.replace('"host"', '"host" '))
    assert machine.config.read_text() != before
    machine.run("apply", "--yes").ok()
    assert machine.config.read_text() == before


def test_an_early_failure_names_the_generation_that_stays(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    text = machine.run("apply", "--yes", "--profile", str(machine.root / "none.yaml")).fails(3).text
    assert "keeps #1" in text, text
    assert "before dtsconf" not in text, text


def test_an_owner_that_an_apply_keeps_is_a_warning_with_the_chown(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    chown(machine.config, 1, 1)
    machine.apply(machine.profile("other.yaml", name="other")).ok()
    hints = []
    for args in (("status",), ("plan",), ("apply", "--yes")):
        (warning,) = [each for each in machine.run(*args, "--json").ok().warnings if each["kind"] == "owner"]
        assert str(machine.config) in warning["message"]
        hints.append(warning["hint"])
    assert os.system(hints[0].partition("as root: ")[2]) == 0
    assert not machine.run("status", "--json").ok().warnings


def test_a_config_that_nobody_else_can_read_is_a_warning_with_the_chmod(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    machine.config.chmod(0o600)
    (warning,) = machine.run("status", "--json").ok().warnings
    assert os.system(warning["hint"].partition("as root: ")[2]) == 0
    assert not machine.run("status", "--json").ok().warnings
    assert mode(machine.config) == 0o644


@pytest.mark.parametrize("bits", [0o666, 0o646, 0o777])
def test_what_was_opened_to_all_is_closed_again(machine: Machine, bits: int) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    machine.config.chmod(bits)
    machine.run("status").fails(7)
    machine.apply(profile).ok()
    assert mode(machine.config) == 0o644


@pytest.mark.parametrize("place", ["etc/dts", CONFIG])
def test_a_user_who_is_shut_out_is_told_the_chmod_and_doctor_sees_it(machine: Machine, place: str) -> None:
    machine.apply(machine.profile()).ok()
    path = machine.root / place
    path.chmod(0o700 if place == "etc/dts" else 0o600)
    found = [each["hint"] for each in machine.run("doctor", "--json").json["checks"] if each["state"] == "warn"]
    result = as_nobody(machine, "test", "--level", "connect")
    hint = f"chmod {755 if place == 'etc/dts' else 644} {path}"
    assert hint in result.stderr
    assert hint in found
