"""Whose a written file is and who may read it: what stands there against what dtsconf would give it. Pure.

Contract: owner, group, mode, ACL and SELinux context of a replaced file survive, but a file with a secret is never
widened by them. What survives is what somebody chose: a value that is still as dtsconf wrote it last gives way to
today's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.files.trust import ACL
from dtsconf.machine.standing import EVERYBODY_WRITES
from dtsconf.machine.system import Meta, Owner

if TYPE_CHECKING:
    from dtsconf.machine.system import Found

_GROUP = 0o070


def meta_for(wanted: Owner, secret: bool, found: Found | None, last: Owner | None) -> Meta:
    """Owner, mode and labels of the file to write. `found` is what stands there, `last` how dtsconf left it (None:
    never ours)."""
    if found is None:
        return Meta(wanted)
    there = found.facts.owner
    chosen = Owner(*(_survives(*values) for values in zip(wanted, there, last or (None, None, None), strict=True)))
    if secret:
        return Meta(_narrowed(wanted, chosen, there), tuple(label for label in found.labels if label[0] != ACL))
    if chosen.mode & EVERYBODY_WRITES:  # whoever opened it to all chose nothing that is to be kept
        chosen = chosen._replace(mode=wanted.mode)
    return Meta(chosen, found.labels)


def _survives(wanted: int, there: int, last: int | None) -> int:
    return wanted if there == last else there


def _narrowed(wanted: Owner, chosen: Owner, there: Owner) -> Owner:
    """Never more rights than wanted: the owner is the writer, the group reads only if it is the profile's; what
    somebody took away stays away."""
    mode = wanted.mode if chosen.mode == wanted.mode else wanted.mode & there.mode
    gid = wanted.gid if mode & _GROUP else chosen.gid
    return Owner(mode, wanted.uid, gid)
