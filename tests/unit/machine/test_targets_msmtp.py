"""The msmtprc: what each setting becomes, what can't be expressed, and that msmtp itself reads it back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dtsconf.errors import Invalid
from dtsconf.machine.targets.file import TargetFile
from dtsconf.machine.targets.msmtp import Password, msmtp_file, password_command, quoted
from dtsconf.secret.value import Secret
from tests.unit.machine.world import LOGIN, WORKING, effective, place

FILE = Password("file:///etc/secret", "file", Secret("pw"))


def made(values: Mapping[str, Any], password: Password | None = None) -> TargetFile:
    settings = effective(values).settings
    return msmtp_file("/etc/msmtprc", settings, password, "head", lambda _key: place(7))


def lines(values: Mapping[str, Any], password: Password | None = None) -> list[str]:
    content = made(values, password).content
    assert content is not None
    return content.decode().splitlines()


def refused(values: Mapping[str, Any], password: Password | None = None) -> str:
    with pytest.raises(Invalid) as caught:
        made(values, password)
    assert caught.value.code == 3
    (problem,) = caught.value.problems
    assert "msmtp" in problem.message
    assert problem.key is not None
    assert problem.key in problem.message
    assert problem.where == place(7)
    assert problem.hint is not None
    return problem.key


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"server.encryption": "none"}, ["tls off", "port 25"]),
        ({"server.encryption": "starttls"}, ["tls on", "tls_starttls on", "port 587", "tls_trust_file system"]),
        ({"server.encryption": "tls"}, ["tls on", "tls_starttls off", "port 465"]),
        ({"server.port": 2525}, ["port 2525"]),
        ({"server.ca_file": "/etc/my roots.pem"}, ['tls_trust_file "/etc/my roots.pem"']),
        ({"server.fingerprint": "ab" * 32}, ["tls_fingerprint " + ":".join(["AB"] * 32)]),
        ({"connection.timeout": 2.5}, ["timeout 3"]),
        ({"connection.min_tls": "1.3"}, ["tls_priorities NORMAL:-VERS-ALL:+VERS-TLS1.3"]),
        ({"server.host": "2001:db8::1"}, ["host 2001:db8::1"]),
        ({}, ["auth off", "from dts@acme.example", "account default", "# head"]),
    ],
)
def test_settings_as_lines(values: dict[str, Any], expected: list[str]) -> None:
    found = lines({**WORKING, **values})
    assert [line for line in expected if line not in found] == []


@pytest.mark.parametrize(
    ("mechanism", "word"), [("auto", "on"), ("plain", "plain"), ("login", "login"), ("scram-sha-256", "scram-sha-256")]
)
def test_mechanisms(mechanism: str, word: str) -> None:
    found = lines({**LOGIN, "login.mechanism": mechanism}, FILE)
    assert f"auth {word}" in found
    assert "user dts" in found
    assert "password pw" in found


def test_the_secret_is_masked_where_it_is_shown() -> None:
    file = made(LOGIN, FILE)
    assert "password ********" in file.shown
    assert "password file:///etc/secret" in file.stable
    assert "pw" not in file.shown + file.stable
    assert (file.mode, file.secret) == (0o600, True)
    assert b"password pw" not in repr(file).encode()


def test_a_group_may_read_what_holds_a_secret() -> None:
    assert made(LOGIN, Password("file:///x", "file", Secret("pw"), "mail")).mode == 0o640


def test_before_the_secret_is_known_there_is_no_content() -> None:
    assert made(LOGIN, Password("file:///x", "file")).content is None


def test_a_reference_becomes_a_command_and_no_secret_is_in_it() -> None:
    file = made(LOGIN, Password("file:///etc/dts secret", "reference"))
    assert (file.mode, file.secret) == (0o644, False)
    assert b"passwordeval \"cat '/etc/dts secret'\"\n" in (file.content or b"")


@pytest.mark.parametrize(
    ("reference", "platform", "command"),
    [
        ("file:///etc/secret", "linux", "cat /etc/secret"),
        ("keyring://mail/a b", "linux", "secret-tool lookup service mail username 'a b'"),
        ("keyring://mail/u", "darwin", "security find-generic-password -s mail -a u -w"),
    ],
)
def test_commands(reference: str, platform: str, command: str) -> None:
    assert password_command(reference, platform) == command


@pytest.mark.parametrize("reference", ["vault://kv/dts#pw", "systemd://NAME"])
def test_other_schemes_are_refused_by_name(reference: str) -> None:
    assert refused(LOGIN, Password(reference, "reference")) == "login.password"


def test_what_msmtp_cant_express_is_refused() -> None:
    assert refused({"mode": "microsoft", "microsoft.client_id": "00000000-0000-0000-0000-000000000001"}) == "mode"
    assert refused({**WORKING, "sender.email": "dts*@acme.example"}) == "sender.email"
    assert refused({**WORKING, "sender.email": "%U@acme.example"}) == "sender.email"
    assert refused({**WORKING, "sender.email": "jürgen@acme.example"}) == "sender.email"
    assert refused(LOGIN, Password("file:///x", "file", Secret("p" * 500))) == "login.password"
    assert refused(LOGIN, Password("file:///x", "file", Secret("two\nlines"))) == "login.password"
    assert refused(LOGIN, Password("file:///x", "reference", Secret("two\nlines"))) == "login.password"
    assert refused(LOGIN, Password("file:///x", "reference", Secret("a\0b"))) == "login.password"


def test_auto_in_clear_is_plain_since_msmtp_would_pick_nothing() -> None:
    assert "auth plain" in lines({**LOGIN, "server.encryption": "none", "server.allow_cleartext_login": True}, FILE)


def test_the_longest_password_that_fits() -> None:
    longest = "p" * (499 - len("password "))
    assert f"password {longest}" in lines(LOGIN, Password("file:///x", "file", Secret(longest)))


@pytest.mark.parametrize(
    ("text", "written"),
    [("plain-1@x", "plain-1@x"), ("a b", '"a b"'), (' "q" ', '" "q" "'), ('"q"', '""q""'), ("#x", '"#x"'), ("", '""')],
)
def test_quoting(text: str, written: str) -> None:
    assert quoted(text) == written


@pytest.mark.parametrize("user", ["dts", "a b", '"quoted"', " blanks ", "#hash", "back\\slash", "süß", 'one"', "'s'"])
def test_msmtp_reads_back_what_was_meant(user: str, tmp_path: Path) -> None:
    program = shutil.which("msmtp")
    assert program is not None, "msmtp is in tests/system-packages.txt"
    file = made({**LOGIN, "login.username": user, "server.ca_file": "/etc/a b.pem"}, FILE)
    path = tmp_path / "rc"
    path.write_bytes(file.content or b"")
    path.chmod(0o600)
    done = subprocess.run(
        [program, "-C", str(path), "-P", "a@acme.example"],
        capture_output=True,
        check=True,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    shown = done.stdout.decode().splitlines()
    assert f"user = {user}" in shown
    assert "tls_trust_file = /etc/a b.pem" in shown
    assert "host = mail.acme.example" in shown
