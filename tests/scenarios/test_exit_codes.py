"""Exit codes that no other file is about: the lock (8), interruption (130), and calls that are wrong (2)."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.scenarios.harness import Gate, Machine, tree
from tests.scenarios.test_apply import Servers, proven


def test_another_apply_holds_the_lock(machine: Machine, smtpd: Servers) -> None:
    gate = Gate()
    server = smtpd(hooks={"MAIL": gate})
    first = machine.start("apply", "--yes", "--profile", machine.profile("slow.yaml", **proven(server)))
    gate.wait()
    other = machine.profile("other.yaml", name="other")
    result = machine.run("apply", "--yes", "--json", "--wait", "0", "--profile", other)
    assert result.code == 8, result
    assert result.problems[0]["hint"]
    machine.run("rollback", "0", "--yes", "--wait", "0") if "--wait" in machine.run("rollback", "--help").text else None
    machine.run("status").fails(7)
    machine.run("plan", "--profile", other).ok()
    waiting = machine.start("apply", "--yes", "--wait", "60", "--profile", other)
    gate.open()
    assert machine.finish(first, "apply").code == 0
    assert machine.finish(waiting, "apply").code == 0
    records = machine.run("history", "--json").ok().json["generations"]
    assert [record["profile"]["name"] for record in records if record["generation"]] == ["acme-perth", "other"]


STAGES = ["BANNER", "EHLO", "MAIL", "RCPT", "DATA", "."]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("first", [True, False], ids=["first", "update"])
def test_ctrl_c_undoes_and_is_130(machine: Machine, smtpd: Servers, stage: str, first: bool) -> None:
    if not first:
        machine.apply(machine.profile("before.yaml", name="before")).ok()
    gate = Gate()
    server = smtpd(hooks={stage: gate})
    profile = machine.profile(**proven(server))
    before = tree(machine.root)
    process = machine.start("apply", "--yes", "--json", "--profile", profile)
    gate.wait()
    process.send_signal(signal.SIGINT)
    try:
        result = machine.finish(process, "apply", "--json")
    finally:
        gate.open()
    assert result.code == 130, result
    after = tree(machine.root)
    assert {name: facts for name, facts in after.items() if not name.endswith("dtsconf/lock")} == {
        name: facts for name, facts in before.items() if not name.endswith("dtsconf/lock")
    }
    machine.run("status").fails(7) if first else machine.run("status").ok()


def test_ctrl_c_while_waiting_for_the_lock(machine: Machine, smtpd: Servers) -> None:
    gate = Gate()
    server = smtpd(hooks={"MAIL": gate})
    first = machine.start("apply", "--yes", "--profile", machine.profile("slow.yaml", **proven(server)))
    gate.wait()
    waiting = machine.start("apply", "--yes", "--wait", "60", "--profile", machine.profile("o.yaml", name="o"), "-v")
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.communicate(timeout=3)
    waiting.send_signal(signal.SIGINT)
    assert machine.finish(waiting, "apply").code == 130
    gate.open()
    assert machine.finish(first, "apply").code == 0


def test_a_terminated_apply_leaves_the_old_state(machine: Machine, smtpd: Servers) -> None:
    profile = machine.profile("before.yaml", name="before")
    machine.apply(profile).ok()
    before = machine.live()
    gate = Gate()
    server = smtpd(hooks={"DATA": gate})
    process = machine.start("apply", "--yes", "--profile", machine.profile(**proven(server)))
    gate.wait()
    process.terminate()
    stdout, stderr = process.communicate(timeout=60)
    gate.open()
    assert b"Traceback" not in stdout + stderr
    assert process.returncode != 0
    machine.run("status").ok()
    assert machine.apply(profile, "--json").ok().json["changed"] is False
    assert machine.live() == before


def test_a_killed_apply_leaves_the_old_state(machine: Machine, smtpd: Servers) -> None:
    profile = machine.profile("before.yaml", name="before")
    machine.apply(profile).ok()
    before = machine.live()
    gate = Gate()
    server = smtpd(hooks={"DATA": gate})
    process = machine.start("apply", "--yes", "--profile", machine.profile(**proven(server)))
    gate.wait()
    process.kill()
    process.communicate(timeout=60)
    gate.open()
    machine.run("status").ok()
    machine.run("show").ok()
    assert machine.apply(profile, "--json").ok().json["changed"] is False
    assert machine.live() == before, "staging files are gone"


@pytest.mark.parametrize(
    "args",
    [
        ["--nonsense"],
        ["nonsense"],
        ["apply", "--wait"],
        ["apply", "--wait", "-1"],
        ["rollback", "one"],
        ["show", "extra"],
        ["explain", "a", "b"],
        ["schema", "x"],
        ["test", "--level", "x"],
    ],
    ids=" ".join,
)
def test_wrong_calls_are_2_and_say_how(machine: Machine, args: list[str]) -> None:
    result = machine.run(*args).fails(2)
    assert result.stdout == ""
    assert "hint" in result.stderr or "--help" in result.stderr


def test_a_profile_is_needed(machine: Machine) -> None:
    for args in (["apply", "--yes"], ["plan"]):
        result = machine.run(*args)
        assert result.code in {2, 3}, result
        assert "--profile" in result.text


def test_options_work_before_and_after_the_command(machine: Machine) -> None:
    profile = machine.profile()
    for args in (
        ["show", "--json", "--profile", profile],
        ["--json", "show", "--profile", profile],
        ["--profile", profile, "--json", "show"],
        ["--root", str(machine.root), "--json", "show", "--profile", profile],
    ):
        result = machine.run(*args)
        assert result.code == 0, result
        assert result.json["settings"]["server.port"]["value"] == 2525


def test_a_plan_and_a_profile_together_are_a_wrong_call(machine: Machine) -> None:
    profile = machine.profile()
    machine.run("plan", "--profile", profile, "--out", "plan.json").ok()
    result = machine.run("apply", "--yes", "--plan", "plan.json", "--set", "server.port=1")
    assert result.code in {1, 2}, result
