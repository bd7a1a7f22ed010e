"""`dtsconf secret check` by a user who sends with what an apply delivered; `secret set` for what is no keyring's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtsconf.machine import deliveries, lock
from tests.unit.cli.calls import call, profile

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def root(capsys: Capture, tmp_path: Path) -> str:
    """A machine whose password was delivered for a group, and its source is gone."""
    source = tmp_path / "secret"
    source.write_text("c4nary-Passw0rd")
    source.chmod(0o600)
    text = (
        "dtsconf: 1\nname: acme\nsettings:\n  sender: {email: lab@acme.example}\n"
        "  server: {host: relay.acme.example, encryption: tls}\n"
        f"  login: {{required: true, username: lab, password: 'file://{source}'}}\nverify: {{level: none}}\n"
        "secrets: {group: root}\n"
    )
    folder = str(tmp_path / "root")
    assert call(capsys, "apply", "--yes", "--profile", profile(tmp_path, text), "--root", folder).code == 0
    source.unlink()
    return folder


def test_who_only_sends_needs_no_right_to_the_source(
    capsys: Capture, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(capsys, "secret", "check", "--root", root).code == 5, "who applies needs it"
    monkeypatch.setattr(lock, "may_write_state", lambda _layout: False)
    told = call(capsys, "secret", "check", "--root", root)
    assert told.code == 0
    assert "delivered on this machine, and good to send with; its source: there is no file" in told.out
    assert "1 reference: all can be had" in told.out
    assert "c4nary" not in told.out + told.err


def test_who_may_not_read_what_is_delivered_is_told_how_he_may(
    capsys: Capture, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: str, _limit: int) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(lock, "may_write_state", lambda _layout: False)
    monkeypatch.setattr(deliveries, "read_regular", denied)
    monkeypatch.setattr(deliveries, "is_mine", lambda _group: False)
    told = call(capsys, "secret", "check", "--root", root)
    assert told.code == 5
    assert "hint: whoever sends belongs into secrets.group: usermod -aG root USER, then log in anew" in told.out


def test_where_a_file_s_secret_is_stored_the_line_to_type_asks_for_it(capsys: Capture) -> None:
    """Typed at a terminal, `install` alone would sit there and show what is typed."""
    told = call(capsys, "secret", "set", "file:///etc/dts/secrets/x")
    assert told.code == 2
    assert "hint: write it there: (printf 'secret: '; stty -echo; " in told.err
    assert "install -D -m 600 /dev/stdin /etc/dts/secrets/x); or write it as keyring://SERVICE/USER" in told.err
