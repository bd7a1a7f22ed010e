"""How `secret check` tells what is known of a secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dtsconf.render.secret import text
from dtsconf.secret.check import Tried
from dtsconf.settings.references import Held

HELD = Held("login.password", "vault://kv/mail/relay#password")


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (-1, "1 second ago"),
        (-50, "50 seconds ago"),
        (-300, "5 minutes ago"),
        (-3e5, "3 days ago"),
        (7205, "in 2 hours"),
    ],
)
def test_times_are_told_as_a_person_would(away: float, words: str) -> None:
    when = (datetime.now(UTC) + timedelta(seconds=away)).isoformat(timespec="milliseconds")
    told = text([Tried(HELD, 12.0, {"changed" if away < 0 else "expiry": when})])
    assert f"{'changed' if away < 0 else 'expires'} {words} ({when})" in told
    over = text([Tried(HELD, 12.0, {"expiry": when})])
    assert f"{'expired' if away < 0 else 'expires'} {words} ({when})" in over


def test_a_time_of_another_make_is_shown_as_it_came() -> None:
    assert "changed last week" in text([Tried(HELD, 12.0, {"changed": "last week"})])
