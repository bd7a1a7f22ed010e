"""The doctor's checks, each on a machine that lacks just that."""

from __future__ import annotations

import datetime as dt
import os
import ssl
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dtsconf.doctor import certificates, clock, parts, places, state
from dtsconf.doctor.check import Check, Checker, Subject, carried_out, one_line
from dtsconf.doctor.text import as_text
from dtsconf.errors import Invalid, Place, Problem
from dtsconf.machine.layout import Layout
from dtsconf.machine.local import LocalSystem
from dtsconf.machine.lock import machine_lock
from dtsconf.settings.declared import checked
from dtsconf.settings.effective import Effective
from dtsconf.settings.model import Settings
from dtsconf.settings.sections import SecretsOptions, Target


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.fixture
def subject(root: Path) -> Subject:
    return Subject(Layout(str(root)), LocalSystem(str(root)), None, time.time())


def effective(group: str | None = None, kind: Any = "dts", record: str | None = None, **server: Any) -> Effective:
    """Settings with just what the checks look at."""
    org = SimpleNamespace(name="acme", secrets=SecretsOptions(group=group), targets=(Target(kind=kind),), record=record)
    return cast("Effective", SimpleNamespace(settings=checked(Settings, {"server": server}), org=org, missing=()))


def found(checker: Checker, subject: Subject) -> dict[str, Check]:
    return {check.check: check for check in carried_out([("broke", checker)], subject)}


def make(root: Path, path: str, mode: int, content: str = "{}") -> Path:
    made = root / path
    made.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    made.write_text(content)
    made.chmod(mode)
    return made


def test_a_path_brings_no_control_character_to_the_terminal(tmp_path: Path) -> None:
    root = tmp_path / "red\x1b[31m"
    strange = Subject(Layout(str(root)), LocalSystem(str(root)), None, time.time())
    for checker in (places.files, places.room):
        told = "".join(f"{check.detail}{check.hint}" for check in found(checker, strange).values())
        assert "red\\x1b[31m" in told
        assert told.isprintable()


def test_nothing_there_is_no_fault(subject: Subject) -> None:
    checks = found(places.files, subject)
    assert list(checks) == ["paths"]
    assert checks["paths"].state == "ok"
    assert "email.json" in checks["paths"].detail


@pytest.mark.parametrize(
    ("path", "mode", "check", "expected"),
    [
        ("etc/dts/email.json", 0o644, "config", "ok"),
        ("etc/dts/email.json", 0o640, "config", "warn"),
        ("etc/dts/email.json", 0o666, "config", "fail"),
        ("etc/dts/email.secrets.json", 0o600, "secrets", "ok"),
        ("etc/dts/email.secrets.json", 0o640, "secrets", "fail"),
        ("etc/dts/email.secrets.json", 0o604, "secrets", "fail"),
        ("var/lib/dtsconf/key", 0o600, "key", "ok"),
        ("var/lib/dtsconf/key", 0o644, "key", "fail"),
        ("var/lib/dtsconf/lock", 0o660, "lock-file", "fail"),
    ],
)
def test_modes(root: Path, subject: Subject, path: str, mode: int, check: str, expected: str) -> None:
    made = make(root, path, mode)
    result = found(places.files, subject)[check]
    assert result.state == expected
    assert str(made) in result.detail
    assert (result.hint is None) == (expected == "ok")
    assert result.hint is None or str(made) in result.hint


def test_the_fix_for_a_mode_is_one_that_works(root: Path, subject: Subject) -> None:
    made = make(root, "etc/dts/email.secrets.json", 0o644)
    hint = found(places.files, subject)["secrets"].hint
    assert hint is not None
    assert os.system(hint) == 0
    assert made.stat().st_mode & 0o777 == 0o600
    assert found(places.files, subject)["secrets"].ok


def test_a_group_may_read_the_secrets_where_the_profile_says_so(root: Path, subject: Subject) -> None:
    make(root, "etc/dts/email.secrets.json", 0o640)
    assert found(places.files, replace(subject, effective=effective(group="mail")))["secrets"].ok


@pytest.mark.parametrize(("group", "hint"), [(None, "(secrets.group), then apply"), ("mail", "usermod -aG mail USER")])
def test_secrets_that_this_user_can_not_read(
    root: Path, subject: Subject, monkeypatch: pytest.MonkeyPatch, group: str | None, hint: str
) -> None:
    made = make(root, "etc/dts/email.secrets.json", 0o600)
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (str(made), os.R_OK))
    check = found(places.files, replace(subject, effective=effective(group=group)))["secrets"]
    assert check.state == "warn"
    assert str(made) in check.detail
    assert hint in str(check.hint)


def test_a_folder_in_place_of_a_file(root: Path, subject: Subject) -> None:
    (root / "etc/dts/email.json").mkdir(parents=True)
    assert found(places.files, subject)["config"].state == "fail"


def test_a_folder_open_to_all_is_named_with_the_fix(root: Path, subject: Subject) -> None:
    make(root, "etc/dts/email.json", 0o644)
    (root / "etc").chmod(0o777)
    result = found(places.folders, subject)["broke"]
    assert result.state == "fail"
    assert str(root / "etc") in result.detail + (result.hint or "")


def test_foreign_owner(root: Path, subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    make(root, "etc/dts/email.json", 0o644)
    monkeypatch.setattr(places, "_owners", lambda *_args, **_options: frozenset({12345}))
    result = found(places.files, subject)["config"]
    assert result.state == "fail"
    assert "belongs to" in result.detail
    assert (result.hint or "").startswith("chown 12345 ")


def test_lock_held_and_free(root: Path, subject: Subject) -> None:
    from dtsconf.files.lock import FileLock

    (root / "var/lib/dtsconf").mkdir(parents=True)
    assert found(state.lock, subject)["lock"].state == "ok"
    lock = FileLock(str(root / "var/lib/dtsconf/lock"))
    assert lock.acquire()
    lock.write('{"command": "dtsconf apply", "pid": 4711, "since": "10:00:00", "made": []}')
    result = found(state.lock, subject)["lock"]
    lock.release()
    assert result.state == "warn"
    assert result.detail == "held by dtsconf apply, process 4711, since 10:00:00"


def test_interrupted_run(root: Path, subject: Subject) -> None:
    make(root, "var/lib/dtsconf/journal.json", 0o644)
    result = found(state.machine_state, subject)["state"]
    assert result.state == "fail"
    assert (result.hint or "").endswith(f"then rm {root}/var/lib/dtsconf/journal.json"), "no command can finish it"
    (root / "var/lib/dtsconf/journal.json").write_text('{"format": 1, "steps": [], "records": []}')
    assert "dtsconf status" in (found(state.machine_state, subject)["state"].hint or "")


def test_a_run_that_is_just_going_live_is_no_fault(root: Path, subject: Subject) -> None:
    make(root, "var/lib/dtsconf/journal.json", 0o644)
    with machine_lock(subject.system, subject.layout, 0, command="dtsconf apply"):
        result = found(state.machine_state, subject)["state"]
    assert result.state == "warn"
    assert result.detail.startswith("dtsconf apply, process ")
    assert (result.hint or "").startswith("wait for it to end")


def test_leftovers_of_a_killed_run(root: Path, subject: Subject) -> None:
    make(root, "var/lib/dtsconf/staged.json", 0o644)
    assert found(state.machine_state, subject)["leftovers"].state == "warn"


def test_clock_behind_what_exists(root: Path, subject: Subject) -> None:
    assert found(clock.clock, subject)["clock"].state == "ok"
    made = make(root, "etc/dts/email.json", 0o644)
    os.utime(made, (subject.now + 7200, subject.now + 7200))
    result = found(clock.clock, subject)["clock"]
    assert result.state == "fail"
    assert str(made) in result.detail
    assert "2 hours" in result.detail


def test_missing_group(subject: Subject) -> None:
    result = found(parts.group, replace(subject, effective=effective(group="no-such-group")))["group"]
    assert result.state == "fail"
    assert result.hint == "groupadd -r no-such-group"
    assert found(parts.group, subject) == {}


def test_secrets_of_another_group(root: Path, subject: Subject) -> None:
    made = make(root, "etc/dts/email.secrets.json", 0o640)
    result = found(parts.group, replace(subject, effective=effective(group="daemon")))["group"]
    assert result.hint == f"chgrp daemon {made}"


def test_msmtp_is_looked_for_where_it_is_a_target(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert found(parts.msmtp, replace(subject, effective=effective())) == {}
    assert found(parts.msmtp, replace(subject, effective=effective(kind="msmtp")))["msmtp"].state == "fail"


def test_record_that_cannot_be_made(subject: Subject, root: Path) -> None:
    there = effective(record=str(root / "records.jsonl"))
    missing = effective(record=str(root / "nowhere" / "records.jsonl"))
    assert found(parts.record, replace(subject, effective=there))["record"].state == "ok"
    assert found(parts.record, replace(subject, effective=missing))["record"].state == "warn"


def root_certificate(path: Path, begin: int, end: int) -> str:
    """A certificate valid from `begin` to `end`, both in days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Root")])
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now + begin * day)
        .not_valid_after(now + end * day)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return str(path)


@pytest.mark.parametrize(
    ("begin", "end", "expected"), [(-9, 900, "ok"), (-9, 9, "warn"), (-9, -1, "fail"), (1, 900, "fail")]
)
def test_ca_file_dates(subject: Subject, root: Path, begin: int, end: int, expected: str) -> None:
    path = root_certificate(root / "ca.pem", begin, end)
    checks = found(certificates.ca_file, replace(subject, effective=effective(ca_file=path)))
    assert checks["ca-file"].state == expected
    assert "Test Root" in checks["ca-file"].detail


def test_ca_file_with_the_old_root_beside_the_new_one(subject: Subject, root: Path) -> None:
    """As it is while roots are changed, and in every system's own file."""
    path = root / "ca.pem"
    root_certificate(path, -900, -1)
    both = path.read_text() + Path(root_certificate(root / "new.pem", -1, 900)).read_text()
    path.write_text(both)
    checks = list(certificates.ca_file(replace(subject, effective=effective(ca_file=str(path)))))
    assert [check.state for check in checks] == ["warn", "ok"]
    assert "take it out" in str(checks[0].hint)


@pytest.mark.parametrize(
    ("old", "new", "state"),
    [
        (bytes.fromhex("a003020102"), bytes.fromhex("a003020177"), "fail"),  # a version that X.509 doesn't have
        (b"Test Root", b"Test R\xff\xfft", "fail"),
        (bytes.fromhex("020101300a"), bytes.fromhex("020100300a"), "ok"),  # a serial number of 0, which some roots have
    ],
)
def test_ca_file_with_an_odd_certificate(subject: Subject, root: Path, old: bytes, new: bytes, state: str) -> None:
    der = ssl.PEM_cert_to_DER_cert(Path(root_certificate(root / "ca.pem", -9, 900)).read_text())
    assert old in der
    (root / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(der.replace(old, new)))
    (check,) = found(certificates.ca_file, replace(subject, effective=effective(ca_file=str(root / "ca.pem")))).values()
    assert check.state == state
    assert str(root / "ca.pem") in check.detail


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("missing", "put the root certificates there, or mend the path"),
        ("folder", "name a PEM file with the root certificates"),
        ("text", "name a PEM file (-----BEGIN CERTIFICATE-----) with the root certificates"),
    ],
)
def test_ca_file_that_is_none(subject: Subject, root: Path, kind: str, hint: str) -> None:
    path = root / "ca.pem"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("no certificate")
    result = found(certificates.ca_file, replace(subject, effective=effective(ca_file=str(path))))["broke"]
    assert result.state == "fail"
    assert str(path) in result.detail
    assert result.hint == hint


@pytest.mark.parametrize(("encryption", "expected"), [("starttls", "fail"), ("none", "warn")])
def test_no_system_roots(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, root: Path, encryption: str, expected: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(root / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(root))
    asked = replace(subject, effective=effective(encryption=encryption))
    told = found(certificates.system_trust, asked)["trust"]
    assert told.state == expected
    assert "the variable SSL_CERT_FILE names" in told.detail
    assert str(told.hint).startswith("unset SSL_CERT_FILE, then")


def test_a_user_file_that_a_variable_names_and_that_is_not_there(subject: Subject, root: Path) -> None:
    def told(**environ: str) -> dict[str, Check]:
        return found(parts.user_file, replace(subject, layout=Layout(str(root), environ=environ)))

    (root / "email.yaml").touch()
    assert told(DTSCONF_USER_FILE=str(root / "email.yaml")) == told(HOME=str(root)) == {}
    check = told(DTSCONF_USER_FILE="/nope/x.yaml")["user-file"]
    assert (check.state, check.hint) == ("warn", "write it, or go without it: unset DTSCONF_USER_FILE")
    assert "DTSCONF_USER_FILE names /nope/x.yaml, which is not there" in check.detail


def test_every_problem_of_an_error_is_a_failed_line(subject: Subject) -> None:
    def checker(_subject: Subject) -> list[Check]:
        problems = (Problem("k", "one is\nwrong", "mend it", Place("site.yaml", 3, 4)), Problem("k", "two"))
        raise Invalid(problems)

    one, two = carried_out([("settings", checker)], subject)
    assert (one.check, one.state, one.detail, one.hint) == (
        "settings",
        "fail",
        "site.yaml:3:4: one is wrong",
        "mend it",
    )
    assert two.detail == "two"


def test_a_check_that_breaks_does_not_stop_the_rest(subject: Subject) -> None:
    def broken(_subject: Subject) -> list[Check]:
        raise PermissionError(13, "Permission denied", "/etc/dts/email.json")

    def good(_subject: Subject) -> list[Check]:
        return [Check("good", "ok", "fine")]

    first, second = carried_out([("broken", broken), ("good", good)], subject)
    assert first == Check("broken", "fail", "/etc/dts/email.json: Permission denied", first.hint)
    assert second.ok


def test_a_line_each_with_the_fix_at_its_end() -> None:
    text = as_text(
        [Check("one", "ok", "fine"), Check("other", "fail", "off", "chmod 600 /x"), Check("x", "warn", "so so")]
    )
    assert text.splitlines() == [
        "ok    one    fine",
        "fail  other  off; fix: chmod 600 /x",
        "warn  x      so so",
        "3 checks: 1 ok, 1 to look at, 1 failed",
    ]


def test_one_line_has_no_controls() -> None:
    assert one_line("a\tb\r\nc\x1b[31m\u202e") == "a b c [31m "


def test_a_state_folder_that_this_user_can_t_make_is_named(
    root: Path, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "user-state" not in found(places.files, subject)
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (str(root), os.W_OK | os.X_OK))
    check = found(places.files, subject)["user-state"]
    assert (check.state, str(check.hint).startswith("once, as root: install -d -m 700 -o ")) == ("warn", True)
    assert str(root / "var/lib/dtsconf/users") in check.detail


def test_a_disk_that_has_no_room_for_an_apply(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(places.room, subject)["room"].state == "ok"
    monkeypatch.setattr(places, "_ROOM", 1 << 60)
    (told,) = carried_out([("broke", places.room)], subject)
    assert (told.state, told.hint) == ("fail", f"free some space on its disk: df -h {subject.layout.root}")
