"""What lies in deploy/ is well formed and starts commands that there are."""

from __future__ import annotations

import configparser
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from dtsconf.cli.registry import COMMANDS
from dtsconf.machine.layout import Layout
from dtsconf.queue.attempt import Outcome
from dtsconf.queue.entry import Refused
from dtsconf.queue.spool import Spool
from tests.unit.queue.spooling import TWO, Server, add, run

DEPLOY = Path(__file__).parents[2] / "deploy"
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def command_of(line: str) -> str:
    """The dtsconf command that a line starts."""
    words = line.split()
    return next(word for word in words[1:] if word in COMMANDS)


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("systemd/*.service")), ids=lambda path: path.name)
def test_units_start_commands_that_there_are(path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(path)
    assert unit["Service"]["Type"] == "oneshot"
    assert command_of(unit["Service"]["ExecStart"]) in {"status", "queue"}
    timer = configparser.ConfigParser(strict=False, interpolation=None)
    timer.read(path.with_suffix(".timer"))
    assert timer["Timer"]["Unit"] == path.name


def test_the_drift_service_may_write_where_the_readme_puts_the_record() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(DEPLOY / "systemd/dtsconf-drift.service")
    readme = (DEPLOY.parent / "README.md").read_text("utf-8")
    named = [line.split()[1] for line in readme.splitlines() if line.startswith("record: ")]
    assert [str(Path(path).parent) for path in named] == [f"/var/log/{unit['Service']['LogsDirectory']}"]


def test_folders_that_the_drift_drop_in_names_may_be_missing() -> None:
    lines = (DEPLOY / "README.md").read_text("utf-8").splitlines()
    (paths,) = [line.partition("=")[2].split() for line in lines if line.startswith("ReadWritePaths=")]
    assert all(path.startswith("-") for path in paths)


def test_the_queue_service_starts_while_a_mail_waits_and_not_for_one_that_failed(tmp_path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(DEPLOY / "systemd/dtsconf-queue.service")
    assert unit["Unit"]["ConditionEnvironment"] == "|XDG_STATE_HOME", "one of the two is enough"
    home, below = unit["Unit"]["ConditionPathExistsGlob"].split("/", 1)
    assert home == "|%h"
    spool = Spool(Layout(platform="linux", environ={"HOME": str(tmp_path)}).spool())
    add(spool)
    assert list(tmp_path.glob(below))
    run(spool, Server(Outcome(refused=tuple(Refused(each, 550, "no") for each in TWO), detail="no")))
    assert [slot.failed for slot in spool.slots()] == [True]
    assert not list(tmp_path.glob(below))


def test_the_windows_task_runs_the_queue() -> None:
    task = ET.parse(DEPLOY / "windows/dtsconf-queue.xml").getroot()
    run = task.find(f"{TASK}Actions/{TASK}Exec")
    assert run is not None
    assert str(run.findtext(f"{TASK}Command")).startswith("C:\\"), "no environment's own Python is on the PATH"
    assert run.findtext(f"{TASK}Arguments") == "-m dtsconf --quiet queue run"
    assert task.findtext(f"{TASK}Settings/{TASK}MultipleInstancesPolicy") == "IgnoreNew"
