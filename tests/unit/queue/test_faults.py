"""What keeps a queue from being used: each cause with the command that mends it."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest

from dtsconf.errors import DtsconfError
from dtsconf.queue.attempt import Item, Outcome
from dtsconf.queue.faults import SPARE, faults, fix_of, in_words, without_room
from dtsconf.queue.spool import Spool
from tests.unit.posix import own, user_id
from tests.unit.queue.spooling import TWO, Server, add, files, run

DENIED = PermissionError(errno.EACCES, "Permission denied")


@pytest.fixture(autouse=True)
def _mode_bits_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may everything: here the owner's bits say what may be done, as for any other user."""

    def access(path: str, wanted: int) -> bool:
        facts = os.stat(path)
        return facts.st_uid == user_id() and (facts.st_mode >> 6) & wanted == wanted

    monkeypatch.setattr(os, "access", access)


def found(spool: Spool) -> list[str]:
    return [f"{in_words(fault)}; {fault.fix}" for fault in faults(spool.folder, [slot.path for slot in spool.slots()])]


def test_a_queue_that_can_be_used_has_none(spool: Spool) -> None:
    assert found(spool) == []
    add(spool)
    assert found(spool) == []


def test_a_closed_folder(spool: Spool) -> None:
    add(spool)
    (slot,) = spool.slots()
    os.chmod(spool.folder, 0o500)
    fix = f"chmod 700 {spool.folder}"
    assert found(spool) == [f"{spool.folder} has mode 0500; {fix}"]
    assert fix_of(DENIED, spool.folder) == fix_of(DENIED, slot.path) == fix
    assert os.system(fix) == 0
    assert found(spool) == []


def test_somebody_elses_files(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    add(spool)
    (slot,) = spool.slots()
    user = user_id() + 1
    own(Path(slot.path), 0, 0)
    own(Path(spool.folder), user, -1)
    for name in ("getuid", "geteuid"):
        monkeypatch.setattr(os, name, lambda: user)
    assert fix_of(DENIED, slot.path) == f"as root: chown {user} {slot.path}"
    assert found(spool) == [f"{slot.path} belongs to root (uid 0); as root: chown {user} {slot.path}"]
    own(Path(spool.folder), 0, 0)
    add_as_root(spool, monkeypatch)
    own(Path(spool.folder), user, -1)
    (line,) = found(spool)
    assert "belongs to root (uid 0), and 1 more like it can't be opened" in line
    assert line.endswith(f"; as root: chown -R {user} {spool.folder}")


def test_files_of_ones_own_that_are_closed(spool: Spool) -> None:
    for _ in range(2):
        add(spool)
    for slot in spool.slots():
        os.chmod(slot.path, 0o400)
    (line,) = found(spool)
    fix = f"chmod -R u+rwX {spool.folder}"
    assert line.endswith(f"has mode 0400, and 1 more like it can't be opened; {fix}")
    assert os.system(fix) == 0
    assert found(spool) == []


def add_as_root(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as other:
        for name in ("getuid", "geteuid"):
            other.setattr(os, name, lambda: 0)
        add(spool)


def test_a_file_where_a_folder_belongs(spool: Spool) -> None:
    Path(spool.folder).parent.mkdir(parents=True)
    Path(spool.folder).write_text("")
    fix = f"look at it, then move it away: mv {spool.folder} {spool.folder}.old"
    assert [f"{in_words(fault)}; {fault.fix}" for fault in faults(spool.folder, ())] == [
        f"{spool.folder} is no folder; {fix}"
    ]
    with pytest.raises(DtsconfError, match="Not a directory") as caught:
        spool.slots()
    assert caught.value.hint == fix


def test_a_full_disk(spool: Spool) -> None:
    add(spool)
    (slot,) = spool.slots()
    full = OSError(errno.ENOSPC, "No space left on device")
    assert fix_of(full, slot.path) == fix_of(full, spool.folder) == f"free some space on its disk: df -h {spool.folder}"
    told = without_room(os.path.join(spool.folder, "not", "there"), 1 << 60)
    assert told is not None
    assert (told.path, told.fix) == (spool.folder, f"free some space on its disk: df -h {spool.folder}")
    assert "octets left, and 1152921504606846976 are needed" in told.reason
    assert without_room(spool.folder, 1) is None


def test_a_disk_without_inodes(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    add(spool)
    none_left = SimpleNamespace(f_bavail=SPARE, f_frsize=2, f_files=1000, f_favail=0, f_flag=0)
    monkeypatch.setattr("os.statvfs", lambda _path: none_left)
    assert found(spool) == [
        f"{spool.folder} lies on a disk without room for another file; free some space on its disk: df -i {spool.folder}"
    ]


def test_a_mail_whose_file_goes_during_a_run_is_told_as_gone_and_leaves_no_note(spool: Spool) -> None:
    add(spool)

    class Losing(Server):
        def __call__(self, items: Iterable[Item]) -> Generator[Outcome, None, None]:
            for outcome in super().__call__(items):
                os.unlink(spool.slots()[0].path)
                yield outcome

    (ran,) = run(spool, Losing(Outcome(later=TWO, detail="451 busy", hint="to try at once: dtsconf queue flush")))
    assert (ran.state, ran.stuck, ran.hint) == ("failed", False, "")
    assert ran.detail == "451 busy; its file was taken away meanwhile: no run tries it again"
    assert files(spool) == []
