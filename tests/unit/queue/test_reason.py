"""Why no run can begin is noted with what waits, and costs it nothing."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

import pytest

from dtsconf.queue.attempt import Item, Outcome
from dtsconf.queue.entry import Refused
from dtsconf.queue.listing import ENDED, listed
from dtsconf.queue.reason import explain
from dtsconf.queue.runner import Which
from dtsconf.queue.spool import Spool
from tests.unit.queue.spooling import ALL, DUE, TWO, Server, add, files, run

WHY = "nobody is signed in"


def told(spool: Spool) -> list[tuple[str, int, str]]:
    return [(one.state, one.progress.attempts, one.detail) for one in listed(spool)]


def test_it_is_listed_and_no_attempt(spool: Spool) -> None:
    add(spool)
    add(spool)
    explain(spool, DUE, WHY)
    assert told(spool) == [("queued", 0, WHY)] * 2
    server = Server()
    assert [ran.state for ran in run(spool, server, DUE)] == ["sent"] * 2, "they are due as before"
    assert files(spool) == []


def test_once_it_is_noted_nothing_is_written_anew(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    add(spool)
    explain(spool, DUE, WHY)
    written: list[Any] = []
    monkeypatch.setattr("dtsconf.queue.held.atomic_write", lambda *args, **_options: written.append(args))
    explain(spool, DUE, WHY)
    assert written == []


def test_what_is_not_meant_keeps_its_own_reason(spool: Spool) -> None:
    first, second = add(spool), add(spool)
    gone = Outcome(refused=tuple(Refused(one, 550, "no such user") for one in TWO), detail="gone")
    run(spool, Server(gone, Outcome(later=TWO, detail="greylisted")))
    explain(spool, DUE, WHY)
    assert sorted(told(spool)) == [("deferred", 1, "greylisted"), ("failed", 1, "gone")]
    explain(spool, ALL, WHY)
    assert sorted(told(spool)) == [("deferred", 1, WHY), ("failed", 1, "gone")]
    explain(spool, Which(ids=(first.id,)), "another")
    explain(spool, Which(ids=(second.id,)), "its own")
    assert sorted(told(spool)) == [("deferred", 1, "its own"), ("failed", 1, "gone")]


def test_a_run_that_died_over_it_stays_known(spool: Spool) -> None:
    add(spool)

    def dies(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        for item in items:
            item.begin()
            raise OSError
        yield Outcome()

    with pytest.raises(OSError, match=r"^$"):
        run(spool, dies)
    explain(spool, ALL, WHY)
    assert [(one.state, one.progress.unknown, one.detail) for one in listed(spool)] == [("deferred", 1, ENDED)]
    run(spool, Server(Outcome(later=TWO)))
    assert [one.progress.unknown for one in listed(spool)] == [1]


def test_one_that_somebody_holds_or_that_is_damaged_stops_no_other(spool: Spool) -> None:
    entries = [add(spool) for _ in range(3)]
    slots = {slot.id: slot for slot in spool.slots()}
    with open(slots[entries[0].id].path, "wb") as file:
        file.write(b"?")
    held = spool.take(slots[entries[1].id])
    assert held is not None
    with held:
        explain(spool, ALL, WHY)
    assert [one.detail for one in listed(spool)][1:] == ["", WHY]
