"""Certificates with their keys, of an application's making."""

from __future__ import annotations

import datetime as dt
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PRIVATE = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def private(kind: str = "rsa") -> PRIVATE:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def certificate(key: PRIVATE, begin: float = -1, end: float = 365) -> x509.Certificate:
    """Good from `begin` to `end`, in days from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "DTS mail")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now + dt.timedelta(days=begin)).not_valid_after(now + dt.timedelta(days=end))
    return made.sign(key, hashes.SHA256())


def key_bytes(key: PRIVATE, encoding: serialization.Encoding = PEM) -> bytes:
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def pem(kind: str = "rsa", begin: float = -1, end: float = 365) -> str:
    """Certificate and key, one text."""
    key = private(kind)
    return certificate(key, begin, end).public_bytes(PEM).decode() + key_bytes(key).decode()
