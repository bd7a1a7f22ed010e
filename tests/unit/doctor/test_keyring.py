"""A keyring that can't be had, and what it was wanted for: a secret may lie elsewhere, the key to tokens may not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dtsconf.doctor.check import Check, Subject, carried_out
from dtsconf.doctor.keyring import keyring
from dtsconf.errors import SecretUnavailable
from dtsconf.secret.keyring import KeyringBackend
from dtsconf.secret.keyring_faults import told
from dtsconf.wiring import Inputs, effective, layout_of, local_system
from tests.unit.auth.test_exposure import PEOPLE
from tests.unit.cli.calls import PROFILE, profile

SEALED = PEOPLE.replace("token_cache: file", "token_cache: encrypted")


class KeyringLocked(Exception):
    """Named as keyring's own."""


class NoKeyringError(Exception):
    """Named as keyring's own."""


def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, missing: SecretUnavailable) -> Check:
    def raise_it(_self: KeyringBackend) -> str:
        raise missing

    monkeypatch.setattr(KeyringBackend, "store", raise_it)
    given = Inputs(profile(tmp_path, text), root=str(tmp_path / "root"))
    layout = layout_of(given.root)
    subject = Subject(layout, local_system(layout), effective(given, user=True), time.time())
    (check,) = carried_out([("keyring", keyring)], subject)
    return check


@pytest.mark.parametrize(
    ("error", "user", "first"),
    [
        (KeyringLocked(), 1000, "unlock it (log in at the desktop, or (printf 'secret: '; stty -echo; "),
        (NoKeyringError(), 1000, "run it within that user's session, or under dbus-run-session"),
        (NoKeyringError(), 0, "a keyring is one user's, and root's is another one: run it as the user who sends, "),
    ],
)
def test_tokens_have_their_own_other_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, user: int, first: str
) -> None:
    with monkeypatch.context() as other:
        other.setattr("os.geteuid", lambda: user)
        missing = told(error, "ann's keyring", None, 10, {})
    check = found(tmp_path, monkeypatch, SEALED, missing)
    hint = check.hint or ""
    assert (check.state, check.detail.startswith("microsoft.remember_me: ")) == ("fail", True)
    assert hint.startswith(first)
    assert "; or, where no keyring can be: --set microsoft.token_cache=file" in hint
    assert not any(place in hint for place in ("systemd://", "file://", "vault://", "stored it"))


def test_a_secret_may_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = told(KeyringLocked(), "ann's keyring", None, 10, {})
    login = "server: {host: relay.acme.example, encryption: starttls}\n  login: {required: true, username: ann, "
    text = PROFILE.replace("server: {host: relay.acme.example, port: 2525}", login + "password: 'keyring://dts/ann'}")
    check = found(tmp_path, monkeypatch, text, missing)
    assert check.hint == missing.hint
    assert "systemd://" in (check.hint or "")


def test_where_only_other_places_were_named_the_tokens_own_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dtsconf.secret.keyring_faults import OTHERWISE

    check = found(tmp_path, monkeypatch, SEALED, SecretUnavailable("no store", OTHERWISE))
    assert (check.hint or "").startswith("where no keyring can be: --set microsoft.token_cache=file")
