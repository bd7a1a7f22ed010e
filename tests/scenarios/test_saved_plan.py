"""Saved plans: applied only when they still come out the same, and once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.harness import Machine, login, mode


def saved(machine: Machine, profile: str, *args: str) -> str:
    path = str(machine.work / "plan.json")
    machine.run("plan", "--profile", profile, "--out", path, *args).ok()
    return path


def test_a_saved_plan_is_applied(machine: Machine) -> None:
    plan = saved(machine, machine.profile(), "--set", "server.port=26")
    assert not machine.config.exists()
    assert not machine.state.exists()
    machine.run("apply", "--yes", "--plan", plan).ok()
    assert machine.settings()["settings"]["server"]["port"] == 26


def test_it_holds_neither_content_nor_secret(machine: Machine) -> None:
    reference = machine.secret_file("pear-tree-9")
    plan = saved(machine, machine.profile(settings=login(reference)))
    text = Path(plan).read_text()
    assert "pear-tree-9" not in text
    assert "relay.acme.example" not in text
    body = json.loads(text)
    assert body["format"] == 1
    assert "site.yaml" in text
    machine.run("apply", "--yes", "--plan", plan).ok()
    assert "pear-tree-9" in machine.delivered.read_text()


def touch_parent(machine: Machine) -> None:
    machine.write("org.yaml", "dtsconf: 1\nname: org\nsettings: {sender: {name: New}}\n")


def apply_other(machine: Machine) -> None:
    machine.apply(machine.profile("other.yaml", name="other")).ok()


MOVES: dict[str, tuple[Callable[[Machine], object], str]] = {
    "the profile": (lambda machine: machine.profile(extends="org.yaml", name="new"), "site.yaml"),
    "the parent": (touch_parent, "org.yaml"),
    "the machine": (apply_other, "generation"),
    "a target": (lambda machine: machine.config.write_text("{}"), "email.json"),
    "the profile is gone": (lambda machine: (machine.work / "site.yaml").unlink(), "site.yaml"),
}


@pytest.mark.parametrize("case", MOVES)
def test_a_stale_plan_is_refused_naming_what_moved(machine: Machine, case: str) -> None:
    machine.write("org.yaml", "dtsconf: 1\nname: org\n")
    machine.apply(machine.profile(extends="org.yaml", name="zero")).ok()
    profile = machine.profile(extends="org.yaml", name="one")
    plan = saved(machine, profile)
    move, word = MOVES[case]
    move(machine)
    result = machine.run("apply", "--yes", "--plan", plan)
    assert result.code == 1 or (case == "the profile is gone" and result.code == 3), result
    assert word in result.text


def test_a_comment_in_the_profile_moves_its_digest(machine: Machine) -> None:
    profile = machine.profile()
    plan = saved(machine, profile)
    with open(profile, "a") as file:
        file.write("# new\n")
    result = machine.run("apply", "--yes", "--plan", plan).fails(1)
    assert "site.yaml" in result.text


def test_an_environment_that_moved_is_refused(machine: Machine) -> None:
    plan = saved(machine, machine.profile())
    result = machine.run("apply", "--yes", "--plan", plan, env={"DTS_EMAIL_SENDER__NAME": "Other"}).fails(1)
    assert "DTS_EMAIL_SENDER__NAME" in result.text
    machine.run("apply", "--yes", "--plan", plan).ok()


def test_a_plan_is_used_up_by_its_commit(machine: Machine) -> None:
    profile = machine.profile()
    plan = saved(machine, profile)
    machine.run("apply", "--yes", "--plan", plan).ok()
    machine.run("apply", "--yes", "--plan", plan).fails(1)
    machine.run("rollback", "0", "--yes").ok()
    machine.run("apply", "--yes", "--plan", plan).fails(1)


def test_a_failed_apply_does_not_use_it_up(machine: Machine) -> None:
    profile = machine.profile(settings=login("env://SMTP_PASSWORD"))
    plan = saved(machine, profile)
    machine.run("apply", "--yes", "--plan", plan).fails(5)
    machine.run("apply", "--yes", "--plan", plan, env={"SMTP_PASSWORD": "x1"}).ok()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"null", b'{"format": 99}', b"\0\xff", b"[" * 100_000])
def test_a_file_that_is_no_plan(machine: Machine, content: bytes) -> None:
    path = machine.write("plan.json", content)
    result = machine.run("apply", "--yes", "--plan", str(path))
    assert result.code in {1, 2, 3}, result
    assert "plan.json" in result.text


def test_a_plan_that_is_not_there(machine: Machine) -> None:
    result = machine.run("apply", "--yes", "--plan", "nope.json")
    assert result.code in {1, 2, 3}, result
    assert "nope.json" in result.text


def test_the_same_profile_found_from_another_folder(machine: Machine) -> None:
    machine.profile("deep/site.yaml")
    machine.run("plan", "--profile", "deep/site.yaml", "--out", "plan.json").ok()
    elsewhere = machine.work / "deep"
    machine.run("apply", "--yes", "--plan", "../plan.json", cwd=elsewhere).ok()


def test_a_plan_that_cannot_be_written(machine: Machine) -> None:
    result = machine.run("plan", "--profile", machine.profile(), "--out", "site.yaml/plan.json").fails(1)
    assert "site.yaml" in result.text


def test_a_plan_of_nothing_can_be_saved_and_applied(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    plan = saved(machine, profile)
    machine.run("apply", "--yes", "--plan", plan).ok()


def test_out_makes_no_folders(machine: Machine) -> None:
    result = machine.run("plan", "--profile", machine.profile(), "--out", "nothere/plan.json").fails(1)
    assert "nothere/plan.json: No such file or directory" in result.stderr
    assert not (machine.work / "nothere").exists()


def test_out_replaces_an_old_plan_whole(machine: Machine) -> None:
    profile = machine.profile()
    old = machine.write("plan.json", "x" * 100_000, 0o600)
    saved(machine, profile)
    assert json.loads(old.read_text())


# plan itself


def test_plan_json(machine: Machine) -> None:
    profile = machine.profile(targets=["dts", "msmtp"])
    body = machine.run("plan", "--json", "--profile", profile).ok().json
    assert body["command"] == "plan"
    assert [(change["target"], change["action"]) for change in body["changes"]] == [
        ("dts", "create"),
        ("msmtp", "create"),
    ]
    assert all(set(change) >= {"target", "action", "path", "diff"} for change in body["changes"])
    assert machine.run("plan", "--json", "--profile", profile).ok().json["digest"] == body["digest"]
    other = machine.profile("other.yaml", name="other", targets=["dts", "msmtp"])
    assert machine.run("plan", "--json", "--profile", other).ok().json["digest"] != body["digest"]


def test_plan_writes_nothing(machine: Machine) -> None:
    machine.run("plan", "--profile", machine.profile()).ok()
    assert list(machine.root.iterdir()) == []
    machine.apply(machine.profile()).ok()
    before = machine.everything()
    machine.run("plan", "--profile", machine.profile(name="other")).ok()
    assert machine.everything() == before


def test_detailed_exitcode(machine: Machine) -> None:
    profile = machine.profile()
    machine.run("plan", "--detailed-exitcode", "--profile", profile).fails(7)
    machine.apply(profile).ok()
    machine.run("plan", "--detailed-exitcode", "--profile", profile).ok()
    assert machine.run("plan", "--detailed-exitcode", "--json", "--profile", machine.profile(name="b")).code == 7


def test_plan_as_text_is_a_diff_with_secrets_masked(machine: Machine) -> None:
    reference = machine.secret_file("pear-tree-9")
    machine.apply(machine.profile(settings=login(reference), targets=["dts", "msmtp"])).ok()
    changed = machine.profile(settings=login(reference, host="new.acme.example"), targets=["dts", "msmtp"])
    text = machine.run("plan", "--profile", changed).ok().stdout
    lines = [line.strip() for line in text.splitlines()]
    assert any(line.startswith("-") and "relay.acme.example" in line for line in lines)
    assert any(line.startswith("+") and "new.acme.example" in line for line in lines)


def test_plan_as_markdown(machine: Machine) -> None:
    text = machine.run("plan", "--format", "markdown", "--profile", machine.profile()).ok().stdout
    assert "```" in text
    assert "email.json" in text
    machine.apply(machine.profile()).ok()
    assert machine.run("plan", "--format", "markdown", "--profile", machine.profile()).ok().stdout.strip()


def test_a_profile_text_cannot_break_out_of_the_markdown(machine: Machine) -> None:
    profile = machine.profile(settings={"sender": {"name": "``` <script> | x"}})
    text = machine.run("plan", "--format", "markdown", "--profile", profile).ok().stdout
    opening = next(line for line in text.splitlines() if line.startswith("```"))
    fence = opening[: len(opening) - len(opening.lstrip("`"))]
    closing = [line for line in text.splitlines() if line.startswith("```")]
    assert len(closing) % 2 == 0
    assert all(line.startswith(fence) for line in closing)


def test_plan_tells_profile_changes_from_drift(machine: Machine) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    machine.config.write_text("{}")
    drifted = machine.run("plan", "--profile", profile).ok().text
    machine.apply(profile).ok()
    changed = machine.run("plan", "--profile", machine.profile(name="other")).ok().text
    assert "machine" in drifted or "drift" in drifted
    assert "drift" not in changed


def test_plan_before_any_apply_needs_no_rights(machine: Machine) -> None:
    machine.root.chmod(0o555)
    machine.run("plan", "--profile", machine.profile()).ok()
    machine.root.chmod(0o755)


def test_plan_keeps_the_settled_encryption(machine: Machine) -> None:
    profile = machine.profile(settings={"server": {"encryption": "auto"}})
    text = machine.run("plan", "--profile", profile).ok().stdout
    assert "auto" in text


def test_modes_of_a_saved_plan(machine: Machine) -> None:
    plan = saved(machine, machine.profile())
    assert mode(Path(plan)) & 0o022 == 0
    assert os.path.getsize(plan) > 0
