"""--json: one object of the promised shape from every command, usage errors included.

What holds for every run is checked by the harness itself; here each command is run once well and once badly.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scenarios.harness import Machine, login

USAGE = [
    ["--json"],
    ["--json", "nonsense"],
    ["nonsense", "--json"],
    ["apply", "--json", "--nonsense"],
    ["apply", "--nonsense", "--json"],
    ["apply", "--json", "--wait", "long"],
    ["apply", "--json", "too", "many"],
    ["validate", "--json"],
    ["validate", "--json", "--format", "html", "x.yaml"],
    ["explain", "--json"],
    ["rollback", "--json", "--yes", "x"],
    ["schema", "--json", "nonsense"],
    ["schema", "--json"],
    ["test", "--json", "--level", "all"],
    ["plan", "--json", "--profile"],
    ["sign", "--json"],
    ["send", "--json"],
]


@pytest.mark.parametrize("args", USAGE, ids=" ".join)
def test_usage_errors(machine: Machine, args: list[str]) -> None:
    result = machine.run(*args)
    assert result.code == 2, result
    assert result.json["ok"] is False
    assert result.json["problems"]


def test_the_variable_asks_for_json_too(machine: Machine) -> None:
    result = machine.run("status", env={"DTSCONF_JSON": "1"})
    assert result.json["state"] == "never-applied"
    assert machine.run("nonsense", env={"DTSCONF_JSON": "1"}).json["exit_code"] == 2


def test_a_misspelt_command_has_the_nearest_as_hint(machine: Machine) -> None:
    (problem,) = machine.run("statsu", "--json").fails(2).problems
    assert "status" in f"{problem['message']} {problem['hint']}"
    (problem,) = machine.run("apply", "--profil", "x", "--jsn", "--json").problems[:1]
    assert problem["hint"] or problem["message"]


COMMANDS: list[tuple[list[str], set[str], int]] = [
    (["plan", "--profile", "site.yaml"], {"changes", "digest"}, 0),
    (["apply", "--yes", "--profile", "site.yaml"], {"changes", "digest", "changed", "generation", "verification"}, 0),
    (["show"], {"settings"}, 0),
    (["show", "--origin"], {"settings"}, 0),
    (["explain", "server.host"], {"key", "value", "layers", "locked_at", "rules"}, 0),
    (["status"], {"state", "drift", "generation", "proof"}, 0),
    (["history"], {"generations"}, 0),
    (["validate", "site.yaml"], set(), 0),
    (["plan", "--detailed-exitcode", "--profile", "other.yaml"], {"changes", "digest"}, 7),
    (["rollback", "0", "--yes"], {"changes", "changed", "generation", "verification"}, 0),
    (["purge", "--yes"], set(), 0),
    (["status"], {"state", "drift", "generation", "proof"}, 7),
    (["init", "new.yaml"], set(), 0),
    (["schema", "profile"], set(), 0),
]


def test_every_command_has_its_keys(machine: Machine) -> None:
    machine.profile()
    machine.profile("other.yaml", name="other")
    for args, keys, code in COMMANDS:
        process = machine.start(*args, "--json")
        result = machine.finish(process, *args, *(["--json"] if args[0] != "schema" else []))
        if args[:2] == ["rollback", "0"]:
            assert result.code == 0, result
            assert result.json["changed"] is True
            continue
        assert result.code == code, result
        assert set(result.json) >= keys, result
        if args[0] != "schema":
            assert result.json["command"] == args[0]


def test_failures_of_every_command_that_takes_a_profile(machine: Machine) -> None:
    machine.write("site.yaml", "dtsconf: 1\nname: x\nsettings: {server: {hots: 1}}\n")
    for args in (["plan"], ["apply", "--yes"], ["show"], ["explain", "server.host"], ["test"], ["status"]):
        result = machine.run(*args, "--json", "--profile", "site.yaml").fails(3)
        assert result.json["command"] == args[0]
        (problem,) = [one for one in result.problems if "hots" in json.dumps(one)]
        assert problem["where"] == {**problem["where"], "line": 3}
        assert "host" in (problem["hint"] or "") + problem["message"]


def test_what_was_known_before_a_failure_is_there(machine: Machine) -> None:
    machine.apply(machine.profile()).ok()
    profile = machine.profile(settings=login("env://NOT_THERE"), policy={"lock": ["server"]})
    env = {"DTS_EMAIL_SERVER__HOST": "own.example", "DTS_EMAIL_SERVR": "x"}
    body = machine.apply(profile, "--json", env=env).fails(5).json
    assert [entry["key"] for entry in body["set_aside"]] == ["server.host"]
    assert "DTS_EMAIL_SERVR" in json.dumps(body["warnings"])
    assert body["changes"]


def test_show_values_are_typed(machine: Machine) -> None:
    settings: dict[str, Any] = machine.run("show", "--json", "--profile", machine.profile()).ok().json["settings"]
    assert settings["server.port"]["value"] == 2525
    assert settings["login.required"]["value"] is False
    assert settings["connection.timeout"]["value"] == 15
    assert settings["sender.name"]["value"] == "Perth Lab"


def test_json_is_utf8_and_one_object(machine: Machine) -> None:
    profile = machine.profile(settings={"sender": {"name": "東京 Prüf"}})
    result = machine.run("show", "--json", "--profile", profile, env={"LANG": "C", "LC_ALL": "C"}).ok()
    assert result.json["settings"]["sender.name"]["value"] == "東京 Prüf"
    assert result.stdout.endswith("\n")


def test_colour_and_progress_stay_out_of_json(machine: Machine) -> None:
    result = machine.apply(machine.profile(), "--json", "-v", env={"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}).ok()
    assert "\x1b" not in result.text


def test_data_goes_to_stdout_all_else_to_stderr(machine: Machine) -> None:
    profile = machine.profile()
    result = machine.run("show", "--profile", profile, env={"DTS_EMAIL_SERVR": "x"}).ok()
    assert "DTS_EMAIL_SERVR" in result.stderr
    assert "DTS_EMAIL_SERVR" not in result.stdout
    failed = machine.run("show", "--profile", "nope.yaml").fails(3)
    assert failed.stdout == ""


def test_quiet_keeps_data_and_errors(machine: Machine) -> None:
    profile = machine.profile()
    loud, quiet = machine.run("show", "--profile", profile).ok(), machine.run("show", "-q", "--profile", profile)
    if quiet.code == 2:
        quiet = machine.run("show", "--quiet", "--profile", profile)
    assert quiet.stdout == loud.stdout
    assert "nope.yaml" in machine.run("show", "--quiet", "--profile", "nope.yaml").fails(3).stderr
    assert machine.apply(profile, "--quiet").ok().stderr == ""
