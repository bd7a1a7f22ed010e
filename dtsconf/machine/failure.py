"""An operating system's no, in the words of somebody who wants to go on: which path, why, what to type next."""

from __future__ import annotations

import errno
import os
import sys
from shlex import quote

from dtsconf.errors import DtsconfError

ELSEWHERE = ", or try it without touching this machine: --root DIR"
"""The end of a hint for who may not write on this machine; nothing for a call that has a --root already."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_DENIED = (errno.EACCES, errno.EPERM)


def failure(error: OSError, *, tail: str = "", place: str = "a file") -> DtsconfError:
    """The error for a file that could not be written or read. `tail` is added to the sentence: what stands now;
    `place` is the path where the error knows none (a call on a descriptor)."""
    place = error.filename if isinstance(error.filename, str) else place
    why, hint = _explained(error, place)
    return DtsconfError(f"can't write {place}: {why}{tail}", hint)


def _explained(error: OSError, place: str) -> tuple[str, str]:
    if error.errno in _DENIED:
        return f"permission denied for {_caller()}", _permitted(place)
    if error.errno == errno.EROFS:
        return "the file system is read-only", f"remount it writable{ELSEWHERE}"
    if error.errno in _FULL:
        return "no space is left on its file system", "make room there, then type the same command again"
    folder = os.path.dirname(place)
    if error.errno == errno.ENOENT and folder and not os.path.isdir(folder):
        return f"there is no folder {folder}", f"make its folder first: mkdir -p {quote(folder)}"
    if error.errno == errno.EISDIR:
        return "a folder stands there", f"look at it, then move it away: mv {quote(place)} ..."
    hint = "look at the disk and the system's log (dmesg), then type the same command again"
    return (error.strerror or str(error)), hint


def _permitted(place: str) -> str:
    """What helps against a no; root, who gets one, meets a flag and not a mode."""
    paths = " ".join(quote(path) for path in (os.path.dirname(place), place) if os.path.lexists(path))
    if paths and _is_root():
        return f"root itself is refused: is it immutable (lsattr -d {paths})? chattr -i takes that off"
    return f"run it as root (sudo){ELSEWHERE}"


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _caller() -> str:
    if sys.platform == "win32":
        caller = "this user"
    else:
        from dtsconf.files.trust import user_name

        caller = user_name(os.geteuid())
    return caller
