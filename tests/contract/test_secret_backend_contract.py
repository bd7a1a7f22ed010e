"""What every secret backend keeps, run against each: the value exactly, or SecretUnavailable that says why and never what."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dtsconf.errors import SecretUnavailable
from dtsconf.secret.backend import Backend, Notices
from dtsconf.secret.env import EnvBackend
from dtsconf.secret.file import FileBackend
from dtsconf.secret.ref import Reference, parse
from dtsconf.secret.resolver import BACKENDS
from dtsconf.secret.systemd import SystemdBackend


@dataclass
class Place:
    """A backend and its store: `put` keeps the bytes under a fresh reference; `missing` names nothing."""

    backend: Backend
    put: Callable[[bytes], Reference]
    missing: Reference
    notices: Notices = field(default_factory=list)


def env_place(_folder: Path) -> Place:
    environ: dict[str, str] = {}

    def put(value: bytes) -> Reference:
        environ["PW"] = os.fsdecode(value)
        return parse("env://PW")

    notices: Notices = []
    return Place(EnvBackend(environ, notices), put, parse("env://NOT_THERE"), notices)


def file_place(folder: Path) -> Place:
    def put(value: bytes) -> Reference:
        path = folder / "secret"
        path.write_bytes(value)
        path.chmod(0o600)
        return parse(f"file://{path}")

    notices: Notices = []
    return Place(FileBackend({}, notices), put, parse(f"file://{folder}/not-there"), notices)


def systemd_place(folder: Path) -> Place:
    def put(value: bytes) -> Reference:
        path = folder / "smtp"
        path.write_bytes(value)
        path.chmod(0o400)
        return parse("systemd://smtp")

    notices: Notices = []
    backend = SystemdBackend({"CREDENTIALS_DIRECTORY": str(folder)}, notices)
    return Place(backend, put, parse("systemd://not-there"), notices)


PLACES = {"env": env_place, "file": file_place, "systemd": systemd_place}
NEED_A_SERVICE = {"keyring", "vault"}
"""Held to the same by the integration tests, against their real stores."""


def test_every_backend_is_held_to_it() -> None:
    assert set(PLACES) <= set(BACKENDS) <= set(PLACES) | NEED_A_SERVICE


@pytest.fixture(params=sorted(PLACES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    made: Place = PLACES[request.param](tmp_path)
    return made


EXACT = {
    "plain": "s3cret",
    "blanks around": "  s3cret\t ",
    "quotes and dollars": "'\"$PATH`id`\\n%s",
    "emoji": "pässwörd-🔑-東京",
    "line breaks inside": "-----BEGIN-----\nabc\r\ndef\n-----END-----",
    "64 KiB": "x" * 65536,
    "looks like a reference": "env://OTHER",
    "stars": "********",
}


@pytest.mark.parametrize("value", EXACT.values(), ids=EXACT)
def test_the_value_comes_back_exactly(place: Place, value: str) -> None:
    assert place.backend.fetch(place.put(value.encode())).reveal() == value
    assert place.notices == []


def unavailable(place: Place, reference: Reference) -> SecretUnavailable:
    with pytest.raises(SecretUnavailable) as caught:
        place.backend.fetch(reference)
    assert caught.value.code == 5
    assert caught.value.hint, "the next thing to type"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None, "a library's text may hold the secret"
    return caught.value


def test_a_missing_one_is_exit_5_and_names_where_it_should_be(place: Place) -> None:
    assert place.missing.rest in str(unavailable(place, place.missing))


def test_an_empty_one_is_missing(place: Place) -> None:
    assert "is empty" in str(unavailable(place, place.put(b"")))


@pytest.mark.parametrize("value", [b"s3cret\xff", b"\xed\xa0\x80s3cret"], ids=["a stray byte", "half a pair"])
def test_what_is_not_utf8_is_refused_unseen(place: Place, value: bytes) -> None:
    error = unavailable(place, place.put(value))
    assert "UTF-8" in str(error)
    assert "s3cret" not in f"{error}{error.hint}{error!r}"


def test_it_is_masked(place: Place) -> None:
    assert "s3cret" not in repr(place.backend.fetch(place.put(b"s3cret")))
