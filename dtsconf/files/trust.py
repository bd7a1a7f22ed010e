"""Who else could change a file: the facts, and the command that mends it. Judges, never refuses: that is the caller's.

The rules are those of the contract ("Profile file", "apply, precisely"): owner, write bits, the owner's private group,
folders with the sticky bit. Windows knows none of these; there everything passes.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from shlex import quote
from typing import TYPE_CHECKING

from dtsconf.files import Fault, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

ACL = "system.posix_acl_access"
_LINKS = 40  # as many as Linux follows in one path


def read_trusted(path: str, limit: int, owners: frozenset[int]) -> tuple[bytes, os.stat_result, Fault | None]:
    """A regular file's bytes (at most `limit`) and facts, opened once; and whether the very file that was read and each
    folder on the way to it (a link's way too) belongs to `owners` and is writable by nobody else.
    Raises: FileProblem, OSError."""
    data, facts = read_regular(path, limit)
    fault = None if sys.platform == "win32" else _fault_on_the_way(path, facts, owners)
    return data, facts, fault


def _fault_on_the_way(path: str, read: os.stat_result, owners: frozenset[int]) -> Fault | None:
    last, facts = path, read
    for last, facts in _way(path):
        if fault := untrusted(last, facts, owners):
            return fault
    if not os.path.samestat(facts, read):
        return Fault(last, "was replaced while it was being read", "the same command again")
    return None


def given_to(user: int, path: str) -> str:
    """How a file gets another owner: root alone gives files away (chown(2))."""
    return f"{'' if sys.platform == 'win32' or os.geteuid() == 0 else 'as root: '}chown {user} {quote(path)}"


def untrusted(path: str, facts: os.stat_result, owners: frozenset[int], *, sticky: bool = True) -> Fault | None:
    """Whether a file, folder or link can be changed by others than `owners`, judged by its `facts`. The owner's
    private group may write; so may everybody in a folder of root's that has the sticky bit, if `sticky`."""
    if facts.st_uid not in owners:
        return Fault(path, f"belongs to {user_name(facts.st_uid)}", given_to(min(owners), path))
    if stat.S_ISLNK(facts.st_mode):  # its mode means nothing; who may replace it is its folder's matter
        return None
    if sticky and stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX and facts.st_uid == 0:
        return None
    if facts.st_mode & stat.S_IWOTH:
        return Fault(path, "is writable by everybody", f"chmod go-w {quote(path)}")
    if facts.st_mode & stat.S_IWGRP and not _private_group(path, facts):
        return Fault(path, f"is writable by {_group_name(facts.st_gid)}", f"chmod g-w {quote(path)}")
    return None


def not_private(path: str, facts: os.stat_result, owner: int) -> Fault | None:
    """As `untrusted`, without the sticky bit; and whether others than the owner can read the file."""
    fault = untrusted(path, facts, frozenset({owner}), sticky=False)
    if facts.st_uid != owner:
        return fault
    if fault is not None:
        reason = fault.reason
    elif facts.st_mode & stat.S_IROTH:
        reason = "can be read by everybody"
    elif facts.st_mode & stat.S_IRGRP and not _private_group(path, facts):
        reason = f"can be read by {_group_name(facts.st_gid)}"
    else:
        return None
    return Fault(path, reason, f"chmod go-rwx {quote(path)}")


def trusted_owners() -> frozenset[int]:
    """User ids that may own what root reads as a profile: root and the user who called sudo."""
    caller = os.environ.get("SUDO_UID", "")
    return frozenset({0, int(caller)}) if caller.isascii() and caller.isdigit() else frozenset({0})


def user_name(uid: int) -> str:
    """`ann (uid 1000)`, or `uid 1000` where the system has no name for it."""
    if sys.platform != "win32":
        import pwd

        with suppress(KeyError):
            return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    return f"uid {uid}"


def _group_name(gid: int) -> str:
    if sys.platform != "win32":
        import grp

        with suppress(KeyError):
            return f"group {grp.getgrgid(gid).gr_name}"
    return f"group {gid}"


def _private_group(path: str, facts: os.stat_result) -> bool:
    """Whether the group is the owner's own: the primary one, of the same name, with nobody else in it. An ACL may put
    others behind the group bits, so a file with one doesn't count."""
    if sys.platform != "win32":
        import grp
        import pwd

        with suppress(KeyError):
            owner, group = pwd.getpwuid(facts.st_uid), grp.getgrgid(facts.st_gid)
            same = owner.pw_gid == group.gr_gid and owner.pw_name == group.gr_name
            return same and set(group.gr_mem) <= {owner.pw_name} and not _has_acl(path)
    return False


def _has_acl(path: str) -> bool:
    if sys.platform == "linux":
        with suppress(OSError):
            return ACL in os.listxattr(path, follow_symlinks=False)
    return False


def _way(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """Everything that is passed on the way to a file, from `/` on: folders, links and the folders behind them, and
    last the file. Not `realpath`: whoever may turn a link on the way decides where it ends."""
    full = path if os.path.isabs(path) else os.path.join(os.getcwd(), path)  # the current folder may be gone
    rest = full.split("/")[::-1]
    at, links = "/", 0
    yield at, os.lstat(at)
    while rest:
        name = rest.pop()
        if name in ("", "."):
            continue
        if name == "..":
            at = os.path.dirname(at)
            continue
        here = os.path.join(at, name)
        facts = os.lstat(here)
        yield here, facts
        if not stat.S_ISLNK(facts.st_mode):
            at = here
            continue
        links += 1
        if links > _LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        target = os.readlink(here)
        at = "/" if target.startswith("/") else at
        rest += target.split("/")[::-1]
