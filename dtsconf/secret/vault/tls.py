"""Whom to trust and who we are, as an SSL context: only the given roots where some are given, else the system's."""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from dtsconf.errors import SecretUnavailable
from dtsconf.secret.value import Secret
from dtsconf.secret.vault.config import Config


def tls_context(config: Config, certificate: Secret | None) -> ssl.SSLContext:
    """A context that always checks certificate and name. `certificate` (PEM with its key) is shown to a server that
    asks for one, else the file that the environment names.

    Raises:
        SecretUnavailable: a file can't be read, or holds no certificate or no key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if config.ca_file is None:
        context.load_default_certs()
    else:
        _load_roots(context, config.ca_file.value, config.ca_file.origin)
    if certificate is not None:
        with _as_file(certificate) as path:
            _load_pair(context, path, None, "secrets.vault.auth.certificate")
    elif config.client_cert is not None:
        key = config.client_key.value if config.client_key else None
        _load_pair(context, config.client_cert.value, key, "VAULT_CLIENT_CERT")
    return context


def _load_roots(context: ssl.SSLContext, path: str, origin: str) -> None:
    try:
        context.load_verify_locations(path)
    except ssl.SSLError:
        message = f"{path} ({origin}) holds no certificate in PEM form"
    except OSError as error:
        message = f"{path} ({origin}) can't be read: {error.strerror}"
    else:
        return
    raise SecretUnavailable(message, "name a PEM file with the roots that Vault's certificate leads to")


def _load_pair(context: ssl.SSLContext, path: str, key: str | None, origin: str) -> None:
    """Never asks for a passphrase on the terminal: an encrypted key is refused instead."""
    asked: list[bool] = []

    def passphrase() -> str:
        asked.append(True)
        return ""

    try:
        context.load_cert_chain(path, key, passphrase)
    except ssl.SSLError:
        reason = "its key is encrypted" if asked else "it is no PEM certificate with the key that belongs to it"
    except OSError as error:
        reason = f"it can't be read: {error.strerror}"
    else:
        return
    message = f"the client certificate of {origin} can't be used: {reason}"
    raise SecretUnavailable(message, "give a PEM text with the certificate and its unencrypted key")


@contextmanager
def _as_file(certificate: Secret) -> Iterator[str]:
    """The PEM text under a name, which OpenSSL's loader wants: in memory where the system can, else in a private file
    that is gone again at once."""
    data = certificate.reveal().encode()
    if sys.platform == "linux":
        descriptor = os.memfd_create("certificate")
        try:
            os.write(descriptor, data)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        descriptor, path = tempfile.mkstemp()
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
            yield path
        finally:
            os.unlink(path)
