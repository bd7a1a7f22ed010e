"""The record file: one line a run, whatever comes of it; one that can't be written is a warning."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dtsconf.cli import records
from dtsconf.cli.common import Run
from tests.scenarios.smtpd import Smtpd
from tests.unit.cli.calls import PROFILE, call, profile
from tests.unit.posix import make_fifo

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path / "root")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_apply_test_status_and_rollback_leave_a_line_each(capsys: Capture, tmp_path: Path, root: str) -> None:
    server = Smtpd().start()
    record = tmp_path / "record.jsonl"
    text = PROFILE.replace("relay.acme.example, port: 2525", f"127.0.0.1, port: {server.port}")
    common = ("--root", root, "--record", str(record))
    try:
        assert call(capsys, "apply", "--yes", "--profile", profile(tmp_path, text), *common).code == 0
        assert call(capsys, "test", *common).code == 0
        assert call(capsys, "status", *common).code == 0
        assert call(capsys, "rollback", "0", "--yes", *common).code == 0
    finally:
        server.stop()
    found = lines(record)
    assert [line["command"] for line in found] == ["apply", "test", "status", "rollback"]
    assert all(line["ok"] and line["exit_code"] == 0 and line["format"] == 1 for line in found)
    assert all(line["host"] and line["user"] and line["time"].endswith("Z") for line in found)
    assert (found[0]["changed"], found[0]["generation"]) == (True, 1)
    assert found[1]["verification"]["ok"] is True
    assert found[2]["state"] == "in-sync"
    assert record.stat().st_mode & 0o777 == 0o644


def test_what_came_from_the_environment_is_in_the_line(
    capsys: Capture, tmp_path: Path, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DTS_EMAIL_SENDER__NAME", "Zed")
    record = tmp_path / "record.jsonl"
    common = ("--root", root, "--record", str(record), "--profile", profile(tmp_path))
    server = Smtpd().start()
    moved = ("--set", f"server.port={server.port}", "--set", "server.host=127.0.0.1")
    try:
        assert call(capsys, "apply", "--yes", "--no-verify", *common).code == 0
        assert call(capsys, "apply", "--yes", "--verify", *common, *moved[2:], "--set", "server.port=1").code == 9
        assert call(capsys, "test", *common, *moved).code == 0
    finally:
        server.stop()
    assert [line["from_environment"] for line in lines(record)] == [["sender.name"]] * 3
    assert "Zed" not in record.read_text("utf-8")


def test_failures_leave_a_line_too(capsys: Capture, tmp_path: Path, root: str) -> None:
    record = tmp_path / "record.jsonl"
    broken = profile(tmp_path, PROFILE.replace("2525", "x"))
    common = ("--root", root, "--record", str(record), "--profile", broken)
    for args in (["apply", "--yes"], ["test"], ["status"]):
        assert call(capsys, *args, *common).code == 3
    found = lines(record)
    assert [(line["command"], line["ok"], line["exit_code"]) for line in found] == [
        ("apply", False, 3), ("test", False, 3), ("status", False, 3),
    ]  # fmt: skip
    assert all("server.port" in line["problems"][0]["message"] for line in found)


def test_a_failed_test_and_a_drift_have_their_codes(capsys: Capture, tmp_path: Path, root: str) -> None:
    record = tmp_path / "record.jsonl"
    path = profile(tmp_path, PROFILE.replace("relay.acme.example, port: 2525", "127.0.0.1, port: 1"))
    assert call(capsys, "test", "--profile", path, "--record", str(record)).code == 9
    assert call(capsys, "status", "--root", root, "--record", str(record)).code == 7
    assert [line["exit_code"] for line in lines(record)] == [9, 7]


def test_the_profile_names_the_file(capsys: Capture, tmp_path: Path, root: str) -> None:
    record = tmp_path / "record.jsonl"
    path = profile(tmp_path, PROFILE + f"record: {record}\n")
    assert call(capsys, "apply", "--yes", "--profile", path, "--root", root).code == 0
    assert call(capsys, "status", "--root", root).code == 0
    assert [line["command"] for line in lines(record)] == ["apply", "status"]


def test_the_option_beats_the_profile(capsys: Capture, tmp_path: Path, root: str) -> None:
    mine = tmp_path / "mine.jsonl"
    path = profile(tmp_path, PROFILE + f"record: {tmp_path / 'theirs.jsonl'}\n")
    assert call(capsys, "apply", "--yes", "--profile", path, "--root", root, "--record", str(mine)).code == 0
    assert len(lines(mine)) == 1
    assert not (tmp_path / "theirs.jsonl").exists()


def test_a_line_that_was_cut_off_takes_no_other_along(capsys: Capture, tmp_path: Path, root: str) -> None:
    record = tmp_path / "record.jsonl"
    record.write_text('{"format": 1, "comm')
    for _ in range(2):
        assert call(capsys, "status", "--root", root, "--record", str(record)).code == 7
    cut, *whole = record.read_text("utf-8").splitlines()
    assert cut == '{"format": 1, "comm'
    assert [json.loads(line)["command"] for line in whole] == ["status", "status"]


def unwritable(tmp_path: Path) -> list[Path]:
    fifo = tmp_path / "fifo"
    make_fifo(fifo)
    return [tmp_path / "no" / "folder" / "r", tmp_path, fifo, Path("/dev/full")]


def test_one_that_cannot_be_written_is_a_warning(capsys: Capture, tmp_path: Path, root: str) -> None:
    path = profile(tmp_path)
    for record in unwritable(tmp_path):
        for args, code in (
            (["apply", "--yes", "--profile", path], 0),
            (["status"], 0),
            (["test", "--level", "connect"], 9),
        ):
            more = ("--set", "server.host=127.0.0.1", "--set", "server.port=1") if args[0] == "test" else ()
            body = call(capsys, *args, "--root", root, "--record", str(record), "--json", *more).json
            assert body["exit_code"] == code, body
            assert [w["kind"] for w in body["warnings"]] == ["record"], (record, args)
            assert str(record) in body["warnings"][0]["message"]


def test_a_failure_whose_record_cannot_be_written_keeps_its_code_and_warns(
    capsys: Capture, tmp_path: Path, root: str
) -> None:
    broken = profile(tmp_path, PROFILE.replace("2525", "x"))
    body = call(capsys, "apply", "--yes", "--profile", broken, "--root", root, "--json", "--record", str(tmp_path)).json
    assert body["exit_code"] == 3
    assert [w["kind"] for w in body["warnings"]] == ["record"]


def test_a_line_is_plain_ascii_whatever_is_in_it(capsys: Capture, tmp_path: Path, root: str) -> None:
    record = tmp_path / "record.jsonl"
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b\n\xc2\x9b.yaml")
    assert call(capsys, "apply", "--yes", "--profile", path, "--root", root, "--record", str(record)).code == 3
    raw = record.read_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == 1


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (FileNotFoundError(2, "No such file or directory"), "make its folder, or name another file"),
        (PermissionError(13, "Permission denied"), "let whoever runs this write to {path}, or have root alone keep"),
        (OSError(28, "No space left on device"), "make room on its disk"),
        (IsADirectoryError(21, "Is a directory"), "name a plain file"),
    ],
)
def test_the_hint_goes_by_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, hint: str) -> None:
    def failing(_path: str, _line: bytes) -> None:
        raise error

    monkeypatch.setattr(records, "_write", failing)
    path = str(tmp_path / "record.jsonl")
    (notice,) = records.append(Run("status"), path, 0, {})
    assert notice.message == f"the record {path} could not be written: {error.strerror}"
    assert (notice.hint or "").startswith(hint.format(path=path))
