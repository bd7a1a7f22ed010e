"""An application's secret is judged as soon as it is had: what it is, where it lies, what stores it anew."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from dtsconf.auth.credentials import look
from dtsconf.errors import Place, SecretUnavailable
from dtsconf.secret.resolver import Resolver
from dtsconf.secret.value import Secret
from tests.fakes.provider import jwt
from tests.unit.auth.pairs import DER, key_bytes, pem, private

WHERE = Place("site.yaml", 9, 20)
RSA = bytes.fromhex("06092a864886f70d010101")
"""What says in DER that a key is RSA's (RFC 8017 A.1)."""
CERTIFICATE, SECRET = "microsoft.certificate", "microsoft.client_secret"


def judged(folder: Path, key: str, data: bytes) -> Resolver:
    """What fetches the setting's secret from a file that holds this."""
    path = folder / "secret"
    path.write_bytes(data)
    path.chmod(0o600)
    resolver = Resolver({}, look=look)
    resolver.fetch(f"file://{path}", key=key, where=WHERE)
    return resolver


def refused(folder: Path, key: str, data: bytes) -> tuple[str, str]:
    with pytest.raises(SecretUnavailable) as caught:
        judged(folder, key, data)
    (problem,) = caught.value.problems
    assert (problem.where, problem.key, caught.value.code) == (WHERE, key, 5)
    assert str(folder / "secret") in (problem.hint or ""), "the hint ends in what stores it there"
    return problem.message, problem.hint or ""


@pytest.mark.parametrize(
    ("key", "text", "told", "then"),
    [
        (CERTIFICATE, pem("ec"), "its key is no RSA key (EC), and Microsoft takes no other", "openssl req -x509"),
        (CERTIFICATE, pem(begin=-30, end=-3), "it expired on ", "upload APP.crt"),
        (
            CERTIFICATE,
            pem(begin=-30, end=-3),
            "it expired on ",
            "if that is wrong, set this machine's clock; else make",
        ),
        (CERTIFICATE, pem(begin=2), "it is not valid before ", "set this machine's clock"),
        (CERTIFICATE, pem().partition("-----BEGIN PRIV")[0], "1 certificates and 0 keys", "openssl pkcs12"),
        (SECRET, "\ufeffS3cret~value", "it begins with a byte order mark", "still good"),
        (SECRET, "S3cret~value\n\n", "it ends in a line break", "still good"),
        (SECRET, "S3cret\n~value", "it has 2 lines", "still good"),
        (SECRET, "S3cret\x07value", "it holds a character that nobody sees", "still good"),
        (SECRET, "x" * 70_000, "it is longer than 65536 characters", "still good"),
        ("microsoft.client_assertion", "not a token", "it is no token", "give the token as it came"),
    ],
)
def test_what_microsoft_would_not_take(tmp_path: Path, key: str, text: str, told: str, then: str) -> None:
    message, hint = refused(tmp_path, key, text.encode())
    assert message.startswith(f"{key}: ")
    assert told in message
    assert then in hint
    command = "cat APP.crt APP.key | sudo install" if key == CERTIFICATE else "IFS= read -r s"
    assert command in hint
    assert "S3cret" not in message + hint


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (RSA, RSA[:-1] + b"\x66", "its key is no RSA key, and Microsoft takes no other"),
        (b"\x02\x01\x00", b"\x02\x01\x77", "it can't be read as PEM"),
    ],
)
def test_a_key_of_a_kind_that_nobody_knows(tmp_path: Path, old: bytes, new: bytes, told: str) -> None:
    key = key_bytes(private(), DER)
    assert old in key
    odd = base64.encodebytes(key.replace(old, new, 1)).decode()
    text = f"{pem().partition('-----BEGIN PRIV')[0]}-----BEGIN PRIVATE KEY-----\n{odd}-----END PRIVATE KEY-----\n"
    assert told in refused(tmp_path, CERTIFICATE, text.encode())[0]


def test_one_that_is_good_tells_its_end(tmp_path: Path) -> None:
    resolver = judged(tmp_path, CERTIFICATE, pem().encode())
    reference = f"file://{tmp_path / 'secret'}"
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 365 * 86400))
    assert (resolver.ends(reference) or "").startswith(day)
    assert resolver.facts(reference)["expiry"] == resolver.ends(reference)
    assert resolver.warnings == []
    assert judged(tmp_path, SECRET, b"S3cret~value").ends(reference) is None


def test_one_that_ends_soon_is_a_warning(tmp_path: Path) -> None:
    resolver = judged(tmp_path, CERTIFICATE, pem(end=20).encode())
    (warning,) = resolver.warnings
    assert (warning.kind, warning.where, warning.key, warning.standing) == (
        "certificate-ends",
        WHERE,
        CERTIFICATE,
        True,
    )
    assert "the certificate expires on " in warning.message
    assert f"install -D -m 600 /dev/stdin {tmp_path / 'secret'}" in (warning.hint or "")


def test_a_clock_that_is_behind_by_minutes_keeps_no_new_one_out(tmp_path: Path) -> None:
    judged(tmp_path, CERTIFICATE, pem(begin=5 / 1440).encode())


def test_a_federated_token_tells_its_end_and_is_none_after_it(tmp_path: Path) -> None:
    key = "microsoft.client_assertion"
    resolver = judged(tmp_path, key, jwt(exp=time.time() + 600).encode())
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 600))
    assert (resolver.ends(f"file://{tmp_path / 'secret'}") or "").startswith(day)
    judged(tmp_path, key, jwt(exp=time.time() - 60).encode())  # clocks differ: let its judge judge it
    judged(tmp_path, key, jwt(sub="x").encode())
    message, hint = refused(tmp_path, key, jwt(exp=1764169200).encode())
    assert message.startswith(f"{key}: the token ended at 2025-11-26T15:00:00+00:00, by this machine's clock")
    assert hint.startswith("such a token is good for minutes: give a fresh one; store it anew")


def test_what_was_delivered_is_judged_too() -> None:
    resolver = Resolver({}, look=look)
    then = "then dtsconf apply --profile FILE"
    with pytest.raises(SecretUnavailable, match="it expired on") as caught:
        resolver.look_at(Secret(pem(begin=-9, end=-3)), "keyring://dts/mail", key=CERTIFICATE, where=WHERE, then=then)
    hint = caught.value.hint or ""
    assert hint.endswith(f"cat APP.crt APP.key | dtsconf secret set keyring://dts/mail; {then}")
    resolver.look_at(Secret(pem()), "unknown-plugin://x", key=CERTIFICATE, then=then)


def test_another_setting_s_secret_is_what_it_is(tmp_path: Path) -> None:
    judged(tmp_path, "login.password", "\ufeffpw\nof two lines".encode())
    judged(tmp_path, "secrets.vault.auth.certificate", pem("ec", end=-1, begin=-9).encode())
