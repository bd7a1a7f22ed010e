"""Whose turn it is in a run: that no mail keeps another from being tried, and how many are in hand at once."""

from __future__ import annotations

import os
from collections.abc import Container, Generator, Iterable

import pytest

from dtsconf.queue.attempt import Deliver, Item, Outcome
from dtsconf.queue.runner import MOST_HELD
from dtsconf.queue.spool import Spool
from tests.unit.queue.spooling import TWO, add, run


def poisoned(spool: Spool, ids: Container[str]) -> tuple[list[str], Deliver]:
    """What was tried, and a server that seems not to be usable after five noes in a row; these get one each time."""
    asked: list[str] = []

    def deliver(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        noes = 0
        for item in items:
            asked.append(item.entry.id)
            noes = noes + 1 if item.entry.id in ids else 0
            yield Outcome(TWO, detail="450", unusable=noes == 5) if noes else Outcome()

    return asked, deliver


def test_mails_that_fare_badly_each_time_come_after_those_that_were_not_tried(spool: Spool) -> None:
    bad = [add(spool, message_id=f"<{number}@acme.example>").id for number in range(6)]
    good = [add(spool, message_id=f"<{number}@else.example>").id for number in range(3)]
    asked, deliver = poisoned(spool, bad)
    assert {one.state for one in run(spool, deliver)} == {"deferred"}
    asked.clear()
    assert [one.state for one in run(spool, deliver)] == ["deferred"] * 6 + ["sent"] * 3
    assert asked == [bad[0], bad[5], *good, *bad[1:5]], "the first first, for the waits to grow; then by attempts"


def test_what_may_have_ended_a_run_does_not_come_first_again(spool: Spool) -> None:
    def dies(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        for item in items:
            item.begin()
            raise KeyboardInterrupt
        yield Outcome()

    first, second = add(spool), add(spool, message_id="<2@acme.example>")
    with pytest.raises(KeyboardInterrupt):
        run(spool, dies)
    with pytest.raises(KeyboardInterrupt):
        run(spool, dies)
    asked, deliver = poisoned(spool, ())
    run(spool, deliver)
    assert asked == [second.id, first.id]


def test_no_more_are_held_for_further_transactions_than_can_be_open_at_once(spool: Spool) -> None:
    many = 3 * MOST_HELD
    for number in range(many):
        add(spool, message_id=f"<{number}@acme.example>")
    open_then: list[int] = []

    def deliver(items: Iterable[Item]) -> Generator[Outcome, None, None]:
        for item in items:
            open_then.append(len(os.listdir("/proc/self/fd")))
            yield Outcome(item.recipients[1:], more=len(item.recipients) > 1)

    assert [one.state for one in run(spool, deliver)] == ["sent"] * many
    assert max(open_then) - open_then[0] < 2 * MOST_HELD + 10
