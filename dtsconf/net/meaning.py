"""What the system and the TLS library mean by their numbers and words, as causes of the contract's list. Pure tables.

Error numbers are written as numbers because a failure is explained on any system, Windows' own (10000 and up) too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ERRNO = {
    "blocked": {1, 13, 10013},  # EPERM, EACCES, WSAEACCES: this machine's own rules
    "refused": {111, 61, 10061},  # ECONNREFUSED on Linux, macOS, Windows; also a firewall that rejects with reset
    "timeout": {110, 60, 10060},  # ETIMEDOUT
    "no-route": {101, 113, 112, 51, 65, 64, 10050, 10051, 10065, 97, 99, 47, 49, 10047, 10049},
    "dropped": {104, 54, 103, 53, 10053, 10054},  # ECONNRESET, ECONNABORTED
}
_WORST_FIRST = ("blocked", "refused", "dropped", "timeout", "no-route")
"""Of several addresses the most telling failure counts: an answer before silence, silence before no way there."""

_NO_SUCH_NAME = {-2, -5, 8, 7, 11001, 11004}
"""EAI_NONAME and EAI_NODATA: glibc, BSD and macOS, Windows."""

_VERIFY = {9: "tls-not-yet-valid", 10: "tls-expired", 62: "tls-name", 64: "tls-name"}
"""X509_V_ERR_... of OpenSSL's x509_vfy.h that have a cause of their own; every other is `tls-untrusted`."""

_STRONG = "with RSA of 2048 bits or more, or ECDSA, and SHA-256"
_BY_ITS_OWN = "by an authority whose own certificate lets it (basicConstraints CA:TRUE, keyUsage keyCertSign, pathlen)"
_NO_AUTHORITY = "a certificate above the server's is not one of an authority, or may sign no other", _BY_ITS_OWN
_NOT_ITS_NAME = "an authority above the server's certificate may not vouch for this name", "by one that may"
_UNFIT = {
    24: _NO_AUTHORITY,
    25: _NO_AUTHORITY,
    26: ("a certificate isn't made for servers", "for TLS servers (extendedKeyUsage serverAuth)"),
    32: _NO_AUTHORITY,
    34: ("a certificate demands what no program here knows (a critical extension)", "without that extension"),
    47: _NOT_ITS_NAME,
    48: _NOT_ITS_NAME,
    66: ("the key of the server's certificate is too short", _STRONG),
    67: ("the key of a certificate above the server's is too short", _STRONG),
    68: ("a certificate is signed by way of an old hash (MD5, SHA-1)", _STRONG),
    79: _NO_AUTHORITY,
}
"""X509_V_ERR_... where it isn't the roots: INVALID_CA (24 in OpenSSL 1.1, 79 since 3.0), PATH_LENGTH_EXCEEDED,
INVALID_PURPOSE, KEYUSAGE_NO_CERTSIGN, UNHANDLED_CRITICAL_EXTENSION, PERMITTED_VIOLATION, EXCLUDED_VIOLATION,
EE_KEY_TOO_SMALL, CA_KEY_TOO_SMALL, CA_MD_TOO_WEAK. What is wrong, and how another is to be issued."""

_OLD_TLS = re.compile(
    "PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS|WRONG_SSL_VERSION|HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY"
    "|NO_SHARED|DH_KEY_TOO_SMALL|LEGACY"
)


def of_errnos(numbers: Iterable[int | None]) -> str:
    """The cause when no address could be connected to; None stands for no answer in time. At least one number."""
    causes = {of_errno(number) for number in numbers}
    return next(word for word in _WORST_FIRST if word in causes)


def of_errno(number: int | None) -> str:
    """The cause for one error number of the system; one that is not known counts as no way there."""
    if number is None:
        return "timeout"
    return next((cause for cause, numbers in _ERRNO.items() if number in numbers), "no-route")


def no_such_name(code: int | None) -> bool:
    """Whether getaddrinfo's code says that there is no such name (rather than that nobody answered)."""
    return code in _NO_SUCH_NAME


def of_verify_code(code: int) -> str:
    """The cause for OpenSSL's verify code."""
    return _VERIFY.get(code, "tls-untrusted")


def unfit(code: int) -> tuple[str, str] | None:
    """What makes a certificate useless, whoever vouches for it, by OpenSSL's verify code, and how another is to be
    issued; None where it is another trouble."""
    return _UNFIT.get(code)


def is_version_trouble(reason: str) -> bool:
    """Whether OpenSSL's reason for a failed handshake (`UNSUPPORTED_PROTOCOL`) means that the versions or what they
    agree on don't suit each other."""
    return _OLD_TLS.search(reason.upper()) is not None
