"""What a certificate says: subject, issuer, names, dates, SHA-256. From OpenSSL's own reading, or from DER.

DER is parsed by `cryptography`, imported only then: a certificate that failed, or one trusted by fingerprint. Judges
nothing (`tls` does).
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

MOST_NAMES = 6
"""Names of a certificate that are shown; a content network's has hundreds."""


@frozen
class Certificate:
    """One certificate. Times are seconds since 1970 (UTC); `names` are its dNSName and iPAddress entries, else the
    common name; `sha256` is in hex, '' when the DER was not at hand; `alone`: the server sent no other along.
    `misplaced` are IP addresses that stand among the names, where they fit no host (RFC 9525 6.5, RFC 5280 4.2.1.6)."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: float
    not_after: float
    sha256: str = ""
    alone: bool = False
    misplaced: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"certificate {self.subject}, issued by {self.issuer}, until {day(self.not_after)}"

    @property
    def fits(self) -> str:
        """The names it is good for, in a few words."""
        odd = [f"{address} (as a name, which fits no address)" for address in self.misplaced]
        names = [*self.names, *odd]
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        return (", ".join(names[:MOST_NAMES]) or "no name at all") + more

    @property
    def is_in_date(self) -> bool:
        """Whether it is valid by this machine's clock."""
        return self.not_before <= time.time() <= self.not_after

    def is_for(self, host: str) -> bool:
        """Whether one of its names is the host's; a wildcard stands for the first label (RFC 9525 6.3)."""
        wanted = _comparable(host)
        fit = {wanted, f"*.{wanted.partition('.')[2]}"}
        return any(_comparable(name) in fit for name in self.names)

    def misplaces(self, host: str) -> bool:
        """Whether the host is an IP address that it has as a name alone."""
        return _comparable(host) in map(_comparable, self.misplaced) and not self.is_for(host)


def _comparable(name: str) -> str:
    """A host's name or address in one spelling."""
    return _address(name) or name.lower().rstrip(".")


def _address(name: str) -> str | None:
    """The IP address that the name is, in one spelling; None where it is none."""
    import ipaddress

    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return None


def _placed(names: Iterable[str], addresses: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names and addresses that count, and the addresses among the names."""
    names = tuple(names)
    misplaced = tuple(name for name in names if _address(name))
    return (*(name for name in names if name not in misplaced), *addresses), misplaced


def chain_length(session: ssl.SSLObject | ssl.SSLSocket) -> int | None:
    """How many certificates the server sent; None where Python doesn't tell (`ssl` has it public since 3.13)."""
    inner = getattr(session, "_sslobj", None)
    chain = getattr(session, "get_unverified_chain", None) or getattr(inner, "get_unverified_chain", None)
    return len(chain() or ()) if chain else None


def day(seconds: float) -> str:
    """A time as `2027-01-31 12:00 UTC`; ISO, so that no locale changes it."""
    try:
        return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
    except (OverflowError, OSError, ValueError):
        return "a date out of reach"


def from_peer(told: dict[str, Any]) -> Certificate:
    """From `getpeercert()` of a verified session."""
    import ssl

    entries, subject = told.get("subjectAltName", ()), told.get("subject", ())
    names, addresses = ([value for kind, value in entries if kind == wanted] for wanted in ("DNS", "IP Address"))
    if not names and not addresses:
        names = [value for rdn in subject for key, value in rdn if key == "commonName"]
    good, misplaced = _placed(names, addresses)
    return Certificate(
        _distinguished(subject),
        _distinguished(told.get("issuer", ())),
        good,
        ssl.cert_time_to_seconds(told["notBefore"]),
        ssl.cert_time_to_seconds(told["notAfter"]),
        misplaced=misplaced,
    )


_SHORT = {"commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU", "countryName": "C"}


def _distinguished(name: Any) -> str:
    """RFC 4514 in spirit: the common name first, the way people look for it."""
    parts = [f"{_SHORT.get(key, key)}={value}" for rdn in reversed(name) for key, value in rdn]
    return ",".join(sorted(parts, key=lambda part: not part.startswith("CN="))) or "(no name)"


@contextmanager
def reading() -> Iterator[None]:
    """Whatever keeps `cryptography` from reading a certificate or key within this block is a ValueError, and it says
    nothing on the terminal: an odd serial number is its maker's business.

    Raises:
        Unsupported: it is whole, and of a kind that is not known here.
        ValueError: it can't be read.
    """
    import warnings

    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except (UnsupportedAlgorithm, x509.UnsupportedGeneralNameType):
            raise Unsupported from None
        except (TypeError, x509.InvalidVersion):
            raise ValueError("it can't be read") from None


class Unsupported(ValueError):
    """A certificate or key of a kind that is not known here."""


def from_der(der: bytes) -> Certificate | None:
    """From the certificate as the server sent it; None when it can't be read."""
    from cryptography import x509

    with suppress(ValueError), reading():
        return _read(x509.load_der_x509_certificate(der), der)
    return None


def all_from_pem(data: bytes) -> list[Certificate]:
    """From a file of certificates (RFC 7468), one at least. Raises: ValueError: one can't be read, or there is none."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    with reading():
        return [_read(each, each.public_bytes(Encoding.DER)) for each in x509.load_pem_x509_certificates(data)]


def _read(parsed: Any, der: bytes) -> Certificate:
    import hashlib

    names, misplaced = _names(parsed)
    return Certificate(
        _rfc4514(parsed.subject),
        _rfc4514(parsed.issuer),
        names,
        parsed.not_valid_before_utc.timestamp(),
        parsed.not_valid_after_utc.timestamp(),
        hashlib.sha256(der).hexdigest(),
        misplaced=misplaced,
    )


def _rfc4514(name: Any) -> str:
    parts = [attribute.rfc4514_string() for attribute in reversed(list(name))]
    return ",".join(sorted(parts, key=lambda part: not part.startswith("CN="))) or "(no name)"


def _names(parsed: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from cryptography import x509

    try:
        entries = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        common = parsed.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return _placed(str(attribute.value) for attribute in common)
    addresses = map(str, entries.get_values_for_type(x509.IPAddress))
    return _placed(entries.get_values_for_type(x509.DNSName), addresses)
