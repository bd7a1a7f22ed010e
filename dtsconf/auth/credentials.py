"""How an application proves itself: a client secret, a certificate with its key, or an assertion of somebody else's.

Sources: RFC 6749 2.3.1 (secret), RFC 7523 (assertions), Microsoft Entra "certificate credentials".
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from dtsconf.auth.request import LONGEST, text
from dtsconf.errors import SecretUnavailable, SignInFailed
from dtsconf.secret.value import Secret

KEYS = ("microsoft.client_secret", "microsoft.certificate", "microsoft.client_assertion")
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


def credential(key: str, secret: Secret) -> Any:
    """What msal takes for the secret of the setting `key`.

    Raises:
        SecretUnavailable: it is not what the setting wants.
    """
    if key == "microsoft.certificate":
        return _certificate(secret)
    if key == "microsoft.client_assertion":
        return _assertion(secret)
    value = secret.reveal()
    if fault := _fault(secret, value):
        raise SecretUnavailable(f"{key} is no client secret: it {fault}", f"store its Value alone: {_ANEW}")
    return value


_ANEW = "dtsconf secret check shows where it comes from: store it anew there"


def _fault(secret: Secret, value: str) -> str | None:
    """Why a text can't be a client secret, as the end of a sentence."""
    if len(value) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if value.isprintable():
        return None
    return secret.slip() or "holds a character that nobody sees"


def by_its_form(failed: SignInFailed, key: str, secret: Secret) -> SignInFailed:
    """The error for a client secret that was refused: no new one is wanted where something was stored around it that no
    Value has."""
    odd = secret.slip()
    if key != "microsoft.client_secret" or odd is None or not any(p.kind == "aadsts7000215" for p in failed.problems):
        return failed
    message = f"{failed.message}; what is stored {odd}, which is no part of any Value"
    hint = f"take that away: {_ANEW}"
    return SignInFailed(message, hint, tuple(replace(each, message=message, hint=hint) for each in failed.problems))


def _certificate(secret: Secret) -> dict[str, str]:
    """Certificate and key of a PEM text (RFC 7468); what else is in it is left out."""
    blocks: dict[str, list[str]] = {}
    for found in _BLOCK.finditer(secret.reveal()):
        blocks.setdefault(found.group(1), []).append(found.group())
    keys = [block for label, listed in blocks.items() if label.endswith("PRIVATE KEY") for block in listed]
    certificates = blocks.get("CERTIFICATE", [])
    hint = "give one PEM text: the certificate, and its unencrypted key (openssl pkcs12 -in APP.pfx -nodes)"
    if any(label.startswith("ENCRYPTED") for label in blocks) or any("Proc-Type: 4,ENCRYPTED" in key for key in keys):
        raise SecretUnavailable("microsoft.certificate: its key is encrypted", hint)
    if len(keys) != 1 or not certificates:
        counted = f"{len(certificates)} certificates and {len(keys)} keys"
        raise SecretUnavailable(f"microsoft.certificate holds {counted}, and one of each is wanted", hint)
    leaf = _fitting(certificates, keys[0], hint)
    return {"private_key": keys[0], "public_certificate": leaf}


def _fitting(certificates: list[str], key: str, hint: str) -> str:
    """The certificate that the key belongs to."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    try:
        public = load_pem_private_key(key.encode(), None).public_key()
        loaded = [(each, load_pem_x509_certificate(each.encode()).public_key()) for each in certificates]
    except (ValueError, TypeError):
        raise SecretUnavailable("microsoft.certificate can't be read as PEM", hint) from None
    for each, own in loaded:
        if own == public:
            return each
    raise SecretUnavailable("microsoft.certificate: the key belongs to none of its certificates", hint)


def _assertion(secret: Secret) -> dict[str, Any]:
    value = secret.reveal().strip()
    hint = "give the token as it came, such as the CI system's id token"
    try:
        text(value)
    except ValueError:
        raise SecretUnavailable("microsoft.client_assertion is no token", hint) from None
    if value.count(".") != 2:
        told = "microsoft.client_assertion is no token: a JWT has three parts, with a dot between them (RFC 7519)"
        raise SecretUnavailable(told, hint)
    return {"client_assertion": lambda: value}
