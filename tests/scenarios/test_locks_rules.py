"""Locks and rules: the organisation's word, over layers, files of a chain, and on the machine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scenarios.harness import Machine


def test_a_value_against_a_lock_is_set_aside_with_both_places(machine: Machine) -> None:
    user = machine.write("user.yaml", "server:\n  host: mine.example\nsender: {name: Mine}\n")
    profile = machine.profile(policy={"lock": ["server"]})
    env = {"DTSCONF_USER_FILE": str(user), "DTS_EMAIL_SERVER__PORT": "26"}
    body = machine.run("show", "--json", "--profile", profile, env=env).ok().json
    assert body["settings"]["server.host"]["value"] == "relay.acme.example"
    assert body["settings"]["server.port"]["value"] == 2525
    assert body["settings"]["sender.name"]["value"] == "Mine"
    aside = {entry["key"]: entry for entry in body["set_aside"]}
    assert set(aside) == {"server.host", "server.port"}
    assert aside["server.host"]["layer"] == "user"
    assert (aside["server.host"]["where"]["line"], aside["server.host"]["where"]["column"]) == (2, 9)
    assert aside["server.port"]["layer"] == "environment"
    assert aside["server.port"]["where"] == {**aside["server.port"]["where"], "variable": "DTS_EMAIL_SERVER__PORT"}
    assert aside["server.host"]["locked_at"]["file"].endswith("site.yaml")
    assert body["settings"]["server.host"]["locked"]
    assert not body["settings"]["sender.name"]["locked"]
    text = machine.run("show", "--profile", profile, env=env).ok().stderr
    assert "user.yaml:2:9" in text
    assert "DTS_EMAIL_SERVER__PORT" in text
    assert "site.yaml:" in text


def test_a_bad_value_against_a_lock_is_set_aside_all_the_same(machine: Machine) -> None:
    user = machine.write("user.yaml", "server:\n  port: many\n  prot: 25\n")
    profile = machine.profile(policy={"lock": ["server"]})
    env = {"DTS_EMAIL_SERVER__PORT": "abc", "DTS_EMAIL_SERVER__ENCRYPTION": "best"}
    body = machine.run("show", "--json", "--profile", profile, env=env).ok().json
    aside = {entry["key"]: entry for entry in body["set_aside"]}
    assert {key: entry["layer"] for key, entry in aside.items()} == dict.fromkeys(
        ("server.port", "server.encryption"), "environment"
    )
    assert aside["server.port"]["where"]["variable"] == "DTS_EMAIL_SERVER__PORT"
    assert body["settings"]["server.port"]["value"] == 2525
    machine.run("show", "--strict", "--profile", profile, env=env).fails(4)
    machine.run("show", "--profile", profile, "--set", "server.port=abc").fails(3)
    env = {"DTSCONF_USER_FILE": str(user)}
    body = machine.run("show", "--json", "--profile", profile, env=env).fails(3).json
    assert [(each["kind"], each["where"]["key"]) for each in body["problems"]] == [("unknown-key", "server.prot")]
    assert [(each["key"], each["layer"]) for each in body["set_aside"]] == [("server.port", "user")]


def test_set_on_a_locked_key_is_refused_and_not_also_set_aside(machine: Machine) -> None:
    profile = machine.profile(policy={"lock": ["server.port"]})
    body = machine.run("show", "--profile", profile, "--set", "server.port=26", "--json").fails(4).json
    assert (len(body["problems"]), body["set_aside"]) == (1, [])
    text = machine.run("show", "--profile", profile, "--set", "server.port=26").fails(4).stderr
    assert "set aside" not in text


def test_strict_makes_a_value_set_aside_exit_4(machine: Machine) -> None:
    profile = machine.profile(policy={"lock": ["server"]})
    env = {"DTS_EMAIL_SERVER__PORT": "26"}
    body = machine.run("show", "--json", "--strict", "--profile", profile, env=env).fails(4).json
    assert body["set_aside"][0]["key"] == "server.port"


def test_set_on_a_locked_key_is_exit_4(machine: Machine) -> None:
    profile = machine.profile(policy={"lock": ["login.required"]})
    result = machine.run("show", "--profile", profile, "--set", "login.required=true").fails(4)
    assert "login.required" in result.text
    assert "site.yaml:" in result.text
    machine.run("show", "--profile", profile, "--set", "login.username=me").ok()


def test_a_lock_keeps_a_value_that_only_the_defaults_give(machine: Machine) -> None:
    profile = machine.profile(policy={"lock": ["connection.timeout", "login"]})
    env = {"DTS_EMAIL_CONNECTION__TIMEOUT": "99"}
    body = machine.run("show", "--json", "--profile", profile, env=env).ok().json
    assert body["settings"]["connection.timeout"]["value"] == 15
    assert [entry["key"] for entry in body["set_aside"]] == ["connection.timeout"]


def test_a_bad_value_against_a_lock_does_not_stop_anything_else(machine: Machine) -> None:
    profile = machine.profile(policy={"lock": ["server"]})
    result = machine.run("show", "--profile", profile, env={"DTS_EMAIL_SERVER__PORT": "smtp"})
    assert result.code in {0, 3}, result


ORG = """dtsconf: 1
name: org
settings:
  sender: {email: lab@acme.example}
  server: {host: relay.acme.example, port: 25}
policy:
  lock: [server.host, verify, secrets, targets]
verify: {level: none}
"""


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("settings: {server: {host: own.example}}", 4),
        ("verify: {level: connect}", 4),
        ("secrets: {deliver: reference}", 4),
        ("targets: [dts, msmtp]", 4),
    ],
)
def test_a_child_cannot_set_what_its_parent_locked(machine: Machine, part: str, line: int) -> None:
    machine.write("org.yaml", ORG)
    machine.write("child.yaml", f"dtsconf: 1\nname: child\nextends: org.yaml\n{part}\n")
    result = machine.run("validate", "child.yaml").fails(4)
    assert f"child.yaml:{line}:" in result.text
    assert "org.yaml:7:" in result.text


def test_a_grandchild_cannot_either(machine: Machine) -> None:
    machine.write("org.yaml", ORG)
    machine.write("mid.yaml", "dtsconf: 1\nname: mid\nextends: org.yaml\n")
    machine.write("leaf.yaml", "dtsconf: 1\nname: leaf\nextends: mid.yaml\nsettings: {server: {host: own.example}}\n")
    machine.run("validate", "leaf.yaml").fails(4)


def test_a_files_own_lock_does_not_bind_it(machine: Machine) -> None:
    machine.write("org.yaml", ORG.replace("policy:\n  lock: [server.host, verify, secrets, targets]\n", ""))
    machine.write(
        "child.yaml",
        "dtsconf: 1\nname: child\nextends: org.yaml\npolicy: {lock: [server]}\nsettings: {server: {host: own.example}}\n",
    )
    body = machine.run("show", "--json", "--profile", "child.yaml").ok().json
    assert body["settings"]["server.host"]["value"] == "own.example"


def test_locks_of_all_files_add_up(machine: Machine) -> None:
    machine.write("org.yaml", ORG)
    machine.write("child.yaml", "dtsconf: 1\nname: child\nextends: org.yaml\npolicy: {lock: [sender.name]}\n")
    env = {"DTS_EMAIL_SERVER__HOST": "a.example", "DTS_EMAIL_SENDER__NAME": "Me"}
    body = machine.run("show", "--json", "--profile", "child.yaml", env=env).ok().json
    assert {entry["key"] for entry in body["set_aside"]} == {"server.host", "sender.name"}


@pytest.mark.parametrize("bad", ["server.hots", "policy", 5, "", "server.host.x", None])
def test_a_lock_on_an_unknown_key_is_an_error(machine: Machine, bad: Any) -> None:
    machine.run("validate", machine.profile(policy={"lock": [bad]})).fails(3)


RULES: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("one_of ok", {"key": "server.encryption", "one_of": ["tls", "none"]}, {}, True),
    ("one_of broken", {"key": "server.encryption", "one_of": ["tls", "starttls"]}, {}, False),
    ("none_of ok", {"key": "server.encryption", "none_of": ["tls"]}, {}, True),
    ("none_of broken", {"key": "server.encryption", "none_of": ["none"]}, {}, False),
    ("matches ok", {"key": "server.host", "matches": "*.acme.example"}, {}, True),
    ("matches broken", {"key": "server.host", "matches": "*.other.example"}, {}, False),
    ("matches is of the whole", {"key": "server.host", "matches": "acme"}, {}, False),
    ("min ok", {"key": "server.port", "min": 2525}, {}, True),
    ("min broken", {"key": "server.port", "min": 2526}, {}, False),
    ("max ok", {"key": "server.port", "max": 2525}, {}, True),
    ("max broken", {"key": "server.port", "max": 2524}, {}, False),
    ("present ok", {"key": "sender.name", "present": True}, {}, True),
    ("present broken", {"key": "server.ca_file", "present": True}, {}, False),
    ("null breaks nothing else: one_of", {"key": "login.username", "one_of": ["a"]}, {}, True),
    ("null breaks nothing else: matches", {"key": "login.username", "matches": "a*"}, {}, True),
    ("null port is resolved", {"key": "server.port", "one_of": [25]}, {"server": {"port": None}}, True),
    ("null port is resolved and broken", {"key": "server.port", "min": 100}, {"server": {"port": None}}, False),
    (
        "null port of tls",
        {"key": "server.port", "one_of": [465]},
        {"server": {"port": None, "encryption": "tls"}},
        True,
    ),
    (
        "null port of starttls",
        {"key": "server.port", "one_of": [587]},
        {"server": {"port": None, "encryption": "starttls"}},
        True,
    ),
    ("a bool", {"key": "login.required", "one_of": [True]}, {}, False),
    ("the other mode's keys", {"key": "microsoft.client_id", "present": True}, {}, True),
    ("min of a number", {"key": "connection.timeout", "max": 10}, {}, False),
]


@pytest.mark.parametrize("case", RULES, ids=lambda case: case[0])
def test_rules(machine: Machine, case: tuple[str, dict[str, Any], dict[str, Any], bool]) -> None:
    _, rule, settings, holds = case
    profile = machine.profile(settings=settings, policy={"rules": [{**rule, "because": "Mail leaves the site"}]})
    result = machine.run("validate", "--json", profile)
    if holds:
        result.ok()
        return
    result.fails(4)
    (problem,) = result.problems
    assert "Mail leaves the site" in problem["message"] + str(problem["hint"])
    assert rule["key"] in json.dumps(problem)


def test_a_broken_rule_shows_value_place_rules_place_and_because(machine: Machine) -> None:
    machine.write(
        "org.yaml",
        ORG.replace(
            "  lock: [server.host, verify, secrets, targets]",
            "  rules:\n    - key: sender.name\n      matches: ACME *\n      because: One face to the customer",
        ),
    )
    machine.write("child.yaml", "dtsconf: 1\nname: child\nextends: org.yaml\nsettings:\n  sender:\n    name: Perth\n")
    text = machine.run("show", "--profile", "child.yaml").fails(4).text
    assert "Perth" in text
    assert "child.yaml:6:11" in text
    assert "org.yaml:8" in text
    assert "One face to the customer" in text


@pytest.mark.parametrize("layer", ["environment", "user", "command line"])
def test_rules_bind_every_layer(machine: Machine, layer: str) -> None:
    profile = machine.profile(policy={"rules": [{"key": "server.port", "max": 3000}]})
    user = machine.write("user.yaml", "server: {port: 4000}\n")
    env = {
        "environment": {"DTS_EMAIL_SERVER__PORT": "4000"},
        "user": {"DTSCONF_USER_FILE": str(user)},
        "command line": {},
    }[layer]
    sets = ["--set", "server.port=4000"] if layer == "command line" else []
    result = machine.run("show", "--json", "--profile", profile, *sets, env=env).fails(4)
    assert "4000" in json.dumps(result.problems)


def test_rules_of_all_files_add_up(machine: Machine) -> None:
    machine.write("org.yaml", "dtsconf: 1\nname: org\npolicy: {rules: [{key: server.port, max: 3000}]}\n")
    machine.profile("child.yaml", extends="org.yaml", policy={"rules": [{"key": "server.port", "max": 9000}]})
    machine.run("show", "--profile", "child.yaml", "--set", "server.port=4000").fails(4)


@pytest.mark.parametrize(
    "rule",
    [
        {"key": "server.prot", "min": 1},
        {"key": "server", "present": True},
        {"key": "server.port"},
        {"key": "server.port", "mini": 1},
        {"key": "server.port", "one_of": "tls"},
        {"key": "server.port", "min": "low"},
        {"key": "server.host", "matches": 5},
        {"one_of": [1]},
        "server.port",
    ],
    ids=json.dumps,
)
def test_a_rule_that_makes_no_sense_is_exit_3(machine: Machine, rule: Any) -> None:
    machine.run("validate", machine.profile(policy={"rules": [rule]})).fails(3)


def test_policy_lives_on_in_the_machine_config(machine: Machine) -> None:
    policy = {
        "lock": ["server.host"],
        "rules": [{"key": "server.port", "max": 3000, "because": "Only the site's relay"}],
        "recipients": ["*@acme.example"],
    }
    machine.apply(machine.profile(policy=policy)).ok()
    (machine.work / "site.yaml").unlink()
    body = machine.run("show", "--json", env={"DTS_EMAIL_SERVER__HOST": "a.example"}).ok().json
    assert body["set_aside"][0]["key"] == "server.host"
    assert body["set_aside"][0]["locked_at"]["file"].endswith("site.yaml")
    assert body["settings"]["server.host"]["locked"]
    result = machine.run("show", "--set", "server.port=4000").fails(4)
    assert "Only the site's relay" in result.text
    assert "site.yaml:" in result.text
    machine.run("show", "--set", "server.host=a.example").fails(4)
    machine.run("test", "--level", "send", "--to", "someone@elsewhere.example").fails(4)


def test_with_a_profile_only_its_own_policy_counts(machine: Machine) -> None:
    machine.apply(machine.profile(policy={"lock": ["server"], "rules": [{"key": "server.port", "max": 3000}]})).ok()
    free = machine.profile("free.yaml", name="free")
    machine.run("show", "--profile", free, "--set", "server.port=4000").ok()
    machine.apply(free, "--set", "server.port=4000").ok()
    machine.run("show", "--set", "server.port=5000").ok()


def test_both_kinds_of_problems_at_once_are_exit_3(machine: Machine) -> None:
    machine.profile("broken.yaml", policy={"rules": [{"key": "server.port", "max": 1}]})
    machine.write("bad.yaml", "dtsconf: 1\nname: 5\nsettings: {server: {port: x}}\n")
    machine.run("validate", "broken.yaml").fails(4)
    result = machine.run("validate", "--json", "broken.yaml", "bad.yaml").fails(3)
    files = {problem["where"]["file"].rsplit("/", 1)[-1] for problem in result.problems}
    assert files == {"broken.yaml", "bad.yaml"}


def test_an_address_must_match_a_list_of_every_file(machine: Machine) -> None:
    machine.write("org.yaml", 'dtsconf: 1\nname: org\npolicy: {recipients: ["*@acme.example", "*@perth.example"]}\n')
    verify = {"level": "connect", "to": "x@perth.example"}
    machine.profile("child.yaml", extends="org.yaml", verify=verify, policy={"recipients": ["*@perth.example"]})
    machine.run("plan", "--profile", "child.yaml").ok()
    outside = {"level": "send", "to": "x@acme.example"}
    machine.profile("child.yaml", extends="org.yaml", verify=outside, policy={"recipients": ["*@perth.example"]})
    machine.run("apply", "--yes", "--profile", "child.yaml").fails(4)
    machine.profile(
        "child.yaml", extends="org.yaml", verify={**outside, "to": "x@third.example"}, policy={"recipients": ["*"]}
    )
    machine.run("apply", "--yes", "--profile", "child.yaml").fails(4)


def test_the_smallest_max_size_counts(machine: Machine) -> None:
    machine.write("org.yaml", "dtsconf: 1\nname: org\npolicy: {max_size: 2 MiB}\n")
    machine.profile("child.yaml", extends="org.yaml", policy={"max_size": "25 MiB"})
    machine.run("apply", "--yes", "--profile", "child.yaml").ok()
    assert "25 MiB" not in machine.config.read_text()
    assert str(25 * 1024 * 1024) not in machine.config.read_text()


@pytest.mark.parametrize("size", ["big", "-1 MiB", "", "1 XB", [1]])
def test_a_max_size_that_is_none_is_exit_3(machine: Machine, size: Any) -> None:
    machine.run("validate", machine.profile(policy={"max_size": size})).fails(3)
