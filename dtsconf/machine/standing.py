"""What stands at a target's path, and whether that is as apply left it. Pure, cheap: plan and status share it, so that
`in sync` means the same everywhere."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.machine.record import TargetRecord

EVERYBODY_WRITES = 0o002
"""The one right that nobody's choice keeps: whoever may write the machine config decides where passwords go."""


@frozen
class Standing:
    """A file as it was found. `content` is None when the caller may not read it; `mode` holds 0o7777 bits."""

    size: int
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    content: bytes | None = field(default=None, repr=False)


def as_left(record: TargetRecord, found: Standing, same: Callable[[bytes, str], bool | None]) -> bool:
    """Whether a file is as apply left it: by content where that can be told, else by size and time. Mode and owner of a
    file with a secret count in any case; those of others are the administrator's to change, as long as not everybody
    may write: then anybody decides where mail and passwords go. `same` says
    whether a recorded digest is this content's, None when the caller lacks the machine's key."""
    verdict = None if found.content is None else same(found.content, record.digest)
    owned = (found.mode, found.uid, found.gid) == (record.mode, record.uid, record.gid)
    if verdict is None:
        verdict = (found.size, found.mtime_ns) == (record.size, record.mtime_ns)
    open_to_all = bool(found.mode & ~record.mode & EVERYBODY_WRITES)
    return verdict and (owned or not (record.secret or open_to_all))
