from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from dtsconf.errors import DtsconfError, Option, Place
from dtsconf.mail.compose import texts
from dtsconf.mail.compose.texts import read


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("größe\r\n".encode())
    assert read(str(tmp_path / "a.txt"), "--body-file") == "größe\r\n"


def test_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("größe\n".encode("utf-16"))))
    assert read("-", "--body-file") == "größe\n"


def test_no_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert read("-", "--body-file") == ""


def problem(path: str, option: str = "--body-file") -> tuple[object, str, str | None]:
    with pytest.raises(DtsconfError) as caught:
        read(path, option)
    (one,) = caught.value.problems
    assert caught.value.code == one.code == 1
    return one.where, one.message, one.hint


def test_what_can_not_be_read(tmp_path: Path) -> None:
    assert problem(f"{tmp_path}/none")[:2] == (Option("--body-file"), f"{tmp_path}/none: No such file or directory")
    assert problem(str(tmp_path))[1] == f"{tmp_path}: Is a directory"
    assert problem("a\0b")[1] == "a\\0b: embedded null byte"


def test_a_file_that_is_not_there_is_told_with_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"it was looked for in {tmp_path}: give the whole path" in str(problem("nothere.txt")[2])
    assert problem(f"{tmp_path}/none")[2] == "check the spelling"
    assert problem(str(tmp_path))[2] == "name a file that you can read"


def test_a_text_without_a_tag_is_no_html(tmp_path: Path) -> None:
    hint = str(problem(f"{tmp_path}/Hello & bye", "--html")[2])
    assert hint.startswith("HTML has a tag in it, such as '<p>Hello</p>', and a text without one is for --body")


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\ntwo gr\xf6\n")
    where, _, hint = problem(str(tmp_path / "a.txt"))
    assert where == Place(str(tmp_path / "a.txt"), 2, 7)
    assert "--attach" in (hint or "")


def test_what_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LARGEST", 1 << 20)
    (tmp_path / "a.txt").write_bytes(b"x" * (1 << 20))
    assert len(read(str(tmp_path / "a.txt"), "--body-file")) == 1 << 20
    (tmp_path / "a.txt").write_bytes(b"x" * ((1 << 20) + 1))
    assert "more than 1 MiB" in problem(str(tmp_path / "a.txt"))[1]
