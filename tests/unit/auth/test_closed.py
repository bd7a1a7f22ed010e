"""What opens a folder of tokens that is closed to its user."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dtsconf.auth.closed import opening_for
from dtsconf.auth.places import Places
from dtsconf.auth.store import Store
from dtsconf.errors import SignInFailed
from tests.unit.auth.people import wanted


def test_another_s_folder_is_made_this_user_s(tmp_path: Path) -> None:
    folder = tmp_path / "dtsconf" / "tokens"
    folder.mkdir(parents=True)
    other = folder.stat().st_uid + 1000
    assert opening_for(str(folder), other) == f'sudo chown -R "$(id -un)" {folder}'


def test_an_own_folder_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "my tokens"
    folder.mkdir(mode=0o500)
    line = opening_for(str(folder), folder.stat().st_uid)
    assert line == f"chmod u+rwx '{folder}'"
    subprocess.run(line, shell=True, check=True, timeout=10)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_is_in_an_open_folder_of_one_s_own_is_made_one_s_own(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    folder.mkdir(mode=0o700)
    assert opening_for(str(folder), folder.stat().st_uid) == f'sudo chown -R "$(id -un)" {folder}'


def test_a_folder_that_can_t_be_made_is_made_and_nothing_above_it_is_touched(tmp_path: Path) -> None:
    folder = tmp_path / "gone" / "dtsconf" / "tokens"
    assert opening_for(str(folder), 12345) == f'sudo install -d -m 700 -o "$(id -un)" {folder}'


def test_a_sign_in_that_could_not_be_kept_is_told_before_anybody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(wanted(remember=True, cache="file"), Places(str(tmp_path), None), {})
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(SignInFailed, match=r"tokens can't be kept in .*: Permission denied") as caught:
        store.ready()
    assert str(caught.value.hint).startswith("open it for this user: sudo chown -R ")
    assert str(caught.value.hint).endswith("; then: dtsconf sign-in")
