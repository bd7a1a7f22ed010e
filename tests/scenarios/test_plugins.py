"""A package that adds a scheme: built, installed beside dtsconf and used for real, with Debian's pass and a test key."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.processes import require
from tests.scenarios.harness import Machine, login

PLUGIN = Path(__file__).parents[1] / "plugins/dtsconf-pass"
SECRET = "c4n4ry from pass 🔑"


@pytest.fixture
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package in it, as `pip install --target` leaves it (PEP 427: a wheel is its own installation)."""
    folder = tmp_path_factory.mktemp("plugin")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=PLUGIN, capture_output=True, text=True, check=True, timeout=120
    )
    with zipfile.ZipFile(folder / done.stdout.strip().splitlines()[-1]) as wheel:
        wheel.extractall(folder)
    return folder


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A password store with a key of its own; its environment."""
    require("pass", "pass", "gpg", "gpgconf")
    home = tmp_path_factory.mktemp("pass")
    gnupg = home / "gnupg"
    gnupg.mkdir(mode=0o700)
    environ = {"GNUPGHOME": str(gnupg), "PASSWORD_STORE_DIR": str(home / "store"), "PATH": os.environ["PATH"]}

    def run(*words: str, given: bytes = b"") -> None:
        subprocess.run(
            words, env={**environ, "HOME": str(home)}, input=given, check=True, capture_output=True, timeout=60
        )

    key = ["gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key"]
    try:
        run(*key, "dtsconf test <test@acme.example>", "default", "default", "never")
        run("pass", "init", "test@acme.example")
        run("pass", "insert", "--multiline", "mail/lab", given=f"{SECRET}\nurl: acme.example\n".encode())
        yield environ
    finally:
        run("gpgconf", "--kill", "all")


def test_a_secret_from_pass_is_checked_and_applied(machine: Machine, installed: Path, store: dict[str, str]) -> None:
    machine.secrets.append(SECRET)
    profile = machine.profile(settings=login("pass://mail/lab"))
    env = {**store, "PYTHONPATH": str(installed)}
    machine.run("validate", profile, env=env).ok()
    row = machine.run("secret", "check", "--profile", profile, env=env).ok().stdout.splitlines()[0]
    assert row.split()[:3] == ["ok", "login.password", "pass://mail/lab"]
    machine.apply(profile, "-vv", env=env).ok()
    assert SECRET in machine.delivered.read_text("utf-8")
    missing = machine.profile("missing.yaml", settings=login("pass://mail/ann"))
    for words in (["secret", "check"], ["apply", "--yes"]):
        assert "pass has no entry mail/ann" in machine.run(*words, "--profile", missing, env=env).fails(5).text


def test_without_the_package_its_scheme_is_unknown(machine: Machine) -> None:
    profile = machine.profile(settings=login("pass://mail/lab"))
    assert "scheme is not known" in machine.run("validate", profile).fails(3).text


def test_with_the_package_and_without_its_program(machine: Machine, installed: Path) -> None:
    profile = machine.profile(settings=login("pass://mail/lab"))
    env = {"PYTHONPATH": str(installed), "PATH": "/nowhere"}
    assert "apt install pass" in machine.run("secret", "check", "--profile", profile, env=env).fails(5).text


def test_one_that_can_not_be_imported_breaks_only_itself(machine: Machine, installed: Path) -> None:
    (installed / "dtsconf_pass.py").write_text("raise RuntimeError('c4n4ry')\n")
    machine.secrets.append("c4n4ry")
    env = {"PYTHONPATH": str(installed)}
    broken = machine.profile(settings=login("pass://mail/lab"))
    result = machine.apply(broken, "-vv", env=env).fails(5)
    assert "the plugin dtsconf-pass for pass:// can't be imported (RuntimeError)" in result.text
    machine.run("validate", broken, env=env).ok()
    machine.run("plan", "--profile", broken, env=env).ok()
    machine.apply(machine.profile("fine.yaml", settings=login(machine.secret_file("s3cret"))), env=env).ok()


def test_it_is_not_imported_where_its_scheme_is_not_meant(machine: Machine, installed: Path) -> None:
    (installed / "dtsconf_pass.py").write_text(f"open({str(installed / 'seen')!r}, 'w').close()\n")
    env = {"PYTHONPATH": str(installed)}
    machine.apply(machine.profile(settings=login(machine.secret_file("s3cret"))), env=env).ok()
    machine.run("status", env=env).ok()
    assert not (installed / "seen").exists()


def test_msmtp_can_not_fetch_it_by_itself(machine: Machine, installed: Path) -> None:
    parts = {"targets": ["msmtp"], "secrets": {"deliver": "reference"}}
    profile = machine.profile(settings=login("pass://mail/lab"), **parts)
    result = machine.run("plan", "--profile", profile, env={"PYTHONPATH": str(installed)}).fails(3)
    assert "msmtp has no tool to resolve pass://" in result.text
