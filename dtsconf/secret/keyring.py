"""`keyring://SERVICE/USER`: the secret lies in the store of the user who runs dtsconf. The only import of keyring.

    Linux     Secret Service (GNOME Keyring, KWallet since 5.97, KeePassXC), else KWallet's own interface
    Windows   Credential Manager
    macOS     Keychain

Only these: keyring's own choice, which a variable, a file in the home or an installed package may turn to a store in
clear or to none at all, is looked at and never loaded. Each call has a time limit, since a store that hangs would hang
dtsconf. Nothing is trimmed, and no error repeats what a library said, for that may be the secret.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

from dtsconf.errors import SecretUnavailable
from dtsconf.net.limits import within
from dtsconf.secret.backend import Notices
from dtsconf.secret.keyring_faults import OTHERWISE, no_store, refused, told
from dtsconf.secret.ref import Reference
from dtsconf.secret.value import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend as Store

T = TypeVar("T")

ALONE, ASKING = 10.0, 90.0
"""Seconds that a store may take: where nobody can be asked for its password, and where a window may come up."""
LONGEST_ON_WINDOWS = 1280
"""UTF-16 units that a credential holds (wincred.h, CRED_MAX_CREDENTIAL_BLOB_SIZE: 5 * 512 bytes)."""

STORES: Mapping[str, Mapping[str, str]] = {
    "linux": {
        "keyring.backends.SecretService.Keyring": "Secret Service",
        "keyring.backends.kwallet.DBusKeyring": "KWallet",
    },
    "win32": {"keyring.backends.Windows.WinVaultKeyring": "Windows Credential Manager"},
    "darwin": {"keyring.backends.macOS.Keyring": "macOS Keychain"},
}
"""By platform: the classes that keep what they are given, encrypted, and the names people know them by."""


class KeyringBackend:
    """The system's store, as the given environment (name -> value) leads to it."""

    def __init__(self, environ: Mapping[str, str], notices: Notices) -> None:
        self._environ = environ
        self._found: Store | None = None

    def fetch(self, reference: Reference) -> Secret:
        """The entry's text, exactly.

        Raises:
            SecretUnavailable: there is no store, it is locked or doesn't answer, or it holds no such entry.
        """
        value = self.look(reference)
        if value is None:
            message = f"{self.whose()} ({self.store()}) holds no entry {reference.rest}"
            raise SecretUnavailable(message, f"store it, as that user: {_setting(reference)}{self._sudo()}")
        if value == "":
            message = f"the entry {reference.rest} in {self.whose()} is empty"
            raise SecretUnavailable(message, f"store it again: {_setting(reference)}")
        return Secret(value)

    def look(self, reference: Reference) -> str | None:
        """The entry's text as it is, None when there is no such entry. Raises: as `fetch`."""
        service, user = parts(reference)
        return self._call(lambda store: store.get_password(service, user), reference)

    def keep(self, reference: Reference, value: Secret) -> None:
        """Store a secret under the reference and read it back; what was there under that name is replaced.

        Raises:
            SecretUnavailable: as `fetch`, or the store did not keep it.
        """
        service, user = parts(reference)
        text = value.reveal()
        if sys.platform == "win32" and len(text.encode("utf-16-le")) > 2 * LONGEST_ON_WINDOWS:
            message = f"Windows keeps at most {LONGEST_ON_WINDOWS} characters in a credential, and this secret has more"
            raise SecretUnavailable(message, "keep it in a file (file://) or in Vault (vault://)")
        self._call(lambda store: store.set_password(service, user, text), reference)
        if self._call(lambda store: store.get_password(service, user), reference) != text:
            message = f"{self.store()} gives another secret for {reference.rest} than the one it was just given"
            clear = f"secret-tool clear service {quote(service)} username {quote(user)}"
            hint = f"another program may have an entry of that name: {clear}"
            raise SecretUnavailable(message, hint if sys.platform == "linux" else OTHERWISE)

    def forget(self, reference: Reference) -> None:
        """Take the entry out of the store. Raises: as `fetch`."""
        service, user = parts(reference)
        self._call(lambda store: store.delete_password(service, user), reference)

    def facts(self, reference: Reference) -> dict[str, str]:
        """Which store the entry is in, and whose. Raises: as `fetch`."""
        return {"store": self.store(), "whose": user_name()}

    def store(self) -> str:
        """The store's name. Raises: SecretUnavailable: there is none."""
        return _name(self._store())

    def available(self) -> None:
        """Look for an entry that nobody has. Raises: SecretUnavailable: the store is locked, or doesn't answer."""
        self._call(lambda store: store.get_password("dtsconf", "nobody has this name"), Reference("keyring", ""))

    def whose(self) -> str:
        """`ann's keyring`: a keyring belongs to one user, and root's is not that of who called sudo."""
        return f"{user_name()}'s keyring"

    def _sudo(self) -> str:
        """A word on whose keyring is not meant."""
        caller = self._environ.get("SUDO_USER")
        if caller and caller != user_name():
            return f" (under sudo: {caller}'s keyring is another one)"
        return " (each user has a keyring of their own)"

    def _call(self, call: Callable[[Store], T], reference: Reference) -> T:
        store = self._store()
        return self._limited(lambda: call(store), reference.rest)

    def _store(self) -> Store:
        if self._found is None:
            from keyring.util.platform_ import config_root

            if wrong := refused(self._environ, str(config_root()), STORES.get(sys.platform, {})):
                raise wrong
            self._found = self._limited(_first_that_works, None)
        if self._found is None:
            raise no_store(self._environ, self.whose())
        return self._found

    def _limited(self, call: Callable[[], T], entry: str | None) -> T:
        try:
            return within(self._patience(), call)
        except Exception as error:  # noqa: BLE001 - a store is somebody else's code: whatever it raises is its no
            raise told(error, self.whose(), entry, self._patience(), self._environ) from None

    def _patience(self) -> float:
        shown = sys.platform != "linux" or self._environ.get("DISPLAY") or self._environ.get("WAYLAND_DISPLAY")
        return ASKING if shown else ALONE


def _setting(reference: Reference) -> str:
    return f"dtsconf secret set {quote(str(reference))}"


def parts(reference: Reference) -> tuple[str, str]:
    """Service and user: the first slash parts them, so a service has none."""
    service, _, user = reference.rest.partition("/")
    return service, user


def user_name() -> str:
    """The user whose store it is: that of the process, whatever variables say."""
    if sys.platform == "win32":
        import getpass

        return getpass.getuser()
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        import os
        import pwd

        try:
            return pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            return f"user {os.geteuid()}"


def _first_that_works() -> Store | None:
    """The first of the platform's stores that says it is there."""
    from importlib import import_module

    for name in STORES.get(sys.platform, {}):
        module, _, kind = name.rpartition(".")
        found = getattr(import_module(module), kind)
        if found.viable:
            store: Store = found()
            return store
    return None


def _name(store: Store) -> str:
    kind = type(store)
    return STORES[sys.platform][f"{kind.__module__}.{kind.__qualname__}"]
