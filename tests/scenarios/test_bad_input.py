"""Bad files: whatever stands in a profile or user file, the answer is exit 3 with a place, never a traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.scenarios.harness import NOBODY, PROGRAM, Machine, call, in_namespace, make_fifo

GOOD = "dtsconf: 1\nname: x\nexpects: [sender.email, server.host]\n"

BYTES: dict[str, bytes] = {
    "empty": b"",
    "blank": b"\n\n",
    "a comment": b"# nothing\n",
    "a text": b"hello\n",
    "a list": b"- dtsconf: 1\n",
    "a number": b"42\n",
    "null": b"null\n",
    "open brace": b"{",
    "open quote": b'dtsconf: 1\nname: "x\n',
    "tab indentation": b"dtsconf: 1\nname: x\nsettings:\n\tserver: {host: h.example}\n",
    "tab in a block": b"dtsconf: 1\nname: x\nsettings:\n  server:\n  \thost: h.example\n",
    "key twice": GOOD.encode() + b"name: y\n",
    "key twice, deep": GOOD.encode() + b"settings: {server: {host: a, port: 1, host: b}}\n",
    "key twice, quoted": GOOD.encode() + b"'name': y\n",
    "two documents": GOOD.encode() + b"---\nname: y\n",
    "second document empty": GOOD.encode() + b"---\n",
    "latin-1": GOOD.encode() + b"settings: {sender: {name: J\xfcrgen}}\n",
    "utf-16": b"\xff\xfe" + GOOD.encode("utf-16-le"),
    "nul": GOOD.encode() + b"settings: {sender: {name: a\0b}}\n",
    "only nul": b"\0" * 1000,
    "escape": GOOD.encode() + b"settings: {sender: {name: a\x1b[31mb}}\n",
    "over 1 MiB": GOOD.encode() + b"# " + b"x" * (1 << 20),
    "a line of 1 MiB": GOOD.encode() + b"settings: {sender: {name: '" + b"x" * (1 << 20) + b"'}}\n",
    "deep brackets": b"x: " + b"[" * 10_000 + b"]" * 10_000,
    "deep brackets, open": b"[" * 10_000,
    "deep braces": b"{a: " * 10_000 + b"1" + b"}" * 10_000,
    "deep dashes": b"- " * 10_000 + b"x\n",
    "deep questions": b"? " * 10_000 + b"x\n",
    "deep block": b"".join(b" " * depth + b"a:\n" for depth in range(1_000)),
    "alias bomb": (
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(
            f"{name}: &{name} [{','.join(['*' + chr(ord(name) - 1)] * 9)}]\n".encode() for name in "bcdefghijklm"
        )
    ),
    "merge bomb": b"a: &a {k: 1}\n"
    + b"".join(
        f"b{n}: &b{n} {{<<: [{', '.join(['*a' if n == 0 else f'*b{n - 1}'] * 9)}]}}\n".encode() for n in range(12)
    ),
    "recursive alias": b"settings: &a {server: *a}\n",
    "unknown alias": GOOD.encode() + b"settings: *nowhere\n",
    "python tag": GOOD.encode() + b"settings: !!python/object/apply:os.system ['touch hacked']\n",
    "unknown tag": GOOD.encode() + b"settings: !vault {server: {host: h}}\n",
    "binary tag": GOOD.encode() + b"settings: {sender: {name: !!binary aGk=}}\n",
    "a key that is a list": GOOD.encode() + b"[a, b]: 1\n",
    "a key that is a number": GOOD.encode() + b"1: 1\n",
    "a key that is null": GOOD.encode() + b"~: 1\n",
    "merge of a text": GOOD.encode() + b"settings: {<<: hello}\n",
    "settings null": GOOD.encode() + b"settings: null\n",
    "settings a list": GOOD.encode() + b"settings: []\n",
    "policy a text": GOOD.encode() + b"policy: strict\n",
    "targets a text": GOOD.encode() + b"targets: dts\n",
    "extends a list": GOOD.encode() + b"extends: [a, b]\n",
    "extends a folder": GOOD.encode() + b"extends: .\n",
    "extends a number": GOOD.encode() + b"extends: 5\n",
    "extends nul": GOOD.encode() + b'extends: "a\\0b"\n',
    "extends null byte device": GOOD.encode() + b"extends: /dev/null\n",
    "extends zero": GOOD.encode() + b"extends: /dev/zero\n",
    "expects a text": b"dtsconf: 1\nname: x\nexpects: sender.email\n",
    "huge number": GOOD.encode() + b"settings: {server: {port: " + b"9" * 5000 + b"}}\n",
    "yaml directive": b"%YAML 3.0\n---\n" + GOOD.encode(),
    "html": b"<!DOCTYPE html><html><body>404</body></html>",
    "json with a comma too many": b'{"dtsconf": 1, "name": "x",, }',
    "surrogate": GOOD.encode() + b'settings: {sender: {name: "\\ud800"}}\n',
}


def test_every_bad_file_has_a_problem_of_its_own(machine: Machine) -> None:
    for number, content in enumerate(BYTES.values()):
        machine.write(f"bad/{number:02}.yaml", content)
    result = machine.run("validate", "--json", "bad").fails(3)
    found = {Path(problem["where"]["file"]).stem for problem in result.problems if problem["where"]}
    missing = [case for number, case in enumerate(BYTES) if f"{number:02}" not in found]
    assert missing == []
    assert not list(machine.folder.rglob("hacked"))
    assert all(len(problem["message"]) < 1000 for problem in result.problems)
    assert not any("\x1b" in problem["message"] or "\0" in problem["message"] for problem in result.problems)


@pytest.mark.parametrize(
    "case", ["deep braces", "alias bomb", "nul", "only nul", "a line of 1 MiB", "latin-1", "escape"]
)
@pytest.mark.parametrize("command", ["validate", "show", "apply"])
def test_bad_files_one_by_one(machine: Machine, case: str, command: str) -> None:
    path = str(machine.write("site.yaml", BYTES[case]))
    args = [path] if command == "validate" else ["--profile", path, *(["--yes"] if command == "apply" else [])]
    result = machine.run(command, *args).fails(3)
    assert "site.yaml" in result.text
    assert "\x1b" not in result.text
    assert "\0" not in result.text
    assert len(result.text) < 5000


@pytest.mark.parametrize(
    "case",
    [
        "open brace",
        "key twice",
        "two documents",
        "alias bomb",
        "latin-1",
        "deep brackets",
        "tab indentation",
        "python tag",
    ],
)
def test_bad_user_files(machine: Machine, case: str) -> None:
    user = machine.write("user.yaml", BYTES[case])
    result = machine.run("show", "--profile", machine.profile(), env={"DTSCONF_USER_FILE": str(user)}).fails(3)
    assert "user.yaml" in result.text


@pytest.mark.parametrize("case", ["a text", "open brace", "only nul", "deep brackets", "null", "empty", "a list"])
def test_bad_machine_configs(machine: Machine, case: str) -> None:
    profile = machine.profile()
    machine.apply(profile).ok()
    machine.config.write_bytes(BYTES[case])
    result = machine.run("show").fails(3)
    assert "email.json" in result.text
    assert result.text.count("\n") < 20
    assert machine.run("status", "--json").fails(7).json["state"] == "drifted"
    machine.apply(profile).ok()
    machine.run("show").ok()


def test_the_place_of_a_double_key_names_both(machine: Machine) -> None:
    machine.write("site.yaml", BYTES["key twice"])
    result = machine.run("validate", "site.yaml").fails(3)
    assert "site.yaml:4:1" in result.text
    assert "2" in result.text


@pytest.mark.parametrize("ending", ["\r\n", "\r"], ids=["CRLF", "CR"])
def test_line_endings_keep_places(machine: Machine, ending: str) -> None:
    text = "dtsconf: 1\nname: x\nexpects: [sender.email, server.host]\nsettings:\n  server:\n    port: x\n"
    machine.write("site.yaml", text.replace("\n", ending))
    assert "site.yaml:6:11" in machine.run("validate", "site.yaml").fails(3).text


def test_bom_is_fine_and_columns_stay_right(machine: Machine) -> None:
    machine.write("site.yaml", b"\xef\xbb\xbf" + GOOD.encode())
    machine.run("validate", "site.yaml").ok()
    machine.write("site.yaml", b"\xef\xbb\xbfdtsconf: 2\nname: x\n")
    assert "site.yaml:1:10" in machine.run("validate", "site.yaml").fails(3).text


def test_columns_count_characters(machine: Machine) -> None:
    machine.write("site.yaml", GOOD + "settings: {sender: {name: Jürgen 東京}, server: {port: x}}\n")
    line = "settings: {sender: {name: Jürgen 東京}, server: {port: x}}"
    column = line.index(": x}") + 3
    assert f"site.yaml:4:{column}" in machine.run("validate", "site.yaml").fails(3).text


def test_explicit_keys_win_over_merged_ones_wherever_they_stand(machine: Machine) -> None:
    text = (
        "dtsconf: 1\nname: x\nsettings:\n  sender: {email: a@b.example}\n  server:\n    host: explicit.example\n"
        "    <<: {host: merged.example, port: 26}\n"
    )
    machine.write("site.yaml", text)
    settings = machine.run("show", "--json", "--profile", "site.yaml").ok().json["settings"]
    assert settings["server.host"]["value"] == "explicit.example"
    assert settings["server.port"]["value"] == 26


@pytest.mark.parametrize("trap", ["no", "on", "012", "1:30", "2026-01-01", "0x1F", "~", "yes"])
def test_yaml_traps_in_texts_are_named(machine: Machine, trap: str) -> None:
    machine.write("site.yaml", GOOD + f"settings:\n  login:\n    username: {trap}\n")
    result = machine.run("validate", "--json", "site.yaml")
    if trap == "~":
        result.ok()
        return
    (problem,) = result.fails(3).problems
    assert trap in problem["message"]
    assert "quot" in f"{problem['message']} {problem['hint']}"
    assert (problem["where"]["line"], problem["where"]["column"]) == (6, 15)


@pytest.mark.parametrize("kind", ["fifo", "folder", "missing", "device"])
def test_profiles_that_are_no_file(machine: Machine, kind: str) -> None:
    path = machine.work / "site.yaml"
    if kind == "fifo":
        make_fifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/zero")
    for command in (["show", "--profile"], ["apply", "--yes", "--profile"]):
        result = machine.run(*command, str(path)).fails(3)
        assert path.name in result.text


def test_an_unreadable_profile(machine: Machine) -> None:
    profile = machine.profile()
    os.chmod(profile, 0o600)
    command = in_namespace(":", PROGRAM, "show", "--profile", profile, "--root", str(machine.root), uid=NOBODY)
    result = call(command, cwd="/", env=machine.environ())
    assert result.returncode == 3, result
    assert "site.yaml" in result.stderr
    assert "Traceback" not in result.stderr


def test_values_of_unknown_keys_and_secrets_are_blotted_out(machine: Machine) -> None:
    machine.secrets.append("pear-tree-9")
    texts = [
        "settings: {login: {pasword: pear-tree-9}}\n",
        "settings: {login: {password: pear-tree-9}}\n",
        "settings:\n  login:\n    password: >\n      pear-tree-9\n",
        "settings: {login: {password: pear-tree-9, mechanism: x}}\n",
        "settings: {login: {mechanism: x, password: 'pear-tree-9'}}\n",
        "secrets: {vault: {auth: {token: pear-tree-9}}}\n",
        "secrets: {vault: {auth: {secret_id: pear-tree-9, method: x}}}\n",
        "x-notes: {a: [pear-tree-9]}\n",
        "settings: {login: {password: [pear-tree-9]}}\n",
        "settings: {microsoft: {client_secret: pear-tree-9}}\n",
        "settings: {login: {password: &p pear-tree-9, username: *p}}\n",
        "settings: {login: {password: pear-tree-9\n",
    ]
    for number, text in enumerate(texts):
        machine.write(f"bad/{number:02}.yaml", GOOD + text)
    for args in (["--json"], [], ["--format", "github"], ["--format", "junit"], ["-vv"]):
        machine.run("validate", *args, "bad").fails(3)


def test_control_characters_of_files_are_escaped(machine: Machine) -> None:
    machine.write("site.yaml", GOOD + 'settings: {server: {encryption: "a\\e[31m\\x9b\\u202e"}}\n')
    for args in ([], ["--json"], ["--format", "github"]):
        text = machine.run("validate", *args, "site.yaml").fails(3).text
        assert not any(character in text for character in "\x1b\x9b\u202e")
    machine.write("folder/si\x1bte\n.yaml", "{")
    for args in ([], ["--format", "github"]):
        assert "\x1b" not in machine.run("validate", *args, "folder").fails(3).text


def test_many_problems_keep_json_whole(machine: Machine) -> None:
    keys = "".join(f"  key{number}: 1\n" for number in range(500))
    machine.write("site.yaml", GOOD + f"settings:\n{keys}")
    assert len(machine.run("validate", "--json", "site.yaml").fails(3).problems) == 500
    assert json.dumps(machine.run("validate", "--json", "site.yaml").json)


def test_names_that_are_no_utf8_are_kept_as_escapes(machine: Machine) -> None:
    profile = machine.profile("p\udcff.yaml", policy={"lock": ["server"]})
    machine.apply(profile, "--reason", "caf\udce9", env={"SUDO_USER": "x\udcff"}).ok()
    assert machine.settings()["policy"]["lock"][0]["where"]["file"] == "p\\udcff.yaml"
    newest = machine.run("history", "--json").ok().json["generations"][-1]
    assert (newest["reason"], newest["sudo_user"]) == ("caf\udce9", "x\udcff")
    assert "caf\\udce9" in machine.run("history").ok().stdout
    assert "p\\udcff.yaml" in machine.run("explain", "server.host").ok().stdout
    assert not machine.apply(profile, "--json").ok().json["changed"]


@pytest.mark.parametrize("layer", ["profile", "vault", "environment", "user"])
def test_a_path_below_a_folder_that_is_no_utf8(machine: Machine, layer: str) -> None:
    folder = "f\udcff"
    in_profile = machine.profile(f"{folder}/site.yaml", settings={"server": {"ca_file": "ca.pem"}})
    in_vault = machine.profile(f"{folder}/vault.yaml", secrets={"vault": {"ca_file": "ca.pem"}})
    user = machine.write(f"{folder}/user.yaml", "server: {ca_file: ca.pem}\n")
    env = {"environment": {"DTS_EMAIL_SERVER__CA_FILE": "ca.pem"}, "user": {"DTSCONF_USER_FILE": str(user)}}
    profile = {"profile": in_profile, "vault": in_vault}.get(layer) or machine.profile()
    result = machine.run("show", "--profile", profile, env=env.get(layer), cwd=machine.work / folder).fails(3)
    assert "ca_file: " in result.text
    assert "no valid UTF-8" in result.text
