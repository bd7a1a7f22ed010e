"""What an application proves itself with, as the doctor sees it: at hand it is looked at, elsewhere it is left alone."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from dtsconf.doctor.check import Check, Subject, carried_out
from dtsconf.doctor.credential import credential
from dtsconf.wiring import Inputs, effective, layout_of, local_system
from tests.unit.auth.pairs import pem
from tests.unit.cli.calls import call, profile

APPLICATION = """\
dtsconf: 1
name: night
settings:
  mode: microsoft
  sender: {email: reports@acme.example}
  microsoft:
    client_id: 00000000-0000-0000-0000-000000000001
    tenant: acme.example
    flow: application
    certificate: REFERENCE
verify: {level: none}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "mail.pem"
    made.write_text(pem())
    made.chmod(0o600)
    return made


def found(given: Inputs) -> list[Check]:
    layout = layout_of(given.root)
    subject = Subject(layout, local_system(layout), effective(given, user=True), time.time())
    return list(carried_out([("credential", credential)], subject))


def of(tmp_path: Path, reference: str) -> Check:
    given = Inputs(profile(tmp_path, APPLICATION.replace("REFERENCE", reference)), root=str(tmp_path / "root"))
    (check,) = found(given)
    return check


def test_a_file_is_looked_at(tmp_path: Path, file: Path) -> None:
    check = of(tmp_path, f"file://{file}")
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 365 * 86400))
    assert (check.check, check.state, check.detail) == (
        "credential",
        "ok",
        f"microsoft.certificate can be used, until {day}",
    )


@pytest.mark.parametrize(
    ("text", "state", "told"),
    [
        (pem(begin=-9, end=-3), "fail", "it expired on"),
        (pem("ec"), "fail", "no RSA key"),
        (pem(end=9), "warn", "the certificate expires on"),
        ("", "fail", "is empty"),
    ],
)
def test_one_that_microsoft_would_not_take(tmp_path: Path, file: Path, text: str, state: str, told: str) -> None:
    file.write_text(text)
    check = of(tmp_path, f"file://{file}")
    assert (check.state, told in check.detail) == (state, True)
    assert "microsoft.certificate: " in check.detail
    assert "cat APP.crt APP.key |" in (check.hint or "")


def test_what_this_user_may_not_read_is_no_fault(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_args: False)
    check = of(tmp_path, f"file://{file}")
    assert (check.state, "can't be read by this user" in check.detail) == ("warn", True)


@pytest.mark.parametrize("reference", ["vault://secret/dts#pem", "keyring://dts/mail", "systemd://mail"])
def test_what_lies_elsewhere_is_not_asked_for(tmp_path: Path, reference: str) -> None:
    check = of(tmp_path, reference)
    assert (check.state, "`dtsconf secret check` tries it" in check.detail) == ("ok", True)


def test_what_apply_delivered_is_what_counts(tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = profile(tmp_path, APPLICATION.replace("REFERENCE", f"file://{file}"))
    given = Inputs(root=str(tmp_path / "root"))
    assert call(capsys, "apply", "--yes", "--profile", site, "--root", given.root or "").code == 0
    pair = json.dumps(file.read_text().strip())[1:-1]
    file.write_text("gone since")
    assert [check.state for check in found(given)] == ["ok"]
    (delivered,) = (tmp_path / "root").rglob("email.secrets.json")
    text = delivered.read_text()
    delivered.write_text(text.replace(pair, json.dumps(pem(end=-3, begin=-9))[1:-1]))
    assert delivered.read_text() != text
    (check,) = found(given)
    assert (check.state, "it expired on" in check.detail) == ("fail", True)
    assert check.hint == "dtsconf apply, as root, delivers it again", "what was delivered was another one"
    (key,) = (tmp_path / "root").rglob("key")
    key.unlink()
    (check,) = found(given)
    told = f"/dev/stdin {file}; then dtsconf apply --profile FILE"
    assert (check.hint or "").endswith(told), "without the key nobody can tell"


def test_smtp_mode_has_none(tmp_path: Path) -> None:
    site = profile(tmp_path, "dtsconf: 1\nname: x\nsettings: {server: {host: x.example}, sender: {email: a@b.example}}")
    assert found(Inputs(site, root=str(tmp_path / "root"))) == []


PASSWORD = """\
dtsconf: 1
name: x
settings:
  server: {host: x.example, encryption: starttls}
  sender: {email: a@b.example}
  login: {required: true, username: ann, password: REFERENCE}
secrets: {deliver: DELIVER}
"""


@pytest.mark.parametrize(
    ("reference", "deliver", "states"),
    [
        ("file://FOLDER/mail.pem", "reference", ["ok"]),
        ("file://FOLDER/gone", "reference", ["fail"]),
        ("file://FOLDER/gone", "file", []),  # apply reads that, not who sends
        ("keyring://dts/ann", "reference", []),
    ],
)
def test_a_password_s_file_that_each_send_reads_is_looked_for(
    tmp_path: Path, file: Path, reference: str, deliver: str, states: list[str]
) -> None:
    text = PASSWORD.replace("REFERENCE", reference.replace("FOLDER", str(tmp_path))).replace("DELIVER", deliver)
    checks = found(Inputs(profile(tmp_path, text), root=str(tmp_path / "root")))
    assert [check.state for check in checks] == states
    assert all(f"there is no file {tmp_path}/gone" in check.detail for check in checks if check.state == "fail")
