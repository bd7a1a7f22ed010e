"""`secret set` and `secret check` as a user types them, on a real keyring."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.real.secret_service import SecretService, secret_service
from tests.real.terminal import converse
from tests.scenarios.harness import PROGRAM, Machine, Result, login

SECRET = "c4n4ry s3cret é🔑"
ENTRY = "keyring://dts mail/lab@acme.example"


@pytest.fixture
def session(keyring_session: SecretService) -> Mapping[str, str]:
    return {name: value for name, value in keyring_session.environ.items() if name != "PATH"}


def stored(machine: Machine, session: Mapping[str, str], secret: str, *args: str) -> Result:
    machine.secrets.append(secret.strip())
    return machine.run("secret", "set", ENTRY, *args, stdin=secret, env=session)


def value(session: Mapping[str, str]) -> str:
    """What another program gets."""
    code = "import keyring, sys; sys.stdout.write(keyring.get_password('dts mail', 'lab@acme.example'))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**session, "PATH": os.environ["PATH"]}, capture_output=True, check=True
    )
    return done.stdout.decode()


def test_from_stdin(machine: Machine, session: Mapping[str, str]) -> None:
    result = stored(machine, session, f"{SECRET}\n").ok()
    assert result.stdout == f"stored {ENTRY} in root's keyring (Secret Service)\n"
    assert "line break at the end was not taken" in result.stderr
    assert value(session) == SECRET
    stored(machine, session, "c4n4ry two\nlines\n\n").ok()
    assert value(session) == "c4n4ry two\nlines\n"
    assert stored(machine, session, "c4n4ry 3", "--quiet").ok().stderr == ""
    assert value(session) == "c4n4ry 3"


def test_as_json(machine: Machine, session: Mapping[str, str]) -> None:
    body = stored(machine, session, SECRET, "--json").ok().json
    assert (body["command"], body["reference"], body["whose"]) == ("secret set", ENTRY, "root")


def test_at_a_terminal_it_is_asked_for_twice_and_not_shown(machine: Machine, session: Mapping[str, str]) -> None:
    questions = {"Secret:": SECRET, "Repeat for confirmation:": SECRET}
    code, shown = converse([PROGRAM, "secret", "set", ENTRY], machine.environ(session), questions)
    assert code == 0, shown
    assert SECRET not in shown
    assert value(session) == SECRET


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env://PW", "set PW in the environment"),
        ("file:///etc/pw", "install -D -m 600"),
        ("systemd://pw", "LoadCredential=pw"),
        ("vault://kv/a#b", "kv put"),
        ("keyrin://a/b", "did you mean keyring://"),
        ("keyring://a", "keyring://SERVICE/USER"),
        ("hunter2-c4n4ry", "keyring://SERVICE/USER"),
    ],
)
def test_other_words_are_refused(machine: Machine, session: Mapping[str, str], reference: str, words: str) -> None:
    machine.secrets.append("hunter2-c4n4ry")
    for loud in ([], ["--json"]):
        result = machine.run("secret", "set", reference, *loud, stdin=SECRET, env=session)
        assert result.code == 2, result
        assert words in result.text


@pytest.mark.parametrize("given", ["", "\n"])
def test_an_empty_one_is_not_stored(machine: Machine, session: Mapping[str, str], given: str) -> None:
    assert "empty" in machine.run("secret", "set", ENTRY, stdin=given, env=session).fails(5).stderr


def test_without_a_keyring_nobody_is_asked(machine: Machine) -> None:
    code, shown = converse([PROGRAM, "secret", "set", ENTRY], machine.environ(), {})
    assert code == 5
    assert "no session bus" in shown
    assert "Secret:" not in shown


def test_without_a_keyring(machine: Machine) -> None:
    machine.secrets.append(SECRET)
    result = machine.run("secret", "set", ENTRY, stdin=SECRET).fails(5)
    assert "no session bus" in result.stderr
    assert "systemd://" in result.stderr
    assert "run it as the user who stored it" in result.stderr, "tests run as root"
    sudo = machine.run("secret", "set", ENTRY, stdin=SECRET, env={"SUDO_USER": "ann"}).fails(5)
    assert "root's is another one: run it without sudo, as ann," in sudo.stderr
    assert "what root has to run (apply, timers) takes the secret elsewhere: systemd://" in sudo.stderr


def test_check_tries_all_and_shows_no_value(machine: Machine, session: Mapping[str, str]) -> None:
    stored(machine, session, SECRET).ok()
    settings = {
        **login(ENTRY),
        "microsoft": {"client_secret": "env://CLIENT_SECRET", "certificate": "systemd://cert"},
    }
    vault = {"auth": {"token": machine.secret_file("c4n4ry token")}}
    profile = machine.profile(settings=settings, secrets={"vault": vault})
    env = {**session, "CLIENT_SECRET": "c4n4ry client"}
    machine.secrets.append("c4n4ry client")
    result = machine.run("secret", "check", "--profile", profile, env=env).fails(5)
    rows = result.stdout.splitlines()
    assert [row.split()[:2] for row in rows[:4]] == [
        ["ok", "login.password"],
        ["ok", "microsoft.client_secret"],
        ["FAIL", "microsoft.certificate"],
        ["ok", "secrets.vault.auth.token"],
    ]
    assert "Secret Service of root" in rows[0]
    assert "LoadCredential=cert" in rows[2]
    assert rows[4] == "4 references: 1 can't be had"
    body = machine.run("secret", "check", "--profile", profile, "--json", "-vv", env=env).fails(5).json
    assert body["command"] == "secret check"
    for one in body["references"]:
        assert set(one) >= {"key", "reference", "backend", "ok", "ms", "version", "expiry", "message", "hint", "where"}
    assert [one["backend"] for one in body["references"]] == ["keyring", "env", "systemd", "file"]
    assert body["references"][0]["where"]["file"] == profile
    assert [problem["where"]["key"] for problem in body["problems"]] == ["microsoft.certificate"]


def test_check_of_a_profile_that_is_fine_or_refers_to_nothing(machine: Machine) -> None:
    profile = machine.profile(settings=login(machine.secret_file("c4n4ry")))
    assert "1 reference: all can be had" in machine.run("secret", "check", "--profile", profile).ok().stdout
    bare = machine.profile("bare.yaml")
    assert "no setting refers to a secret" in machine.run("secret", "check", "--profile", bare).ok().stdout
    machine.apply(profile).ok()
    assert "login.password" in machine.run("secret", "check").ok().stdout


def test_check_of_a_literal_in_a_variable_hides_it(machine: Machine) -> None:
    machine.secrets.append("c4n4ry in clear")
    profile = machine.profile(settings=login("file:///nowhere"))
    env = {"DTS_EMAIL_LOGIN__PASSWORD": "c4n4ry in clear"}
    assert "(hidden)" in machine.run("secret", "check", "--profile", profile, env=env).ok().stdout


def test_a_common_option_may_stand_anywhere(machine: Machine) -> None:
    profile = machine.profile(settings=login(machine.secret_file("c4n4ry")))
    for words in (
        ["--json", "--profile", profile, "secret", "check"],
        ["secret", "--json", "--profile", profile, "check"],
        ["secret", "check", "--json", "--profile", profile],
    ):
        assert machine.run(*words).ok().json["command"] == "secret check"


@pytest.mark.parametrize(
    "words", [["secret", "st"], ["secret", "check", "x"], ["secret", "set"], ["secret"]], ids=" ".join
)
def test_misuse(machine: Machine, words: list[str]) -> None:
    machine.run(*words).fails(2)
    assert machine.run("--json", *words).fails(2).json["command"].startswith("secret")


STATES = {"locked": "is locked", "no collection": "no collection", "frozen": "did not answer"}


@pytest.mark.parametrize("state", STATES)
def test_no_words_about_a_failing_keyring_hold_the_secret(machine: Machine, tmp_path: Path, state: str) -> None:
    """And what apply says is as clear as what check says; nothing changes."""
    profile = machine.profile(settings=login(ENTRY))
    first, second = tmp_path / "1", tmp_path / "2"
    with secret_service(first) as service:
        session = {name: text for name, text in service.environ.items() if name != "PATH"}
        stored(machine, session, SECRET).ok()
        if state == "frozen":
            service.freeze()
            refused(machine, profile, session, STATES[state])
            return
    home = first / "home" if state == "locked" else None
    with secret_service(second, None, home=home) as service:
        session = {name: text for name, text in service.environ.items() if name != "PATH"}
        refused(machine, profile, session, STATES[state])


def refused(machine: Machine, profile: str, session: Mapping[str, str], words: str) -> None:
    for args in (["secret", "check"], ["apply", "--yes"]):
        result = machine.run(*args, "--profile", profile, "-vv", env=session).fails(5)
        assert words in result.text
        assert "login.password" in result.text
        assert "vault://" in result.text


def test_apply_and_send_with_what_the_keyring_holds(machine: Machine, session: Mapping[str, str]) -> None:
    stored(machine, session, SECRET).ok()
    machine.apply(machine.profile(settings=login(ENTRY)), env=session).ok()
    assert SECRET in machine.delivered.read_text("utf-8")
    assert SECRET not in machine.config.read_text("utf-8")


def test_whoever_needs_no_keyring_imports_none(machine: Machine) -> None:
    """It costs more than many a whole command."""
    profile = machine.profile(settings=login(machine.secret_file("c4n4ry")))
    with_one = machine.profile("keyring.yaml", settings=login(ENTRY))
    for words in (
        ["apply", "--yes", "--profile", profile],
        ["validate", with_one],
        ["show", "--profile", with_one],
        ["plan", "--profile", with_one],
        ["status"],
        ["--help"],
        ["secret", "--help"],
    ):
        command = [sys.executable, "-X", "importtime", PROGRAM, *words]
        done = subprocess.run(command, env=machine.environ(), capture_output=True, text=True, timeout=60, check=True)
        loaded = {row.rpartition("|")[2].strip() for row in done.stderr.splitlines() if row.startswith("import time")}
        assert "dtsconf.cli.app" in loaded
        foreign = {"keyring", "secretstorage", "jeepney", "dtsconf.secret.keyring"} & loaded
        assert not foreign, (words, foreign)


def test_under_sudo_it_is_said_whose_keyring_is_not_meant(machine: Machine, session: Mapping[str, str]) -> None:
    profile = machine.profile(settings=login("keyring://dts mail/nobody"))
    env = {**session, "SUDO_USER": "ann"}
    result = machine.run("secret", "check", "--profile", profile, env=env).fails(5)
    assert "root's keyring (Secret Service) holds no entry" in result.stdout
    assert "ann's keyring is another one" in result.stdout


def checks(machine: Machine, *args: str, env: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    return {one["check"]: one for one in machine.run("doctor", *args, "--json", env=env).json["checks"]}


def test_doctor_names_the_store_and_tries_it(machine: Machine, session: Mapping[str, str]) -> None:
    found = checks(machine, env=session)["keyring"]
    assert (found["state"], found["detail"]) == ("ok", "root's keyring: Secret Service")
    tried = checks(machine, "--selftest", env=session)["keyring"]
    assert tried["state"] == "ok"
    assert tried["detail"] == "root's keyring (Secret Service): an entry was written, read and deleted"


def test_doctor_where_there_is_none(machine: Machine) -> None:
    assert checks(machine, env={})["keyring"]["state"] == "ok"
    profile = machine.profile(settings=login(ENTRY))
    found = checks(machine, "--profile", profile, env={})["keyring"]
    assert found["state"] == "fail"
    assert found["detail"].startswith("login.password: there is no session bus")
    assert checks(machine, "--selftest", env={})["keyring"]["state"] == "warn"
