"""Tokens that others can read or replace are told as that, and nothing else is."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from dtsconf.auth.exposure import exposed
from dtsconf.auth.facts import Facts, facts_path, write
from dtsconf.doctor.check import Subject
from dtsconf.doctor.sign_in import standing_of
from dtsconf.errors import SecretUnavailable
from dtsconf.secret.keyring import KeyringBackend
from dtsconf.wiring import Inputs, effective, layout_of, local_system
from dtsconf.wiring.identity import places_of, wanted_of
from tests.unit.cli.calls import call, profile

PEOPLE = """\
dtsconf: 1
name: people
settings:
  mode: microsoft
  microsoft: {client_id: 00000000-0000-0000-0000-000000000001, remember_me: true, token_cache: file}
verify: {level: none}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of tokens, as dtsconf makes it."""
    made = tmp_path / "tokens"
    made.mkdir(0o700)
    for suffix in (".tokens", ".sealed", ".json"):
        (made / f"one{suffix}").touch(0o600)
    return made


@pytest.mark.parametrize(
    ("name", "mode", "told", "fix"),
    [
        ("", 0o777, "is writable by everybody", "chmod go-w"),
        ("", 0o755, "", ""),
        ("one.tokens", 0o666, "is writable by everybody", "chmod go-rwx"),
        ("one.tokens", 0o644, "can be read by everybody", "chmod go-rwx"),
        ("one.sealed", 0o644, "", ""),
        ("one.sealed", 0o666, "is writable by everybody", "chmod go-w"),
        ("one.json", 0o644, "", ""),
        ("two.tokens", 0o666, "", ""),
    ],
)
def test_only_what_is_not_private(folder: Path, name: str, mode: int, told: str, fix: str) -> None:
    path = folder / name if name else folder
    path.touch()
    path.chmod(mode)
    found = exposed(str(folder), "one")
    assert (found.told, found.fix) == (f"{path} {told}", f"{fix} {path}") if found else not told


def test_a_group_of_several_is_named(folder: Path) -> None:
    path = folder / "one.tokens"
    shutil.chown(path, group="mail")
    path.chmod(0o640)
    found = exposed(str(folder), "one")
    assert found is not None
    assert found.told == f"{path} can be read by group mail"


def test_who_could_have_had_them_is_told_by_status_and_doctor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(tmp_path / "root")
    assert call(capsys, "apply", "--yes", "--profile", profile(tmp_path, PEOPLE), "--root", root).code == 0
    given = Inputs(root=root)
    layout = layout_of(root)
    settings = effective(given, user=True)
    tokens, name = Path(places_of(given).tokens), wanted_of(given, settings).name
    tokens.mkdir(0o700, parents=True)
    write(facts_path(str(tokens), name), Facts("ann@acme.example", "t", "1", "file", False, time.time() + 900, True))
    (tokens / f"{name}.tokens").touch(0o600)
    subject = Subject(layout, local_system(layout), settings, time.time())
    assert "kept in a file that only you can read" in call(capsys, "status", "--root", root).out
    assert standing_of(subject).state == "ok"

    (tokens / f"{name}.tokens").chmod(0o666)
    tokens.chmod(0o777)
    told = call(capsys, "status", "--root", root)
    assert "only you can read" not in told.out
    assert "ann@acme.example (tenant t), kept where others get at it" in told.out
    assert f"the tokens of ann@acme.example are not yours alone: {tokens} is writable by everybody" in told.err
    assert f"chmod go-w {tokens}; chmod go-rwx {tokens}/{name}.tokens; others may have had them" in told.err
    (warning,) = call(capsys, "status", "--root", root, "--json").json["warnings"]
    assert warning["kind"] == "tokens-exposed"
    check = standing_of(subject)
    assert (check.state, "not yours alone" in check.detail) == ("warn", True)


def test_doctor_leads_to_a_sign_in_that_lasts_where_no_keyring_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(_self: KeyringBackend) -> str:
        raise SecretUnavailable("there is no session bus", None)

    monkeypatch.setattr(KeyringBackend, "store", missing)
    root, text = str(tmp_path / "root"), PEOPLE.replace(", remember_me: true, token_cache: file", "")
    assert call(capsys, "apply", "--yes", "--profile", profile(tmp_path, text), "--root", root).code == 0
    layout = layout_of(root)
    subject = Subject(layout, local_system(layout), effective(Inputs(root=root), user=True), time.time())
    hint = str(standing_of(subject).hint)
    assert "write microsoft.remember_me: true and microsoft.token_cache: file into the profile and apply that" in hint
    assert "there is no session bus" in hint
