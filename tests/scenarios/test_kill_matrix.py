"""The installed program under strace, killed or failed at each system call by which it changes a machine.

A first run counts the calls; then the same run starts over from the same machine, and one call kills it (SIGKILL on
entry: so the next case is also `killed after this one`) or fails with ENOSPC or EIO. After a kill one `dtsconf status`
has to find or make everything whole: the old state to the byte, or the new one, its secrets there, nothing left about.

Normally a sample, drawn with a seed that every run prints (DTSCONF_TEST_SEED repeats it); DTSCONF_TEST_ALL=1: all.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.harness import PROGRAM, Machine, Result

assert sys.platform == "linux", "what is tested here is not there on Windows"

pytestmark = [pytest.mark.kill, pytest.mark.timeout(3600)]

ALL = os.environ.get("DTSCONF_TEST_ALL") == "1"
SEED = os.environ.get("DTSCONF_TEST_SEED") or str(time.time_ns() // 1_000_000)
SAMPLE = 7
CALLS = (
    "write fsync fdatasync rename renameat renameat2 link linkat unlink unlinkat mkdir mkdirat rmdir ftruncate fchmod"
)
LEFTOVER = re.compile(r"\.dtsconf-|\.new$|\.old$|journal\.json|undo\.json|staged\.json")
UNCHANGED = re.compile("nothing was (changed|written)", re.IGNORECASE)
PASSWORDS = {"old.example": "pear-tree-old", "new.example": "pear-tree-new"}
ADMINS = "# the administrator's own\ndefaults\n"


@dataclass(frozen=True)
class Call:
    """The `number`-th call of a name (from 1) in one run, and the line that strace wrote for it."""

    name: str
    number: int
    line: str


@dataclass(frozen=True)
class Outcome:
    """A machine as a test compares it. Times and secret ids (the machine's own) are left out."""

    live: Any
    state: str
    generation: int | None


def trace(machine: Machine, args: Sequence[str], *options: str) -> subprocess.CompletedProcess[str]:
    command = ["strace", "-f", "-qq", *options, PROGRAM, *args]
    environ = machine.environ({"PYTHONDONTWRITEBYTECODE": "1"})
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env=environ,
        cwd=machine.work,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


def calls(machine: Machine, args: Sequence[str]) -> list[Call]:
    """Every changing call on the machine's files, or on a stream of the program's own, that a run makes."""
    log = machine.folder / "strace.log"
    done = trace(machine, args, "-y", "-o", str(log), "-e", "trace=" + CALLS.replace(" ", ","))
    assert done.returncode in {0, 7}, done
    counts: dict[str, int] = {}
    found = []
    for line in log.read_text().splitlines():
        match = re.match(r"\d+\s+(\w+)\(", line)
        if match:
            name = match[1]
            counts[name] = counts.get(name, 0) + 1
            if str(machine.root) in line or re.search(r"write\([12]<", line):
                found.append(Call(name, counts[name], line))
    return found


def outcome(machine: Machine) -> Outcome:
    """What stands there, as `status` sees it too."""
    result = machine.run("status", "--json")
    told = result.json
    generation = told["generation"]
    number = generation["generation"] if isinstance(generation, dict) else generation
    live = {}
    for name, (mode, uid, gid, *_) in machine.live().items():
        path = machine.root / name
        text = re.sub(r"\b[0-9a-f]{16}\b", "ID", path.read_text()) if path.is_file() else None
        live[name] = (mode, uid, gid, text)
    return Outcome(live, told["state"], number)


def assert_whole(machine: Machine) -> None:
    """Nothing lies about, and the config, its secret and msmtp's file are of one generation."""
    left = [str(path) for path in machine.root.rglob("*") if LEFTOVER.search(path.name)]
    assert not left
    if not machine.config.exists():
        assert not machine.delivered.exists()
        return
    settings = machine.settings()
    host = settings["settings"]["server"]["host"]
    secrets = json.loads(machine.delivered.read_text())["secrets"]
    assert list(secrets.values()) == [PASSWORDS[host]]
    assert next(iter(secrets)) in machine.config.read_text()
    assert host in machine.msmtprc.read_text()
    assert PASSWORDS[host] in machine.msmtprc.read_text()


def readable(machine: Machine) -> None:
    """What another program sees at this very moment: whole files, and the secret of the config that is there."""
    if machine.config.exists():
        host = machine.settings()["settings"]["server"]["host"]
        name = re.findall(r'"([0-9a-f]{16})"', machine.config.read_text())
        secrets = json.loads(machine.delivered.read_text())["secrets"]
        assert [secrets[one] for one in set(name)] == [PASSWORDS[host]]
    for path in machine.state.rglob("*") if machine.state.exists() else ():
        public = path.is_dir() or path.name.removesuffix(".new").endswith(".json")
        assert not path.stat().st_mode & (0o022 if public else 0o077), path


def sample(cases: Sequence[Call], what: str) -> Sequence[Call]:
    print(f"{what}: {len(cases)} calls, DTSCONF_TEST_SEED={SEED}")
    return cases if ALL or len(cases) <= SAMPLE else random.Random(f"{SEED} {what}").sample(cases, SAMPLE)


def profile(machine: Machine, host: str) -> str:
    machine.secrets = list(PASSWORDS.values())
    machine.write("secret", PASSWORDS[host] + "\n", 0o600)
    settings = {
        "server": {"host": host, "port": 587, "encryption": "starttls"},
        "login": {
            "required": True,
            "username": "lab",
            "password": f"file://{machine.work}/secret",
            "mechanism": "plain",
        },
    }
    return machine.profile(f"{host}.yaml", settings=settings, targets=["dts", "msmtp"], name=host.partition(".")[0])


def first_apply(machine: Machine) -> Sequence[str]:
    return ("apply", "--yes", "--profile", profile(machine, "new.example"))


def another_password(machine: Machine) -> Sequence[str]:
    machine.apply(profile(machine, "old.example")).ok()
    return first_apply(machine)


def adopting(machine: Machine) -> Sequence[str]:
    machine.msmtprc.parent.mkdir(exist_ok=True)
    machine.msmtprc.write_text(ADMINS)
    machine.msmtprc.chmod(0o640)
    return (*first_apply(machine), "--adopt")


def rollback(machine: Machine) -> Sequence[str]:
    another = another_password(machine)
    machine.run(*another).ok()
    profile(machine, "old.example")  # a rollback takes the secret as it is now
    return ("rollback", "1", "--yes")


def rollback_0(machine: Machine) -> Sequence[str]:
    machine.run(*adopting(machine)).ok()
    return ("rollback", "0", "--yes")


RUNS = (first_apply, another_password, adopting, rollback, rollback_0)
every_run = pytest.mark.parametrize("run", RUNS, ids=lambda run: run.__name__)
Prepare = Callable[[Machine], Sequence[str]]


def folders(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_dir()}


class Matrix:
    """A run that can be made again and again from the same machine."""

    def __init__(self, machine: Machine, run: Prepare) -> None:
        self.machine = machine
        self.args = run(machine)
        self.saved = machine.folder / "saved"
        self.save()
        self.before, self.old = machine.live(), outcome(machine)
        self.calls = calls(machine, self.args)
        self.new = outcome(machine)
        assert_whole(machine)
        assert self.old != self.new

    def save(self) -> None:
        shutil.rmtree(self.saved, ignore_errors=True)
        shutil.copytree(self.machine.root, self.saved)

    def restore(self) -> None:
        shutil.rmtree(self.machine.root)
        shutil.copytree(self.saved, self.machine.root)

    def fail(self, call: Call, how: str) -> subprocess.CompletedProcess[str]:
        self.restore()
        return inject(self.machine, self.args, call, how)

    def assert_one_of_both(self) -> str:
        """After `status` everything is whole and clean: old to the byte and time, or new."""
        now = outcome(self.machine)
        assert_whole(self.machine)
        assert now in (self.old, self.new)
        if now == self.old:
            assert self.machine.live() == self.before
            assert folders(self.machine.root) == folders(self.saved)
        return "old" if now == self.old else "new"


def inject(machine: Machine, args: Sequence[str], call: Call, how: str) -> subprocess.CompletedProcess[str]:
    rule = f"inject={call.name}:{how}:when={call.number}"
    return trace(machine, args, "-o", "/dev/null", "-e", f"trace={call.name}", "-e", rule)


@every_run
def test_killed(machine: Machine, run: Prepare) -> None:
    matrix = Matrix(machine, run)
    results = {}
    for call in sample(matrix.calls, f"kill {run.__name__}"):
        done = matrix.fail(call, "signal=KILL")
        assert done.returncode == -9, (call, done)
        readable(machine)
        results[matrix.calls.index(call)] = matrix.assert_one_of_both()
    order = [results[index] for index in sorted(results)]
    assert order == sorted(order, reverse=True), f"there is one commit point: {order}"
    if ALL:
        assert set(order) == {"old", "new"}


@every_run
@pytest.mark.parametrize("code", ["ENOSPC", "EIO"])
def test_failed(machine: Machine, run: Prepare, code: str) -> None:
    matrix = Matrix(machine, run)
    everything = None
    for call in sample([call for call in matrix.calls if str(machine.root) in call.line], f"{code} {run.__name__}"):
        done = matrix.fail(call, f"error={code}")
        result = Result(tuple(matrix.args), done.returncode, done.stdout, done.stderr)
        machine.check(result)
        readable(machine)
        if done.returncode == 1:
            assert str(machine.root) in result.text, (call, result)
            assert "hint:" in result.text
            assert machine.live() == matrix.before, call
            everything = machine.everything()
            assert matrix.assert_one_of_both() == "old"
            assert machine.everything() == everything, "there was nothing to clear away"
        else:
            assert done.returncode == 0, (call, result)
            assert matrix.assert_one_of_both() == "new", call


@every_run
@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_asked_to_end(machine: Machine, run: Prepare, name: str) -> None:
    """What a run that is asked to end says has become of the machine is so."""
    matrix = Matrix(machine, run)
    for call in sample(matrix.calls, f"{name} {run.__name__}"):
        done = matrix.fail(call, f"signal={name}")
        result = Result(tuple(matrix.args), done.returncode, done.stdout, done.stderr)
        assert done.returncode in {0, 130}, (call, result)
        now = matrix.assert_one_of_both()
        assert now == "new" or done.returncode == 130, (call, result)
        assert now == "old" or not UNCHANGED.search(result.text), (call, result)


POINTS = ("staged.json", "journal.json", "email.secrets.json", "email.json", "msmtprc", "2.json")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("how", ["forward", "back"])
def test_killed_while_recovering(machine: Machine, point: str, how: str) -> None:
    matrix = Matrix(machine, another_password)
    renames = [call for call in matrix.calls if call.name.startswith("rename") and f'"{point}"' in call.line]
    # Killed on entry of a call: the next rename is the one that isn't done any more.
    after = matrix.calls[matrix.calls.index(renames[0]) + 1]
    assert matrix.fail(after, "signal=KILL").returncode == -9
    if how == "back":  # a staging file that somebody removed can't be renamed: the run is taken back
        for path in machine.root.glob("etc/.msmtprc.dtsconf-*.new"):
            path.unlink()
    matrix.save()
    recovery = calls(machine, ["status"])
    expected = matrix.assert_one_of_both()
    for call in sample(recovery, f"recovery {how} from {point}"):
        matrix.restore()
        done = inject(machine, ["status"], call, "signal=KILL")
        assert done.returncode == -9, (call, done)
        readable(machine)
        assert matrix.assert_one_of_both() == expected, call


@pytest.mark.netns
def test_disk_that_is_really_full(machine: Machine) -> None:
    """A small file system that has from no free page on ever more: it fills up at one place after the other."""
    seen = set()
    for free in range(0, 64, 4 if ALL else 8):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0755", "none", machine.root], check=True)
        try:
            seen.add(_apply_on_full_disk(machine, free << 10))
        finally:
            subprocess.run(["umount", machine.root], check=True)
    assert seen == {0, 1}


def _apply_on_full_disk(machine: Machine, free: int) -> int:
    """Its exit code. `free` bytes are left when the second apply starts."""
    machine.apply(profile(machine, "old.example")).ok()
    before, filler = machine.live(), machine.root / "filler"
    disk = os.statvfs(machine.root)
    filler.write_bytes(b"x" * max(0, disk.f_bavail * disk.f_bsize - free))
    result = machine.apply(profile(machine, "new.example"))
    filler.unlink()
    if result.code:
        result.fails(1)
        assert "no space" in result.stderr
        assert machine.live() == before
    machine.run("status").ok()
    assert_whole(machine)
    return result.code
