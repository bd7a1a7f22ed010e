"""An application's certificate and its key, out of one PEM text (RFC 7468), and what keeps Microsoft from taking them.

Source: Microsoft Entra, "Microsoft identity platform application authentication certificate credentials": the assertion
is signed with RSA (PS256, RS256).
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from dtsconf.auth.codes import MAKE_PAIR
from dtsconf.errors import Notice, SecretUnavailable
from dtsconf.frozen import frozen
from dtsconf.net.certificate import Unsupported, reading

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from dtsconf.secret.value import Secret

KEY = "microsoft.certificate"
SOON = 30 * 86400.0
"""Seconds before its end that it is worth a word."""
SLACK = 600.0
"""Seconds that the clock of who made it may be ahead of ours."""

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_ONE = "give one PEM text: the certificate, and its unencrypted key (openssl pkcs12 -in APP.pfx -nodes)"
_NEW = (
    f"{MAKE_PAIR}, upload APP.crt: https://entra.microsoft.com > App registrations > (the app) > Certificates & secrets"
)


@frozen
class Pair:
    """Certificate and key as PEM, and when the certificate begins and ends, in seconds since 1970."""

    certificate: str
    key: str
    begin: float
    end: float


def pair(secret: Secret) -> Pair:
    """The pair in a PEM text; what else is in it is left out.

    Raises:
        SecretUnavailable: it holds none that Microsoft takes; the message is the end of a sentence about the setting.
    """
    blocks: dict[str, list[str]] = {}
    for found in _BLOCK.finditer(secret.reveal()):
        blocks.setdefault(found.group(1), []).append(found.group())
    keys = [block for label, listed in blocks.items() if label.endswith("PRIVATE KEY") for block in listed]
    certificates = blocks.get("CERTIFICATE", [])
    if any(label.startswith("ENCRYPTED") for label in blocks) or any("Proc-Type: 4,ENCRYPTED" in key for key in keys):
        raise SecretUnavailable("its key is encrypted", _ONE)
    if len(keys) != 1 or not certificates:
        counted = f"{len(certificates)} certificates and {len(keys)} keys"
        raise SecretUnavailable(f"it holds {counted}, and one of each is wanted", _ONE)
    return _fitting(certificates, keys[0])


def _fitting(certificates: list[str], key: str) -> Pair:
    """The key with the certificate that it belongs to."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    try:
        with reading():
            public = load_pem_private_key(key.encode(), None).public_key()
            loaded = [(each, load_pem_x509_certificate(each.encode())) for each in certificates]
            fitting = [Pair(each, key, *_validity(read)) for each, read in loaded if _has(read, public)]
    except Unsupported:
        raise SecretUnavailable("its key is no RSA key, and Microsoft takes no other", _NEW) from None
    except ValueError:
        raise SecretUnavailable("it can't be read as PEM", _ONE) from None
    if not fitting:
        raise SecretUnavailable("the key belongs to none of its certificates", _ONE)
    if not isinstance(public, RSAPublicKey):
        kind = type(public).__name__.lstrip("_").removesuffix("PublicKey")
        raise SecretUnavailable(f"its key is no RSA key ({kind}), and Microsoft takes no other", _NEW)
    return fitting[0]


def _has(certificate: Certificate, public: object) -> bool:
    """Whether the key is the certificate's; one of a kind that is not known here is another's, such as its CA's."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return certificate.public_key() == public
    except UnsupportedAlgorithm:
        return False


def _validity(certificate: Certificate) -> tuple[float, float]:
    return certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()


def require_valid(found: Pair, now: float) -> tuple[Notice, ...]:
    """What is to be said of a certificate that will end soon; `now` is in seconds since 1970.

    Raises:
        SecretUnavailable: it has ended, or not begun, by this machine's clock.
    """
    if found.end < now or found.begin > now + SLACK:
        over = f"it expired on {_day(found.end)}" if found.end < now else f"it is not valid before {_day(found.begin)}"
        clock = f"by this machine's clock, which says {_day(now)}"
        valid = _NEW if found.end < now else "take one that is valid"
        raise SecretUnavailable(f"{over}, {clock}", f"if that is wrong, set this machine's clock; else {valid}")
    if found.end > now + SOON:
        return ()
    told = f"the certificate expires on {_day(found.end)}, and nothing is sent after that"
    return (Notice("certificate-ends", told, _NEW, standing=True),)


def _day(when: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(when))
