"""What lets a user keep tokens in a folder that is closed to them: a line to type. Cheap: looks at modes."""

from __future__ import annotations

import errno
import os
import stat
import sys
from shlex import quote

from dtsconf.auth.places import FACTS, LOCK, PLAIN, SEALED
from dtsconf.frozen import frozen

_ME = '"$(id -un)"'


@frozen
class Closed:
    """`told`: a sentence about what this user can't use; `fix`: the command that opens it."""

    told: str
    fix: str


def closed(folder: str, name: str) -> Closed | None:
    """What of the sign-in of that name is closed to its own user, by its modes or a file in the folder's place; None
    where nothing is, or nothing is there, and on Windows, which knows no modes."""
    if sys.platform == "win32":
        return None
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        return _closed(folder, name, os.geteuid())


def _closed(folder: str, name: str, uid: int) -> Closed | None:
    try:
        there = stat.S_ISDIR(os.stat(folder).st_mode)
    except PermissionError:
        return Closed(f"this user can't get at {folder}", opening_for(folder, uid))
    except OSError:
        return None
    if not there:
        return Closed(f"{folder} is no folder", mending(folder, NotADirectoryError()))
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Closed(f"this user can't read and write in {folder}", opening_for(folder, uid))
    for path in (os.path.join(folder, name + end) for end in (PLAIN, SEALED, FACTS, LOCK)):
        if os.path.exists(path) and not os.access(path, os.R_OK | os.W_OK):
            fix = f"chmod u+rw {quote(path)}" if os.stat(path).st_uid == uid else f"sudo chown {_ME} {quote(path)}"
            return Closed(f"this user can't read and write {path}", fix)
    return None


_DISK = {
    errno.EROFS: "its file system is read-only: remount it writable",
    errno.ENOSPC: "make room on its file system",
    errno.EDQUOT: "make room: this user's quota is used up",
}


def mending(folder: str, error: OSError) -> str:
    """What to do where the folder can't be written to, for `error`."""
    if isinstance(error, NotADirectoryError | FileExistsError):
        at = next((path for path in (folder, os.path.dirname(folder)) if os.path.isfile(path)), folder)
        return f"a file lies where a folder belongs: mv {quote(at)} {quote(at + '.away')}"
    line = opening(folder) if isinstance(error, PermissionError) else None
    return f"open it for this user: {line}" if line else _DISK.get(error.errno or 0, "look at the disk")


def opening(folder: str) -> str | None:
    """What opens the folder, or makes it; None on Windows, which knows no modes."""
    if sys.platform == "win32":
        return None
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        return opening_for(folder, os.geteuid())


def opening_for(folder: str, uid: int) -> str:
    """The same for the user of that number."""
    for at in (folder, os.path.dirname(folder)):  # no further up: what lies there may be the system's
        try:
            facts = os.stat(at)
        except PermissionError:
            continue
        except OSError:
            break
        if facts.st_uid == uid and facts.st_mode & 0o700 != 0o700:
            return f"chmod u+rwx {quote(at)}"
        return f"sudo chown -R {_ME} {quote(at)}"
    return f"sudo install -d -m 700 -o {_ME} {quote(folder)}"
