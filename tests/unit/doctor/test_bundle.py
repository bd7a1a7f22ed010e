"""The zip for support: what is in it, who may read it, and what never is."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dtsconf.doctor.bundle import write_bundle
from dtsconf.doctor.check import Check
from dtsconf.errors import DtsconfError
from dtsconf.machine.layout import Layout
from dtsconf.machine.local import LocalSystem

CHECKS = [Check("port", "fail", "pear-tree-9 was refused", "try again")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    folder = tmp_path / "root"
    (folder / "etc/dts").mkdir(parents=True)
    (folder / "var/lib/dtsconf/generations").mkdir(parents=True)
    (folder / "var/lib/dtsconf/key").write_text("ab" * 32)
    secrets = {"format": 1, "secrets": {"0123456789abcdef": "pear-tree-9"}}
    (folder / "etc/dts/email.secrets.json").write_text(json.dumps(secrets))
    (folder / "etc/dts/email.json").write_text('{"settings": {"server": {"host": "mail.acme.example"}}}')
    return folder


def bundled(root: Path, path: Path) -> dict[str, Any]:
    write_bundle(str(path), CHECKS, LocalSystem(str(root)), Layout(str(root)))
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        return {name: json.loads(bundle.read(name)) for name in bundle.namelist()}


def test_what_support_needs_is_there(root: Path, tmp_path: Path) -> None:
    parts = bundled(root, tmp_path / "support.zip")
    assert set(parts) == {"doctor.json", "status.json", "history.json", "email.json"}
    assert parts["email.json"]["settings"]["server"]["host"] == "mail.acme.example"
    assert parts["doctor.json"]["checks"][0]["hint"] == "try again"
    assert parts["status.json"]["state"] == "never-applied"


def test_no_secret_is_in_it(root: Path, tmp_path: Path) -> None:
    (root / "etc/dts/email.json").write_text('{"settings": {"login": {"password": "by-hand"}}, "x": "pear-tree-9"}')
    text = json.dumps(bundled(root, tmp_path / "support.zip"))
    for secret in ("pear-tree-9", "by-hand", "ab" * 32):
        assert secret not in text


@pytest.mark.parametrize("depth", [700, 100_000])
def test_what_is_nested_too_deep_is_left_out(root: Path, tmp_path: Path, depth: int) -> None:
    (root / "etc/dts/email.json").write_text('{"a":' * depth + "1" + "}" * depth)
    (root / "etc/dts/email.secrets.json").write_text("[" * depth)
    assert "left out" in bundled(root, tmp_path / "support.zip")["email.json"]["fault"]


def test_a_name_that_is_no_text_is_no_reason_to_stop(root: Path, tmp_path: Path) -> None:
    odd = Check("paths", "ok", "/srv/x\udcff is there")
    write_bundle(str(tmp_path / "support.zip"), [odd], LocalSystem(str(root)), Layout(str(root)))
    with zipfile.ZipFile(tmp_path / "support.zip") as bundle:
        assert json.loads(bundle.read("doctor.json"))["checks"][0]["detail"] == odd.detail


def test_it_is_private_whatever_umask_says(root: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        bundled(root, tmp_path / "support.zip")
    finally:
        os.umask(before)
    assert (tmp_path / "support.zip").stat().st_mode & 0o777 == 0o600


def test_nothing_is_overwritten(root: Path, tmp_path: Path) -> None:
    (tmp_path / "support.zip").write_text("mine")
    with pytest.raises(DtsconfError, match="there already"):
        bundled(root, tmp_path / "support.zip")
    assert (tmp_path / "support.zip").read_text() == "mine"


def test_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "support.zip").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DtsconfError):
        bundled(root, tmp_path / "support.zip")
    assert not (tmp_path / "elsewhere").exists()


def test_damaged_parts_are_told_and_left_out(root: Path, tmp_path: Path) -> None:
    (root / "etc/dts/email.json").write_text("password: by-hand")
    (root / "var/lib/dtsconf/generations/3.json").write_text("no json: by-hand")
    parts = bundled(root, tmp_path / "support.zip")
    assert "fault" in parts["email.json"]
    assert "fault" in parts["generations/3.json"]
    assert parts["history.json"][-1]["generation"] == 3
    assert "damaged" in parts["history.json"][-1]["fault"]
    assert "by-hand" not in json.dumps(parts)


def test_a_folder_that_is_not_there(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DtsconfError) as wrong:
        bundled(root, tmp_path / "nowhere" / "support.zip")
    assert wrong.value.hint
