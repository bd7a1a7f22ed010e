"""Help, version, completion: what a newcomer types first."""

from __future__ import annotations

import importlib.metadata
import os
import re

import pytest

from tests.scenarios.harness import BIN, PROGRAM, Machine, call

BUILT = [
    "init",
    "validate",
    "show",
    "explain",
    "plan",
    "apply",
    "test",
    "send",
    "status",
    "history",
    "rollback",
    "purge",
    "doctor",
    "schema",
    "demo",
]
NOT_YET = ["sign", "signers", "report"]


def listed(text: str) -> set[str]:
    """The commands that a help text lists."""
    return set(re.findall(r"^  ([a-z-]+) {2,}\S", text, re.MULTILINE))


def test_help_lists_what_is_built_and_nothing_else(machine: Machine) -> None:
    result = machine.run("--help").ok()
    assert result.stderr == ""
    assert set(BUILT) <= listed(result.stdout)
    assert not set(NOT_YET) & listed(result.stdout)


@pytest.mark.parametrize("command", NOT_YET)
def test_what_is_not_built_is_an_unknown_command(machine: Machine, command: str) -> None:
    machine.run(command, "--help").fails(2)


@pytest.mark.parametrize("command", BUILT)
def test_every_command_has_a_help_with_its_options(machine: Machine, command: str) -> None:
    text = machine.run(command, "--help").ok().stdout
    assert text.startswith("Usage: dtsconf")
    for option in OPTIONS.get(command, []):
        assert option in text, option
    assert "--json" in text


OPTIONS = {
    "apply": [
        "--profile", "--set", "--root", "--json", "--quiet", "--verbose", "--strict", "--no-color", "--plan", "--verify",
        "--no-verify", "--adopt", "--allow-downgrade", "--trust-profile", "--reason", "--wait", "--yes", "--record",
    ],
    "plan": ["--secrets", "--detailed-exitcode", "--out", "--format", "--profile", "--set"],
    "show": ["--origin", "--screen", "--profile", "--set"],
    "test": ["--level", "--to", "--record", "--profile"],
    "send": [
        "--to", "--cc", "--bcc", "--reply-to", "--subject", "--body", "--body-file", "--html", "--attach", "--zip",
        "--profile", "--set", "--json", "--quiet",
    ],
    "status": ["--record", "--profile"],
    "validate": ["--format"],
    "rollback": ["--yes"],
    "purge": ["--yes"],
    "doctor": ["--selftest", "--bundle"],
}  # fmt: skip


def test_version(machine: Machine) -> None:
    text = machine.run("--version").ok().stdout
    assert importlib.metadata.version("dtsconf") in text


def test_no_command_shows_the_help(machine: Machine) -> None:
    result = machine.run()
    assert result.code in {0, 2}, result
    assert "apply" in result.text


def test_no_color_and_no_terminal_mean_no_colour(machine: Machine) -> None:
    for env in ({}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}):
        assert "\x1b" not in machine.run("validate", "nope.yaml", env=env).text


def test_running_as_a_module(machine: Machine) -> None:
    command = [str(BIN / "python"), "-m", "dtsconf", "--version"]
    result = call(command, env=machine.environ())
    assert result.returncode == 0, result


def complete(machine: Machine, line: str) -> list[str]:
    """What bash offers for the last word of the line, with the program's own script sourced."""
    script = (
        'source <(dtsconf completion bash) && name=$(complete -p dtsconf | sed "s/.*-F \\([^ ]*\\).*/\\1/")\n'
        f"COMP_LINE={line!r}; COMP_WORDS=({line}{' ' + repr('') if line.endswith(' ') else ''})\n"
        "COMP_POINT=${#COMP_LINE}; COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))\n"
        '$name dtsconf "${COMP_WORDS[COMP_CWORD]}" ""; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    env = machine.environ({"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"})
    result = call(["bash", "-c", script], env=env, cwd=machine.work)
    assert result.returncode == 0, result
    return [word.strip() for word in result.stdout.split()]


def test_bash_completes_commands_and_options(machine: Machine) -> None:
    assert complete(machine, "dtsconf app") == ["apply"]
    assert set(complete(machine, "dtsconf ")) >= set(BUILT)
    assert "--profile" in complete(machine, "dtsconf apply --pro")
    assert not set(complete(machine, "dtsconf s")) & set(NOT_YET)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(machine: Machine, shell: str) -> None:
    text = machine.run("completion", shell).ok().stdout
    assert "dtsconf" in text
    assert PROGRAM not in text


def test_the_line_of_the_help_installs_the_script_of_bash(machine: Machine) -> None:
    text = " ".join(machine.run("completion", "--help").ok().stdout.split())
    line = text.split("bash: `")[1].split("`")[0]
    home = machine.work / "fresh home"
    home.mkdir()
    env = machine.environ({"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(home)})
    result = call(["bash", "-c", line], env=env, cwd=machine.work)
    assert result.returncode == 0, result
    assert "dtsconf" in (home / ".local/share/bash-completion/completions/dtsconf").read_text()
