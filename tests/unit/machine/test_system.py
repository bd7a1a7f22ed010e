"""What only a real file system has: ACLs, owners, other users; and the rules of ownership themselves."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.files.trust import ACL
from dtsconf.machine import posix
from dtsconf.machine.failure import failure
from dtsconf.machine.key import MachineKey
from dtsconf.machine.layout import Layout
from dtsconf.machine.local import LocalSystem
from dtsconf.machine.ownership import meta_for
from dtsconf.machine.system import Facts, Found, Meta, Owner, Refused
from dtsconf.machine.transaction import Transaction, Write

assert sys.platform == "linux", "what is tested here is not there on Windows"

IDS = (os.geteuid(), os.getegid())
NOBODY = 65534


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.fixture
def system(root: Path) -> LocalSystem:
    return LocalSystem(str(root))


def acl(path: Path) -> str:
    return subprocess.run(["getfacl", "-cpEn", path], capture_output=True, text=True, check=True).stdout


def replace(root: Path, write: Write) -> Path:
    """Writes one file as an apply would."""
    layout = Layout(str(root))
    system = LocalSystem(str(root))
    if not system.folder(layout.state):
        for folder in ("/var", "/var/lib", "/var/lib/dtsconf"):
            system.mkdir(folder)
    Transaction(system, layout, MachineKey(bytes(32))).stage([write]).commit({1: b"{}"}, {})
    return root / write.path.lstrip("/")


def test_acl_owner_mode_and_own_attributes_survive(root: Path) -> None:
    path = root / "target"
    path.write_text("old")
    path.chmod(0o640)
    os.chown(path, NOBODY, 12345)
    os.setxattr(path, "user.note", b"mine")
    subprocess.run(["setfacl", "-m", f"u:{NOBODY}:r", path], check=True)
    before, facts = acl(path), path.stat()
    replace(root, Write("/target", b"new"))
    after = path.stat()
    assert path.read_bytes() == b"new"
    assert acl(path) == before
    assert (after.st_mode, after.st_uid, after.st_gid) == (facts.st_mode, facts.st_uid, facts.st_gid)
    assert os.getxattr(path, "user.note") == b"mine"


def test_a_label_that_can_not_be_kept_is_an_error_that_changes_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root / "target"
    path.write_text("old")
    os.setxattr(path, "user.note", b"mine")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises((PermissionError, DtsconfError)):
        replace(root, Write("/target", b"new"))
    assert path.read_text() == "old"
    assert [each.name for each in root.iterdir() if each.name != "var"] == ["target"]


def test_labels_of_the_system_are_roots_to_set(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = root / "target"
    path.touch()

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "setxattr", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    with path.open("rb") as file:
        posix._set_label(file.fileno(), "security.selinux", b"etc_t")
        with pytest.raises(PermissionError):
            posix._set_label(file.fileno(), "user.note", b"mine")


def test_a_folder_that_can_not_be_removed_is_not_told_as_gone(
    root: Path, system: LocalSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "d").mkdir()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "rmdir", refuse)
    with pytest.raises(PermissionError):
        system.rmdir("/d")


def test_a_folder_like_tmp_is_no_place_for_a_target(root: Path, system: LocalSystem) -> None:
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    with pytest.raises(Refused, match="is writable by everybody"):
        system.create("/tmp/target", b"", Meta(Owner(0o644, *IDS)))


def test_secret_is_not_widened_by_what_stood_there(root: Path) -> None:
    path = root / "target"
    path.write_text("old")
    os.chown(path, NOBODY, 12345)
    path.chmod(0o666)
    subprocess.run(["setfacl", "-m", f"u:{NOBODY}:rw", path], check=True)
    replace(root, Write("/target", b"new", mode=0o600, secret=True))
    facts = path.stat()
    assert (facts.st_mode & 0o7777, facts.st_uid) == (0o600, IDS[0])
    assert ACL not in os.listxattr(path)


@pytest.mark.parametrize("secret", [True, False])
def test_default_acl_of_the_folder_gives_nobody_a_secret(root: Path, secret: bool) -> None:
    subprocess.run(["setfacl", "-d", "-m", f"u:{NOBODY}:rw", root], check=True)
    path = replace(root, Write("/target", b"new", mode=0o640, secret=secret))
    assert path.stat().st_mode & 0o7777 == 0o640
    assert ACL not in os.listxattr(path)


def test_file_of_another_user_under_a_closed_one_is_compared_by_facts(root: Path, system: LocalSystem) -> None:
    (root / "a").write_text("x")
    facts = system.facts("/a")
    assert facts is not None
    assert facts.ctime_ns
    assert facts.owner == Owner((root / "a").stat().st_mode & 0o7777, *IDS)


def test_odd_files_are_refused_without_waiting(root: Path, system: LocalSystem) -> None:
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket"))
        for name in ("/fifo", "/socket"):
            with pytest.raises(Refused, match="not a regular file"):
                system.look(name)


def test_huge_file_is_refused(root: Path, system: LocalSystem) -> None:
    with (root / "a").open("wb") as file:
        file.truncate((16 << 20) + 1)
    with pytest.raises(Refused, match="larger than"):
        system.look("/a")


def test_root_may_be_reached_through_a_link_and_be_missing(root: Path) -> None:
    (root / "real").mkdir(mode=0o755)
    (root / "link").symlink_to("real")
    LocalSystem(str(root / "link")).create("/a", b"", Meta(Owner(0o600, *IDS)))
    assert (root / "real" / "a").exists()
    missing = LocalSystem(str(root / "new"))
    assert not missing.folder("/")
    missing.mkdir("/")
    assert missing.folder("/")
    assert missing.rmdir("/")
    assert not (root / "new").exists()


@pytest.mark.parametrize(("bits", "owner"), [(0o775, NOBODY), (0o757, IDS[0])])
def test_root_itself_is_one_of_the_folders(root: Path, bits: int, owner: int) -> None:
    folder = root / "r"
    folder.mkdir()
    os.chown(folder, owner, 12345)
    folder.chmod(bits)
    with pytest.raises(Refused) as caught:
        LocalSystem(str(folder)).folder("/")
    assert str(folder) in caught.value.message
    assert caught.value.hint
    assert caught.value.hint.split()[0] in ("chown", "chmod")


def test_create_that_fails_leaves_nothing(root: Path, system: LocalSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    for call in ("write", "fsync", "fchmod"):
        monkeypatch.setattr(os, call, _full)
        with pytest.raises(OSError, match="No space") as caught:
            system.create("/a", b"x", Meta(Owner(0o600, *IDS)))
        monkeypatch.undo()
        assert caught.value.filename == str(root / "a")
        assert os.listdir(root) == []
    monkeypatch.setattr(os, "fchmod", _full)
    with pytest.raises(OSError, match="No space"):
        system.mkdir("/f")
    monkeypatch.undo()
    assert os.listdir(root) == []


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        (13, "permission denied for", "sudo"),
        (30, "read-only", "--root DIR"),
        (28, "no space", "make room"),
        (5, "Input/output error", "dmesg"),
    ],
)
def test_failures_say_what_to_do(code: int, words: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    error = failure(OSError(code, os.strerror(code), "/etc/dts/email.json"), tail="; so it is")
    assert error.message.startswith("can't write /etc/dts/email.json: ")
    assert error.message.endswith("; so it is")
    assert words in error.message
    assert hint in (error.hint or "")
    assert isinstance(error, DtsconfError)


def test_a_folder_that_is_not_there_is_what_to_make() -> None:
    error = failure(OSError(errno.ENOENT, "No such file", "/none of it/x.txt"))
    assert error.message == "can't write /none of it/x.txt: there is no folder /none of it"
    assert error.hint == "make its folder first: mkdir -p '/none of it'"


# The rules, without a disk

SELINUX, OTHERS_ACL = ("security.selinux", b"etc_t"), (ACL, b"ann")
ROOT600, ROOT644 = Owner(0o600, 0, 0), Owner(0o644, 0, 0)


def standing(mode: int, uid: int = 0, gid: int = 0) -> Found:
    return Found(Facts(mode, uid, gid, 1, 1), b"x", (OTHERS_ACL, SELINUX))


@pytest.mark.parametrize(
    ("wanted", "secret", "found", "last", "expected"),
    [
        (ROOT644, False, None, None, ROOT644),
        (ROOT644, False, standing(0o640, 7, 8), None, Owner(0o640, 7, 8)),
        (ROOT644, False, standing(0o640, 7, 8), ROOT644, Owner(0o640, 7, 8)),
        (ROOT644, False, standing(0o600), ROOT600, ROOT644),
        (ROOT644, False, standing(0o600, 7), ROOT600, Owner(0o644, 7, 0)),
        (ROOT644, False, standing(0o666, 7, 8), None, Owner(0o644, 7, 8)),
        (ROOT644, False, standing(0o777), ROOT644, ROOT644),
        (ROOT600, True, standing(0o644, 7, 8), None, Owner(0o600, 0, 8)),
        (ROOT600, True, standing(0o400), ROOT600, Owner(0o400, 0, 0)),
        (Owner(0o640, 0, 50), True, standing(0o600), ROOT600, Owner(0o640, 0, 50)),
        (Owner(0o640, 0, 50), True, standing(0o640, 0, 60), Owner(0o640, 0, 50), Owner(0o640, 0, 50)),
        (Owner(0o640, 0, 50), True, standing(0o600, 0, 50), Owner(0o640, 0, 50), Owner(0o600, 0, 50)),
        (ROOT600, True, standing(0o640, 0, 50), Owner(0o640, 0, 50), ROOT600),
    ],
)
def test_owner_and_mode(wanted: Owner, secret: bool, found: Found | None, last: Owner | None, expected: Owner) -> None:
    meta = meta_for(wanted, secret, found, last)
    assert meta.owner == expected
    if found:
        assert meta.labels == ((SELINUX,) if secret else (OTHERS_ACL, SELINUX))
