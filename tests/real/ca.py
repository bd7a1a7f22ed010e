"""A small certificate authority: good certificates, and one for each way a certificate can be bad.

Rules: keys are P-256, made fresh at every call; nothing is cached between runs. Every server certificate names
`localhost`, `mail.corp.example`, 127.0.0.1 and ::1, save the one whose flaw is the name. Knows no server.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CertificateName = Literal[
    "good",
    "expired",
    "expired-issuer",
    "not-yet-valid",
    "wrong-name",
    "untrusted",
    "self-signed",
    "incomplete-chain",
    "nul-name",
    "odd-names",
    "many-names",
    "inspected",
    "public",
]
CERTIFICATE_NAMES: tuple[CertificateName, ...] = get_args(CertificateName)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
SERVER_NAMES = ("localhost", "mail.corp.example")
SERVER_ADDRESSES = ("127.0.0.1", "::1")
_DAY = dt.timedelta(days=1)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def _subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Corp Example"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class Issued:
    """A server certificate with its key and the intermediate certificates that a server sends along."""

    certificate: x509.Certificate
    key: Key
    intermediates: tuple[x509.Certificate, ...] = ()

    def pem(self) -> bytes:
        """Key, certificate, intermediates: the order in which Postfix and OpenSSL read a chain file."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + b"".join(_pem(one) for one in (self.certificate, *self.intermediates))


class Authority:
    """A certificate authority, for ten more years or `until`; with `parent` an intermediate one, whose certificates
    carry it along."""

    def __init__(self, common_name: str, parent: Authority | None = None, until: dt.datetime | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _subject(common_name)
        self.parent = parent
        signer = parent or self
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(signer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_now() - 400 * _DAY)
            .not_valid_after(until or _now() + 3650 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_authority_usage(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(signer.key, hashes.SHA256())
        )

    def pem(self) -> bytes:
        """The authority's own certificate, to be trusted by a client."""
        return _pem(self.certificate)

    def issue(
        self,
        names: tuple[str, ...] = SERVER_NAMES,
        addresses: tuple[str, ...] = SERVER_ADDRESSES,
        *,
        not_before: dt.datetime | None = None,
        not_after: dt.datetime | None = None,
        key: Key | None = None,
    ) -> Issued:
        """A server certificate for these DNS names and IP addresses, valid from yesterday for a year unless told
        otherwise. The first name is its common name."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        certificate = _server_certificate(names, addresses, key, (not_before, not_after)).issuer_name(self.name)
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        signed = certificate.add_extension(authority_key, critical=False).sign(self.key, hashes.SHA256())
        return Issued(signed, key, (self.certificate,) if self.parent else ())


def _authority_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _server_certificate(
    names: tuple[str, ...],
    addresses: tuple[str, ...],
    key: Key,
    validity: tuple[dt.datetime | None, dt.datetime | None],
) -> x509.CertificateBuilder:
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    not_before, not_after = validity
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(names[0]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before or _now() - _DAY)
        .not_valid_after(not_after or _now() + 365 * _DAY)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )


def self_signed() -> Issued:
    """A server certificate that vouches for itself, as appliances make them."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _server_certificate(SERVER_NAMES, SERVER_ADDRESSES, key, (None, None))
    return Issued(builder.issuer_name(_subject(SERVER_NAMES[0])).sign(key, hashes.SHA256()), key)


@dataclass(frozen=True)
class Certificates:
    """The PEM files that `write_certificates` left in `folder`: two authorities and a server certificate for each
    of CERTIFICATE_NAMES."""

    folder: Path

    @property
    def ca_file(self) -> str:
        """The root that the servers' certificates (but `untrusted` and `self-signed`) lead to."""
        return str(self.folder / "ca.pem")

    @property
    def other_ca_file(self) -> str:
        """A root that vouches for `untrusted` alone: the wrong one for all else."""
        return str(self.folder / "other-ca.pem")

    @property
    def inspector_ca_file(self) -> str:
        """The PEM root of who inspects TLS."""
        return str(self.folder / "inspector-ca.pem")

    def chain_file(self, name: CertificateName) -> str:
        """Key, certificate and intermediates in one file, 0600."""
        return str(self.folder / f"{name}.pem")

    def der(self, name: CertificateName) -> bytes:
        """The server's certificate as it goes over the wire."""
        text = Path(self.chain_file(name)).read_text("ascii")
        start = text.index("-----BEGIN CERTIFICATE-----")
        end = text.index("-----END CERTIFICATE-----", start)
        return ssl.PEM_cert_to_DER_cert(text[start:end] + "-----END CERTIFICATE-----\n")

    def fingerprint(self, name: CertificateName) -> str:
        """SHA-256 of the certificate's DER form, 64 lower-case hex digits."""
        return hashlib.sha256(self.der(name)).hexdigest()

    def server_context(self, name: CertificateName = "good") -> ssl.SSLContext:
        """A server-side context that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain_file(name))
        return context

    def client_context(self) -> ssl.SSLContext:
        """A client-side context that trusts `ca_file` only and checks names."""
        return ssl.create_default_context(cafile=self.ca_file)


def write_certificates(folder: Path, names: tuple[str, ...] = SERVER_NAMES) -> Certificates:
    """Makes two authorities and the certificates of CERTIFICATE_NAMES in `folder`, which is made if it isn't there.
    Those that aren't wrong in their names are for `names`."""
    folder.mkdir(parents=True, exist_ok=True)
    root, other = Authority("Corp Example Root"), Authority("Other Root")
    intermediate = Authority("Corp Example Issuing", root)
    inspector = Authority("Zscaler Root CA")
    lonely = intermediate.issue(names)
    now = _now()
    issued: dict[CertificateName, Issued] = {
        "good": root.issue(names),
        "expired": root.issue(names, not_before=now - 90 * _DAY, not_after=now - _DAY),
        "expired-issuer": Authority("Corp Example Old Issuing", root, now - _DAY).issue(names),
        "not-yet-valid": root.issue(names, not_before=now + 30 * _DAY, not_after=now + 90 * _DAY),
        "wrong-name": root.issue(("other.example",), ()),
        "untrusted": other.issue(names),
        "self-signed": self_signed(),
        "incomplete-chain": Issued(lonely.certificate, lonely.key),
        "nul-name": root.issue(("localhost\0.evil.example", "127.0.0.1\0.evil.example"), ()),
        "odd-names": root.issue(("\x1b]0;owned\x07.example", "$(reboot).example; reboot"), ()),
        "many-names": root.issue(tuple(f"host-{number}.example" for number in range(2000)), ()),
        "inspected": inspector.issue(names),
        "public": Authority("DigiCert Global Root G2").issue(names),
    }
    (folder / "ca.pem").write_bytes(root.pem())
    (folder / "other-ca.pem").write_bytes(other.pem())
    (folder / "inspector-ca.pem").write_bytes(inspector.pem())
    for name, one in issued.items():
        path = folder / f"{name}.pem"
        path.touch(mode=0o600)
        path.write_bytes(one.pem())
    return Certificates(folder)
