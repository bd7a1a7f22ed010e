"""DER in a file of a certificate: told as what it is, with commands that make the PEM of it. They are typed here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from dtsconf.auth.certificate import pair
from dtsconf.errors import SecretUnavailable
from dtsconf.secret.binary import binary
from dtsconf.secret.resolver import Resolver
from dtsconf.secret.value import Secret
from tests.unit.auth.pairs import DER, PEM, certificate, key_bytes, private

KEY = private()
CERTIFICATE = certificate(KEY)
LOCKED = KEY.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x"))
FORMS = {
    "pfx": pkcs12.serialize_key_and_certificates(
        b"DTS mail", KEY, CERTIFICATE, None, serialization.BestAvailableEncryption(b"x")
    ),
    "crt": CERTIFICATE.public_bytes(DER),
    "key": key_bytes(KEY, DER),
    "locked": LOCKED,
}
TOLD = {
    "pfx": "a PKCS #12 file (.pfx, .p12), and a PEM text is wanted",
    "crt": "a certificate in DER, and a PEM text with its key is wanted",
    "key": "a key in DER, and a PEM text with its certificate is wanted",
    "locked": "a key in DER, and a PEM text with its certificate is wanted",
}


def fetched(path: Path, key: str) -> SecretUnavailable:
    path.chmod(0o600)
    with pytest.raises(SecretUnavailable) as caught:
        Resolver({}).fetch(f"file://{path}", key=key)
    return caught.value


@pytest.mark.parametrize("form", FORMS)
def test_what_the_hint_says_makes_it_usable(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "it's here"
    folder.mkdir()
    (folder / "mail").write_bytes(FORMS[form])
    (tmp_path / "APP.crt").write_bytes(CERTIFICATE.public_bytes(PEM))
    (tmp_path / "APP.key").write_bytes(key_bytes(KEY))
    failed = fetched(folder / "mail", "microsoft.certificate")
    assert failed.message == f"microsoft.certificate: {folder}/mail is {TOLD[form]}"
    command = (failed.hint or "").partition("): ")[2].replace("sudo ", "")
    assert shutil.which("openssl")
    command = command.replace("-nodes", "-nodes -passin pass:x").replace("pkey -inf", "pkey -passin pass:x -inf")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, stderr=subprocess.DEVNULL)
    assert (folder / "mail").stat().st_mode & 0o777 == 0o600
    resolver = Resolver({})
    resolver.fetch(f"file://{folder}/mail", key="microsoft.certificate")
    assert resolver.warnings == []
    found = pair(Secret((folder / "mail").read_text()))
    assert found.end == CERTIFICATE.not_valid_after_utc.timestamp()


def test_where_no_certificate_is_wanted_a_secret_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "mail").write_bytes(FORMS["pfx"])
    failed = fetched(tmp_path / "mail", "login.password")
    assert "is a PKCS #12 file" in failed.message
    assert "IFS= read -r s" in (failed.hint or "")


def test_one_that_is_not_there_is_piped(tmp_path: Path) -> None:
    with pytest.raises(SecretUnavailable, match="there is no file") as caught:
        Resolver({}).fetch(f"file://{tmp_path}/mail", key="microsoft.certificate")
    assert f"cat APP.crt APP.key | sudo install -D -m 600 /dev/stdin {tmp_path}/mail" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"0",
        b"0\x82",
        b"0\x03\x02\x01\x03\n",
        b"0\x82\xff\xff\x02\x01\x03",
        b"0\x89" + bytes(20),
        b"p\xe4ssword",
        b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
    ],
)
def test_other_bytes_are_none(data: bytes) -> None:
    assert binary(data, "/x") is None


def test_a_pfx_whose_length_is_told_by_its_end() -> None:
    found = binary(b"\x30\x80\x02\x01\x03\x30\x80\x00\x00\x00\x00", "/home/ann/x", own=True)
    assert found is not None
    assert "sudo" not in found.convert
