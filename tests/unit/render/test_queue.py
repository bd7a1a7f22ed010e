from __future__ import annotations

import pytest

from dtsconf.proof import Stage
from dtsconf.queue.runner import Ran
from dtsconf.render import queue as render

SENT = Ran("1", "<1@x.example>", "sent")
LATER = Ran("2", "<2@x.example>", "deferred", "greylisted")
LOST = Ran("3", "<3@x.example>", "failed", "550 no such user")
DOWN = Stage("connect", False, 1.0, "Connection refused", cause="refused", hint="is it on?")


@pytest.mark.parametrize(
    ("rans", "unusable", "text"),
    [
        ([], None, ""),
        ([SENT, LATER], None, ""),
        ([SENT, LOST], None, "failed    3  550 no such user\n1 failed\n"),
        ([LATER], DOWN, "the server could not be used: connect failed: Connection refused\nhint: is it on?\n"),
    ],
)
def test_a_quiet_run_tells_what_somebody_has_to_look_after(rans: list[Ran], unusable: Stage | None, text: str) -> None:
    assert render.ran_short(rans, unusable) == text
    assert render.ran_text(rans, unusable) != text


def test_what_was_not_dropped_is_told() -> None:
    assert render.dropped_text(["1"], ["2"]) == "dropped  1\n" + render.dropped_short(["2"])
    assert render.dropped_short([]) == ""
