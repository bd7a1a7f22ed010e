from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.mail.compose.files import find, mime_type, shown_name


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("b.log", "a.log", "c.txt", "[1].log", "deep/d.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["b.log", "a.log"], ["b.log", "a.log"]),
        (["*.log"], ["[1].log", "a.log", "b.log"]),
        (["[1].log"], ["[1].log"]),
        (["[ab].log"], ["a.log", "b.log"]),
        (["?.txt"], ["c.txt"]),
        (["**/*.log"], ["[1].log", "a.log", "b.log", "d.log"]),
        (["a.log", "*.log", "./a.log", "deep/../a.log"], ["a.log", "[1].log", "b.log"]),
        ([], []),
    ],
)
def test_what_names_and_globs_mean(patterns: list[str], names: list[str]) -> None:
    assert [one.name for one in find(patterns)] == names


def test_what_is_known_of_a_file(folder: Path) -> None:
    (one,) = find([str(folder / "a.log")])
    assert (one.name, one.type, one.size) == ("a.log", "text/plain", 5)
    with one.open() as opened:
        assert opened.read() == b"a.log"
        assert not one.changed(opened)


@pytest.mark.parametrize("what", ["appended", "overwritten", "replaced"])
def test_a_change_is_seen(folder: Path, what: str) -> None:
    (one,) = find(["a.log"])
    path = folder / "a.log"
    if what == "appended":
        with path.open("a") as log:
            log.write("x")
    elif what == "overwritten":
        path.write_text("A.LOG")
        os.utime(path, (1, 1))
    else:
        (folder / "new").write_text("a.log")
        (folder / "new").replace(path)
    with one.open() as opened:
        assert one.changed(opened)


def test_one_that_is_gone_by_then(folder: Path) -> None:
    (one,) = find(["a.log"])
    (folder / "a.log").unlink()
    with pytest.raises(DtsconfError, match=r"a\.log: No such file"):
        one.open()


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("none.log", "none.log: No such file or directory"),
        ("none/*.log", "none/*.log: no file matches"),
        ("deep", "deep: is a folder"),
        ("dee*", "dee*: no file matches"),
        ("", "no name: No such file or directory"),
        ("a\0b", "a\\0b: embedded null byte"),
        ("a\x1bb", "a\\x1bb: No such file or directory"),
    ],
)
def test_what_can_not_be_attached(pattern: str, told: str) -> None:
    with pytest.raises(DtsconfError) as caught:
        find([pattern, "also-missing"])
    assert caught.value.code == 1
    assert [problem.message for problem in caught.value.problems] == [
        told, "also-missing: No such file or directory",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b/größe.log", "größe.log"),
        ("a\r\nb", "a__b"),
        ("a\0\x7f\x85b", "a___b"),
        ("gr\udcf6", "gr_"),
        ("👩\u200d💻.txt", "👩\u200d💻.txt"),
    ],
)
def test_the_name_that_is_seen(path: str, name: str) -> None:
    assert shown_name(path) == name


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a.pdf", "application/pdf"),
        ("a.PNG", "image/png"),
        ("a.log", "text/plain"),
        ("a.tar.gz", "application/gzip"),
        ("a.csv.bz2", "application/x-bzip2"),
        ("a.txt.xz", "application/x-xz"),
        ("a.unheard-of", "application/octet-stream"),
        ("a", "application/octet-stream"),
        ("a.eml", "application/octet-stream"),
    ],
)
def test_the_type_by_the_name(name: str, mime: str) -> None:
    assert mime_type(f"folder.txt/{name}") == mime


@pytest.mark.parametrize("pattern", ["none.log", "none/*.log"])
def test_where_it_was_looked_for(folder: Path, pattern: str) -> None:
    with pytest.raises(DtsconfError) as caught:
        find([pattern, f"/{pattern}"])
    assert [problem.hint for problem in caught.value.problems] == [
        f"it was looked for in {folder}: give the whole path, or run dtsconf where it is",
        "check the spelling",
    ]


@pytest.mark.parametrize(("pattern", "shut"), [("deep/*.txt", "deep"), ("x*.log", ".")])
def test_a_folder_that_lets_nobody_look_is_no_empty_one(
    monkeypatch: pytest.MonkeyPatch, pattern: str, shut: str
) -> None:
    scandir = os.scandir

    def refused(path: str) -> Any:
        if path == shut:
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(DtsconfError, match=f"{shut} can't be looked into: Permission denied"):
        find([pattern])


def test_a_current_folder_that_is_gone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a script is left that runs in a folder of its own making."""
    gone = folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(DtsconfError, match=r"x\.log: No such file") as caught:
        find(["x.log"])
    assert str(caught.value.hint).startswith("the current folder is not there any more: give the whole path")


def test_a_tilde_that_no_shell_expanded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    with pytest.raises(DtsconfError) as caught:
        find(["~/run.log"])
    assert caught.value.hint == "a shell knows ~ only outside quotation marks: write /home/ann/run.log"


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ('"*.log"', 'the quotes are part of the name here: "*.log"'),
        ("\u201c*.log\u201d", "take the curly quotes for plain ones"),
        (r"%TEMP%\run.log", "nothing filled in %TEMP% here"),
        ("${HOME}/run.log", "nothing filled in ${HOME} here"),
        ("", "name a file: it is empty"),
        ("one.log;two.log", "each file has an option of its own: --attach one.log --attach two.log"),
        ("one.log,two.log", "each file has an option of its own: --attach one.log --attach two.log"),
        ("one.log,three.log", "it was looked for in"),
    ],
)
def test_a_name_that_was_meant_otherwise(folder: Path, pattern: str, hint: str) -> None:
    for name in ("one.log", "two.log"):
        (folder / name).write_text("x")
    with pytest.raises(DtsconfError) as caught:
        find([pattern])
    assert str(caught.value.hint).startswith(hint)


def test_quotes_that_no_shell_took_away() -> None:
    with pytest.raises(DtsconfError, match=r"'\*.log': no file matches") as caught:
        find(["'*.log'"])
    assert '"*.log"' in str(caught.value.hint)
