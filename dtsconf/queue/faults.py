"""What keeps a user's queue from being used, with what to type: a folder or file that is closed, a disk without room.

Looks only; whoever met an error asks for the cause, the doctor asks for all of them.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import TYPE_CHECKING

from dtsconf.files import Fault, read_only
from dtsconf.names import escape_controls
from dtsconf.queue.held import MESSAGE

if TYPE_CHECKING:
    from dtsconf.files.folder import Folder

FAILED = "failed"
"""The folder within the spool for what was given up."""

SPARE = 64 * 1024**2
"""Octets that stay free on the spool's disk."""

_DOCTOR = "dtsconf doctor"
_FULL = (errno.ENOSPC, errno.EDQUOT)


def in_words(fault: Fault) -> str:
    """The fault as a sentence."""
    return f"{escape_controls(fault.path)} {fault.reason}"


def fix_of(error: OSError, path: str) -> str:
    """What to type after an error with `path`: a message's file, or a folder of the spool."""
    is_message = path.endswith(MESSAGE)
    folder = os.path.dirname(path) if is_message else path
    if error.errno in _FULL:
        return _free(folder)
    places = (closed(each, folder=True) for each in (folder, os.path.join(folder, FAILED)))
    fault = (closed(path) if is_message else None) or next(filter(None, places), None)
    return fault.fix if fault else _DOCTOR


def faults(folder: str, messages: Sequence[str]) -> Iterator[Fault]:
    """All that is wrong with the spool in `folder`; `messages` are the paths of what it holds."""
    for each in (folder, os.path.join(folder, FAILED)):
        if (fault := closed(each, folder=True)) is not None:
            yield fault
            return
    found = [fault for path in messages if (fault := closed(path)) is not None]
    if len(found) == 1:
        yield found[0]
    elif found:
        more, where = len(found) - 1, quote(folder)
        theirs = found[0].fix.startswith("as root:")
        fix = f"as root: chown -R {_me()} {where}" if theirs else f"chmod -R u+rwX {where}"
        yield Fault(found[0].path, f"{found[0].reason}, and {more} more like it can't be opened", fix)
    if (full := without_room(folder, SPARE)) is not None:
        yield full


def closed(path: str, *, folder: bool = False) -> Fault | None:
    """Why this user can't read and change what is at `path`; None when they can, or nothing can be seen there. With
    `folder` it has to be one."""
    if folder and os.path.lexists(path) and not os.path.isdir(path):
        return Fault(path, "is no folder", f"look at it, then move it away: mv {quote(path)} {quote(path + '.old')}")
    try:
        facts = os.stat(path)
    except OSError:
        return None
    is_folder = stat.S_ISDIR(facts.st_mode)
    wanted, mode = (os.R_OK | os.W_OK | os.X_OK, 0o700) if is_folder else (os.R_OK | os.W_OK, 0o600)
    return None if os.access(path, wanted) else _why_closed(path, facts, mode)


def _why_closed(path: str, facts: os.stat_result, mode: int) -> Fault:
    named, me = quote(path), _me()
    if read_only(path):
        return Fault(
            path, "lies on a file system that is read-only", "its file system is read-only: remount it writable"
        )
    if me is None:
        return Fault(path, "can't be read and changed by this user", f'icacls "{path}" /grant "%USERNAME%":F')
    if facts.st_uid != me:
        from dtsconf.files.trust import user_name

        return Fault(path, f"belongs to {user_name(facts.st_uid)}", f"as root: chown {me} {named}")
    if facts.st_mode & mode != mode:
        return Fault(path, f"has mode {stat.S_IMODE(facts.st_mode):04o}", f"chmod {mode:o} {named}")
    what = "can't be changed, though owner and mode are right"
    return Fault(path, what, f"lsattr -d {named}; an i there goes away by: chattr -i {named}")


def without_room(folder: str, needed: int, opened: Folder | None = None) -> Fault | None:
    """Whether the disk of `folder`, or of the nearest folder above it that is there, has less than so many octets.
    `opened` is the same folder, where it is open already."""
    try:
        free, files = _left_on(opened.place if opened else folder)
    except OSError:  # nothing is there, or nothing to be seen
        if folder == (above := os.path.dirname(folder)):
            raise
        return without_room(above, needed)
    if free < needed:
        return Fault(folder, f"lies on a disk with {free} octets left, and {needed} are needed", _free(folder))
    return Fault(folder, "lies on a disk without room for another file", _free(folder)) if files == 0 else None


def _left_on(folder: str | int) -> tuple[int, int | None]:
    """Octets and files for which there is room; None where the file system doesn't count files."""
    files = None
    if sys.platform == "win32":
        import shutil

        free = shutil.disk_usage(folder).free
    else:
        facts = os.statvfs(folder)
        free = facts.f_bavail * facts.f_frsize
        files = facts.f_favail if facts.f_files else None
    return free, files


def _free(folder: str) -> str:
    count = "-i " if os.path.isdir(folder) and _left_on(folder)[1] == 0 else "-h "
    return f"free some space on its disk: df {count}{quote(folder)}"


def _me() -> int | None:
    """This user's id; None where files have lists of rights in place of an owner and a mode."""
    me = None
    if sys.platform != "win32":
        me = os.geteuid()
    return me
