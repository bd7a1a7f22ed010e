"""Delivered secrets, as whoever sends reads them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dtsconf.errors import SecretUnavailable
from dtsconf.machine import deliveries, owners
from dtsconf.machine.delivered import to_bytes
from dtsconf.machine.deliveries import delivered_secret
from dtsconf.machine.layout import Layout
from tests.unit.posix import make_fifo

WORD = "c4nary-Passw0rd"
ID = "0123456789abcdef"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path))


@pytest.fixture
def file(layout: Layout) -> Path:
    path = Path(layout.real(layout.secrets))
    path.parent.mkdir(parents=True)
    path.write_bytes(to_bytes({ID: WORD, "f" * 16: "other"}))
    path.chmod(0o600)
    return path


def refused(layout: Layout) -> SecretUnavailable:
    with pytest.raises(SecretUnavailable) as caught:
        delivered_secret(layout, layout.config, ID)
    assert caught.value.code == 5
    assert caught.value.hint
    assert WORD not in f"{caught.value!r} {caught.value} {caught.value.hint}"
    return caught.value


def test_the_secret_of_an_id(layout: Layout, file: Path) -> None:
    assert delivered_secret(layout, layout.config, ID).reveal() == WORD


def test_one_beside_a_config_in_another_place(layout: Layout, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "srv" / "mail.secrets.json"
    other.parent.mkdir()
    other.write_bytes(to_bytes({ID: "elsewhere"}))
    assert delivered_secret(layout, "/srv/mail.json", ID).reveal() == "elsewhere"


def test_no_such_id(layout: Layout, file: Path) -> None:
    file.write_bytes(to_bytes({"f" * 16: WORD}))
    assert "holds no secret" in str(refused(layout))


def test_no_file(layout: Layout) -> None:
    assert layout.secrets in str(refused(layout))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 9, "secrets": {}}', b"\xff", WORD.encode()])
def test_a_damaged_file(layout: Layout, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    refused(layout)


def test_a_folder_and_a_fifo_in_its_place(layout: Layout, file: Path) -> None:
    file.unlink()
    file.mkdir()
    assert "folder" in str(refused(layout))
    file.rmdir()
    make_fifo(file)
    assert "regular" in str(refused(layout))


def test_one_that_is_not_for_this_user(layout: Layout, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: str, _limit: int) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(deliveries, "read_regular", denied)
    error = refused(layout)
    assert "this user" in str(error)
    assert "secrets.group" in (error.hint or "")
    back = "it should be group mail's to read, and this user is in that: dtsconf apply, as root, puts it back"
    for mine, hint in (
        (False, "whoever sends belongs into secrets.group: usermod -aG mail USER, then log in anew"),
        (True, back),
    ):
        monkeypatch.setattr(deliveries, "is_mine", lambda _group, mine=mine: mine)
        with pytest.raises(SecretUnavailable) as caught:
            delivered_secret(layout, layout.config, ID, "mail")
        assert caught.value.hint == hint


def test_a_group_of_this_process_is_its_own() -> None:
    if sys.platform != "win32":
        import grp

        own = grp.getgrgid(os.getegid()).gr_name
        assert owners.is_mine(own)
    assert not owners.is_mine("no-such-group-here")
