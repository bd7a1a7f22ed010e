"""A generation's record, its line in the log, and what a verification puts on it."""

from __future__ import annotations

import dataclasses
import json
import syslog

import pytest

from dtsconf.errors import VerificationFailed
from dtsconf.machine import audit, verdict
from dtsconf.machine.record import (
    Adopted,
    Generation,
    ProfileRecord,
    Proof,
    SettledRecord,
    TargetRecord,
    from_bytes,
    to_bytes,
)
from dtsconf.machine.request import Options
from dtsconf.machine.verdict import Depth
from dtsconf.proof import Verification
from dtsconf.settings.sections import Verify
from tests.unit.machine.world import PASSED, REJECTED, UNREACHED, effective

FULL = Generation(
    4,
    "2026-10-02T08:00:00Z",
    "root",
    "alice",
    "rollout",
    ProfileRecord("acme", "ab" * 32, "cd" * 20),
    Proof("verified", "send", "2026-10-02T08:00:01Z", None, "<1@x>", "dtsconf 1", "root"),
    2,
    True,
    ("server.port",),
    {"mail 587": SettledRecord("starttls", "2026-10-02T08:00:00Z")},
    (TargetRecord("dts", "/etc/dts/email.json", "sha256:00", "11", False, 5, 0o644, 0, 0, 7, (0o644, 0, 0), "mail"),),
    "22",
    "{}\n",
    {"login.password": "0123456789abcdef"},
    {"login.password": "file:///x"},
    (Adopted("/etc/msmtprc", "/etc/msmtprc.before-dtsconf"),),
    ("/etc/dts",),
    "1.2.0",
)


@pytest.mark.parametrize("generation", [FULL, Generation(0, "2026-10-02T08:00:00Z")])
def test_a_record_round_trips(generation: Generation) -> None:
    assert from_bytes(to_bytes(generation)) == generation
    assert to_bytes(from_bytes(to_bytes(generation))) == to_bytes(generation)


def test_fields_of_a_newer_dtsconf_are_passed_over() -> None:
    data = json.loads(to_bytes(FULL))
    data["news"] = 1
    data["proof"]["news"] = 1
    data["targets"][0]["news"] = 1
    assert from_bytes(json.dumps(data).encode()) == FULL


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format": 2}', b'{"format": 1}', b"1"])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        from_bytes(data)


@pytest.mark.parametrize("told", ["soon", "9999-99-99T00:00:00Z", 5])
@pytest.mark.parametrize("where", ["record", "proof"])
def test_a_record_that_tells_no_time_is_refused(where: str, told: object) -> None:
    data = json.loads(to_bytes(FULL))
    (data if where == "record" else data["proof"])["time"] = told
    with pytest.raises((ValueError, TypeError)):
        from_bytes(json.dumps(data).encode())


def test_the_log_line_tells_who_what_and_how_far_proven() -> None:
    line = audit.audit_line("rollback", FULL)
    for word in ("generation 4", "back to generation 2", "acme", "root (sudo of alice)", "verified", "send", "rollout"):
        assert word in line


def test_the_log_line_is_one_line_of_bounded_length() -> None:
    line = audit.audit_line("apply", dataclasses.replace(FULL, reason="a\nb\x1b" * 1000))
    assert "\n" not in line
    assert "\x1b" not in line
    assert len(line) <= audit.LIMIT


def test_the_line_goes_to_syslog(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(syslog, "syslog", lambda _priority, line: seen.append(line))
    audit.write("apply: generation 1")
    assert seen == ["apply: generation 1"]


def test_depth_follows_profile_and_options() -> None:
    assert verdict.depth(effective(), Options()) == Depth("send")
    assert verdict.depth(effective(verify=Verify(level="auth")), Options()) == Depth("auth")
    none = effective(verify=Verify(level="none"))
    assert verdict.depth(none, Options()) == Depth("none", None, "level")
    assert verdict.depth(none, Options(verify=True)) == Depth("send")
    assert verdict.depth(effective(), Options(verify=False)) == Depth("none", None, "no-verify")


def test_depth_with_the_user_still_to_give_a_host() -> None:
    values = {"sender.email": "dts@acme.example"}
    owed = effective(values, expects=("server.host",), verify=Verify(pending=("user",)))
    assert verdict.depth(owed, Options()) == Depth("none", "user", None)


def test_judged() -> None:
    lenient = effective(verify=Verify(pending=("offline",)))
    assert verdict.judged(PASSED, Depth("send"), lenient).pending is None
    assert verdict.judged(UNREACHED, Depth("send"), lenient).pending == "offline"
    with pytest.raises(VerificationFailed) as caught:
        verdict.judged(UNREACHED, Depth("send"), effective())
    assert caught.value.code == 9
    with pytest.raises(VerificationFailed) as caught:
        verdict.judged(REJECTED, Depth("send"), lenient)
    assert caught.value.code == 6
    assert caught.value.hint == "mend it"
    assert "535 no" in caught.value.message
    assert "auth-rejected" in caught.value.message


def test_a_failure_without_stages_still_says_so() -> None:
    with pytest.raises(VerificationFailed):
        verdict.judged(Verification("send", False), Depth("send"), effective())


def test_proofs() -> None:
    assert verdict.proof(PASSED, Depth("send"), "t", "host1") == Proof(
        "verified", "send", "t", None, "<1@acme.example>", "dtsconf 1", "root", host="host1"
    )
    assert verdict.proof(None, Depth("none", None, "no-verify"), "t", "host1").state == "none"
    assert verdict.proof(None, Depth("none", "user"), "t", "host1").state == "pending"
    assert verdict.owed(Proof("pending", "send", "t", "offline"))[0].hint == ("to prove them: dtsconf apply --verify")
    assert verdict.owed(Proof("verified")) == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("config", {}), ("user", None), ("number", "4"), ("number", True), ("result", 1), ("made", [1]), ("made", "x"),
        ("delivered", {"login.password": 1}), ("delivered", None), ("from_environment", None), ("trusted", 0),
    ],
)  # fmt: skip
def test_a_record_with_a_value_of_another_kind_is_none(field: str, value: object) -> None:
    data = json.loads(to_bytes(FULL)) | {field: value}
    with pytest.raises(TypeError):
        from_bytes(json.dumps(data).encode())


@pytest.mark.parametrize("asked", [[{"a": 1}, 0, 0], [420, 0], [420, 0, 0, 0], [True, 0, 0], "abc", None])
def test_a_target_of_which_it_is_unknown_what_was_asked_is_none(asked: object) -> None:
    data = json.loads(to_bytes(FULL))
    data["targets"][0]["asked"] = asked
    with pytest.raises(TypeError):
        from_bytes(json.dumps(data).encode())
