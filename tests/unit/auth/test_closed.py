"""What opens a folder of tokens that is closed to its user."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from pathlib import Path

import pytest

from dtsconf.auth.closed import Closed, closed, mending, opening_for
from dtsconf.auth.facts import Facts, facts_path, write
from dtsconf.auth.held import Held
from dtsconf.auth.places import Places
from dtsconf.auth.request import Account
from dtsconf.auth.store import Store
from dtsconf.doctor.check import Subject
from dtsconf.doctor.sign_in import standing_of
from dtsconf.errors import SignInFailed
from dtsconf.secret.value import Secret
from dtsconf.wiring import Inputs, effective, layout_of, local_system
from dtsconf.wiring.identity import places_of, wanted_of
from tests.unit.auth.people import wanted
from tests.unit.auth.test_exposure import PEOPLE
from tests.unit.cli.calls import call, profile


def test_another_s_folder_is_made_this_user_s(tmp_path: Path) -> None:
    folder = tmp_path / "dtsconf" / "tokens"
    folder.mkdir(parents=True)
    other = folder.stat().st_uid + 1000
    assert opening_for(str(folder), other) == f'sudo chown -R "$(id -un)" {folder}'


def test_an_own_folder_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "my tokens"
    folder.mkdir(mode=0o500)
    line = opening_for(str(folder), folder.stat().st_uid)
    assert line == f"chmod u+rwx '{folder}'"
    subprocess.run(line, shell=True, check=True, timeout=10)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_what_is_in_an_open_folder_of_one_s_own_is_made_one_s_own(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    folder.mkdir(mode=0o700)
    assert opening_for(str(folder), folder.stat().st_uid) == f'sudo chown -R "$(id -un)" {folder}'


def test_a_folder_that_can_t_be_made_is_made_and_nothing_above_it_is_touched(tmp_path: Path) -> None:
    folder = tmp_path / "gone" / "dtsconf" / "tokens"
    assert opening_for(str(folder), 12345) == f'sudo install -d -m 700 -o "$(id -un)" {folder}'


def _store(state: Path) -> Store:
    return Store(wanted(remember=True, cache="file"), Places(str(state), None), {})


def _shut(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """As if the path were closed to this user, who may be root."""
    access = os.access
    monkeypatch.setattr(os, "access", lambda at, mode: str(at) != str(path) and access(at, mode))


@pytest.mark.parametrize(
    ("what", "told", "fix"),
    [
        ("", "this user can't read and write in {}", "sudo chown -R"),
        ("one.tokens", "this user can't read and write {}", "chmod u+rw "),
        ("one.lock", "this user can't read and write {}", "chmod u+rw "),
        ("two.tokens", None, ""),
    ],
)
def test_what_is_closed_to_its_own_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, told: str | None, fix: str
) -> None:
    folder = tmp_path / "tokens"
    folder.mkdir(mode=0o700)
    for name in ("one.tokens", "one.lock", "two.tokens"):
        (folder / name).touch(0o600)
    path = folder / what if what else folder
    assert closed(str(folder), "one") is None
    _shut(monkeypatch, path)
    found = closed(str(folder), "one")
    assert (found and found.told) == (told and told.format(path))
    assert found is None or (found.fix.startswith(fix) and str(path) in found.fix)


def test_no_tokens_yet_are_not_closed(tmp_path: Path) -> None:
    assert closed(str(tmp_path / "tokens"), "one") is None


def test_status_and_doctor_tell_tokens_that_their_user_can_t_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(tmp_path / "root")
    assert call(capsys, "apply", "--yes", "--profile", profile(tmp_path, PEOPLE), "--root", root).code == 0
    given, layout = Inputs(root=root), layout_of(root)
    settings = effective(given, user=True)
    tokens, name = Path(places_of(given).tokens), wanted_of(given, settings).name
    tokens.mkdir(0o700, parents=True)
    write(facts_path(str(tokens), name), Facts("ann@acme.example", "t", "1", "file", False, time.time() + 900, True))
    (tokens / f"{name}.tokens").touch(0o600)
    _shut(monkeypatch, tokens / f"{name}.tokens")
    told = call(capsys, "status", "--root", root)
    assert "kept where this user can't renew it" in told.out
    assert f"a sign-in can't be kept or renewed: this user can't read and write {tokens}/{name}.tokens" in told.err
    check = standing_of(Subject(layout, local_system(layout), settings, time.time()))
    assert (check.state, check.hint) == ("fail", f"chmod u+rw {tokens}/{name}.tokens")

    (tokens / f"{name}.json").unlink()
    assert "whether this user is signed in can't be seen" in call(capsys, "status", "--root", root).out


def test_a_folder_that_nothing_can_be_taken_out_of_is_told_with_what_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    found = Held(Account("ann@acme.example", "acme"), Secret("a"), time.time() + 900, True, "scope", Secret("{}"))
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(SignInFailed, match=r"tokens can't be kept in .*: Permission denied") as caught:
        Store(wanted(remember=True, cache="file"), Places(str(tmp_path), None), {}).keep(found)
    assert str(caught.value.hint).startswith("open it for this user: sudo ")


def test_a_file_in_the_place_of_the_folder_is_moved_away(tmp_path: Path) -> None:
    (tmp_path / "tokens").touch()
    with pytest.raises(SignInFailed, match="Not a directory") as caught, _store(tmp_path).alone():
        pass
    line = f"mv {tmp_path}/tokens {tmp_path}/tokens.away"
    assert closed(f"{tmp_path}/tokens", "one") == Closed(
        f"{tmp_path}/tokens is no folder", f"a file lies where a folder belongs: {line}"
    )
    assert closed(f"{tmp_path}/tokens/within", "one") is None
    assert caught.value.hint == f"a file lies where a folder belongs: {line}; then: dtsconf sign-in"
    subprocess.run(line, shell=True, check=True, timeout=10)
    with _store(tmp_path).alone():
        pass


@pytest.mark.parametrize(("number", "words"), [(errno.EROFS, "remount it writable"), (errno.ENOSPC, "make room on")])
def test_a_disk_that_takes_nothing_is_told(tmp_path: Path, number: int, words: str) -> None:
    assert words in mending(str(tmp_path), OSError(number, os.strerror(number)))


def test_a_sign_in_that_could_not_be_kept_is_told_before_anybody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(wanted(remember=True, cache="file"), Places(str(tmp_path), None), {})
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(SignInFailed, match=r"tokens can't be kept in .*: Permission denied") as caught:
        store.ready()
    assert str(caught.value.hint).startswith("open it for this user: sudo chown -R ")
    assert str(caught.value.hint).endswith("; then: dtsconf sign-in")
