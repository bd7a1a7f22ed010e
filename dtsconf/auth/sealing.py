"""The encrypted token cache: a file that only a key in the system's keyring opens.

A credential of Windows holds 1,280 characters, and a token cache has more; so the keyring keeps 32 random bytes, and
the file is sealed with them (AES-256-GCM, NIST SP 800-38D: each sealing with a nonce of its own). Key and file are
bound to the sign-in's name. One scheme on all systems: Secret Service, Credential Manager, Keychain.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from contextlib import suppress

from dtsconf.errors import SecretUnavailable, SignInFailed
from dtsconf.secret.keyring import KeyringBackend
from dtsconf.secret.keyring_faults import for_a_key
from dtsconf.secret.ref import Reference
from dtsconf.secret.value import Secret

CIPHER = "AES-256-GCM"
SERVICE = "dtsconf"
_KEY, _NONCE = 32, 12

_OTHERWISE = (
    "where no keyring can be: --set microsoft.token_cache=file keeps the tokens in a file that only you can read, and "
    "microsoft.remember_me: false keeps none on disk"
)


class Sealer:
    """Seals and opens the cache of the sign-in `name`, with its key in the keyring of the calling user."""

    def __init__(self, name: str, environ: Mapping[str, str]) -> None:
        self._name = name
        self._keyring = KeyringBackend(environ, [])
        self._reference = Reference("keyring", f"{SERVICE}/token-cache-{name}")
        self._key: bytes | None = None

    def ready(self) -> str:
        """Make sure that there is a key, before anybody is asked to sign in; the store's name.

        Raises:
            SignInFailed: there is no encrypted store, or it is locked.
        """
        try:
            store = self._keyring.store()
            self._key = self._fetched()
            if self._key is None:
                made = os.urandom(_KEY)
                self._keyring.keep(self._reference, Secret(base64.b64encode(made).decode()))
                self._key = made
        except SecretUnavailable as missing:
            raise _no_store(missing) from None
        return store

    def seal(self, data: bytes) -> bytes:
        """The file's bytes. Raises: as `ready`."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.ready()  # a sign-out may have taken the key away since it was fetched
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self._key or b"").encrypt(nonce, data, self._bound())
        found = {"format": 1, "cipher": CIPHER, "nonce": _text(nonce), "sealed": _text(sealed)}
        return json.dumps(found).encode() + b"\n"

    def open(self, data: bytes) -> bytes | None:
        """What was sealed; None when this key doesn't open it, or there is none any more.

        Raises:
            SignInFailed: the store is locked, or doesn't answer.
        """
        found = None if self._key is None else self._opened(data)
        if found is None:
            try:
                self._key = self._fetched()
            except SecretUnavailable as missing:
                raise _no_store(missing) from None
            found = self._opened(data)
        return found

    def _opened(self, data: bytes) -> bytes | None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            found = json.loads(data)
            nonce, sealed = base64.b64decode(found["nonce"]), base64.b64decode(found["sealed"])
            return None if self._key is None else AESGCM(self._key).decrypt(nonce, sealed, self._bound())
        except (ValueError, KeyError, TypeError, RecursionError, InvalidTag):
            return None

    def forget(self) -> None:
        """Take the key out of the keyring: nothing opens the file any more. Raises: SecretUnavailable."""
        self._key = None
        if self._fetched() is not None:
            self._keyring.forget(self._reference)

    def _fetched(self) -> bytes | None:
        """The key; None when the keyring holds none, or one that is no key of ours. Raises: SecretUnavailable."""
        text = self._keyring.look(self._reference)
        with suppress(ValueError):
            key = base64.b64decode(text or "", validate=True)
            return key if len(key) == _KEY else None
        return None

    def _bound(self) -> bytes:
        return f"dtsconf token cache {self._name}".encode()


def _no_store(missing: SecretUnavailable) -> SignInFailed:
    message = f"the tokens can't be kept encrypted: {missing.message}"
    return SignInFailed(message, without_keyring(missing.hint))


def no_keyring(environ: Mapping[str, str]) -> SecretUnavailable | None:
    """Why no keyring can hold a key here; None where one is there, be it locked: nobody is asked to unlock it."""
    try:
        KeyringBackend(environ, []).store()
    except SecretUnavailable as missing:
        return missing
    return None


def without_keyring(hint: str | None) -> str:
    """What to do where the keyring can't be had that should hold the key: its own `hint`, then the other places."""
    own = for_a_key(hint or "unlock the keyring")
    return f"{own}; or, {_OTHERWISE}" if own else _OTHERWISE


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
