"""The keyring of the user who runs the doctor: which store it is, whether it answers; in a selftest also whether it
keeps, gives and forgets an entry of our own making."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dtsconf.doctor.check import Check, Subject
from dtsconf.errors import SecretUnavailable
from dtsconf.secret.keyring import KeyringBackend
from dtsconf.secret.ref import Reference
from dtsconf.secret.value import Secret

_SERVICE = "dtsconf-selftest"


def keyring(subject: Subject) -> Iterator[Check]:
    """The store by name. That there is none matters only where a setting refers to one."""
    from dtsconf.settings.references import references_in

    held = [] if subject.effective is None else references_in(subject.effective)
    secrets = sorted(one.key for one in held if one.reference.startswith("keyring://"))
    wanted = [*secrets, *(["microsoft.remember_me"] if _keeps_a_key(subject) else [])]
    store = KeyringBackend(os.environ, [])
    try:
        detail = f"{store.whose()}: {store.store()}"
        store.available()
    except SecretUnavailable as error:
        if wanted:
            hint = error.hint if secrets else _for_tokens(error.hint)
            yield Check("keyring", "fail", f"{', '.join(wanted)}: {error.message}", hint)
        else:
            yield Check("keyring", "ok", f"none to be used ({error.message}); no setting refers to one")
        return
    used = f", for {', '.join(wanted)}" if wanted else ""
    yield Check("keyring", "ok", f"{detail}{used}")


def _for_tokens(hint: str | None) -> str:
    """Where tokens can be kept instead, which is not where a secret can."""
    from dtsconf.auth.sealing import without_keyring

    return without_keyring(hint)


def _keeps_a_key(subject: Subject) -> bool:
    """Whether a sign-in's tokens are sealed with a key in there."""
    settings = None if subject.effective is None else subject.effective.settings
    if settings is None or settings.mode == "smtp" or settings.microsoft.flow == "application":
        return False
    return settings.microsoft.remember_me and settings.microsoft.token_cache == "encrypted"


def trial(_folder: str) -> Check:
    """Write, read and delete an entry under a name that nothing else has."""
    from secrets import token_hex

    entry = Reference("keyring", f"{_SERVICE}/{token_hex(8)}")
    value = token_hex(16)
    store = KeyringBackend(os.environ, [])
    try:
        detail = f"{store.whose()} ({store.store()})"
        store.available()
    except SecretUnavailable as error:
        return Check("keyring", "warn", f"not tried: {error.message}", error.hint)
    try:
        store.keep(entry, Secret(value))
        same = store.fetch(entry).reveal() == value
    finally:
        store.forget(entry)
    if not same or _there(store, entry):
        hint = "look at it with its own program (seahorse, kwalletmanager)"
        return Check("keyring", "fail", f"{detail} gives back another entry than it was given, or keeps it", hint)
    return Check("keyring", "ok", f"{detail}: an entry was written, read and deleted")


def _there(store: KeyringBackend, entry: Reference) -> bool:
    try:
        store.fetch(entry)
    except SecretUnavailable:
        return False
    return True
