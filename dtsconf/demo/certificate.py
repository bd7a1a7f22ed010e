"""A certificate authority and a server certificate for the loopback address, made on the spot and good for a day."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_HOUR = dt.timedelta(hours=1)


@frozen
class Certificates:
    """Paths of PEM files: the authority to trust, and the server's chain with its private key (0600)."""

    authority: str
    server: str


def make_certificates(folder: str, address: str) -> Certificates:
    """Make an authority and a certificate for the IP `address`, on P-256, and write both into `folder`.

    The extensions are those that a strict check wants (RFC 5280 4.2.1: key usage and key identifiers).

    Raises:
        OSError: a file can't be written.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _signed(
        _builder("dtsconf demo authority", "dtsconf demo authority", authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True),
        authority_key,
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    server = _signed(
        _builder("dtsconf demo mail server", "dtsconf demo authority", server_key)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs=False), critical=True),
        authority_key,
    )
    return _written(folder, authority, server, server_key)


def _builder(subject: str, issuer: str, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    from cryptography import x509

    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _HOUR)
        .not_valid_after(now + 24 * _HOUR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: EllipticCurvePrivateKey) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    return builder.add_extension(issuer, critical=False).sign(key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _written(
    folder: str, authority: x509.Certificate, server: x509.Certificate, key: EllipticCurvePrivateKey
) -> Certificates:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from dtsconf.files.staging import atomic_write

    paths = Certificates(os.path.join(folder, "authority.pem"), os.path.join(folder, "server.pem"))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    atomic_write(paths.authority, authority.public_bytes(Encoding.PEM), 0o644)
    atomic_write(paths.server, private + server.public_bytes(Encoding.PEM), 0o600)
    return paths
