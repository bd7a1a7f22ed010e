"""Files that stood there before dtsconf."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.scenarios.harness import CONFIG, MSMTP, Machine, chown, mode


def stranger(machine: Machine, place: str = CONFIG, content: str = "hand made") -> None:
    path = machine.root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o640)
    chown(path, 12, 34)


@pytest.mark.parametrize("place", [CONFIG, MSMTP])
def test_a_strange_file_is_refused_and_named(machine: Machine, place: str) -> None:
    stranger(machine, place)
    profile = machine.profile(targets=["dts", "msmtp"])
    result = machine.apply(profile).fails(1)
    assert place in result.text
    assert "--adopt" in result.text
    assert result.text.count(f"{place} stands there") == 1
    body = machine.apply(profile, "--json").fails(1).json
    assert "--adopt" in str(body["problems"])
    assert not machine.state.exists() or not list(machine.state.rglob("*.json"))


def test_an_unchanged_strange_file_is_refused_even_with_our_content(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    content = machine.config.read_text()
    machine.run("rollback", "0", "--yes").ok()
    stranger(machine, CONFIG, content)
    machine.apply(profile).fails(1)


def test_a_machine_config_whose_state_is_gone_is_told_as_that(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    assert "of dtsconf's" not in machine.run("status").ok().text
    shutil.rmtree(machine.state)
    told = (
        f"{machine.config} is a machine config of dtsconf's; the state that would know of it ({machine.state}) is gone"
    )
    refused = machine.apply(machine.profile()).fails(1).text
    assert told in refused
    assert "not written by dtsconf" not in refused
    stranger(machine, MSMTP)
    refused = machine.apply(machine.profile("both.yaml", targets=["dts", "msmtp"])).fails(1).text
    assert f"{told}; {machine.root / MSMTP} stands there already, not written by dtsconf" in refused
    (machine.root / MSMTP).unlink()
    status = machine.run("status", "--json").fails(7).json
    assert (status["state"], [one["message"] for one in status["warnings"]]) == ("never-applied", [told])
    assert "whose state is gone: take it away by hand" in machine.run("purge", "--yes").fails(1).text
    plan = machine.run("plan", "--profile", machine.profile(), "--json").ok().json
    assert f"{told}; apply refuses to replace it" in [one["message"] for one in plan["warnings"]]
    assert machine.config.exists()
    machine.apply(machine.profile(), "--adopt").ok()
    assert "of dtsconf's" not in machine.run("status").ok().text


def test_adopt_keeps_the_file_beside(machine: Machine) -> None:
    stranger(machine)
    machine.apply(machine.profile(), "--adopt").ok()
    kept = machine.config.with_name("email.json.before-dtsconf")
    facts = kept.stat()
    assert kept.read_text() == "hand made"
    assert (mode(kept), facts.st_uid, facts.st_gid) == (0o640, 12, 34)
    assert machine.settings()
    machine.run("status").ok()


def test_the_owner_of_an_adopted_config_is_told_from_the_start(machine: Machine) -> None:
    """Whoever owns it decides where passwords go."""
    profile = machine.profile()
    stranger(machine)
    machine.config.chmod(0o666)
    for args in (("apply", "--yes", "--adopt", "--profile", profile), ("status",)):
        (warning,) = [each for each in machine.run(*args, "--json").ok().warnings if each["kind"] == "owner"]
        assert "user id 12" in warning["message"]
        assert warning["hint"] == f"unless that is meant, as root: chown 0 {machine.config}"
    assert mode(machine.config) == 0o644
    chown(machine.config, 0, 34)
    assert not machine.run("status", "--json").ok().warnings


def test_adopt_without_a_stranger_is_plain_apply(machine: Machine) -> None:
    machine.apply(machine.profile(), "--adopt").ok()
    assert os.listdir(machine.config.parent) == ["email.json"]


def test_after_rollback_0_a_strange_file_is_refused_again(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    machine.run("rollback", "0", "--yes").ok()
    stranger(machine)
    machine.apply(machine.profile()).fails(1)


def test_a_new_target_that_stands_there_is_refused(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    stranger(machine, MSMTP)
    machine.apply(machine.profile(targets=["dts", "msmtp"])).fails(1)
    machine.apply(machine.profile(targets=["dts", "msmtp"]), "--adopt").ok()
    assert machine.msmtprc.with_name("msmtprc.before-dtsconf").read_text() == "hand made"


def test_plan_shows_what_adopt_is_needed_for(machine: Machine) -> None:
    stranger(machine)
    result = machine.run("plan", "--profile", machine.profile())
    assert result.code in {0, 1}, result
    assert "--adopt" in result.text


def test_a_secret_target_that_is_adopted_does_not_stay_wide(machine: Machine) -> None:
    stranger(machine, MSMTP)
    machine.msmtprc.chmod(0o666)
    settings = {
        "server": {"encryption": "starttls"},
        "login": {"required": True, "username": "u", "password": machine.secret_file("pear-tree-9")},
    }
    machine.apply(machine.profile(settings=settings, targets=["dts", "msmtp"]), "--adopt").ok()
    assert mode(machine.msmtprc) == 0o600


def test_a_kept_file_is_not_overwritten_by_another_adopt(machine: Machine) -> None:
    stranger(machine)
    machine.apply(machine.profile(), "--adopt").ok()
    machine.run("rollback", "0", "--yes").ok()
    assert machine.config.read_text() == "hand made"
    machine.config.write_text("hand made, second edition")
    machine.apply(machine.profile(), "--adopt").ok()
    machine.run("rollback", "0", "--yes").ok()
    assert machine.config.read_text() == "hand made, second edition"
