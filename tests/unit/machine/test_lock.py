"""One at a time, and no trace of a run that came to nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from dtsconf.errors import DtsconfError, LockHeld
from dtsconf.machine.key import MachineKey
from dtsconf.machine.layout import Layout
from dtsconf.machine.local import LocalSystem
from dtsconf.machine.lock import lock_is_free, machine_lock, may_write_state
from dtsconf.machine.recovery import interrupted, leftovers, recover
from dtsconf.machine.system import Refused

assert sys.platform == "linux", "what is tested here is not there on Windows"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    root = tmp_path / "root"
    root.mkdir(mode=0o755)
    return Layout(str(root))


@pytest.fixture
def system(layout: Layout) -> LocalSystem:
    return LocalSystem(layout.root)


def names(layout: Layout) -> list[str]:
    root = Path(layout.real("/"))
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def record(layout: Layout) -> None:
    """As if a generation had been committed."""
    os.mkdir(layout.real(layout.generations))
    Path(layout.real(layout.generation(1))).write_text("{}")


def test_nothing_stays_of_a_run_without_generation(layout: Layout, system: LocalSystem) -> None:
    with machine_lock(system, layout, 0, command="dtsconf apply"):
        MachineKey.load_or_create(system, layout)
        assert os.stat(layout.real(layout.state)).st_mode & 0o7777 == 0o755
        assert os.stat(layout.real(layout.lock)).st_mode & 0o7777 == 0o600
        assert not lock_is_free(layout)
    assert names(layout) == []


def test_nothing_stays_after_an_exception_either(layout: Layout, system: LocalSystem) -> None:
    with pytest.raises(KeyboardInterrupt), machine_lock(system, layout, 0, command="dtsconf apply"):
        raise KeyboardInterrupt
    assert names(layout) == []


def test_all_stays_once_a_generation_is_recorded(layout: Layout, system: LocalSystem) -> None:
    with machine_lock(system, layout, 0, command="dtsconf apply"):
        MachineKey.load_or_create(system, layout)
        record(layout)
    assert lock_is_free(layout)
    assert not leftovers(layout)
    assert {"var/lib/dtsconf/key", "var/lib/dtsconf/lock"} < set(names(layout))


def test_purge_takes_away_what_the_first_apply_made(layout: Layout, system: LocalSystem) -> None:
    with machine_lock(system, layout, 0, command="dtsconf apply"):
        MachineKey.load_or_create(system, layout)
        record(layout)
    with machine_lock(system, layout, 0, command="dtsconf purge"):
        os.unlink(layout.real(layout.generation(1)))
    assert names(layout) == []


def test_what_stood_there_before_stays(layout: Layout, system: LocalSystem) -> None:
    for folder in ("/var", "/var/lib", "/var/lib/dtsconf"):
        system.mkdir(folder)
    MachineKey.load_or_create(system, layout)
    with machine_lock(system, layout, 0, command="dtsconf apply"):
        pass
    assert names(layout) == ["var", "var/lib", "var/lib/dtsconf", "var/lib/dtsconf/key"]


def test_leftovers_of_a_killed_first_apply_go(layout: Layout) -> None:
    script = (
        "import os, sys\n"
        "from dtsconf.machine.layout import Layout\n"
        "from dtsconf.machine.local import LocalSystem\n"
        "from dtsconf.machine.lock import machine_lock\n"
        "from dtsconf.machine.key import MachineKey\n"
        "layout = Layout(sys.argv[1]); system = LocalSystem(layout.root)\n"
        "with machine_lock(system, layout, 0, command='dtsconf apply'):\n"
        "    MachineKey.load_or_create(system, layout)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(layout.root)], check=False).returncode == -9
    assert leftovers(layout)
    assert not interrupted(layout)
    assert lock_is_free(layout)
    system = LocalSystem(layout.root)
    with machine_lock(system, layout, 0, command="dtsconf status"):
        assert recover(system, layout) is None
    assert names(layout) == []


def test_holder_is_named(layout: Layout, system: LocalSystem) -> None:
    heard: list[str] = []
    second = machine_lock(system, layout, 0.2, command="dtsconf purge", on_wait=heard.append)
    with machine_lock(system, layout, 0, command="dtsconf apply"), pytest.raises(LockHeld) as caught, second:
        pytest.fail("two at once")
    assert caught.value.code == 8
    assert f"dtsconf apply, process {os.getpid()}, since" in caught.value.message
    assert len(heard) == 1
    assert "dtsconf apply" in heard[0]
    assert names(layout) == []


def test_waits_for_a_holder_that_takes_everything_away(layout: Layout, system: LocalSystem) -> None:
    ready = threading.Event()

    def hold() -> None:
        with machine_lock(system, layout, 0, command="first"):
            ready.set()
            time.sleep(0.3)

    thread = threading.Thread(target=hold)
    thread.start()
    ready.wait(10)
    with machine_lock(system, layout, 20, command="second"):
        assert not lock_is_free(layout)
        assert os.path.exists(layout.real(layout.lock))
    thread.join()


def test_many_at_once_on_an_empty_machine(layout: Layout, system: LocalSystem) -> None:
    inside, most, errors = [0], [0], []

    def run() -> None:
        try:
            with machine_lock(system, layout, 60, command="one of many"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.01)
                inside[0] -= 1
        except BaseException as error:  # noqa: BLE001 - told in the main thread
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert most == [1]


def test_place_that_can_not_be_made_is_named(layout: Layout, system: LocalSystem) -> None:
    Path(layout.real("/var")).write_text("a file")
    with pytest.raises(Refused, match="/var is no folder"), machine_lock(system, layout, 0, command="x"):
        pass


def test_error_on_the_way_leaves_nothing(layout: Layout, system: LocalSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    for call in ("fsync", "fchmod", "ftruncate"):

        def fail(*_: object) -> None:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(os, call, fail)
        with pytest.raises(DtsconfError) as caught, machine_lock(system, layout, 0, command="x"):
            pass
        monkeypatch.undo()
        assert str(layout.root) in caught.value.message
        assert names(layout) == []


def test_errors_of_the_run_itself_pass_as_they_are(layout: Layout, system: LocalSystem) -> None:
    with pytest.raises(BrokenPipeError), machine_lock(system, layout, 0, command="x"):
        raise BrokenPipeError


def test_may_write_state(layout: Layout, tmp_path: Path) -> None:
    assert may_write_state(layout)
    if os.geteuid() == 0:
        tmp_path.chmod(0o755)
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            os._exit(0 if may_write_state(layout) else 7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@pytest.mark.parametrize(
    "name", ["journal.json", "undo.json", "staged.json", "staged.json.new", "generations/2.json.new"]
)
def test_leftovers_are_seen(layout: Layout, system: LocalSystem, name: str) -> None:
    assert not leftovers(layout)
    with machine_lock(system, layout, 0, command="dtsconf apply"):
        record(layout)
    assert not leftovers(layout)
    Path(layout.real(f"{layout.state}/{name}")).write_text("")
    assert leftovers(layout)
    assert interrupted(layout) == (name in ("journal.json", "undo.json"))


def test_a_run_that_came_to_nothing_leaves_no_trace_in_the_locks_file(layout: Layout, system: LocalSystem) -> None:
    with machine_lock(system, layout, 0, command="dtsconf apply"):
        record(layout)
    path = Path(layout.real(layout.lock))
    before = path.read_bytes(), path.stat().st_mtime_ns
    with machine_lock(system, layout, 0, command="dtsconf apply"):
        assert "pid" in path.read_text(), "who holds it"
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("fails", [False, True])
def test_ctrl_c_while_it_is_given_back_leaves_no_folder(
    layout: Layout, system: LocalSystem, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    rmdir = system.rmdir

    def pressed(path: str) -> bool:
        signal.raise_signal(signal.SIGINT)
        return rmdir(path)

    monkeypatch.setattr(system, "rmdir", pressed)
    with suppress(DtsconfError), machine_lock(system, layout, 0, command="dtsconf apply"):
        if fails:
            raise DtsconfError("no")
    assert names(layout) == []
