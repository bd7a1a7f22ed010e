from __future__ import annotations

import io
import random
import tempfile
import zipfile
from pathlib import Path

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.mail.compose.archive import Archive
from dtsconf.mail.compose.draft import Draft
from dtsconf.mail.compose.files import find
from tests.real.smalldisk import SmallDisk
from tests.unit.mail.compose.parts import ANN, held, made


def packed(*parts: tuple[str, bytes]) -> tuple[Archive, bytes]:
    with Archive([held(*part) for part in parts]) as archive, archive.open() as opened:
        return archive, opened.read()


def test_what_is_in_it() -> None:
    archive, data = packed(("b.log", b"b" * 100), ("größe.log", b""), ("a.log", b"a"))
    assert (archive.name, archive.type, archive.size) == ("attachments.zip", "application/zip", len(data))
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        assert {name: found.read(name) for name in found.namelist()} == {
            "a.log": b"a",
            "b.log": b"b" * 100,
            "größe.log": b"",
        }


def test_one_file_names_the_zip() -> None:
    assert packed(("run.log", b"x"))[0].name == "run.log.zip"


def test_the_same_files_give_the_same_bytes_in_any_order() -> None:
    assert packed(("a", b"1"), ("b", b"2"))[1] == packed(("b", b"2"), ("a", b"1"))[1]


def test_there_is_nobody_and_no_time_in_it() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(("a", b"1"))[1])) as found:
        (info,) = found.infolist()
    assert (info.date_time, info.create_system, info.external_attr >> 16, info.extra) == (
        (1980, 1, 1, 0, 0, 0), 0, 0o600, b"",
    )  # fmt: skip


def test_names_that_are_there_twice() -> None:
    data = packed(("run.log", b"1"), ("RUN.log", b"2"), ("run-2.log", b"3"), ("run.log", b"4"))[1]
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        contents = {name: found.read(name) for name in found.namelist()}
    assert contents == {"run.log": b"1", "RUN-2.log": b"2", "run-2-2.log": b"3", "run-3.log": b"4"}


def test_no_name_leads_out_of_the_folder_that_it_is_unpacked_in() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(("..\\..\\a.exe", b"1"), (".._.._a.exe", b"2"))[1])) as found:
        assert found.namelist() == [".._.._a-2.exe", ".._.._a.exe"]


def test_it_can_be_sent_and_sent_again() -> None:
    with Archive([held("a", b"x" * 1000)]) as archive:
        message, data, parsed = made(Draft((ANN,), attachments=(archive,)))
        assert b"".join(message.chunks()) == data
        (part,) = parsed.iter_attachments()
    assert part.get_content_type() == "application/zip"


def test_a_log_that_grows_is_packed_as_it_is_then(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text("one\n")
    found = find([str(path)])
    path.write_text("one\ntwo\n")
    with Archive(found) as archive, archive.open() as opened, zipfile.ZipFile(io.BytesIO(opened.read())) as packed_log:
        assert packed_log.read("run.log") == b"one\ntwo\n"


def test_no_room_for_it(disk: SmallDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
    noise = random.Random(1).randbytes(1 << 20)
    with pytest.raises(DtsconfError, match="No space left") as caught, Archive([held("a", noise)]):
        pass
    assert "TMPDIR" in str(caught.value.hint)
    assert list(disk.path.iterdir()) == []


def test_no_folder_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk that is full: none of the folders that tempfile tries takes anything."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list)
    with pytest.raises(DtsconfError, match="No usable temporary directory") as caught, Archive([held("a", b"1")]):
        pass
    assert "TMPDIR" in str(caught.value.hint)
