"""Hints of whole calls: the commands that they name go to the same machine, and hold no secret that was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtsconf.machine import purge
from tests.unit.cli.calls import call, profile

Capture = pytest.CaptureFixture[str]


def test_purge_of_a_root_out_of_reach_does_not_name_the_real_machine(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(tmp_path / "root")
    assert call(capsys, "apply", "--yes", "--profile", profile(tmp_path), "--root", root).code == 0
    monkeypatch.setattr(purge, "_reachable", lambda _layout: False)
    for told in (
        call(capsys, "purge", "--yes", "--root", root),
        call(capsys, "purge", "--json", "--yes", "--root", root),
    ):
        assert f"(sudo dtsconf purge --root {root})" in told.out


def test_a_stale_plan_is_made_again_with_the_same_options(capsys: Capture, tmp_path: Path) -> None:
    root, saved, site = str(tmp_path / "root"), str(tmp_path / "plan.json"), profile(tmp_path)
    words = ("--profile", site, "--root", root)
    assert call(capsys, "plan", *words, "--set", "server.port=2526", "--out", saved).code == 0
    assert call(capsys, "apply", "--yes", *words).code == 0
    stale = call(capsys, "apply", "--plan", saved, "--root", root)
    assert f"dtsconf plan --root {root} --profile {site} --set server.port=2526 --out {saved}" in stale.err
    assert f"{root}/etc/dts/email.json is used now" in stale.err or f"{root}/etc/dts/email.json changed" in stale.err


def test_what_set_got_wrong_is_in_no_hint(capsys: Capture, tmp_path: Path) -> None:
    words = ("--profile", profile(tmp_path), "--root", str(tmp_path), "--set", "login.password=c4nary-Passw0rd")
    for command in ("test", "apply", "plan", "show"):
        told = call(capsys, command, *words)
        assert told.code != 0
        assert "c4nary" not in told.out + told.err
