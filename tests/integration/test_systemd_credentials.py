"""Credentials as a unit gets them: a folder of the unit's own, a file each; and one that systemd-creds sealed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dtsconf.errors import Notice, SecretUnavailable
from dtsconf.secret.ref import parse
from dtsconf.secret.resolver import Resolver
from dtsconf.secret.systemd import SystemdBackend
from tests.real.processes import find, require
from tests.unit.posix import make_fifo


@pytest.fixture
def unit(tmp_path: Path) -> Callable[[str, bytes], dict[str, str]]:
    """Gives the unit a credential, as LoadCredential= does; returns its environment."""
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)

    def give(name: str, value: bytes, mode: int = 0o400) -> dict[str, str]:
        (folder / name).write_bytes(value)
        (folder / name).chmod(mode)
        return {"CREDENTIALS_DIRECTORY": str(folder)}

    return give


Give = Callable[..., dict[str, str]]


def refusal(environ: dict[str, str], reference: str = "systemd://smtp") -> SecretUnavailable:
    with pytest.raises(SecretUnavailable) as caught:
        SystemdBackend(environ, []).fetch(parse(reference))
    assert caught.value.code == 5
    return caught.value


@pytest.mark.parametrize(
    "value",
    ["s3cret", "two\nlines", "n\0l", "é🔑", "x" * 65536, " "],
    ids=["plain", "lines", "nul", "emoji", "64K", "blank"],
)
def test_its_bytes_are_the_secret(unit: Give, value: str) -> None:
    notices: list[Notice] = []
    assert SystemdBackend(unit("smtp", value.encode()), notices).fetch(parse("systemd://smtp")).reveal() == value
    assert notices == []


def test_a_line_break_at_the_end_is_kept_and_told(unit: Give) -> None:
    resolver = Resolver(unit("smtp", b"s3cret\n"))
    assert resolver.fetch("systemd://smtp", key="login.password").reveal() == "s3cret\n"
    (told,) = resolver.warnings
    assert told.kind == "line-break"
    assert "s3cret" not in f"{told}"


def test_a_byte_order_mark_is_kept_and_told(unit: Give) -> None:
    resolver = Resolver(unit("smtp", "\ufeffs3cret".encode()))
    assert resolver.fetch("systemd://smtp", key="login.password").reveal() == "\ufeffs3cret"
    assert [told.kind for told in resolver.warnings] == ["byte-order-mark"]


@pytest.mark.parametrize("environ", [{}, {"CREDENTIALS_DIRECTORY": ""}, {"CREDENTIALS_DIRECTORY": "credentials"}])
def test_outside_a_unit(environ: dict[str, str]) -> None:
    error = refusal(environ)
    assert "CREDENTIALS_DIRECTORY" in str(error)
    assert "LoadCredential=smtp:" in str(error.hint)


def test_a_credential_that_the_unit_has_not(unit: Give) -> None:
    error = refusal(unit("another", b"x"))
    assert "no credential smtp" in str(error)
    assert "LoadCredential=smtp:" in str(error.hint)


@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_that_leads_out(unit: Give, name: str) -> None:
    assert "names no credential" in str(refusal(unit("smtp", b"x"), f"systemd://{name}"))


def test_one_that_others_could_have_written(unit: Give) -> None:
    assert "writable by everybody" in str(refusal(unit("smtp", b"s3cret", 0o666)))


def test_what_is_no_file(unit: Give, tmp_path: Path) -> None:
    environ = unit("smtp", b"x")
    (tmp_path / "credentials/folder").mkdir()
    make_fifo(tmp_path / "credentials/pipe")
    for name in ("folder", "pipe"):
        assert str(tmp_path) in str(refusal(environ, f"systemd://{name}"))


def test_one_that_was_sealed(unit: Give, tmp_path: Path) -> None:
    """`LoadCredentialEncrypted=`: systemd opens it into the unit's folder; here systemd-creds does."""
    require("systemd's credentials", "systemd-creds")
    tool, sealed = str(find("systemd-creds")), str(tmp_path / "smtp.cred")
    seal = [tool, "encrypt", "--with-key=tpm2-absent", "--name=smtp", "-", sealed]
    subprocess.run(seal, input="s3cret 🔑".encode(), check=True, capture_output=True, timeout=30)
    assert b"s3cret" not in Path(sealed).read_bytes()
    opened = subprocess.run(
        [tool, "decrypt", "--name=smtp", sealed, "-"], check=True, capture_output=True, timeout=30
    ).stdout
    assert Resolver(unit("smtp", opened)).fetch("systemd://smtp", key="k").reveal() == "s3cret 🔑"
