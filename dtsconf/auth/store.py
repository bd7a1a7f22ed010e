"""Where one sign-in is kept between two runs: encrypted, in a file, in the login session, or in this process alone.

A store is loaded, saved and forgotten as a whole, under a lock that two processes share; a file is replaced in one
step and is only its owner's to read. What the other kind of file keeps is taken away by a new sign-in alone, by the
machine's own settings, and never by what only uses or renews one.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

from dtsconf.auth import facts, held
from dtsconf.auth.facts import Facts, Kind
from dtsconf.auth.held import Held
from dtsconf.auth.places import FACTS, LOCK, PLAIN, SEALED, Places
from dtsconf.auth.request import Wanted
from dtsconf.auth.sealing import Sealer
from dtsconf.errors import SecretUnavailable, SignInFailed
from dtsconf.files import FileProblem, private_folder, read_regular
from dtsconf.files.lock import FileLock
from dtsconf.files.staging import atomic_write, sweep

LIMIT = 4 << 20
"""The largest token cache, in bytes."""
PATIENCE = 60.0
"""Seconds to wait for another process that is renewing the same token."""


class Store:
    """One sign-in's place. `kind` says which."""

    def __init__(self, wanted: Wanted, places: Places, environ: Mapping[str, str]) -> None:
        self._wanted = wanted
        self._places = places
        self._environ = environ
        self._folder = places.folder(wanted)
        self._sealer = Sealer(wanted.name, environ) if wanted.remember and wanted.cache == "encrypted" else None
        self._in_process: Held | None = None
        self._store_name: str | None = None

    @property
    def kind(self) -> Kind:
        """Where the tokens go."""
        if self._sealer is not None:
            return "encrypted"
        if self._wanted.remember:
            return "file"
        return "process" if self._folder is None else "session"

    def ready(self) -> None:
        """See that a sign-in could be kept, before anybody is asked. Raises: SignInFailed."""
        if self._sealer is not None:
            self._store_name = self._sealer.ready()
        if self._folder is not None:
            try:
                private_folder(self._folder)
                if not os.access(self._folder, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            except OSError as error:
                raise _unwritable(self._folder, error) from None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock that keeps two processes from renewing at once. Raises: SignInFailed."""
        if self._folder is None:
            yield
            return
        lock = FileLock(self._path(LOCK))
        try:
            private_folder(self._folder)
            taken = lock.acquire(PATIENCE)
        except OSError as error:
            raise _unwritable(self._folder, error) from None
        if not taken:
            raise SignInFailed(
                f"another process has held the token cache for {PATIENCE:.0f} s", "wait for it to end, then try again"
            )
        try:
            yield
        finally:
            lock.release()

    def there(self) -> bool:
        """Whether anything is kept at all: cheap, opens nothing."""
        if self._folder is None:
            return self._in_process is not None
        return os.path.exists(self._path(self._suffix()))

    def load(self) -> Held | None:
        """What is kept; None when nothing is, or nothing that can be read.

        Raises:
            SignInFailed: the keyring that holds the key is locked or away, or the file can't be read.
        """
        if self._folder is None:
            return self._in_process
        try:
            data = read_regular(self._path(self._suffix()), LIMIT)[0]
        except FileNotFoundError:
            return None
        except (OSError, FileProblem) as error:
            raise _unreadable(self._folder, self._wanted.name, error) from None
        opened = self._sealer.open(data) if self._sealer is not None else data
        found = None if opened is None else held.from_bytes(opened)
        if found is not None and not facts.tells_of(self._folder, self._wanted.name, self.kind):
            self._show(self.facts(found))
        return found

    def save(self, found: Held) -> None:
        """Keep it in place of what this kind of store has. Raises: SignInFailed."""
        if self._folder is None:
            self._in_process = found
            return
        data = held.to_bytes(found)
        if self._sealer is not None:
            self._store_name = self._store_name or self._sealer.ready()
            data = self._sealer.seal(data)
        try:
            atomic_write(self._path(self._suffix()), data)
            if self._shown:
                facts.write(facts.facts_path(self._folder, self._wanted.name), self.facts(found))
        except OSError as error:
            raise _unwritable(self._folder, error) from None

    def keep(self, found: Held) -> None:
        """Keep what a sign-in gave, in place of what any kind of store has; settings that are only tried leave what
        others have. Raises: SignInFailed."""
        self.save(found)
        self.tidy()
        if self._wanted.remember and not self._wanted.tried:
            try:
                _remove(self._path(self._other()))
            except OSError as error:
                raise _unwritable(self._folder or "", error) from None

    def forget(self) -> None:
        """Keep nothing of this sign-in any more, of whatever kind. Raises: SignInFailed."""
        self._in_process = None
        forget(self._places, self._environ, self._wanted.name)

    def facts(self, found: Held) -> Facts:
        """What may be shown of it."""
        return Facts(
            found.account.username,
            found.account.tenant or self._wanted.tenant,
            self._wanted.client_id,
            self.kind,
            self._sealer is not None,
            found.expires,
            found.renewable,
            self._store_name,
        )

    def not_renewed(self, found: Held) -> None:
        """Let what is shown of it no longer say that it is renewed without asking: the provider refused to."""
        self._show(replace(self.facts(found), renewable=False))

    def tidy(self) -> bool:
        """Take away what an earlier Remember Me left where it is off now. Settings that are only tried take nothing
        away. Returns whether other settings have, or had, a sign-in kept. Raises: SignInFailed."""
        if self._wanted.remember:
            return os.path.exists(self._path(self._other()))
        left = any(os.path.exists(os.path.join(self._places.tokens, self._wanted.name + s)) for s in (SEALED, PLAIN))
        if left and not self._wanted.tried:
            forget(Places(self._places.state, None), self._environ, self._wanted.name)
        return left

    def _show(self, shown: Facts) -> None:
        if self._folder is not None and self._shown:
            with suppress(OSError):  # a sign-in that works does so whatever is shown of it
                facts.write(facts.facts_path(self._folder, self._wanted.name), shown)

    def _suffix(self) -> str:
        return SEALED if self._sealer is not None else PLAIN

    @property
    def _shown(self) -> bool:
        """Whether what may be shown is of this store: not where it is only tried beside what the other kind keeps."""
        return not (self._wanted.tried and self._wanted.remember and os.path.exists(self._path(self._other())))

    def _other(self) -> str:
        return PLAIN if self._sealer is not None else SEALED

    def _path(self, suffix: str) -> str:
        return os.path.join(self._folder or "", self._wanted.name + suffix)


def forget(places: Places, environ: Mapping[str, str], name: str | None = None) -> tuple[str, ...]:
    """Take away the tokens of the sign-in of that name, or of all: files first, then the keys that opened them.

    Returns: the accounts that were signed in, as far as they are known.

    Raises:
        SignInFailed: a file can't be removed.
    """
    accounts: list[str] = []
    sealed: list[str] = []
    for folder in places.folders():
        for each in sorted(_names(folder)):
            if name is not None and each != name:
                continue
            known = facts.read_facts(facts.facts_path(folder, each))
            accounts += [known.account] if known else []
            sealed += [each] if os.path.exists(os.path.join(folder, each + SEALED)) else []
            _take_away(folder, each)
        with suppress(OSError):
            sweep(folder)
    for each in sealed:
        with suppress(SecretUnavailable):  # without its file a key opens nothing
            Sealer(each, environ).forget()
    return tuple(dict.fromkeys(accounts))


def signed_in(places: Places) -> tuple[str, ...] | None:
    """Whose tokens are kept, as far as that is known; None where none are."""
    found = [(folder, name) for folder in places.folders() for name in sorted(_names(folder))]
    known = [facts.read_facts(facts.facts_path(folder, name)) for folder, name in found]
    return tuple(dict.fromkeys(each.account for each in known if each)) if found else None


def _names(folder: str) -> set[str]:
    try:
        entries = os.listdir(folder)
    except OSError:
        return set()
    return {os.path.splitext(each)[0] for each in entries if each.endswith((SEALED, PLAIN, FACTS))}


def _take_away(folder: str, name: str) -> None:
    lock = FileLock(os.path.join(folder, name + LOCK))
    try:
        taken = lock.acquire(PATIENCE)
        for suffix in (SEALED, PLAIN, FACTS):
            _remove(os.path.join(folder, name + suffix))
        if taken:
            lock.release(remove=True)
    except OSError as error:
        raise SignInFailed(f"tokens in {folder} can't be removed: {error.strerror}", f"rm -r {folder}") from None


def _remove(path: str) -> bool:
    """Whether there was something to remove."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _unreadable(folder: str, name: str, error: OSError | FileProblem) -> SignInFailed:
    from dtsconf.auth.closed import closed

    shut = closed(folder, name) if isinstance(error, PermissionError) else None
    message = f"the token cache can't be read: {error}"
    return SignInFailed(
        message, f"{shut.fix}; or dtsconf sign-in makes it anew" if shut else "dtsconf sign-in makes it anew"
    )


def _unwritable(folder: str, error: OSError) -> SignInFailed:
    from dtsconf.auth.closed import mending

    hint = f"{mending(folder, error)}; then: dtsconf sign-in"
    return SignInFailed(f"tokens can't be kept in {folder}: {error.strerror}", hint)
