"""What a first run that was killed while it made STATE left there: the next one takes it away, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.files.lock import FileLock
from dtsconf.machine.begun import NAME, Begun, begun
from dtsconf.machine.layout import Layout
from dtsconf.machine.local import LocalSystem
from dtsconf.machine.lock import machine_lock
from dtsconf.machine.recovery import leftovers


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


def killed_after(count: int, system: LocalSystem, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies at the folder after `count` of them; its note stays, its lock goes."""
    made: list[str] = []

    def mkdir(path: str) -> None:
        if len(made) == count:
            raise KeyboardInterrupt
        made.append(path)
        LocalSystem.mkdir(system, path)

    with monkeypatch.context() as patch:
        patch.setattr(system, "mkdir", mkdir)
        state = Begun(system, layout)
        with pytest.raises(KeyboardInterrupt):
            state.make()
    for note in state._notes:
        note.release()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_a_killed_run_made_goes_with_the_next(
    layout: Layout, system: LocalSystem, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    killed_after(count, system, layout, monkeypatch)
    assert begun(layout)
    assert leftovers(layout)
    assert len(names(layout)) == count + 1
    with machine_lock(system, layout, 0, command="dtsconf"):
        assert not begun(layout), "the lock's file names them now"
    assert names(layout) == []


def test_what_somebody_else_made_stays(layout: Layout, system: LocalSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkdir(layout.real("/var"), 0o755)
    killed_after(1, system, layout, monkeypatch)
    with machine_lock(system, layout, 0, command="dtsconf"):
        pass
    assert names(layout) == ["var"]


def test_ctrl_c_right_after_a_folder_was_made_leaves_none(
    layout: Layout, system: LocalSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mkdir(path: str) -> None:
        LocalSystem.mkdir(system, path)
        raise KeyboardInterrupt

    monkeypatch.setattr(system, "mkdir", mkdir)
    with pytest.raises(KeyboardInterrupt), machine_lock(system, layout, 0, command="dtsconf apply"):
        pass
    assert names(layout) == []


@pytest.mark.parametrize("when", ["_try", "acquire"])
def test_ctrl_c_right_after_the_lock_was_made_leaves_nothing(
    layout: Layout, system: LocalSystem, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    whole = getattr(FileLock, when)
    told: list[str] = []

    def interrupted(lock: FileLock, *wait: float) -> bool:
        taken = whole(lock, *wait)
        if lock.path == layout.real(layout.lock) and not told:
            told.append(lock.path)
            raise KeyboardInterrupt
        return bool(taken)

    monkeypatch.setattr(FileLock, when, interrupted)
    with pytest.raises(KeyboardInterrupt), machine_lock(system, layout, 0, command="dtsconf apply"):
        pass
    assert names(layout) == []


def test_a_note_that_its_run_had_no_time_to_fill(layout: Layout, system: LocalSystem) -> None:
    Path(layout.real(f"/{NAME}")).touch()
    with machine_lock(system, layout, 0, command="dtsconf"):
        pass
    assert names(layout) == []


def test_of_a_note_only_folders_of_the_state_are_believed(layout: Layout, system: LocalSystem) -> None:
    for folder in ("var", "var/mine", "precious"):
        os.mkdir(layout.real(f"/{folder}"))
    Path(layout.real(f"/var/{NAME}")).write_text(json.dumps(["/precious", "/var/mine", "/var", 7, None]))
    with machine_lock(system, layout, 0, command="dtsconf"):
        pass
    assert names(layout) == ["precious", "var", "var/mine"], "and of these only empty ones go"


@pytest.mark.parametrize("text", ["[", "{}", "7", "null", "\0"])
def test_a_damaged_note_is_no_harm(layout: Layout, system: LocalSystem, text: str) -> None:
    Path(layout.real(f"/{NAME}")).write_text(text)
    with machine_lock(system, layout, 0, command="dtsconf"):
        pass
    assert names(layout) == []


def test_a_run_at_work_keeps_its_note(layout: Layout, system: LocalSystem) -> None:
    note = FileLock(layout.real(f"/{NAME}"))
    assert note.acquire()
    with machine_lock(system, layout, 0, command="dtsconf"):
        pass
    assert begun(layout)
    note.release()


def test_what_is_no_note_is_told_by_name(layout: Layout, system: LocalSystem) -> None:
    Path(layout.real(f"/{NAME}")).mkdir()
    with pytest.raises(DtsconfError, match=NAME), machine_lock(system, layout, 0, command="dtsconf"):
        pass
