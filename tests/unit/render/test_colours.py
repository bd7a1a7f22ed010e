"""The words that must not be overlooked have a colour where colours are on, and stand there plain where they aren't."""

from __future__ import annotations

import pytest

from dtsconf.doctor.check import Check
from dtsconf.doctor.text import as_text
from dtsconf.errors import VerificationFailed
from dtsconf.machine.status import DriftItem, State, Status
from dtsconf.render import apply, failure, status, table, test
from tests.unit.machine.world import effective
from tests.unit.render.results import FAILED, GENERATION, applied

RED, GREEN, PLAIN = "\x1b[31m\x1b[1m", "\x1b[32m", "\x1b[0m"


def uncoloured(text: str) -> str:
    for code in (RED, GREEN, "\x1b[33m", "\x1b[31m", PLAIN):
        text = text.replace(code, "")
    return text


def test_a_failed_stage_is_red_and_one_that_went_well_green() -> None:
    rows = table.stages(FAILED, color=True)
    assert f"{RED}FAIL{PLAIN} auth" in rows
    assert f"{GREEN}ok{PLAIN}   resolve" in rows
    assert uncoloured(rows) == table.stages(FAILED)


def test_a_verdict_is_red() -> None:
    assert f"{RED}NOT PROVEN.{PLAIN} The" in test.text(FAILED, effective(), color=True)
    error = VerificationFailed("it failed", None, known=applied())
    told = failure.text(error, color=True)
    assert told.startswith(f"{RED}NOT APPLIED.{PLAIN} HOST keeps #3")
    assert uncoloured(told) == failure.text(error)
    assert f"{RED}FAIL{PLAIN}" in apply.text(applied(changed=True), verbose=True, color=True)


@pytest.mark.parametrize(("state", "words"), [("in-sync", f"{GREEN}in sync"), ("drifted", f"{RED}drifted")])
def test_the_state_and_every_drift_have_a_colour(state: State, words: str) -> None:
    found = Status(state, (DriftItem("/etc/dts/email.json", "changed", None),), GENERATION, GENERATION.proof, 1.0)
    text = status.text(found, None, color=True)
    assert text.startswith(f"{words}{PLAIN} ")
    assert f"/etc/dts/email.json: {RED}changed{PLAIN}\n" in text
    assert uncoloured(text) == status.text(found, None)


def test_the_doctor_marks_in_colour() -> None:
    checks = [Check("dns", "fail", "no"), Check("clock", "ok", "yes"), Check("disk", "warn", "well")]
    assert as_text(checks, color=True) != as_text(checks)
    assert uncoloured(as_text(checks, color=True)) == as_text(checks)
