"""What the identity provider's answer tells the doctor besides being one: the time."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from dtsconf.doctor.check import Subject, carried_out
from dtsconf.doctor.sign_in import sign_in
from dtsconf.wiring import Inputs, effective, identity, layout_of, local_system
from tests.fakes.provider import FakeProvider, Reply
from tests.unit.auth.test_exposure import PEOPLE
from tests.unit.cli.calls import profile


@pytest.mark.parametrize(
    ("apart", "states", "told"),
    [
        (86400, {"provider": "ok", "clock": "fail", "sign-in": "ok"}, "this machine's clock is 24 hours behind"),
        (-7300, {"provider": "ok", "clock": "fail", "sign-in": "ok"}, "this machine's clock is 2 hours ahead"),
        (60, {"provider": "ok", "sign-in": "ok"}, ""),
        (None, {"provider": "ok", "sign-in": "ok"}, ""),
    ],
)
def test_a_clock_that_the_provider_contradicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: float | None, states: dict[str, str], told: str
) -> None:
    dated = {} if apart is None else {"Date": formatdate(time.time() + apart, usegmt=True)}
    answer = Reply(200, json.dumps({}), {"Content-Type": "application/json", **dated})
    monkeypatch.setattr(identity, "session_maker", lambda _effective: lambda: FakeProvider(discovery=answer))
    given = Inputs(profile(tmp_path, PEOPLE), root=str(tmp_path / "root"))
    layout = layout_of(given.root)
    subject = Subject(layout, local_system(layout), effective(given, user=True), time.time())
    found: dict[str, Any] = {check.check: check for check in carried_out([("sign-in", sign_in)], subject)}
    assert {name: check.state for name, check in found.items()} == states
    if told:
        assert found["clock"].detail.startswith(told)
        assert "login.microsoftonline.com" in found["clock"].detail
        assert "set the clock" in found["clock"].hint
