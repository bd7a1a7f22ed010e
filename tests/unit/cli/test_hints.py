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


def test_a_variable_that_an_apply_without_a_profile_would_keep_is_told(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, site = str(tmp_path / "root"), profile(tmp_path)
    assert call(capsys, "apply", "--yes", "--profile", site, "--root", root).code == 0
    monkeypatch.setenv("DTS_EMAIL_CONNECTION__TIMEOUT", "20")
    of_profile = call(capsys, "plan", "--profile", site, "--root", root)
    assert "the profile, or the environment, differs from what was last applied" in of_profile.out
    assert "to stay" not in of_profile.err
    for words in (("plan",), ("apply", "--yes")):
        told = call(capsys, *words, "--root", root)
        assert "connection.timeout 20 goes into the machine config to stay" in told.err
        assert "hint: to put back just what was last applied: unset DTS_EMAIL_CONNECTION__TIMEOUT" in told.err


def test_a_plan_that_lacks_a_variable_says_how_sudo_hands_it_on(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, saved, site = str(tmp_path / "root"), str(tmp_path / "plan.json"), profile(tmp_path)
    monkeypatch.setenv("DTS_EMAIL_SENDER__NAME", "Perth")
    assert call(capsys, "plan", "--profile", site, "--root", root, "--out", saved).code == 0
    monkeypatch.delenv("DTS_EMAIL_SENDER__NAME")
    told = call(capsys, "apply", "--plan", saved, "--root", root)
    assert told.code == 1
    assert "the saved plan is stale: DTS_EMAIL_SENDER__NAME is not set here" in told.err
    line = f"sudo --preserve-env=DTS_EMAIL_SENDER__NAME dtsconf apply --root {root} --plan {saved};"
    assert f"which sudo hands on by: {line}" in told.err


def test_what_was_changed_by_hand_is_told_where_somebody_asks_for_it(capsys: Capture, tmp_path: Path) -> None:
    root = tmp_path / "root"
    assert call(capsys, "apply", "--yes", "--profile", profile(tmp_path), "--root", str(root)).code == 0
    assert "by hand" not in call(capsys, "show", "--root", str(root)).err
    config = root / "etc/dts/email.json"
    config.write_text(config.read_text("utf-8").replace('"port": 2525', '"port": 2526'), "utf-8")
    for words in (("show", "--origin"), ("explain", "server.port"), ("explain", "server")):
        told = call(capsys, *words, "--root", str(root)).err
        assert "changed by hand since the last apply (server.port is 2526 there and was 2525)" in told, words
        assert f"hint: `dtsconf apply --root {root}` (without --profile) puts back what was applied" in told
    assert "by hand" not in call(capsys, "explain", "sender.email", "--root", str(root)).err


def test_what_variables_alone_applied_has_no_empty_brackets(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(tmp_path / "root")
    for name, value in (("SERVER__HOST", "localhost"), ("SENDER__EMAIL", "lab@acme.example"), ("SERVER__PORT", "1")):
        monkeypatch.setenv(f"DTS_EMAIL_{name}", value)
    assert "applied; generation #1 (no profile)" in call(capsys, "apply", "--no-verify", "--root", root).out
    assert "in sync with #1 (no profile)" in call(capsys, "status", "--root", root).out
    assert "  no profile  " in call(capsys, "history", "--root", root).out
    assert "machine config can be used" in call(capsys, "doctor", "--root", root).out
    monkeypatch.setenv("DTS_EMAIL_LOGIN__REQUIRED", "true")
    monkeypatch.setenv("DTS_EMAIL_SERVER__ENCRYPTION", "tls")
    elsewhere = call(capsys, "show", "--root", str(tmp_path / "other")).err
    assert (
        "hint: set DTS_EMAIL_LOGIN__PASSWORD too, or name a profile: --profile FILE (nothing was applied" in elsewhere
    )
    assert "unset" not in elsewhere


def test_what_set_got_wrong_is_in_no_hint(capsys: Capture, tmp_path: Path) -> None:
    words = ("--profile", profile(tmp_path), "--root", str(tmp_path), "--set", "login.password=c4nary-Passw0rd")
    for command in ("test", "apply", "plan", "show"):
        told = call(capsys, command, *words)
        assert told.code != 0
        assert "c4nary" not in told.out + told.err
