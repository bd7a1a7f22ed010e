"""The machine's files behind a dozen calls: the only way in which an apply touches them.

`System` is what the engine needs; `LocalSystem` (local.py) does it on this machine, tests/fakes/memory_system.py in
memory; and tests/contract/test_system_contract.py holds both to the same rules:

- paths are logical (see layout.py), absolute and without `.` or `..`
- no link is followed, on the way or at the end; only regular files are read or replaced
- a new file or folder gets exactly the mode it was asked for: umask has no say
- errors are OSError with the path as the user knows it, or `Refused` where the machine is not as it has to be

Knows no target, setting or secret: a file's content is bytes.
"""

from __future__ import annotations

import stat
from dataclasses import field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dtsconf.errors import DtsconfError
from dtsconf.frozen import frozen

if TYPE_CHECKING:
    import os

LIMIT = 16 << 20
"""Largest file that is read, in bytes."""


class Refused(DtsconfError):
    """A place that dtsconf doesn't write to or read from: a link, a folder of somebody else, a device (exit 1)."""

    kind = "refused"


class Owner(NamedTuple):
    """Who may do what with a file: mode bits (0o7777), user and group id."""

    mode: int
    uid: int
    gid: int


@frozen
class Facts:
    """A regular file without its content. `mode` holds 0o7777 bits, `size` is in bytes, `inode` is (device, number).
    The time of the last change of metadata tells nothing apart: a second name for the file moves it."""

    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    inode: tuple[int, int] = (0, 0)
    ctime_ns: int = field(default=0, compare=False)

    @property
    def owner(self) -> Owner:
        """Mode, user and group."""
        return Owner(self.mode, self.uid, self.gid)


@frozen
class Found:
    """A regular file as it stands there. `labels` are its extended attributes (ACL, SELinux context, user's own) as
    sorted (name, value) pairs. Two are equal when nothing about the file has changed."""

    facts: Facts
    content: bytes = field(repr=False)
    labels: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@frozen
class Meta:
    """What a new file gets besides its content. `labels` are all extended attributes it shall have: an ACL that it
    inherited from its folder goes. `mtime_ns` None is now."""

    owner: Owner
    labels: tuple[tuple[str, bytes], ...] = ()
    mtime_ns: int | None = None


class System(Protocol):
    """The machine's files."""

    def shown(self, path: str) -> str:
        """The path as messages name it: with the folder of `--root` in front."""

    def ids(self) -> tuple[int, int]:
        """User and group id that a new file belongs to."""

    def facts(self, path: str) -> Facts | None:
        """The file's facts, None when nothing is there. Needs no right to read it. Raises: Refused when it is a link,
        a folder or a device."""

    def look(self, path: str) -> Found | None:
        """The file with content and labels, None when nothing is there. Raises: Refused as `facts`, also above
        16 MiB; PermissionError."""

    def folder(self, path: str) -> bool:
        """Whether the folder is there. Raises: Refused when it or one above it is a link, no folder, or open to
        others than root and the caller."""

    def names(self, folder: str) -> list[str]:
        """Sorted names in a folder; none when it isn't there."""

    def mkdir(self, path: str) -> None:
        """Makes one folder, 0755."""

    def rmdir(self, path: str) -> bool:
        """Removes a folder if it is there and empty; says whether it did."""

    def create(self, path: str, data: bytes, meta: Meta) -> Facts:
        """Makes a new file with this content, its data and metadata synced. The folder isn't synced yet. Until it is
        complete nobody but its owner can read it. Raises: FileExistsError; on error it is taken away, if it can be."""

    def link(self, old: str, new: str) -> None:
        """A second name for a file. Raises: OSError, also where the file system has no hard links."""

    def rename(self, old: str, new: str) -> None:
        """Replaces `new` in one step. Does nothing when both are names of one file (POSIX rename)."""

    def unlink(self, path: str) -> bool:
        """Removes a file if it is there; says whether it did."""

    def sync(self, folder: str) -> None:
        """Makes the folder's entries survive a power cut."""


def facts_of(found: os.stat_result) -> Facts:
    """A stat result as Facts."""
    inode = (found.st_dev, found.st_ino)
    mode = stat.S_IMODE(found.st_mode)
    return Facts(mode, found.st_uid, found.st_gid, found.st_size, found.st_mtime_ns, inode, found.st_ctime_ns)


def refuse_unless_regular(shown: str, mode: int) -> None:
    """Raises Refused for the `st_mode` of anything but a regular file."""
    if stat.S_ISREG(mode):
        return
    if stat.S_ISLNK(mode):
        what = "is a link, and links are not followed"
    elif stat.S_ISDIR(mode):
        what = "is a folder where a file belongs"
    else:
        what = "is not a regular file"
    raise Refused(f"{shown} {what}", "move it away, or name another path in the profile")
