"""`dtsconf demo` as a newcomer types it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.real.posix import give, is_root, numbers_of
from tests.scenarios.harness import PROGRAM, Machine, in_namespace

TITLES = ["plan", "apply", "apply", "show", "apply", "rollback"]


def test_story_is_told_to_its_end(machine: Machine, tmp_path: Path) -> None:
    told = machine.run("demo", env={"TMPDIR": str(tmp_path)}, root=False).ok()
    for number, verb in enumerate(TITLES, 1):
        assert re.search(rf"^{number}\. .+\n(.*\n)*?   \$ dtsconf {verb} ", told.stdout, re.MULTILINE), number
    assert "dtsconf test mail" in told.stdout
    assert "NOT APPLIED" in told.stdout
    assert told.stdout.rstrip().endswith("$ dtsconf init")
    assert not re.search(r"^   NOT  ", told.stdout, re.MULTILINE), told
    assert list(tmp_path.iterdir()) == []


def test_story_as_data(machine: Machine) -> None:
    told = machine.run("demo", "--json").ok().json
    assert [step["step"] for step in told["steps"]] == [1, 2, 3, 4, 5, 6]
    assert [step["command"].split()[1] for step in told["steps"]] == TITLES
    assert [step["exit_code"] for step in told["steps"]] == [0, 0, 0, 0, 6, 0]
    assert all(check["ok"] for step in told["steps"] for check in step["checks"])
    assert told["next"] == "dtsconf init"


def test_machine_and_home_of_the_caller_are_left_alone(machine: Machine) -> None:
    machine.run("demo").ok()
    assert machine.files() == {}


def test_callers_variables_do_not_come_into_it(machine: Machine) -> None:
    env = {"DTSCONF_STRICT": "1", "DTS_EMAIL_SERVER__HOST": "elsewhere.example", "DTSCONF_USER_FILE": "/nowhere/x.yaml"}
    assert "elsewhere.example" not in machine.run("demo", env=env).ok().stdout


def test_a_program_that_does_something_else_is_found_out(machine: Machine, tmp_path: Path) -> None:
    """The commands are replaced by one that always says all is well: the first step doesn't believe it."""
    broken = tmp_path / "dtsconf"
    broken.mkdir()
    (broken / "__init__.py").write_text("")
    (broken / "__main__.py").write_text("print('all is well')")
    script = (
        f"import sys; from dtsconf.cli.app import run; sys.path.insert(0, {str(tmp_path)!r}); sys.exit(run(['demo']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env=machine.environ(),
        cwd=machine.work,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    told = machine.finish(process, "demo")
    assert told.code == 1
    assert "all is well" in told.stdout
    assert "NOT  the plan names the machine config" in told.stdout


def test_no_temporary_folder_is_said_in_a_line(machine: Machine) -> None:
    folders = ("/tmp", "/var/tmp", "/dev/shm")
    locked = "; ".join(f"mount --bind {folder} {folder}; mount -o remount,bind,ro {folder}" for folder in folders)
    command = in_namespace(f"{locked}; cd /tmp", PROGRAM, "demo")
    process = machine.start(*command[1:], executable=command[0], cwd="/")
    told = machine.finish(process, "demo")
    told.fails(1)
    assert "temporary folder" in told.stderr
    assert "hint: " in told.stderr


def test_works_without_root(machine: Machine, folder: Path) -> None:
    if not is_root():
        machine.run("demo").ok()  # this run is without root already
        return
    temporary = folder / "tmp"
    temporary.mkdir()
    give(temporary, "nobody")
    command = in_namespace(":", PROGRAM, "demo", uid=numbers_of("nobody")[0])
    environ = {"TMPDIR": str(temporary), "HOME": str(temporary)}
    process = machine.start(*command[1:], executable=command[0], env=environ, cwd=str(temporary))
    machine.finish(process, "demo").ok()
    assert list(temporary.iterdir()) == []
