"""The doctor's look at a user's queue, where a whole program has more rights than the test needs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dtsconf.doctor import queue
from dtsconf.doctor.check import Check, Subject, carried_out
from dtsconf.machine.layout import Layout
from dtsconf.machine.local import LocalSystem
from dtsconf.queue import faults
from dtsconf.queue.spool import Spool
from tests.unit.posix import own
from tests.unit.queue.spooling import add


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return Subject(Layout(str(tmp_path)), LocalSystem(str(tmp_path)), None, time.time())


def found(subject: Subject) -> Check:
    (check,) = carried_out([("broke", queue.queue)], subject)
    return check


def test_who_has_no_queue_lacks_nothing(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(subject) == Check("queue", "ok", "nothing was queued by this user yet")
    monkeypatch.setattr(queue, "SPARE", 1 << 60)
    full = found(subject)
    assert (full.state, full.hint) == ("warn", f"free some space on its disk: df -h {subject.layout.root}")
    assert full.detail.startswith(f"no mail can be queued: {subject.layout.root} lies on a disk with ")


def test_what_waits_is_counted(subject: Subject) -> None:
    spool = Spool(subject.layout.spool())
    add(spool)
    assert found(subject) == Check("queue", "ok", f"{spool.folder}: 1 waiting, 0 failed")


def test_a_mail_of_somebody_elses_is_told(subject: Subject) -> None:
    spool = Spool(subject.layout.spool())
    add(spool)
    (slot,) = spool.slots()
    own(Path(slot.path), 65534, -1)
    told = found(subject)
    assert (told.state, told.hint) == (
        "warn",
        f"if it is yours: chown 0 {slot.path}; else: dtsconf queue drop {slot.id}",
    )
    assert told.detail.startswith(f"{slot.path} belongs to nobody (uid 65534)")


def test_a_disk_that_is_full(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(subject.layout.spool())
    add(spool)
    monkeypatch.setattr(faults, "SPARE", 1 << 60)
    told = found(subject)
    assert (told.state, told.hint) == ("fail", f"free some space on its disk: df -h {spool.folder}")
