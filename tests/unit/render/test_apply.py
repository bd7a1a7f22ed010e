"""What apply says, above all when it failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dtsconf.errors import DtsconfError, Invalid, Notice, Option, Place, Problem, VerificationFailed
from dtsconf.machine.record import ProfileRecord, Proof
from dtsconf.proof import CAUSES, Said, Stage, Verification
from dtsconf.render import apply, failure, table
from dtsconf.render.call import Call
from tests.unit.machine.world import effective
from tests.unit.render.results import ESC, FAILED, GENERATION, PASSED, PLAN, applied, raw

CONTRACT = """
dns no-route refused timeout blocked not-smtp protocol tls-required tls-not-offered tls-version
tls-untrusted tls-name tls-expired tls-not-yet-valid tls-stripped auth-mechanism auth-rejected auth-disabled
cleartext-refused sender-rejected recipient-rejected content-rejected mailbox-full too-large rate-limited greylisted
server-error dropped outcome-unknown token
"""

ERROR = VerificationFailed("verification failed", "check the password", known=None)


def told(error: DtsconfError, **parts: object) -> list[str]:
    error.known = applied(**parts)
    return failure.text(error).splitlines()


def test_the_words_of_a_failure_in_their_order() -> None:
    lines = told(ERROR)
    year = "" if datetime.now(UTC).year == 2026 else " 2026"
    assert lines[0] == f"NOT APPLIED. HOST keeps #3 (acme-perth, 2 Oct{year}). Nothing was written."
    assert lines[1] == "The server refused the login, or got none (auth-rejected at stage auth)."
    assert lines[2] == "the server said: 535 5.7.8 authentication failed"
    assert lines[3] == "stages: resolve ok, connect ok, auth FAILED (auth-rejected)"
    assert lines[4] == "values:"
    assert lines[5:9] == [
        "  server.host = mail.acme.example (profile, /srv/site.yaml:1:3)",
        "  server.port = 587 (the default for starttls)",
        "  server.encryption = starttls (profile, /srv/site.yaml:2:3)",
        "  sender.email = dts@acme.example (profile, /srv/site.yaml:3:3)",
    ]
    assert lines[9] == "hint: check the password"
    assert lines[10].startswith("look again: `dtsconf test`")
    assert len(lines) == 11


def test_how_to_look_again_can_be_pasted() -> None:
    ERROR.known = applied()
    text = failure.text(ERROR, (), Call("my site.yaml", "/tmp/a b"))
    assert "look again: `dtsconf test --profile 'my site.yaml' --root '/tmp/a b'`; `dtsconf status --root" in text
    ERROR.known = applied(rollback_of=0)
    back = failure.text(ERROR, (), Call("site.yaml", "/r"))
    assert "to go back without the proof: `dtsconf rollback 0 --no-verify --root /r`; `dtsconf status" in back


def failed_with(hint: str, **parts: object) -> str:
    stage = replace(FAILED.stages[-1], hint=hint)
    error = VerificationFailed("verification failed", hint)
    error.known = applied(verification=replace(FAILED, stages=(stage,)), **parts)
    return failure.text(error, (), Call("site.yaml", "/r"))


def test_a_failed_apply_tells_what_to_try_and_to_keep() -> None:
    text = failed_with("--set server.port=587, or dtsconf secret check")
    assert "hint: --set server.port=587, or dtsconf secret check --profile site.yaml --root /r\n" in text
    assert "try:  dtsconf test --profile site.yaml --root /r --set server.port=587\n" in text
    assert "keep: once that works\n  # in /srv/site.yaml, beside line 1\n  port: 587\n" in text


def test_after_a_failed_apply_it_is_the_apply_that_is_to_be_tried_again() -> None:
    wait = "wait ten minutes, then dtsconf test again; other ports: dtsconf test --probe"
    assert "hint: wait ten minutes, then the same apply again; other ports: dtsconf test --profile" in failed_with(wait)
    back = failed_with(wait, rollback_of=2)
    assert "hint: wait ten minutes, then the same rollback again; other ports" in back


def test_a_failed_rollback_proposes_no_option_that_it_lacks() -> None:
    text = failed_with(
        "use the way that works: --set server.port=587 --set server.encryption=tls (tried)", rollback_of=2
    )
    assert "--set" not in text
    assert "try:" not in text
    assert "write server.port: 587 and server.encryption: tls into the profile and apply that (tried)" in text
    assert "`dtsconf rollback 2 --no-verify --root /r`" in text


def test_a_failed_apply_proposes_nothing_in_the_place_of_what_is_locked() -> None:
    text = failed_with(
        "--set server.port=587, or --set server.encryption=none", effective=effective(locks=("server.port",))
    )
    assert "write port: 587 beside line 1 of /srv/site.yaml (locked, so --set can't)" in text
    assert "try:" not in text


def test_a_rollback_whose_proof_is_locked_is_told_no_way_without() -> None:
    text = failed_with("wait", rollback_of=2, effective=effective(locks=("verify",)))
    assert "--no-verify" not in text
    assert "look again: `dtsconf status --root /r`" in text


def test_a_rollback_says_what_it_is() -> None:
    assert failed_with("wait", rollback_of=2).startswith("NOT ROLLED BACK. HOST keeps #3")
    done = applied(verification=PASSED, rollback_of=2)
    assert apply.text(done, verbose=False).startswith("Nothing to change: HOST holds what #2 wrote.\n")
    first = apply.text(replace(done, rollback_of=0), verbose=False)
    assert first.startswith("Nothing to change: HOST holds what stood there before dtsconf.\n")


def test_a_profile_that_could_not_be_read_is_not_tested_again() -> None:
    error = Invalid((Problem("missing", "there is no file site.yml"),))
    error.known = applied(verification=None, effective=None)
    assert "look again: `dtsconf status --root /r`\n" in failure.text(error, (), Call("site.yml", "/r"))


def test_a_machine_that_was_never_applied() -> None:
    expected = "NOT APPLIED. HOST stays as it was before dtsconf. Nothing was written."
    assert told(ERROR, before=None)[0] == expected
    assert told(ERROR, before=replace(GENERATION, number=0))[0] == expected


def test_a_failure_before_the_verification_tells_its_problems() -> None:
    error = Invalid((Problem("value", "is wrong", "write b", Place("site.yaml", 7, 11), None, "  x: 1\n     ^"),))
    lines = told(error, verification=None)
    assert lines[1:5] == ["site.yaml:7:11: is wrong", "  x: 1", "     ^", "hint: write b"]
    assert lines[-1].startswith("look again")


def test_warnings_of_a_failure_stand_after_the_cause() -> None:
    text = "\n".join(told(ERROR, warnings=(Notice("x", "odd thing"),)))
    assert text.index("hint: check") < text.index("look again") < text.index("warning: odd thing")


def test_every_cause_of_the_contract_has_a_sentence() -> None:
    words = CONTRACT.split()
    assert sorted(words) == sorted(CAUSES)
    for word in words:
        first = table.failure(Verification("send", False, (Stage("auth", False, 1.0, cause=word),))).splitlines()[0]
        assert word in first
        assert CAUSES[word][1:] in first


@pytest.mark.parametrize(
    ("said_by", "words"),
    [("server", "the server said"), ("tls", "TLS said"), ("system", "the system said"), ("dtsconf", "dtsconf found")],
)
def test_who_said_what_is_clear(said_by: Said, words: str) -> None:
    stage = replace(FAILED.stages[-1], said_by=said_by)
    assert f"{words}: 535" in table.failure(replace(FAILED, stages=(stage,)))


def test_a_secret_given_in_clear_is_hidden_among_the_values() -> None:
    want = effective(
        {"server.host": "mail.acme.example", "server.encryption": "starttls", "sender.email": "a@acme.example",
         "login.required": True, "login.username": "dts"},
        environment={"login.password": "env://DTS_EMAIL_LOGIN__PASSWORD"},
    )  # fmt: skip
    lines = told(ERROR, effective=want)
    assert "  login.password = (hidden) (environment, DTS_EMAIL_LOGIN__PASSWORD)" in lines


def test_success_in_a_line_or_two() -> None:
    done = applied(changed=True, verification=PASSED)
    assert apply.text(done, verbose=False) == (
        "HOST: applied; generation #3 (acme-perth)\n"
        "proven for dtsconf 1.2.0 as root: the server took a test mail (<1@acme.example>)\n"
    )
    assert "resolve" in apply.text(done, verbose=True)
    assert apply.text(replace(done, rollback_of=1), verbose=False).startswith("HOST: rolled back to #1; generation #3")


def test_a_proof_without_a_login_speaks_of_none() -> None:
    level = replace(PASSED, level="auth", message_id=None)
    with_login = replace(level, stages=(*level.stages, Stage("auth", ok=True, ms=1)))
    for verification, words in ((with_login, "and takes the login"), (level, ", and no login is set")):
        told = apply.text(applied(changed=True, verification=verification), verbose=False)
        assert told.endswith(f"as root: the server answers{' ' if words[0] != ',' else ''}{words}\n")


def test_nothing_to_change_is_a_line() -> None:
    found = apply.text(applied(plan=replace(PLAN, changes=()), verification=None), verbose=False)
    assert found == "Nothing to change: HOST holds what the profile asks for.\n"


def test_a_proof_that_stays_owed_is_told_with_what_makes_it() -> None:
    waiting = replace(GENERATION, proof=Proof("pending", "send", pending="offline"))
    there = applied(plan=replace(PLAN, changes=()), verification=None, generation=waiting)
    told = apply.text(there, verbose=False)
    assert "still owed: offline; once the server can be reached: `dtsconf apply --verify`" in told


def test_a_proof_that_is_owed_is_said() -> None:
    owed = replace(PASSED, pending="offline")
    assert "still owed: offline" in apply.text(applied(changed=True, verification=owed), verbose=False)


def test_hostile_texts_never_reach_the_terminal_raw() -> None:
    stage = replace(FAILED.stages[-1], detail=ESC)
    hostile = replace(GENERATION, profile=ProfileRecord(ESC, "d"))
    want = effective({"server.host": "mail.acme.example", "sender.email": "a@acme.example", "sender.name": "x"})
    origin = {**want.origin, "login.username": replace(want.origin["sender.name"], value=ESC, where=Place(ESC, 1, 1))}
    error = VerificationFailed(ESC, ESC)
    error.known = applied(
        verification=replace(FAILED, stages=(stage,)), before=hostile, effective=replace(want, origin=origin),
        warnings=(Notice("x", ESC, ESC, Place(ESC, 1, 1)),),
    )  # fmt: skip
    assert raw(failure.text(error)) == set()
    error.known = applied(verification=None, before=hostile)
    error.problems = (Problem("x", ESC, ESC, Option(ESC), None, f"{ESC}\n^"),)
    assert raw(failure.text(error)) == set()
    done = applied(
        changed=True, generation=hostile, verification=replace(PASSED, message_id=ESC, user=ESC, stages=(stage,))
    )
    assert raw(apply.text(done, verbose=True)) == set()


def test_data_has_the_contracts_fields() -> None:
    found = apply.data(applied())
    assert {"changes", "digest", "changed", "generation", "verification"} <= set(found)
    assert set(found["verification"]) >= {"level", "ok", "pending", "message_id", "program", "user", "stages"}
    assert found["verification"]["stages"][2]["cause"] == "auth-rejected"
    assert apply.data(applied(generation=None, verification=None, effective=None))["generation"] is None


@pytest.mark.parametrize(
    ("stamp", "words"), [("2019-01-05T12:00:00Z", "5 Jan 2019"), ("2001-12-31T12:00:00Z", "31 Dec 2001")]
)
def test_days_of_other_years_name_the_year(stamp: str, words: str) -> None:
    assert apply.day(stamp) == words


@pytest.mark.parametrize(("note", "why"), [("no-verify", "--no-verify"), ("level", "verify.level is none")])
def test_what_went_live_without_a_proof_is_said_to(note: str, why: str) -> None:
    unproven = replace(GENERATION, proof=Proof("none", "none", GENERATION.time, note=note))
    text = apply.text(applied(changed=True, generation=unproven, verification=None), verbose=False, root="/r")
    told = f"not proven: no test was made ({why}); to prove it: `dtsconf apply --verify --root /r`"
    assert text.splitlines()[1] == told


def test_what_a_person_signs_in_for_is_proven_by_them() -> None:
    unproven = replace(GENERATION, proof=Proof("none", "none", GENERATION.time, note="level"))
    people = {"mode": "microsoft", "microsoft.client_id": "00000000-0000-0000-0000-000000000001"}
    done = applied(changed=True, generation=unproven, verification=None, effective=effective(people))
    told = apply.text(done, verbose=False, root="/r").splitlines()[1]
    assert told.endswith("; to prove it: `dtsconf test --root /r`, as each user who sends")
    nightly = {
        **people,
        "microsoft.flow": "application",
        "sender.email": "a@acme.example",
        "microsoft.tenant": "a.example",
    }
    done = replace(done, effective=effective({**nightly, "microsoft.client_secret": "env://S"}))
    assert "`dtsconf apply --verify --root /r`" in apply.text(done, verbose=False, root="/r")


def test_the_roots_in_use_are_among_the_values() -> None:
    values = {"server.host": "h", "sender.email": "a@acme.example", "server.encryption": "tls"}
    want = effective({**values, "server.ca_file": "/etc/dts/ca.pem"})
    assert any(line.startswith("  server.ca_file = /etc/dts/ca.pem (profile, ") for line in told(ERROR, effective=want))
