"""Variables of OpenSSL's that lead to roots: which of them stand in the place of the system's."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from dtsconf.looks import trusted


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system whose folder of roots is a link to another one, as Debian's is, and which has no single file."""
    folder = tmp_path / "etc/certs"
    folder.mkdir(parents=True)
    (folder / "ca-certificates.crt").touch()
    (folder / "one.pem").touch()
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/certs").symlink_to(folder)
    lib = tmp_path / "lib"
    paths = ssl.DefaultVerifyPaths(
        "", str(folder), "SSL_CERT_FILE", str(lib / "cert.pem"), "SSL_CERT_DIR", str(lib / "certs")
    )
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SSL_CERT_FILE", "etc/certs/ca-certificates.crt", False),
        ("SSL_CERT_FILE", "lib/certs/ca-certificates.crt", False),
        ("SSL_CERT_FILE", "lib/cert.pem", False),
        ("SSL_CERT_DIR", "etc/certs", False),
        ("SSL_CERT_DIR", "lib/certs/", False),
        ("SSL_CERT_FILE", "etc/certs/one.pem", True),
        ("SSL_CERT_DIR", "etc", True),
    ],
)
def test_a_variable_that_names_the_system_s_own_roots_stands_in_no_place(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: bool
) -> None:
    monkeypatch.setenv(name, str(tmp_path / value))
    assert [one.name for one in trusted.variables()] == [name] * told
