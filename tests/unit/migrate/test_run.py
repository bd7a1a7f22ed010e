"""The course of a migration, with tests of settings that say what they are told: what is written when, and what is not."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from dtsconf import api
from dtsconf.auth.sources import NobodyToAsk
from dtsconf.errors import DtsconfError, Invalid, SignInFailed, UsageProblem
from dtsconf.migrate.conditions import Tools
from dtsconf.migrate.run import migrate
from dtsconf.migrate.text import as_text
from dtsconf.migrate.tools import tools
from dtsconf.migrate.values import Migration
from dtsconf.proof import Level, Stage, Verification
from dtsconf.settings.effective import Effective
from dtsconf.wiring import Inputs

CLIENT = "microsoft.client_id=11111111-2222-4333-8444-555555555555"
OLD = """\
dtsconf: 1
name: site
settings:
  sender: {email: dts@acme.example}
  server: {host: smtp.office365.com, encryption: starttls}
  login: {required: true, username: dts@acme.example, password: env://P}
"""


def report(level: Level, failed: str = "", *, reached: bool = True) -> Verification:
    names: tuple[str, ...] = (
        "resolve",
        "connect",
        "banner",
        "ehlo",
        "tls",
        "auth",
        "mail-from",
        "rcpt-to",
        "data",
        "accepted",
    )
    names = names[:5] if level == "connect" else names
    known = names[: names.index(failed) + 1] if failed in names else names
    stages = [
        Stage(name, name != failed, 1.0, f"{name} said", cause=None if name != failed else "token") for name in known
    ]
    return Verification(level, failed not in names, tuple(stages), reached=reached)


class World:
    """What the tests of settings will say, and which were asked for."""

    def __init__(self, failed: str = "", *, reached: bool = True, authority: DtsconfError | None = None) -> None:
        self.failed, self.reached, self.authority = failed, reached, authority
        self.asked: list[tuple[str, str]] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def tools(self) -> Tools:
        return Tools(self.test, self.reach)

    def test(self, given: Inputs, level: Level) -> Verification:
        self.asked.append((str(given.profile), level))
        self.meanwhile()
        if self.failed == "sign-in" and level == "send":
            raise SignInFailed("nobody signed in", "dtsconf sign-in")
        return report(level, self.failed, reached=self.reached)

    def reach(self, given: Inputs, effective: Effective) -> None:
        if self.authority:
            raise self.authority


def run(path: Path, world: World, *sets: str, out: Path | None = None) -> Migration:
    return migrate(Inputs(str(path), sets, environ={}), str(out) if out else None, world.tools())


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(OLD)
    path.chmod(0o640)
    return path


def test_the_new_profile_is_proven_beside_the_old_one_and_then_takes_its_place(old: Path) -> None:
    world = World()
    done = run(old, world, CLIENT)
    assert done.code == 0
    assert [level for _, level in world.asked] == ["connect", "send"]
    assert all(Path(place).parent == old.parent and place != str(old) for place, _ in world.asked)
    assert (done.written, done.kept) == (str(old), f"{old}.before-microsoft")
    assert Path(f"{old}.before-microsoft").read_text() == OLD
    assert "mode: microsoft" in old.read_text()
    assert {path.stat().st_mode & 0o777 for path in old.parent.iterdir()} == {0o640}
    assert sorted(os.listdir(old.parent)) == ["site.yaml", "site.yaml.before-microsoft"]
    assert "Proven by a mail." in as_text(done)


@pytest.mark.parametrize(
    ("world", "states", "code"),
    [
        (World("connect", reached=False), [True, False, True, None, None], 9),
        (World("tls"), [True, False, True, None, None], 6),
        (World(authority=SignInFailed("no such tenant")), [True, True, False, None, None], 6),
        (World("sign-in"), [True, True, True, False, None], 6),
        (World("auth"), [True, True, True, False, None], 6),
        (World("rcpt-to"), [True, True, True, True, False], 6),
    ],
)
def test_each_condition_is_told_apart_and_nothing_is_written(
    old: Path, world: World, states: list[bool | None], code: int
) -> None:
    found = run(old, world, CLIENT)
    assert [one.ok for one in found.found.conditions] == states
    assert (found.code, found.written, found.kept) == (code, None, None)
    assert old.read_text() == OLD
    assert os.listdir(old.parent) == ["site.yaml"]
    assert "Nothing was written" in as_text(found)


@pytest.mark.parametrize(
    ("out", "first"), [(None, "type the same at"), ("n.yaml", "type dtsconf test --profile n.yaml at")]
)
def test_where_nobody_can_be_asked_the_migration_leads_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, out: str | None, first: str
) -> None:
    """Not to a sign-in for a profile that isn't there yet, nor to one that has to be kept."""

    def nobody(*_: object, **__: object) -> NoReturn:
        raise NobodyToAsk("nobody is signed in", "keep it: --set microsoft.remember_me=true, then sign in")

    monkeypatch.setattr(api, "check_of", nobody)
    with pytest.raises(SignInFailed, match="nobody is signed in") as caught:
        tools(None, print, out).test(Inputs("site.yaml"), "send")
    assert str(caught.value.hint).startswith(f"{first} a terminal, where you are asked to sign in")


def test_without_a_client_id_nobody_is_asked_anything(old: Path) -> None:
    world = World()
    found = run(old, world)
    assert (found.code, world.asked) == (3, [])
    assert found.steps
    assert old.read_text() == OLD


@pytest.mark.parametrize("more", ["", "secrets: {deliver: reference}\n"])
def test_an_application_without_ids_is_told_the_steps_and_what_is_lacking(old: Path, more: str) -> None:
    old.write_text(OLD + more)
    world = World()
    found = run(old, world, "microsoft.flow=application")
    assert (found.code, world.asked) == (3, [])
    assert "--cert @" in as_text(found)
    lacking = {one.name: str(one.hint) for one in found.found.conditions if one.ok is False}
    assert list(lacking) == ["client-id", "credential"]
    assert "--set microsoft.certificate=file:///PATH" in lacking["credential"]
    assert "not-given-yet" not in as_text(found)


def test_an_application_s_proof_is_a_condition_of_its_own(old: Path) -> None:
    world = World()
    found = run(old, world, CLIENT, "microsoft.flow=application", "microsoft.client_secret=env://S")
    assert found.code == 0
    assert ("credential", True, "microsoft.client_secret") in [
        (one.name, one.ok, one.detail) for one in found.found.conditions
    ]


@pytest.mark.parametrize("failed", ["", "auth"])
def test_out_is_written_at_once_and_the_old_one_stays(old: Path, failed: str) -> None:
    world, new = World(failed), old.parent / "new.yaml"
    found = run(old, world, CLIENT, out=new)
    assert world.asked[0] == (str(new), "connect")
    assert (found.written, found.kept, found.code) == (str(new), None, 6 if failed else 0)
    assert old.read_text() == OLD
    assert "mode: microsoft" in new.read_text()
    assert ("NOT PROVEN yet." in as_text(found)) == bool(failed)


def test_an_old_profile_that_somebody_changes_meanwhile_is_left_alone(old: Path) -> None:
    world = World()
    world.meanwhile = lambda: old.write_text(OLD + "# another hand\n")
    with pytest.raises(DtsconfError, match="was changed while"):
        run(old, world, CLIENT)
    assert old.read_text() == OLD + "# another hand\n"
    assert os.listdir(old.parent) == ["site.yaml"]


@pytest.mark.parametrize("call", ["fsync", "chown"])
def test_an_exchange_that_fails_loses_no_profile(old: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Before the new one has its place there is nothing beside; after it the old one is."""
    real, kept = getattr(os, call), Path(f"{old}.before-microsoft")
    before = old.read_text()

    def failing(*args: object) -> None:
        if args[0] == str(old) if call == "chown" else kept.exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(*args)

    monkeypatch.setattr(os, call, failing)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(DtsconfError):
        run(old, World(), CLIENT)
    assert before in {old.read_text(), kept.read_text() if kept.exists() else ""}
    assert kept.exists() == (old.read_text() != before)


def test_what_an_ancestor_locks_is_told_with_both_places(old: Path) -> None:
    (old.parent / "org.yaml").write_text("dtsconf: 1\nname: org\nsettings: {mode: smtp}\npolicy: {lock: [mode]}\n")
    old.write_text(OLD.replace("name: site\n", "name: site\nextends: org.yaml\n"))
    with pytest.raises(Invalid) as caught:
        run(old, World(), CLIENT)
    (problem,) = caught.value.problems
    assert caught.value.code == 4
    assert f"mode is locked at {old.parent / 'org.yaml'}:4" in problem.message
    assert f"{old} can't move by itself" in problem.message
    first = f"dtsconf migrate microsoft --profile {old.parent / 'org.yaml'};"
    assert first in (problem.hint or ""), "not to take out a line that this file hasn't got"


def test_a_folder_that_is_not_there_is_no_place_to_write_to(old: Path) -> None:
    out = old.parent / "misspelt" / "new.yaml"
    with pytest.raises(DtsconfError, match="there is no folder"):
        run(old, World(), CLIENT, out=out)
    assert not out.parent.exists()


def test_what_goes_on_quietly_otherwise_is_said(old: Path) -> None:
    def kinds(*sets: str, text: str = OLD) -> list[str]:
        old.write_text(text)
        return [notice.kind for notice in run(old, World("connect"), CLIENT, *sets).warnings]

    application = ("microsoft.flow=application", "microsoft.tenant=acme.example", "microsoft.client_secret=env://S")
    assert kinds() == []
    assert run(old, World("connect")).warnings == (), "what stands in for a blank is nobody's"
    assert kinds(*application) == []
    assert kinds(*application, text=OLD.replace("username: dts@", "username: someone@")) == ["mailbox"]
    assert kinds(text=OLD.replace("smtp.office365.com", "mail.acme.example")) == ["not-exchange"]
    assert kinds(text=OLD + "targets: [dts, msmtp]\n") == ["msmtp"]
    assert kinds(text=OLD + "verify: {pending: [offline]}\n") == ["pending"]


def test_a_link_to_a_profile_stays_one(old: Path) -> None:
    link = old.parent / "link.yaml"
    link.symlink_to(old)
    run(link, World(), CLIENT)
    assert link.is_symlink()
    assert "mode: microsoft" in old.read_text()


def test_what_it_can_t_do_is_said_before_anything_is_tried(old: Path) -> None:
    world = World()
    with pytest.raises(UsageProblem):
        run(old, world, CLIENT, "login.username=x")
    with pytest.raises(Invalid):
        run(old, world, "microsoft.client_id=nonsense")
    with pytest.raises(DtsconfError):
        migrate(Inputs(None, (), environ={}), None, world.tools())
    with pytest.raises(DtsconfError, match="is there already") as caught:
        run(old, world, CLIENT, out=old)
    assert caught.value.hint == "move it away, or name another file with --out"
    assert world.asked == []


def test_a_profile_that_signs_in_already_is_done(old: Path) -> None:
    run(old, World(), CLIENT)
    again = run(old, World(), CLIENT)
    assert (again.code, again.steps) == (0, ())
    assert "nothing to migrate" in as_text(again)
