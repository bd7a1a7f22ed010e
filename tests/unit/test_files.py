"""Reads that can't be fooled, writes that are whole, trust that is told with its remedy."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dtsconf import files
from dtsconf.files import (
    FileProblem,
    private_folder,
    read_regular,
    remove_all,
    staging,
    sync_folder,
    waiting_out,
    write_all,
)
from dtsconf.files.folder import Folder
from dtsconf.files.lock import FileLock
from dtsconf.files.staging import Staging, atomic_write, new_file
from dtsconf.files.trust import ACL, read_trusted, trusted_owners, untrusted, user_name

assert sys.platform == "linux", "what is tested here is not there on Windows"

ME = os.geteuid()
MINE = frozenset({0, ME})
OTHER = 12345


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_read_gives_bytes_and_facts(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    data, facts = read_regular(str(tmp_path / "a"), 3)
    assert (data, facts.st_size) == (b"abc", 3)


def test_read_refuses_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for name, kind in {"fifo": "not-regular", "socket": "not-regular", ".": "folder"}.items():
            with pytest.raises(FileProblem) as caught:
                read_regular(str(tmp_path / name), 10)
            assert caught.value.kind == kind
            assert caught.value.message == ("is a folder, not a file" if name == "." else "is not a regular file")
    with pytest.raises(FileProblem):
        read_regular("/dev/zero", 10)


def test_read_stops_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 11)
    with pytest.raises(FileProblem) as caught:
        read_regular(str(tmp_path / "a"), 10)
    assert caught.value.kind == "too-big"
    with pytest.raises(FileNotFoundError):
        read_regular(str(tmp_path / "b"), 10)


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_atomic_write_has_its_mode_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "deep" / "er" / "file"
    before = os.umask(umask)
    try:
        atomic_write(str(path), b"one", 0o640)
        atomic_write(str(path), b"two", 0o640)
    finally:
        os.umask(before)
    assert path.read_bytes() == b"two"
    assert mode(path) == 0o640
    assert mode(path.parent) == mode(path.parent.parent) == 0o700
    assert os.listdir(path.parent) == ["file"]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_atomic_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="full"):
        atomic_write(str(path), b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("code", [None, errno.EOPNOTSUPP, errno.EINVAL])
def test_room_that_is_taken_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int | None
) -> None:
    def lacks(*_: object) -> None:
        raise OSError(code or 0, "not there")

    if code is not None:
        monkeypatch.setattr(os, "posix_fallocate", lacks)
    with Staging(str(tmp_path / "file")) as staging:
        staging.reserve(100_000)
        (name,) = os.listdir(tmp_path)
        assert (tmp_path / name).stat().st_blocks * 512 >= 100_000
        staging.write(b"short")
        staging.commit()
    assert (tmp_path / "file").read_bytes() == b"short"


def test_no_room_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with Staging(str(tmp_path / "file")) as staging, pytest.raises(OSError, match="full"):
        staging.reserve(100_000)
    assert os.listdir(tmp_path) == []


@pytest.fixture(params=["without a name", "no such files here", "no /proc", "no links"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Systems with and without files that have no name yet."""
    opened, access = os.open, os.access

    def named_only(path: str, flags: int, *more: int, **options: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "not supported")
        return opened(path, flags, *more, **options)

    if request.param == "no such files here":
        monkeypatch.setattr(os, "open", named_only)

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "not permitted")

    if request.param == "no links":
        monkeypatch.setattr(os, "link", forbidden)
    if request.param == "no /proc":
        monkeypatch.setattr(os, "access", lambda path, how: path != "/proc/self/fd" and access(path, how))
    staging._shows_descriptors.cache_clear()
    yield str(request.param)
    staging._shows_descriptors.cache_clear()


def test_a_new_file_is_there_whole_or_not_at_all(tmp_path: Path, system: str) -> None:
    with Folder(str(tmp_path)) as folder, new_file(folder, "file", 0o640) as making:
        making.write(b"on")
        making.write(b"e")
        unfinished = os.listdir(tmp_path)
        making.commit()
    assert (tmp_path / "file").read_bytes() == b"one"
    assert mode(tmp_path / "file") == 0o640
    assert len(unfinished) == (0 if system in ("without a name", "no links") else 1)
    assert os.listdir(tmp_path) == ["file"]
    assert "file" not in unfinished


def test_a_new_file_that_is_given_up_leaves_nothing(tmp_path: Path, system: str) -> None:
    with Folder(str(tmp_path)) as folder, new_file(folder, "file") as making:
        making.write(b"half")
    assert os.listdir(tmp_path) == [], system


def test_a_new_file_takes_no_other_ones_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with Folder(str(tmp_path)) as folder, new_file(folder, "file") as making, pytest.raises(FileExistsError):
        making.commit()
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_folder_that_is_not_there_can_not_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none"):
        Folder(str(tmp_path / "none"))
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        Folder(str(tmp_path / "file"))


@pytest.mark.parametrize("system", ["without a name"], indirect=True)
def test_what_was_opened_is_written_into_though_another_folder_takes_its_place(tmp_path: Path, system: str) -> None:
    opened = tmp_path / "opened"
    opened.mkdir()
    with Folder(str(opened)) as folder, new_file(folder, "file") as making:
        making.write(b"one")
        opened.rename(tmp_path / "moved")
        opened.mkdir()
        making.commit()
    assert (tmp_path / "moved" / "file").read_bytes() == b"one", system
    assert os.listdir(opened) == []


@pytest.mark.parametrize("by_path", [False, True])
def test_a_folder_tells_of_itself_and_its_entries(tmp_path: Path, *, by_path: bool) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    with Folder(str(tmp_path)) as folder:
        if by_path:  # as on Windows
            os.close(folder.descriptor)
            folder.descriptor = -1
        assert os.path.samestat(folder.facts(), tmp_path.stat())
        assert folder.facts_of("file").st_size == 5
        assert os.statvfs(folder.place).f_blocks == os.statvfs(tmp_path).f_blocks
        folder.sync()
        with pytest.raises(FileNotFoundError):
            folder.facts_of("none")


def test_a_file_that_was_read_or_is_none_leaves_no_descriptor(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    before = len(os.listdir("/proc/self/fd"))
    read_regular(str(tmp_path / "a"), 10)
    for path, limit in ((tmp_path, 10), (tmp_path / "a", 2)):
        with pytest.raises(FileProblem):
            read_regular(str(path), limit)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_closed_folder_leaves_no_descriptor(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    with Folder(str(tmp_path)):
        pass
    assert os.listdir("/proc/self/fd") == before


def test_write_all_goes_on_after_short_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data[:2])))
    descriptor = os.open(tmp_path / "a", os.O_CREAT | os.O_WRONLY)
    write_all(descriptor, b"abcde")
    os.close(descriptor)
    assert (tmp_path / "a").read_bytes() == b"abcde"


def test_nothing_is_left_where_no_file_can_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: int) -> bool:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(staging, "hold", refused)
    with pytest.raises(OSError, match=os.strerror(errno.ENOLCK)):
        Staging(str(tmp_path / "a"))
    assert list(tmp_path.iterdir()) == []


def test_sync_folder_bears_a_file_system_that_knows_no_such_thing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter([errno.EINVAL, errno.EIO])

    def fail(_: int) -> None:
        raise OSError(next(codes), "no")

    monkeypatch.setattr(os, "fsync", fail)
    sync_folder(str(tmp_path))
    with pytest.raises(OSError, match="no"):
        sync_folder(str(tmp_path))


def test_private_folder_leaves_one_that_is_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_folder(str(tmp_path))
    assert mode(tmp_path) == 0o755


def test_above_what_users_of_a_root_share_everybody_may_pass(tmp_path: Path) -> None:
    root = tmp_path / "root"
    private_folder(str(root / "var/lib/dtsconf/users/1000/spool"))
    for folder in ("", "var", "var/lib", "var/lib/dtsconf", "var/lib/dtsconf/users"):
        assert mode(root / folder) == 0o755, folder
    for folder in ("1000", "1000/spool"):
        assert mode(root / "var/lib/dtsconf/users" / folder) == 0o700, folder
    private_folder(str(tmp_path / "home/var/lib/dtsconf"))
    assert mode(tmp_path / "home/var/lib") == 0o700, "a home's own"


def test_private_folder_counts_from_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    private_folder("a/b")
    assert mode(tmp_path / "a" / "b") == 0o700


def test_the_entries_of_private_folders_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut takes what was put into them away, however well that was synced."""
    synced: list[str] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    private_folder(str(tmp_path / "a" / "b"))
    monkeypatch.chdir(tmp_path)
    private_folder("c")
    assert synced == [str(tmp_path), str(tmp_path / "a"), os.curdir]


def test_a_private_folder_is_made_in_one_that_can_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(files, "sync_folder", closed)
    private_folder(str(tmp_path / "a" / "b"))
    assert mode(tmp_path / "a" / "b") == 0o700


# Locks


def test_files_are_removed_where_no_thread_can_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    paths = [tmp_path / str(number) for number in range(20)]
    for path in paths:
        path.touch()
    remove_all([str(path) for path in paths])
    assert list(tmp_path.iterdir()) == []


def test_what_can_not_be_removed_keeps_no_other(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(30)]
    for number, path in enumerate(paths):
        if number % 7 == 3:
            path.mkdir()
        elif number != 20:
            path.touch()
    remove_all([str(path) for path in paths])
    assert sorted(int(path.name) for path in tmp_path.iterdir()) == [3, 10, 17, 24]


def test_lock_excludes_and_tells_the_holders_text(tmp_path: Path) -> None:
    first, second = FileLock(str(tmp_path / "lock")), FileLock(str(tmp_path / "lock"))
    assert first.acquire()
    first.write("a longer text")
    first.write("short")
    assert second.text() == "short"
    assert not second.acquire(0.15)
    first.release()
    assert second.acquire()
    assert mode(tmp_path / "lock") == 0o600
    second.release()


def test_lock_is_taken_as_soon_as_it_is_free(tmp_path: Path) -> None:
    first, second = FileLock(str(tmp_path / "lock")), FileLock(str(tmp_path / "lock"))
    assert first.acquire()
    timer = threading.Timer(0.2, first.release)
    timer.start()
    assert second.acquire(20)
    timer.join()
    second.release()


def test_lock_on_a_file_that_was_removed_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    path = str(tmp_path / "lock")
    first, second, third = FileLock(path), FileLock(path), FileLock(path)
    assert first.acquire()
    flock = fcntl.flock

    def let_go_meanwhile(descriptor: int, how: int) -> None:
        monkeypatch.undo()
        first.release(remove=True)  # between the second's open and its lock
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", let_go_meanwhile)
    assert second.acquire(5)
    assert not third.acquire(), "both hold the lock of the file that is there"
    second.release()


def test_lock_file_that_can_not_get_its_mode_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(os, "fchmod", fail)
    with pytest.raises(OSError, match="no"):
        FileLock(str(tmp_path / "lock")).acquire()
    assert os.listdir(tmp_path) == []


# Trust


@pytest.fixture
def safe(tmp_path: Path) -> Path:
    """A folder in pytest's own, which lies in a sticky /tmp."""
    tmp_path.chmod(0o755)
    return tmp_path


def judge(path: Path, owners: frozenset[int] = MINE) -> tuple[str, str, str] | None:
    _, _, fault = read_trusted(str(path), 100, owners)
    return None if fault is None else (fault.path, fault.reason, fault.fix)


def test_own_file_in_own_folders_is_trusted(safe: Path) -> None:
    (safe / "a").write_text("x")
    assert judge(safe / "a") is None
    assert judge(safe / "." / ".." / safe.name / "a") is None


def test_relative_paths_are_judged_from_the_root_too(safe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (safe / "a").write_text("x")
    (safe / "a").chmod(0o666)
    monkeypatch.chdir(safe)
    _, _, fault = read_trusted("a", 100, MINE)
    assert fault is not None
    assert fault.path == str(safe / "a")


@pytest.mark.parametrize(
    ("bits", "reason", "fix"),
    [(0o646, "is writable by everybody", "chmod go-w {}"), (0o666, "is writable by everybody", "chmod go-w {}")],
)
def test_writable_by_everybody(safe: Path, bits: int, reason: str, fix: str) -> None:
    path = safe / "it's a"
    path.write_text("x")
    path.chmod(bits)
    where, why, what = judge(path) or ("", "", "")
    assert (where, why) == (str(path), reason)
    assert subprocess.run(["sh", "-c", what], check=False).returncode == 0, "the fix can be typed as it stands"
    assert judge(path) is None


def test_folder_above_counts(safe: Path) -> None:
    folder = safe / "open"
    folder.mkdir()
    (folder / "a").write_text("x")
    folder.chmod(0o777)
    assert judge(folder / "a") == (str(folder), "is writable by everybody", f"chmod go-w {folder}")
    folder.chmod(0o1777)
    assert (judge(folder / "a") is None) == (ME == 0), "sticky passes if it is root's"


def test_owner(safe: Path) -> None:
    path = safe / "a"
    path.write_text("x")
    os.chown(path, OTHER, -1)
    assert judge(path) == (str(path), f"belongs to uid {OTHER}", f"chown 0 {path}")
    assert judge(path, frozenset({0, OTHER})) is None


def test_link_leads_over_its_targets_folders(safe: Path) -> None:
    elsewhere = safe / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a").write_text("x")
    (safe / "link").symlink_to("elsewhere/a")
    assert judge(safe / "link") is None
    elsewhere.chmod(0o777)
    assert judge(safe / "link") == (str(elsewhere), "is writable by everybody", f"chmod go-w {elsewhere}")
    elsewhere.chmod(0o755)
    os.lchown(safe / "link", OTHER, -1)
    assert judge(safe / "link") == (str(safe / "link"), f"belongs to uid {OTHER}", f"chown 0 {safe / 'link'}")


def test_group_may_write_if_it_is_the_owners_own(safe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import grp
    import pwd

    path = safe / "a"
    path.write_text("x")
    path.chmod(0o664)
    me = pwd.getpwuid(ME)
    for members, name, passes in [
        ([], me.pw_name, True),
        ([me.pw_name], me.pw_name, True),
        (["ann"], me.pw_name, False),
        ([], "staff", False),
    ]:
        group = grp.struct_group((name, "x", me.pw_gid, members))
        monkeypatch.setattr(grp, "getgrgid", lambda _gid, group=group: group)
        os.chown(path, ME, me.pw_gid)
        assert (judge(path) is None) == passes
    assert judge(path) == (str(path), "is writable by group staff", f"chmod g-w {path}")


def test_acl_behind_the_group_bits_is_no_private_group(safe: Path) -> None:
    path = safe / "a"
    path.write_text("x")
    subprocess.run(["setfacl", "-m", f"u:{OTHER}:rw", path], check=True)
    assert ACL in os.listxattr(path)
    assert judge(path) is not None
    subprocess.run((judge(path) or ("", "", ""))[2].split(), check=True)
    assert judge(path) is None


def test_target_folders_are_judged_without_the_sticky_exception(safe: Path) -> None:
    safe.chmod(0o1777)
    facts = safe.stat()
    assert untrusted(str(safe), facts, MINE, sticky=False) is not None
    safe.chmod(0o755)


def test_file_replaced_while_it_is_read(safe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (safe / "a").write_text("x")

    def slow(path: str, limit: int) -> tuple[bytes, os.stat_result]:
        result = read_regular(path, limit)
        (safe / "b").write_text("y")
        os.replace(safe / "b", safe / "a")
        return result

    monkeypatch.setattr("dtsconf.files.trust.read_regular", slow)
    fault = judge(safe / "a")
    assert fault is not None
    assert "replaced" in fault[1]


def test_sudo_caller_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, owners in {"1000": {0, 1000}, "": {0}, "x": {0}, "-1": {0}}.items():
        monkeypatch.setenv("SUDO_UID", value)
        assert trusted_owners() == owners


def test_user_name() -> None:
    assert user_name(0) == "root (uid 0)"
    assert user_name(OTHER) == f"uid {OTHER}"


def test_a_no_that_stays_is_told_in_the_end() -> None:
    calls = []

    def refused() -> None:
        calls.append(1)
        raise PermissionError(errno.EACCES, "in use")

    with pytest.raises(PermissionError):
        waiting_out(refused, patience=0.05)
    assert len(calls) > 1
