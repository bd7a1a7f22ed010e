"""Why a keyring can't be used, each in its own words with what to do instead. Knows keyring's errors by name only.

None of these repeats what the library said: a text that can't be decoded, say, is in the message of its error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping

from dtsconf.errors import SecretUnavailable
from dtsconf.secret.asking import ASK

_ELSEWHERE = "systemd:// (LoadCredential=), file:// with mode 0600, or vault://"
OTHERWISE = f"without a keyring: {_ELSEWHERE}"
_OF_ROOT = f"what root has to run (apply, timers) takes the secret elsewhere: {_ELSEWHERE}"
_UNLOCK = f'({ASK}; printf %s "$s" | gnome-keyring-daemon --replace --unlock --components=secrets)'
"""It waits for the keyring's password on stdin, without a word. One beside a daemon that runs would unlock nothing, and
to look for a keyring starts one (D-Bus)."""
_BUS = "DBUS_SESSION_BUS_ADDRESS"
_CHOICE = "PYTHON_KEYRING_BACKEND"


def refused(environ: Mapping[str, str], folder: str, known: Collection[str]) -> SecretUnavailable | None:
    """The no to a store that keyring was told to take, by a variable or in its own `folder`, and that is none of the
    system's `known` ones."""
    chosen, place = environ.get(_CHOICE), f"the variable {_CHOICE}"
    if chosen is None:
        chosen, place = _configured(folder)
    if not chosen or chosen in known:
        return None
    kind = {"fail": "none at all", "null": "one that forgets what it is given", "keyrings.alt": "a file of its own"}
    what = next((words for part, words in kind.items() if part in chosen), "none of the system's")
    message = f"{place} turns Python's keyring to {chosen!r}, {what}; dtsconf takes only the system's own store"
    return SecretUnavailable(message, f"take that choice away for this run; {OTHERWISE}")


def _configured(folder: str) -> tuple[str | None, str]:
    """What keyring's own file says, and where that is; read by us, since keyring would load what it names."""
    from configparser import Error, RawConfigParser

    path = os.path.join(folder, "keyringrc.cfg")
    parser = RawConfigParser()
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except FileNotFoundError:
        return None, path
    except (OSError, ValueError, Error):
        return "something that can't be read", path
    return parser.get("backend", "default-keyring", fallback="").strip() or None, path


def no_store(environ: Mapping[str, str], whose: str) -> SecretUnavailable:
    """Nothing on this system keeps secrets."""
    if sys.platform == "linux":
        return _no_secret_service(environ, whose)
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        return SecretUnavailable(f"{whose} is not there: this system offers no store", OTHERWISE)


def _no_secret_service(environ: Mapping[str, str], whose: str) -> SecretUnavailable:
    address = environ.get(_BUS, "")
    socket = address.removeprefix("unix:path=").partition(",")[0]
    gone = address.startswith("unix:path=") and not os.path.exists(socket)
    if not address or gone:
        why = f"{_BUS} names {socket}, which is not there" if gone else f"{_BUS} is not set"
        if roots := _roots(environ):
            return SecretUnavailable(f"there is no session bus, so {whose} can't be reached ({why})", roots)
        return SecretUnavailable(
            f"there is no session bus, so {whose} can't be reached ({why})",
            f"run it within that user's session, or under dbus-run-session with a keyring unlocked; {OTHERWISE}",
        )
    return SecretUnavailable(
        f"no keyring answers on the session bus, so {whose} is not there",
        f"install and start one (gnome-keyring, KWallet, KeePassXC); {OTHERWISE}",
    )


def _roots(environ: Mapping[str, str]) -> str | None:
    """What to do where root asks for a keyring; None for anybody else."""
    if sys.platform != "win32" and os.geteuid() == 0:
        caller = environ.get("SUDO_USER")
        who = f"without sudo, as {caller}," if caller and caller != "root" else "as the user who stored it,"
        own = f"a keyring is one user's, and root's is another one: run it {who} within that user's session"
        return f"{own}; {_OF_ROOT}"
    return None


def for_a_key(hint: str) -> str:
    """A hint of these for what dtsconf keeps there itself: nobody stored that, and no reference can name another place;
    '' where only such a place was named."""
    own = hint.replace("as the user who stored it,", "as the user who sends,")
    for elsewhere in (OTHERWISE, _OF_ROOT):
        own = own.removesuffix(elsewhere)
    return own.removesuffix("; ")


def told(
    error: Exception, whose: str, entry: str | None, patience: float, environ: Mapping[str, str]
) -> SecretUnavailable:
    """What a store's error means, by the names of its classes."""
    if isinstance(error, SecretUnavailable):
        return error
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, UnicodeError):
        return SecretUnavailable(f"the entry {entry} in {whose} is not UTF-8 text", "store the secret as UTF-8")
    if isinstance(error, TimeoutError):
        message = f"{whose} did not answer within {patience:.0f} s: it hangs, or waits for somebody to unlock it"
        return SecretUnavailable(message, f"unlock it or start it anew, then type the same again; {OTHERWISE}")
    if "KeyringLocked" in names or "LockedException" in names:
        hint = f"unlock it (log in at the desktop, or {_UNLOCK}); {OTHERWISE}"
        return SecretUnavailable(f"{whose} is locked", hint)
    if "InitError" in names:
        hint = f"log in at the desktop once, or make one: {_UNLOCK}; {OTHERWISE}"
        return SecretUnavailable(f"{whose} has no collection to keep secrets in yet", hint)
    if "NoKeyringError" in names or "SecretServiceNotAvailableException" in names:
        return no_store(environ, whose)
    if "PasswordDeleteError" in names:
        return SecretUnavailable(f"{whose} holds no entry {entry}", "there is nothing to take away")
    kind = type(error).__name__
    return SecretUnavailable(f"{whose} can't be used ({kind})", f"look at it with its own program; {OTHERWISE}")
