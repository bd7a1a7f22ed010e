"""The selftest on a file system that does what it should, and on machines made to fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dtsconf.doctor import trials, victim
from dtsconf.doctor.check import Check
from dtsconf.files import lock


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def results() -> dict[str, Check]:
    return {check.check: check for check in trials.selftest()}


def test_all_is_well_here_and_nothing_is_left(tmp_path: Path) -> None:
    found = results()
    assert set(found) == {"folder", "rename", "permission", "fsync", "lock", "kill", "keyring"}
    assert found.pop("keyring").detail.startswith("not tried: there is no session bus")
    assert {check.state for check in found.values()} == {"ok"}, found
    assert list(tmp_path.iterdir()) == []


def test_modes_that_do_not_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "fchmod", lambda *_: None)
    monkeypatch.setattr(os, "chmod", lambda *_: None)
    assert trials._permission(str(tmp_path)).state == "fail"


def test_a_lock_that_lets_everybody_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lock, "hold", lambda _descriptor: True)
    assert "second process" in trials._lock(str(tmp_path)).detail


def test_a_sync_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_number: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    (check,) = trials._guarded("fsync", trials._fsync, str(Path(os.devnull).parent / "shm"))
    assert check.state == "fail"
    assert check.hint


def test_a_mix_after_a_kill_is_found_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    victim.prepare(str(tmp_path / "one"))
    (tmp_path / "one/etc/dts/two").write_bytes(b"new")
    assert victim.recovered(str(tmp_path / "one")) == "mixed"
    monkeypatch.setattr(victim, "recovered", lambda _root: "mixed")
    assert trials._kill(str(tmp_path)).state == "fail"


@pytest.mark.parametrize(("old", "new"), [(0, 7), (7, 0)])
def test_a_trial_that_never_hits_the_middle_proves_nothing(old: int, new: int) -> None:
    assert trials._survived(old, new, 7).state == "fail"
