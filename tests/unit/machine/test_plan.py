"""Plans as values, and their diffs: three states, nothing secret shown."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from dtsconf.machine import delivered, diff
from dtsconf.machine.desired import NOTHING, Desired
from dtsconf.machine.key import plain_digest
from dtsconf.machine.plan import Plan, States, compute, text_digest
from dtsconf.machine.record import Adopted, Generation, TargetRecord
from dtsconf.machine.standing import Standing, as_left
from dtsconf.machine.targets.file import TargetFile

PATH = "/etc/dts/email.json"
OLD, NEW, OTHER = "old\n", "new\n", "other\n"


def wanted(text: str) -> Desired:
    file = TargetFile("dts", PATH, 0o644, text, text, text.encode())
    return dataclasses.replace(NOTHING, files=(file,), digest=text_digest(text))


def record(text: str, **changed: Any) -> TargetRecord:
    content = text.encode()
    base = TargetRecord(
        "dts", PATH, plain_digest(content), text_digest(text), False, len(content), 0o644, 0, 0, 5, (0o644, 0, 0)
    )
    return dataclasses.replace(base, **changed)


def generation(text: str) -> Generation:
    return Generation(3, "2026-01-01T00:00:00Z", targets=(record(text),), result=text_digest(text))


def standing(text: str | None, **changed: Any) -> Standing:
    content = None if text is None else text.encode()
    return dataclasses.replace(Standing(len(content or b""), 0o644, 0, 0, 5, content), **changed)


def same(content: bytes, digest: str) -> bool:
    return plain_digest(content) == digest


def plan(want: str | None, found: str | None, last: str | None, *, back: bool = False) -> Plan:
    states = States(
        NOTHING if want is None else wanted(want),
        {PATH: None if found is None else standing(found)},
        None if last is None else generation(last),
        same,
        back_to_nothing=back,
    )
    return compute(states, "acme")


@pytest.mark.parametrize(
    ("want", "found", "last", "expected"),
    [
        (NEW, None, None, ("create", "profile", False)),
        (NEW, OTHER, None, ("update", "profile", True)),
        (NEW, NEW, None, ("update", "profile", True)),
        (NEW, OLD, OLD, ("update", "profile", False)),
        (NEW, OTHER, OLD, ("update", "both", False)),
        (OLD, OTHER, OLD, ("update", "machine", False)),
        (OLD, None, OLD, ("create", "machine", False)),
        (NEW, None, OLD, ("create", "both", False)),
        (NEW, NEW, OLD, ("update", "both", False)),
        (None, OLD, OLD, ("delete", "profile", False)),
    ],
)
def test_three_states(want: str | None, found: str | None, last: str | None, expected: tuple[str, str, bool]) -> None:
    (change,) = plan(want, found, last).changes
    assert (change.action, change.reason, change.adopts) == expected


def test_another_group_is_the_profiles_doing() -> None:
    file = dataclasses.replace(wanted(OLD).files[0], group=(group := "mailers"))
    last = dataclasses.replace(generation(OLD), targets=(record(OLD, group="dts", asked=(0o644, 0, 55)),))
    want = dataclasses.replace(wanted(OLD), files=(file,), digest=text_digest(OLD + group))
    (change,) = compute(States(want, {PATH: standing(OLD)}, last, same, gids={"mailers": 77}), "acme").changes
    assert change.reason == "profile"
    assert "has id" not in change.diff


def test_all_alike_is_empty() -> None:
    assert plan(OLD, OLD, OLD).empty
    assert plan(None, None, None).empty


def test_a_dropped_file_that_was_changed_is_left_unless_all_goes() -> None:
    left = plan(None, OTHER, OLD)
    assert (left.changes, left.left, left.empty) == ((), (PATH,), False)
    (change,) = plan(None, OTHER, OLD, back=True).changes
    assert (change.action, change.reason) == ("delete", "both")


def test_a_dropped_file_that_is_gone_is_still_recorded() -> None:
    (change,) = plan(None, None, OLD).changes
    assert change.action == "delete"
    assert "already gone" in change.diff


def test_a_plan_is_the_same_value_for_the_same_states() -> None:
    for want, found, last in itertools.product((None, OLD, NEW), repeat=3):
        assert plan(want, found, last) == plan(want, found, last)


def test_the_diff_is_unified() -> None:
    (change,) = plan(NEW, OLD, OLD).changes
    assert change.diff == f"--- {PATH}\n+++ {PATH}\n@@ -1 +1 @@\n-old\n+new\n"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"mode": 0o600}, True),
        ({"uid": 7}, True),
        ({"mtime_ns": 9}, True),
        ({"content": b"x"}, False),
        ({"content": None}, True),
        ({"content": None, "mode": 0o600}, True),
        ({"content": None, "size": 99}, False),
        ({"content": None, "mtime_ns": 9}, False),
        ({"content": None, "gid": 9}, True),
        ({"content": None, "mode": 0o666}, False),
    ],
)
def test_as_left(changed: dict[str, Any], expected: bool) -> None:
    assert as_left(record(OLD), standing(OLD, **changed), same) is expected


@pytest.mark.parametrize("changed", [{"mode": 0o644}, {"uid": 7}, {"gid": 7}])
def test_a_secrets_owner_and_mode_count(changed: dict[str, Any]) -> None:
    kept = record(OLD, secret=True, mode=0o600)
    assert as_left(kept, standing(OLD, mode=0o600), same)
    assert not as_left(kept, standing(OLD, **{"mode": 0o600, **changed}), same)
    assert not as_left(kept, standing(OLD, **{"mode": 0o600, "content": None, **changed}), same)


def test_drifted_text_is_shown_without_what_may_be_secret() -> None:
    text = '{"password": "hunter2", "a": "b",\n "client_secret" : "x\\"y", "token": "t\n "password": "file:///ok"}'
    shown = diff.masked("dts", text.encode(), secret=False, ours=False)
    assert "hunter2" not in shown
    assert 'x\\"y' not in shown
    assert '"t\n' not in shown
    assert '"a": "b"' in shown
    assert "file:///ok" in shown


def test_a_found_msmtprc_is_shown_without_passwords() -> None:
    text = b"host h\n  Password  hunter2\npasswordeval echo hunter2\nuser password\n"
    shown = diff.masked("msmtp", text, secret=True, ours=False)
    assert "hunter2" not in shown
    assert "user password" in shown
    assert "host h" in shown


def test_a_found_secrets_file_shows_ids_alone() -> None:
    ours = delivered.to_bytes({"0123456789abcdef": "hunter2"})
    shown = diff.masked("dts", ours, secret=True, ours=True)
    assert "0123456789abcdef" in shown
    assert "hunter2" not in shown
    assert "hunter2" not in diff.masked("dts", b'{"x": "hunter2"}', secret=True, ours=False)


def test_control_characters_are_escaped() -> None:
    assert "\x1b" not in diff.masked("dts", b'{"a": "\x1b[31m"}', secret=False, ours=False)
    assert diff.masked("dts", b"\xff\xfe", secret=False, ours=False)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"format": 2, "secrets": {}}', b'{"format": 1, "secrets": []}', b"\xff"]
)
def test_a_damaged_secrets_file_holds_nothing(data: bytes) -> None:
    assert delivered.from_bytes(data) == {}


def test_delivered_secrets_round_trip() -> None:
    values = {"b" * 16: 'päss\n"', "a" * 16: ""}
    assert delivered.from_bytes(delivered.to_bytes(values)) == values


@pytest.mark.parametrize(
    ("config", "secrets"),
    [("/etc/dts/email.json", "/etc/dts/email.secrets.json"), ("/opt/x.conf", "/opt/x.conf.secrets.json")],
)
def test_secrets_lie_beside(config: str, secrets: str) -> None:
    assert delivered.secrets_path(config) == secrets


def test_put_back_files_are_told_without_their_content() -> None:
    last = dataclasses.replace(generation(OLD), adopted=(Adopted(PATH, PATH + ".before-dtsconf"),))
    states = States(NOTHING, {PATH: standing(OLD)}, last, same, {PATH: b"hunter2"}, True)
    (change,) = compute(states, "").changes
    assert change.action == "update"
    assert "hunter2" not in change.diff
    assert "put back" in change.diff


def test_a_changed_secret_is_told_in_the_diff_of_the_file_that_holds_it() -> None:
    same = diff.unified("/etc/msmtprc", "password ********\n", "password ********\n")
    told = "# login.password: changed (value hidden)\n"
    assert diff.with_rotated(same, ["login.password"]) == f"--- /etc/msmtprc\n+++ /etc/msmtprc\n{told}"
    assert diff.with_rotated(same, []) == same
    other = diff.unified("/etc/msmtprc", "a\n", "b\n")
    assert diff.with_rotated(other, ["login.password"]) == other + told
