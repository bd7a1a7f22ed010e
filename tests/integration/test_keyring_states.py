"""A keyring that is locked, empty, absent, hanging or not the system's: each told apart, with what to do instead."""

from __future__ import annotations

import gc
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from dtsconf.errors import SecretUnavailable
from dtsconf.secret import keyring
from dtsconf.secret.keyring import KeyringBackend
from dtsconf.secret.ref import Reference, parse
from dtsconf.secret.value import Secret
from tests.real.processes import wait_until
from tests.real.secret_service import PASSWORD, SecretService, answers, secret_service, session_bus

pytestmark = [
    pytest.mark.servers,
    # keyring leaves its connection open where it finds the collection locked; Python closes and tells so
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"),
]
ENTRY = parse("keyring://dts mail/lab@acme.example")
ALTERNATIVES = ("systemd://", "file://", "vault://")


def within(monkeypatch: pytest.MonkeyPatch, service: SecretService, **more: str) -> KeyringBackend:
    """The backend, in that session."""
    for name, value in {**service.environ, **more}.items():
        monkeypatch.setenv(name, value)
    import os

    return KeyringBackend(os.environ, [])


def refusal(backend: KeyringBackend, entry: Reference = ENTRY) -> SecretUnavailable:
    with pytest.raises(SecretUnavailable) as caught:
        backend.fetch(entry)
    assert caught.value.code == 5
    assert caught.value.hint
    gc.collect()
    return caught.value


@pytest.mark.parametrize("value", ["s3cret", "two\nlines\n", "n\0l", "é🔑" * 100, "x" * 65536, " ", "\t\r\n"])
def test_what_is_kept_comes_back_and_replaces(keyring_environ: Mapping[str, str], value: str) -> None:
    backend = KeyringBackend(keyring_environ, [])
    backend.keep(ENTRY, Secret("another"))
    backend.keep(ENTRY, Secret(value))
    assert KeyringBackend(keyring_environ, []).fetch(ENTRY).reveal() == value
    assert backend.facts(ENTRY) == {"store": "Secret Service", "whose": keyring.user_name()}


def test_forgetting(keyring_environ: Mapping[str, str]) -> None:
    backend = KeyringBackend(keyring_environ, [])
    backend.keep(ENTRY, Secret("s3cret"))
    backend.forget(ENTRY)
    assert "holds no entry" in str(refusal(backend))
    with pytest.raises(SecretUnavailable, match="holds no entry"):
        backend.forget(ENTRY)


def test_a_missing_entry_says_whose_keyring_and_how_to_store_it(keyring_environ: Mapping[str, str]) -> None:
    nobody = parse("keyring://dts mail/nobody@acme.example")  # the session is shared with tests that store entries
    error = refusal(KeyringBackend(keyring_environ, []), nobody)
    assert f"{keyring.user_name()}'s keyring" in str(error)
    assert f"dtsconf secret set '{nobody}'" in str(error.hint)


def test_without_a_bus(keyring_environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    error = refusal(KeyringBackend(keyring_environ, []))
    assert "no session bus" in str(error)
    assert all(other in str(error.hint) for other in ALTERNATIVES)


def test_a_bus_that_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with session_bus(tmp_path) as service:
        pass
    (tmp_path / "bus").unlink(missing_ok=True)
    assert f"{tmp_path}/bus, which is not there" in str(refusal(within(monkeypatch, service)))


def test_a_bus_without_a_keyring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with session_bus(tmp_path) as service:
        error = refusal(within(monkeypatch, service))
    assert "no keyring answers" in str(error)
    assert "gnome-keyring" in str(error.hint)


def as_told(service: SecretService, error: SecretUnavailable) -> None:
    """Type the hint's line beside the daemon that runs, with the right password; what it starts ends with the bus."""
    found = re.search(r"gnome-keyring-daemon [^);]*", str(error.hint))
    assert found is not None
    words = found.group().split()
    subprocess.run(words, env=dict(service.environ), input=PASSWORD, capture_output=True, check=True, timeout=30)
    wait_until(lambda: answers(service), "the keyring that the hint starts")


def test_without_a_collection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with secret_service(tmp_path, None) as service:
        error = refusal(within(monkeypatch, service))
        assert "no collection" in str(error)
        assert all(other in str(error.hint) for other in ALTERNATIVES)
        as_told(service, error)
        opened = within(monkeypatch, service)
        opened.keep(ENTRY, Secret("s3cret"))
        assert opened.fetch(ENTRY).reveal() == "s3cret"


@pytest.mark.parametrize("password", [None, b"a wrong one"], ids=["not unlocked", "wrong password"])
def test_locked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, password: bytes | None) -> None:
    with secret_service(tmp_path / "first") as service:
        within(monkeypatch, service).keep(ENTRY, Secret("s3cret"))
    kept = tmp_path / "first/home"
    with secret_service(tmp_path / "second", password, home=kept) as service:
        error = refusal(within(monkeypatch, service))
        assert str(error) == f"{keyring.user_name()}'s keyring is locked"
        assert "unlock" in str(error.hint)
        as_told(service, error)
        assert within(monkeypatch, service).fetch(ENTRY).reveal() == "s3cret"
    with secret_service(tmp_path / "third", home=kept) as service:
        assert within(monkeypatch, service).fetch(ENTRY).reveal() == "s3cret"


def test_one_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(keyring, "ALONE", 0.5)
    with secret_service(tmp_path) as service:
        backend = within(monkeypatch, service)
        backend.keep(ENTRY, Secret("s3cret"))
        service.freeze()
        for one in (backend, within(monkeypatch, service)):
            start = time.monotonic()
            error = refusal(one)
            assert time.monotonic() - start < 3
            assert "did not answer within" in str(error)
            assert all(other in str(error.hint) for other in ALTERNATIVES)
        service.thaw()
        assert backend.fetch(ENTRY).reveal() == "s3cret"
