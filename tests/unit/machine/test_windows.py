"""The machine's files on Windows, as far as they can be looked at elsewhere: what is asked of the system, and when.

Windows itself isn't here: its module is loaded under that name on this system, and icacls is a stand-in.
"""

from __future__ import annotations

import importlib.util
import ntpath
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from dtsconf.machine import transaction
from dtsconf.machine.key import MachineKey
from dtsconf.machine.layout import Layout
from dtsconf.machine.system import Meta, Owner
from dtsconf.machine.transaction import Transaction, Write
from tests.fakes.memory_system import MemorySystem

ROOTS = "*S-1-5-18", "*S-1-5-32-544", "*S-1-3-4"
"""SYSTEM, Administrators, and whoever owns it."""


class Icacls:
    """Hears what the access lists are to be; answers `code`."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.code = 0

    def run(self, command: list[str], **_: Any) -> SimpleNamespace:
        self.calls.append(command[1:])
        return SimpleNamespace(returncode=self.code)


@pytest.fixture
def icacls(monkeypatch: pytest.MonkeyPatch) -> Icacls:
    heard = Icacls()
    monkeypatch.setattr(subprocess, "run", heard.run)
    return heard


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "platform", "win32")
    for name in ("O_BINARY", "O_NOINHERIT"):
        monkeypatch.setattr(os, name, 0, raising=False)
    spec = importlib.util.find_spec("dtsconf.machine.windows")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    monkeypatch.undo()
    return found


def rights(command: list[str]) -> dict[str, str]:
    granted = [command[at + 1] for at, word in enumerate(command) if word == "/grant:r"]
    return dict(right.split(":", 1) for right in granted)


def test_others_only_read_in_the_folders_that_are_made(module: ModuleType, icacls: Icacls, tmp_path: Path) -> None:
    module.WindowsSystem(None).mkdir(str(tmp_path / "dtsconf"))
    (command,) = icacls.calls
    assert command[0] == str(tmp_path / "dtsconf")
    assert "/inheritance:r" in command
    assert rights(command) == {**dict.fromkeys(ROOTS, "(OI)(CI)F"), "*S-1-5-32-545": "(OI)(CI)RX"}


def test_a_folder_that_would_be_open_to_others_goes_again(module: ModuleType, icacls: Icacls, tmp_path: Path) -> None:
    icacls.code = 5
    with pytest.raises(OSError, match="access list"):
        module.WindowsSystem(None).mkdir(str(tmp_path / "dtsconf"))
    assert not (tmp_path / "dtsconf").exists()


def test_a_root_folder_is_its_user_s_own(module: ModuleType, icacls: Icacls, tmp_path: Path) -> None:
    module.WindowsSystem(str(tmp_path)).mkdir("/etc")
    assert (tmp_path / "etc").is_dir()
    assert not icacls.calls


@pytest.mark.parametrize(("mode", "private"), [(0o600, True), (0o644, False)])
def test_a_private_file_is_shown_to_nobody_else(
    module: ModuleType, icacls: Icacls, tmp_path: Path, mode: int, private: bool
) -> None:
    module.WindowsSystem(str(tmp_path)).create("/key", b"x", Meta(Owner(mode, 0, 0)))
    assert (tmp_path / "key").read_bytes() == b"x"
    assert [rights(command) for command in icacls.calls] == ([dict.fromkeys(ROOTS, "F")] if private else [])


@pytest.mark.parametrize("call", ["rename", "unlink"])
def test_a_file_that_somebody_has_open_is_waited_for(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: str
) -> None:
    system = module.WindowsSystem(str(tmp_path))
    (tmp_path / "a").write_bytes(b"new")
    name = {"rename": "replace"}.get(call, call)
    real, refused = getattr(os, name), iter([PermissionError(13, "in use"), None])

    def in_use(*args: object) -> None:
        if error := next(refused, None):
            raise error
        real(*args)

    monkeypatch.setattr(os, name, in_use)
    monkeypatch.setattr(sys, "platform", "win32")
    system.rename("/a", "/b") if call == "rename" else system.unlink("/a")
    assert not (tmp_path / "a").exists()


def test_what_is_staged_lies_beside_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    layout, paths = Layout(None, "win32", {}), SimpleNamespace(path=ntpath, urandom=os.urandom)
    monkeypatch.setattr(transaction, "os", paths)
    outline = Transaction(MemorySystem(), layout, MachineKey(bytes(32)))._outline
    (item,) = outline([Write(layout.config, b"{}")], {layout.config: None})
    folder, name = ntpath.split(item.staging or "")
    assert folder == "C:\\ProgramData\\DTS"
    assert name.startswith(".email.json.dtsconf-")
