"""Who signs in to Vault: a CI's token (RFC 7519, ES256) and a client certificate, made on the spot. Knows no server."""

from __future__ import annotations

import base64
import datetime as dt
import json
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.real.ca import Authority


def jwt(key: ec.EllipticCurvePrivateKey, claims: dict[str, object], lasts: float) -> str:
    """A token with these claims, good for `lasts` seconds; a negative number makes one that has expired."""
    now = time.time()
    times = {"iat": now, "nbf": now - 5, "exp": now + lasts}
    header = {"alg": "ES256", "typ": "JWT"}
    signed = ".".join(_packed(json.dumps(part).encode()) for part in (header, {**times, **claims}))
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_packed(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def client_pem(authority: Authority, name: str, passphrase: bytes = b"") -> str:
    """Certificate for client authentication and its key, one PEM text; the key is encrypted with a passphrase."""
    locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(authority.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM).decode()
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked).decode()
    )
