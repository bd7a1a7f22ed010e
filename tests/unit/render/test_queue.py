from __future__ import annotations

import pytest

from dtsconf.proof import Stage
from dtsconf.queue.entry import Entry, Progress, Refused
from dtsconf.queue.ledger import Ran
from dtsconf.queue.listing import Listed, State
from dtsconf.render import queue as render
from dtsconf.render.call import Call

SENT = Ran("1", "<1@x.example>", "sent")
LATER = Ran("2", "<2@x.example>", "deferred", "greylisted")
LOST = Ran("3", "<3@x.example>", "failed", "550 no such user")
DOWN = Stage("connect", False, 1.0, "Connection refused", cause="refused", hint="is it on?")


@pytest.mark.parametrize(
    ("rans", "unusable", "text"),
    [
        ([SENT, LATER], None, ""),
        ([SENT, LOST], None, "failed    3  550 no such user\n1 failed\n"),
        ([LATER], DOWN, "the server could not be used: connect failed: Connection refused\nhint: is it on?\n"),
    ],
)
def test_a_quiet_run_tells_what_somebody_has_to_look_after(rans: list[Ran], unusable: Stage | None, text: str) -> None:
    assert render.ran_short(rans, unusable) == text
    assert render.ran_text(rans, unusable) != text


def test_a_run_that_ends_with_1_has_its_problems() -> None:
    assert "problems" not in render.ran_data([SENT, LATER], None)
    assert [one["message"] for one in render.ran_data([SENT, LOST], None)["problems"]] == ["3: 550 no such user"]
    assert [one["kind"] for one in render.ran_data([LOST], DOWN)["problems"]] == ["refused", "failed"]


def test_what_was_not_dropped_is_told() -> None:
    kept = {"2": "it is being sent at this moment"}
    assert render.dropped_text(["1"], kept) == "dropped  1\nkept     2: it is being sent at this moment\n"
    assert render.dropped_data(["1"], kept)["problems"][0]["message"] == "2: it is being sent at this moment"
    assert render.dropped_short({}) == ""


NO = "550 5.1.1 no such user"


def listed(state: State, progress: Progress) -> Listed:
    entry = Entry("7", "<t@x.example>", "a@x.example", ("bix@x.example", "box@x.example"), "log", 12, False, 1.8e9)
    return Listed("7", state, 12, entry, progress, progress.detail)


def test_nothing_due_tells_what_waits_and_what_sends_it() -> None:
    waits = [
        listed("deferred", Progress(1, next=1.8e9 + 60)),
        listed("queued", Progress()),
        listed("failed", Progress()),
    ]
    told = render.idle_text(waits, (), Call(None, "/r"), "ann")
    assert told.startswith(
        "nothing is due: 2 wait, and the next try is at 2027-01-15T08:00:00Z; `dtsconf queue flush --root"
    )
    assert render.idle_text(waits[2:], (), Call(), "ann") == (
        "nothing is due: 1 failed (dtsconf queue flush ID tries one again, or --failed all; "
        "dtsconf queue drop ID takes one away, or --failed all)\n"
    )
    assert "queue drop --root /r ID" in render.idle_text(waits[2:], (), Call(None, "/r"), "ann")
    assert render.untried_text(("7", "8"), waits) == (
        "not tried  7: another run has it in hand at this moment\nnot tried  8: another run was done with it first\n"
    )
    assert "nothing is queued for ann (each user has" in render.idle_text([], (), Call(), "ann")
    assert render.ran_short([], None) == ""


def test_who_was_refused_and_who_has_it() -> None:
    progress = Progress(1, remaining=(), refused=(Refused("bix@x.example", 550, NO),), detail=NO)
    assert render.list_text([listed("failed", progress)], Call(), "ann").splitlines()[:4] == [
        "7  failed    bix@x.example and 1 more: log",
        "    12 bytes, 1 attempt",
        f"    refused bix@x.example: {NO}",
        "    has it: box@x.example",
    ]


def test_nobody_is_said_to_have_what_nobody_has() -> None:
    later = render.list_text([listed("deferred", Progress(1, detail="greylisted"))], Call(), "ann")
    assert "1 attempt, next 2027-01-15T08:00:00Z: greylisted" in later
    assert "has it" not in later
