"""`file://`: whose the file and its folders are, what kind of thing it is, what is taken off its end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dtsconf.errors import SecretUnavailable
from dtsconf.secret.backend import Notices
from dtsconf.secret.file import LIMIT, FileBackend
from dtsconf.secret.ref import parse
from tests.unit.posix import make_fifo, make_socket, own

WORD = "c4nary-Passw0rd"


def fetch(path: Path | str) -> tuple[str, Notices]:
    notices: Notices = []
    return FileBackend({}, notices).fetch(parse(f"file://{path}")).reveal(), notices


def refused(path: Path | str) -> SecretUnavailable:
    with pytest.raises(SecretUnavailable) as caught:
        fetch(path)
    assert WORD not in f"{caught.value} {caught.value.hint}"
    return caught.value


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "vault" / "secret"
    path.parent.mkdir(mode=0o700)
    path.write_text(WORD)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(("end", "told"), [("", []), ("\n", ["line-break"]), ("\r\n", ["line-break"])])
def test_one_line_break_at_the_end_is_taken_off_and_told(secret: Path, end: str, told: list[str]) -> None:
    secret.write_bytes((WORD + end).encode())
    text, notices = fetch(secret)
    assert (text, [n.kind for n in notices]) == (WORD, told)


@pytest.mark.parametrize("rest", ["\n", "\r", " ", "\t"])
def test_only_one(secret: Path, rest: str) -> None:
    secret.write_bytes((WORD + rest + "\n").encode())
    assert fetch(secret)[0] == (WORD if rest == "\r" else WORD + rest)


def test_a_pem_text_ends_in_a_line_break_and_nothing_is_said(secret: Path) -> None:
    secret.write_bytes(b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
    assert fetch(secret) == ("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", [])


def test_a_byte_order_mark_stays_and_is_told(secret: Path) -> None:
    secret.write_bytes(b"\xef\xbb\xbf" + WORD.encode())
    text, notices = fetch(secret)
    assert (text, [n.kind for n in notices]) == ("\ufeff" + WORD, ["byte-order-mark"])
    assert WORD not in notices[0].message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (WORD.encode("utf-16"), "is UTF-16, as PowerShell 5"),
        (b"\xfe\xff" + WORD.encode("utf-16-be"), "is UTF-16, as PowerShell 5"),
        (WORD.encode("utf-16-le"), "is UTF-16, as PowerShell 5"),
        (f"{WORD}\r\n".encode("utf-16-be"), "is UTF-16, as PowerShell 5"),
        ("größe".encode("latin-1"), "in another encoding, such as Windows-1252"),
    ],
)
def test_another_encoding_is_told_with_the_line_that_stores_it_right(secret: Path, data: bytes, words: str) -> None:
    secret.write_bytes(data)
    error = refused(secret)
    assert words in error.message
    assert str(error.hint).startswith("as UTF-8, write it there: ")


@pytest.mark.parametrize("data", [b"a\0", b"a\0b\0c"])
def test_what_is_too_short_or_has_half_a_letter_is_no_utf_16(secret: Path, data: bytes) -> None:
    secret.write_bytes(data)
    assert fetch(secret)[0] == data.decode()


@pytest.mark.parametrize("there", [False, True])
def test_a_missing_or_empty_one_tells_how_to_write_it(tmp_path: Path, *, there: bool) -> None:
    path = tmp_path / "mail password"
    if there:
        path.touch(0o600)
    hint = refused(path).hint or ""
    assert hint.endswith(f"| sudo install -D -m 600 /dev/stdin '{path}')")
    assert "stty -echo; IFS= read -r s" in hint


def test_the_line_to_type_stores_what_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "new folder" / "mail"
    (hint,) = (str(refused(path).hint),)
    assert "sudo" not in hint
    line = hint.removeprefix("write it there: ").replace("stty", ": stty")
    subprocess.run(["/bin/sh", "-c", line], input=f"{WORD} \n", text=True, check=True)
    assert path.read_text() == f"{WORD} "


def test_of_two_line_breaks_one_stays_and_that_is_told(secret: Path) -> None:
    secret.write_bytes(WORD.encode() + b"\n\n")
    text, notices = fetch(secret)
    assert text == f"{WORD}\n"
    assert "only the last is taken off: the rest stays" in notices[0].message


def test_a_lone_carriage_return_stays(secret: Path) -> None:
    secret.write_bytes(WORD.encode() + b"\r")
    assert fetch(secret)[0] == WORD + "\r"


def test_a_nul_inside_comes_back_exactly(secret: Path) -> None:
    secret.write_bytes(b"a\0b")
    assert fetch(secret)[0] == "a\0b"


@pytest.mark.parametrize("content", [b"\n", b"\r\n"])
def test_nothing_but_a_line_break_is_empty(secret: Path, content: bytes) -> None:
    secret.write_bytes(content)
    assert "is empty" in str(refused(secret))


def test_one_as_large_as_allowed_and_one_larger(secret: Path) -> None:
    secret.write_bytes(b"x" * LIMIT)
    assert len(fetch(secret)[0]) == LIMIT
    secret.write_bytes(b"x" * (LIMIT + 1))
    assert "larger" in str(refused(secret))


def test_a_folder_a_fifo_a_socket_and_a_device(tmp_path: Path) -> None:
    make_fifo(tmp_path / "fifo")
    make_socket(tmp_path / "socket")
    for path in (tmp_path, tmp_path / "fifo", tmp_path / "socket", Path("/dev/null")):
        assert str(path) in str(refused(path))


@pytest.mark.parametrize("mode", [0o622, 0o620, 0o666])
def test_one_that_others_can_write_is_refused(secret: Path, mode: int) -> None:
    own(secret, 0, 12345)
    secret.chmod(mode)
    error = refused(secret)
    assert "writable" in str(error)
    assert str(error).count(str(secret)) == 1
    assert error.hint is not None
    assert error.hint.startswith("chmod ")


def test_somebody_elses_file_is_refused(secret: Path) -> None:
    own(secret, 65534, 65534)
    error = refused(secret)
    assert "belongs to" in str(error)
    assert error.hint == f"chown 0 {secret}"


def test_who_is_not_root_has_it_given_to_them(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own(secret, 65534, 65534)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert refused(secret).hint == f"as root: chown 1000 {secret}"
    own(secret, 1000, 1000)
    own(secret.parent, 65534, 65534)
    assert refused(secret).hint == f"as root: chown 0 {secret.parent}"


def test_a_folder_that_others_can_write_is_refused(secret: Path) -> None:
    secret.parent.chmod(0o777)
    error = refused(secret)
    assert str(error).startswith(str(secret.parent) + " ")
    assert str(secret) in str(error)
    own(secret.parent, 65534, 65534)
    secret.parent.chmod(0o700)
    assert "belongs to" in str(refused(secret))


def test_a_link_counts_with_every_folder_on_its_way(secret: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(secret)
    assert fetch(link)[0] == WORD
    other = tmp_path / "other"
    other.mkdir()
    (other / "link").symlink_to(secret)
    other.chmod(0o777)
    assert str(other) in str(refused(other / "link"))
    secret.parent.chmod(0o777)
    assert str(secret.parent) in str(refused(link))


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    error = refused(tmp_path / "a")
    assert "can't be read: Too many levels" in str(error)
    assert error.hint == "run as a user who may read it, or give it to this one"


def test_readable_for_others_is_told(secret: Path) -> None:
    for mode, told in ((0o604, ["secret-readable"]), (0o640, []), (0o400, [])):
        secret.chmod(mode)
        assert [n.kind for n in fetch(secret)[1]] == told


def test_a_tilde_is_told_to_be_no_home() -> None:
    assert str(refused("/~/pw").hint).startswith("~ means no home in a reference: write the whole path")


@pytest.mark.parametrize("reference", ["C:\\dts\\pw.txt", "/C:/dts/pw.txt"])
def test_a_path_of_windows_is_no_file_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "C:\\dts\\pw.txt").write_text("geheim")
    error = refused(reference)
    assert error.message.endswith("pw.txt is a path of Windows, and this machine is none")
    assert "file:///ABSOLUTE/PATH" in str(error.hint)
