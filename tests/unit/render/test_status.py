"""Status and history."""

from __future__ import annotations

import platform
from dataclasses import replace

import pytest

from dtsconf.machine.record import Generation, ProfileRecord, Proof
from dtsconf.machine.status import REPLACED, DriftItem, State, Status
from dtsconf.render import status as render
from tests.unit.render.results import ESC, GENERATION, PLAN, raw

SYNC = Status("in-sync", (), GENERATION, GENERATION.proof, 3 * 86400.0)
DRIFT = replace(
    SYNC, state="drifted", drift=(DriftItem("/etc/dts/email.json", "content changed", "2026-10-03T00:00:00Z"),)
)


def test_in_sync() -> None:
    assert render.text(SYNC, None) == (
        "in sync with #3 (acme-perth)\nproof: send, 2026-10-02T08:00:00Z (3 days ago), for dtsconf 1.2.0 as root\n"
    )


def test_drift_says_what_since_when_and_what_to_type() -> None:
    lines = render.text(DRIFT, None).splitlines()
    assert lines[0] == "drifted from #3 (acme-perth)"
    assert lines[1] == "  /etc/dts/email.json: content changed, since 2026-10-03T00:00:00Z"
    assert lines[-1].startswith("hint: `dtsconf apply`")


def test_what_no_apply_takes_away_is_to_be_moved_first() -> None:
    link = DriftItem(
        "/etc/dts/email.json", f"{REPLACED} (/etc/dts/email.json is a link, and links are not followed)", None
    )
    hint = render.text(replace(DRIFT, drift=(*DRIFT.drift, link)), None).splitlines()[-1]
    assert hint.startswith("hint: move /etc/dts/email.json away, then `dtsconf apply` puts back what belongs there")
    below = render.text(replace(DRIFT, drift=(*DRIFT.drift, link)), None, "/try").splitlines()[-1]
    assert below.startswith("hint: move /try/etc/dts/email.json away, then"), "never this machine's own"


def test_drift_from_a_record_that_nobody_can_read_says_so() -> None:
    lost = render.text(replace(DRIFT, generation=None), None).splitlines()
    assert lost[0] == "drifted: what was applied last can't be told"


def test_the_next_command_keeps_the_root() -> None:
    assert "`dtsconf apply --root '/tmp/a b'` puts it back" in render.text(DRIFT, None, "/tmp/a b")


@pytest.mark.parametrize(("state", "word"), [("interrupted", "interrupted"), ("never-applied", "never applied")])
def test_other_states_say_what_to_type(state: State, word: str) -> None:
    text = render.text(replace(SYNC, state=state, generation=None, proof=None), None)
    assert word in text
    assert "hint: " in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (-60, " (by a clock that was ahead of this one)"),
        (5, " (just now)"),
        (300, " (5 minutes ago)"),
        (7300, " (2 hours ago)"),
        (9e5, " (10 days ago)"),
    ],
)
def test_the_age_of_a_proof(seconds: float | None, words: str) -> None:
    assert f"08:00:00Z{words}, for" in render.text(replace(SYNC, proof_age=seconds), None)


def test_a_proof_that_is_owed_or_missing() -> None:
    assert "still owed (offline)" in render.text(
        replace(SYNC, proof=Proof("pending", "connect", pending="offline")), None
    )
    owed = replace(SYNC, proof=Proof("pending", "connect", pending="offline"))
    assert "level connect; once the server can be reached: `dtsconf apply --verify --root /r`\n" in render.text(
        owed, None, "/r"
    )
    assert "apply" not in render.text(replace(owed, proof=Proof("pending", "connect", pending="user")), None)
    assert "proof: none (no-verify)" in render.text(replace(SYNC, proof=Proof(note="no-verify")), None)


def test_with_a_profile() -> None:
    assert "asks for changes: update /etc/dts/email.json" in render.text(SYNC, PLAN)
    assert "asks for nothing else" in render.text(SYNC, replace(PLAN, changes=()))


def test_data_has_the_contracts_fields() -> None:
    found = render.data(DRIFT, None)
    assert {"state", "drift", "generation", "proof"} <= set(found)
    assert found["drift"] == [
        {"path": "/etc/dts/email.json", "what": "content changed", "since": "2026-10-03T00:00:00Z"}
    ]
    assert found["generation"] == 3
    assert {key: found["proof"][key] for key in ("state", "level", "time")} == {
        "state": "verified", "level": "send", "time": "2026-10-02T08:00:00Z",
    }  # fmt: skip
    assert render.data(SYNC, PLAN)["plan"]["changes"] == 1


def test_history_is_a_line_a_generation() -> None:
    zero = Generation(0, "2026-10-01T08:00:00Z")
    back = replace(GENERATION, number=4, rollback_of=1, sudo_user=None)
    assert render.history_text([zero, GENERATION, back]).splitlines() == [
        "#0  2026-10-01T08:00:00Z  before dtsconf",
        "#3  2026-10-02T08:00:00Z  acme-perth  by root (sudo by ann), proof verified: CHG-1",
        "#4  2026-10-02T08:00:00Z  acme-perth  by root, rollback to #1, proof verified: CHG-1",
    ]
    assert render.history_text([]) == "never applied on this machine\n"
    found = render.history_data([zero, GENERATION])["generations"]
    assert [g["generation"] for g in found] == [0, 3]
    assert set(found[1]) >= {"generation", "time", "user", "reason", "profile", "proof", "rollback_of"}


def test_hostile_names_reasons_and_paths() -> None:
    hostile = replace(GENERATION, reason=ESC, user=ESC, sudo_user=ESC, profile=ProfileRecord(ESC, "d"))
    proof = Proof("verified", "send", "x", None, ESC, ESC, ESC)
    found = replace(DRIFT, generation=hostile, proof=proof, drift=(DriftItem(ESC, ESC, ESC),), unchecked=(ESC,))
    text = render.text(found, replace(PLAN, changes=(replace(PLAN.changes[0], path=ESC),)))
    assert raw(text) == raw(render.history_text([hostile])) == set()
    assert render.history_text([hostile]).count("\n") == 1


def test_a_proof_of_another_machine_is_told_as_that() -> None:
    made = Proof(
        "verified", "send", "2026-11-26T10:00:00Z", None, "<1@x>", "dtsconf 1.2.0", "root", host="ci-7.example"
    )
    assert "as root on ci-7.example, which is not this machine\n" in render.text(replace(SYNC, proof=made), None)
    for host in (platform.node(), None):
        assert "for dtsconf 1.2.0 as root\n" in render.text(replace(SYNC, proof=replace(made, host=host)), None)
