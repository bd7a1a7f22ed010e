"""The contract's table of places, row by row."""

from __future__ import annotations

import os
import pwd
import sys

import pytest

from dtsconf.machine.layout import Layout, beside, parent
from dtsconf.machine.planning import ground

assert sys.platform == "linux", "what is tested here is not there on Windows"

HOME = {"HOME": "/home/ann"}
WINDOWS = {"PROGRAMDATA": "D:\\Data", "LOCALAPPDATA": "C:\\Users\\ann\\AppData\\Local"}


@pytest.mark.parametrize(
    ("platform", "config", "secrets", "msmtp", "state"),
    [
        ("linux", "/etc/dts/email.json", "/etc/dts/email.secrets.json", "/etc/msmtprc", "/var/lib/dtsconf"),
        (
            "darwin",
            "/Library/Application Support/DTS/email.json",
            "/Library/Application Support/DTS/email.secrets.json",
            "/etc/msmtprc",
            "/Library/Application Support/dtsconf",
        ),
        ("win32", "D:\\Data\\DTS\\email.json", "D:\\Data\\DTS\\email.secrets.json", None, "D:\\Data\\dtsconf"),
    ],
)
def test_machine(platform: str, config: str, secrets: str, msmtp: str | None, state: str) -> None:
    layout = Layout(None, platform, WINDOWS)
    assert (layout.config, layout.secrets, layout.msmtp, layout.state) == (config, secrets, msmtp, state)
    assert layout.real(layout.config) == layout.config


def test_windows_without_its_variable() -> None:
    assert Layout(None, "win32", {}).state == "C:\\ProgramData\\dtsconf"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_root_is_linux_everywhere(platform: str) -> None:
    layout = Layout("/img", platform, HOME)
    assert layout.config == "/etc/dts/email.json"
    assert layout.real(layout.config) == "/img/etc/dts/email.json"
    assert layout.msmtp == "/etc/msmtprc"
    assert layout.user_state() == f"/img/var/lib/dtsconf/users/{os.getuid()}"
    assert ground(layout).platform == "linux"
    assert not layout.running_system


def test_relative_root_is_taken_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/usr")
    assert Layout("img").real("/etc/x") == "/usr/img/etc/x"


def test_state_files() -> None:
    layout = Layout()
    assert layout.generation(3) == "/var/lib/dtsconf/generations/3.json"
    names = {layout.lock, layout.key, layout.journal, layout.undo, layout.staged, layout.generations}
    assert {parent(name) for name in names} == {layout.state}
    assert len(names) == 6


@pytest.mark.parametrize(
    ("platform", "environ", "file", "state"),
    [
        ("linux", HOME, "/home/ann/.config/dts/email.yaml", "/home/ann/.local/state/dtsconf"),
        ("linux", {**HOME, "XDG_STATE_HOME": "/s"}, "/home/ann/.config/dts/email.yaml", "/s/dtsconf"),
        (
            "linux",
            {**HOME, "XDG_STATE_HOME": "s"},
            "/home/ann/.config/dts/email.yaml",
            "/home/ann/.local/state/dtsconf",
        ),
        (
            "darwin",
            HOME,
            "/home/ann/Library/Application Support/dts/email.yaml",
            "/home/ann/Library/Application Support/dtsconf",
        ),
        (
            "win32",
            WINDOWS,
            "C:\\Users\\ann\\AppData\\Local\\dts\\email.yaml",
            "C:\\Users\\ann\\AppData\\Local\\dtsconf",
        ),
        ("linux", {**HOME, "DTSCONF_USER_FILE": "/x/../y.yaml"}, "/y.yaml", "/home/ann/.local/state/dtsconf"),
    ],
)
def test_user(platform: str, environ: dict[str, str], file: str, state: str) -> None:
    layout = Layout(None, platform, environ)
    assert (layout.user_file(), layout.user_state()) == (file, state)


@pytest.mark.parametrize("home", [None, "", "ann", "./ann"])
def test_a_home_that_counts_from_the_current_folder_is_none(home: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", home or "")
    own = (
        Layout(None, "linux", {} if home is None else {"HOME": home}).user_state().removesuffix("/.local/state/dtsconf")
    )
    assert own == pwd.getpwuid(os.getuid()).pw_dir


def test_beside() -> None:
    assert beside("/", "a") == "/a"
    assert beside("/a", "b") == "/a/b"
    assert beside("C:\\a", "b") == "C:\\a\\b"
    assert beside("/odd\\name", "b") == "/odd\\name/b"


def test_the_session_s_folder_is_one_for_each_root() -> None:
    environ = {"XDG_RUNTIME_DIR": "/run/user/7"}
    assert Layout(environ=environ).user_session() == "/run/user/7/dtsconf"
    first, second = (Layout(root, environ=environ).user_session() for root in ("/a", "/b"))
    assert first is not None
    assert first.startswith("/run/user/7/dtsconf-")
    assert first != second
    assert Layout(environ={}).user_session() is None
    assert Layout(environ={"XDG_RUNTIME_DIR": "relative"}).user_session() is None
