"""What a run makes of mails for which nobody said anything, by Graph, where a large one goes another way."""

from __future__ import annotations

import pytest

from dtsconf.mail.graph.handing import LARGEST
from dtsconf.mail.sent import Recipient, Sent
from dtsconf.proof import Stage
from dtsconf.sending.doubts import ENOUGH, Doubts

LOST = Stage("request", False, 1.0, "no answer", cause="timeout")


@pytest.mark.parametrize(("size", "believed"), [(LARGEST, True), (LARGEST + 1, False)])
def test_a_service_that_falls_silent_is_believed_to_be_away_after_five_small_mails(
    size: int, *, believed: bool
) -> None:
    doubts = Doubts()
    sent = Sent("<1@acme.example>", (Recipient("ann@acme.example", False, cause="timeout"),), (LOST,))
    heard = [doubts.heard(sent, "dts@acme.example", ("ann@acme.example",), size) for _ in range(ENOUGH)]
    assert heard == [False] * (ENOUGH - 1) + [believed]
    assert (doubts.unusable is LOST) is believed
    assert doubts.known("dts@acme.example", ("ann@acme.example",)) is None
