"""Where a sign-in's tokens lie: with Remember Me in the user's state folder, without it in memory that a log-out ends.

That memory is $XDG_RUNTIME_DIR/dtsconf, if it lies on tmpfs and belongs to this user alone (XDG Base Directory
Specification, pam_systemd(8)). Where there is none, such as on Windows and macOS, a sign-in lives as long as the
process.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from dtsconf.auth.request import Wanted

_MOUNTS = "/proc/self/mountinfo"
_ESCAPES = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}
IN_MEMORY = ("tmpfs", "ramfs")
SEALED, PLAIN = ".sealed", ".tokens"
"""How the names of token caches end: of an encrypted one, and of one that isn't."""
FACTS, LOCK = ".json", ".lock"
"""How the names beside it end: of what may be shown of it, and of what keeps two processes from renewing at once."""


@frozen
class Places:
    """The folders of one user: `state` is theirs for good, `session` until they log out (None: there is none)."""

    state: str
    session: str | None

    @property
    def tokens(self) -> str:
        """Folder of what Remember Me keeps."""
        return os.path.join(self.state, "tokens")

    def folders(self) -> tuple[str, ...]:
        """Every folder that tokens may be in."""
        return (self.tokens, *([self.session] if self.session else []))

    def folder(self, wanted: Wanted) -> str | None:
        """The folder for this sign-in; None: it is kept in the process alone."""
        return self.tokens if wanted.remember else self.session


def places(state: str, session: str | None) -> Places:
    """The folders of the calling user: that of their state, and the one for a login session, if it would do. Makes
    none."""
    runtime = os.path.dirname(session) if session else ""
    usable = bool(runtime) and _private(runtime) and _in_memory(runtime)
    return Places(state, session if usable else None)


def _private(folder: str) -> bool:
    """Whether the folder is this user's, and nobody else may look into it."""
    if sys.platform == "win32":
        return False
    else:  # noqa: RET505 - mypy takes what follows a platform's return for unreachable
        try:
            facts = os.lstat(folder)
        except OSError:
            return False
        return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o077


def _in_memory(folder: str) -> bool:
    """Whether the folder lies on a file system in memory: that of the longest mount point above it (proc(5))."""
    try:
        with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
            mounts = [line.split(" ") for line in file]
    except OSError:
        return False
    real = os.path.realpath(folder)
    found, kind = "", ""
    for fields in mounts:
        point = _unescaped(fields[4])
        inside = point in ("/", real) or real.startswith(point + "/")
        if inside and len(point) >= len(found):  # of two at one place the later one counts
            found, kind = point, fields[fields.index("-") + 1]
    return kind in IN_MEMORY


def _unescaped(text: str) -> str:
    for code, char in _ESCAPES.items():
        text = text.replace(code, char)
    return text
