"""An operating system's no, in words that lead on."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from dtsconf.machine.failure import failure

if TYPE_CHECKING:
    import pytest


def hint(path: Path) -> str:
    return failure(OSError(errno.EPERM, "Operation not permitted", str(path))).hint or ""


def test_root_is_sent_to_the_flags_of_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    path = tmp_path / "email.json"
    assert f"(lsattr -d {tmp_path})" in hint(path)
    path.write_text("")
    assert f"(lsattr -d {tmp_path} {path})" in hint(path)


def test_others_are_sent_to_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert hint(tmp_path / "email.json").startswith("run it as root (sudo)")


def test_a_folder_in_a_file_s_place_is_no_matter_of_the_disk() -> None:
    told = failure(OSError(errno.EISDIR, "Is a directory", "/var/lib/dtsconf/lock"))
    assert told.message == "can't write /var/lib/dtsconf/lock: a folder stands there"
    assert told.hint == "look at it, then move it away: mv /var/lib/dtsconf/lock ..."
