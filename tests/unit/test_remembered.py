"""Settings are remembered as long as all that they come from is the same, and not a call longer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import dtsconf
from dtsconf.errors import Invalid
from dtsconf.wiring import Inputs, remembered

SITE = "dtsconf: 1\nname: s\nsettings: {sender: {email: a@acme.example}, server: {host: mx.acme.example, port: PORT}}\n"


@dataclass
class Machine:
    """A machine below `folder`, whose environment is `environ`."""

    folder: Path
    environ: dict[str, str]

    def apply(self, port: int) -> None:
        site = self.folder / "site.yaml"
        site.write_text(SITE.replace("PORT", str(port)) + "verify: {level: none}\n")
        dtsconf.apply(site, root=self.root)

    @property
    def root(self) -> str:
        return str(self.folder / "root")

    @property
    def config(self) -> Path:
        return self.folder / "root/etc/dts/email.json"

    @property
    def own(self) -> Path:
        return self.folder / "own.yaml"

    def settings(self, **inputs: object) -> object:
        return remembered.effective(Inputs(root=self.root, environ=self.environ, **inputs))  # type: ignore[arg-type]

    @property
    def port(self) -> int | None:
        return remembered.effective(Inputs(root=self.root, environ=self.environ)).settings.server.port


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("DTSCONF_USER_FILE", str(tmp_path / "own.yaml"))
    monkeypatch.setattr(remembered, "SETTLED", -3600.0)  # all has stood for an hour
    made = Machine(tmp_path, {})
    made.apply(25)
    return made


def test_what_is_the_same_is_read_once(machine: Machine) -> None:
    assert machine.settings() is machine.settings()


def an_apply(machine: Machine) -> None:
    machine.apply(26)


def a_hand(machine: Machine) -> None:
    machine.config.write_text(machine.config.read_text().replace('"port": 25', '"port": 26'))


def the_users_file(machine: Machine) -> None:
    machine.own.write_text("server: {port: 26}\n")


def a_variable(machine: Machine) -> None:
    machine.environ["DTS_EMAIL_SERVER__PORT"] = "26"


@pytest.mark.parametrize("change", [an_apply, a_hand, the_users_file, a_variable])
def test_a_change_counts_at_once(machine: Machine, change: Callable[[Machine], None]) -> None:
    assert machine.port == 25
    change(machine)
    assert machine.port == 26


def test_a_file_that_is_gone_or_damaged_counts_at_once(machine: Machine) -> None:
    machine.own.write_text("server: {port: 26}\n")
    assert machine.port == 26
    machine.own.unlink()
    assert machine.port == 25
    machine.config.write_text("{")
    with pytest.raises(Invalid):
        machine.settings()


def test_another_users_file_counts_at_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.port == 25
    (machine.folder / "other.yaml").write_text("server: {port: 26}\n")
    monkeypatch.setenv("DTSCONF_USER_FILE", str(machine.folder / "other.yaml"))
    assert machine.port == 26


def test_other_settings_than_the_machines_are_read_anew(machine: Machine) -> None:
    for inputs in (
        {"overrides": ("server.port=26",)},
        {"strict": True},
        {"profile": str(machine.folder / "site.yaml")},
    ):
        assert machine.settings(**inputs) is not machine.settings(**inputs)
    assert machine.port == 25


def test_what_changed_a_moment_ago_is_read_anew(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of a file system may count both changes as one moment."""
    monkeypatch.setattr(remembered, "SETTLED", 3600.0)
    assert machine.settings() is not machine.settings()
