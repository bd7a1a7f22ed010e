"""Files and folders of the layout: who owns them, who may read and change them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from shlex import quote
from typing import TYPE_CHECKING

from dtsconf.doctor.check import Check, Subject
from dtsconf.files import read_only
from dtsconf.files.trust import untrusted
from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout


@frozen
class _Place:
    """A path of the layout with the mode that dtsconf gives it. `private`: nobody else may read it. `needed`: others
    must be able to read it. `own`: it belongs to the caller instead of root."""

    name: str
    path: str
    mode: int
    private: bool = False
    needed: bool = False
    own: bool = False
    folder: bool = False


def _places(layout: Layout, *, group: bool) -> tuple[_Place, ...]:
    return (
        _Place("config-folder", layout.config_folder, 0o755, needed=True, folder=True),
        _Place("config", layout.config, 0o644, needed=True),
        _Place("secrets", layout.secrets, 0o640 if group else 0o600, private=True),
        _Place("state-folder", layout.state, 0o755, needed=True, folder=True),
        _Place("generations", layout.generations, 0o755, needed=True, folder=True),
        _Place("key", layout.key, 0o600, private=True),
        _Place("lock-file", layout.lock, 0o600, private=True),
    )


def files(subject: Subject) -> Iterator[Check]:
    """Each file and folder that the layout knows and that is there; the missing ones in one line."""
    group = subject.effective is not None and subject.effective.org.secrets.group is not None
    missing = []
    for place in _places(subject.layout, group=group):
        real = subject.shown(place.path)
        try:
            facts = os.lstat(real)
        except FileNotFoundError:
            missing.append(real)
            continue
        except PermissionError:
            yield Check(place.name, "warn", f"{real} can't be looked at by this user", "run doctor as root")
            continue
        yield _judged(place, real, facts, subject)
    user = subject.layout.user_state()
    if os.path.lexists(user):
        yield _of_user(user, subject)
    elif not _can_be_made(user):
        from dtsconf.wiring.own_test import to_have

        told = f"{user}, where this user's queue and proofs are kept, can't be made by them"
        yield Check("user-state", "warn", told, to_have(user))
    if missing:
        yield Check("paths", "ok", "not there (yet): " + ", ".join(missing))


def _of_user(path: str, subject: Subject) -> Check:
    """The folder of the user's own queue and proofs, which has to take new ones."""
    place = _Place("user-state", path, 0o700, private=True, own=True, folder=True)
    check = _judged(place, path, os.lstat(path), subject)
    if check.state != "ok" or not read_only(path):
        return check
    told = f"{path} lies on a file system that is read-only: no mail can be queued there, and no proof kept"
    return Check(place.name, "fail", told, "remount it writable")


def _can_be_made(path: str) -> bool:
    above = os.path.dirname(path)
    while not os.path.lexists(above) and above != os.path.dirname(above):
        above = os.path.dirname(above)
    return os.access(above, os.W_OK | os.X_OK)


def _judged(place: _Place, real: str, facts: os.stat_result, subject: Subject) -> Check:
    if stat.S_ISDIR(facts.st_mode) != place.folder or not (place.folder or stat.S_ISREG(facts.st_mode)):
        wanted = "folder" if place.folder else "regular file"
        return Check(
            place.name, "fail", f"{real} is no {wanted}", f"look at it, then move it away: mv {quote(real)} ..."
        )
    if subject.windows:
        return Check(place.name, "ok", f"{real} is there; its access list isn't looked at")
    mode, octal = stat.S_IMODE(facts.st_mode), f"{stat.S_IMODE(facts.st_mode):04o}"
    fault = untrusted(real, facts, _owners(subject, own=place.own), sticky=False)
    if fault is not None:
        return Check(place.name, "fail", f"{fault.path} {fault.reason}", fault.fix)
    chmod = f"chmod {place.mode:o} {quote(real)}"
    if place.private and mode & 0o077 & ~place.mode:
        return Check(place.name, "fail", f"{real} has mode {octal}: others may read it", chmod)
    if place.needed and place.mode & 0o055 & ~mode:
        return Check(place.name, "warn", f"{real} has mode {octal}: other users can't read it, so can't send", chmod)
    if place.name == "secrets" and not os.access(real, os.R_OK):
        told = f"{real} (mode {octal}) can't be read by this user, who so can't send with its password"
        return Check(place.name, "warn", told, _to_read(subject))
    return Check(place.name, "ok", f"{real} (mode {octal})")


def _to_read(subject: Subject) -> str:
    """How a user who sends gets at the secrets."""
    from dtsconf.machine.deliveries import to_read

    return to_read(subject.effective.org.secrets.group if subject.effective else None)


def _owners(subject: Subject, *, own: bool) -> frozenset[int]:
    me = 0
    if sys.platform != "win32":
        me = os.geteuid()
    if own:
        return frozenset({me})
    return frozenset({0} if subject.layout.running_system else {0, me})


_ROOM = 1 << 20
"""Octets that an apply may need on each disk: configs, records and backups are a few KiB each."""


def room(subject: Subject) -> Iterator[Check]:
    """Whether the disks that an apply writes to have room for it."""
    from dtsconf.queue.faults import in_words, without_room

    places = [subject.shown(each) for each in (subject.layout.config_folder, subject.layout.state)]
    found = [fault for each in places if (fault := without_room(each, _ROOM)) is not None]
    full = {os.stat(fault.path).st_dev: fault for fault in found}
    for fault in full.values():
        yield Check("room", "fail", in_words(fault), fault.fix)
    if not full:
        yield Check("room", "ok", f"{' and '.join(places)} have room for an apply")


def folders(subject: Subject) -> Iterator[Check]:
    """The folders above every file that dtsconf writes: each must belong to root or the caller, and no link.

    Raises:
        Refused: one doesn't; its sentence names the folder and the fix.
    """
    wanted = {subject.layout.config_folder, subject.layout.state}
    if subject.effective is not None:
        paths = [target.path for target in subject.effective.org.targets if target.path]
        wanted |= {os.path.dirname(path) for path in paths}
    for folder in sorted(wanted):
        subject.system.folder(folder)
    yield Check("folders", "ok", "safe to write in, all the way down: " + ", ".join(map(subject.shown, sorted(wanted))))
