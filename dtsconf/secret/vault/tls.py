"""Whom to trust (`web.trust`) and who we are, as an SSL context."""

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
from dtsconf.web.trouble import NoRoots
from dtsconf.web.trust import tls_context as web_context


def tls_context(config: Config, certificate: Secret | None) -> ssl.SSLContext:
    """A context that always checks certificate and name. `certificate` (PEM with its key) is shown to a server that
    asks for one, else the file that the environment names.

    Raises:
        SecretUnavailable: a file can't be read, or holds no certificate or no key.
    """
    context = _rooted(config)
    if certificate is not None:
        with _as_file(certificate) as path:
            _load_pair(context, path, None, "secrets.vault.auth.certificate")
    elif config.client_cert is not None:
        key = config.client_key.value if config.client_key else None
        _load_pair(context, config.client_cert.value, key, "VAULT_CLIENT_CERT")
    return context


def _rooted(config: Config) -> ssl.SSLContext:
    try:
        return web_context(config.ca_file.value if config.ca_file else None)
    except NoRoots as wrong:
        message = f"{wrong.path} ({config.ca_file.origin if config.ca_file else 'system'}) {wrong.reason}"
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
