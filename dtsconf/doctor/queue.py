"""This user's queue: whether it can be used, what it holds, and whether its disk has room for more."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from shlex import quote

from dtsconf.doctor.check import Check, Subject
from dtsconf.names import escape_controls
from dtsconf.queue.faults import SPARE, faults, in_words, without_room
from dtsconf.queue.spool import Slot, Spool


def queue(subject: Subject) -> Iterator[Check]:
    """Each thing that keeps mails from being queued or sent. Raises: DtsconfError, where the folder can't be read."""
    folder = subject.layout.spool()
    if not os.path.lexists(folder):
        yield _room_for_one(folder)
        return
    blocked = [Check("queue", "fail", in_words(fault), fault.fix) for fault in faults(folder, ())]
    yield from blocked
    if blocked:
        return
    slots = Spool(folder).slots()
    found = [
        Check("queue", "fail", in_words(fault), fault.fix) for fault in faults(folder, [slot.path for slot in slots])
    ]
    found += _strangers(slots)
    failed = sum(slot.failed for slot in slots)
    yield from found or [Check("queue", "ok", f"{folder}: {len(slots) - failed} waiting, {failed} failed")]


def _room_for_one(folder: str) -> Check:
    full = without_room(folder, SPARE)
    if full is None:
        return Check("queue", "ok", "nothing was queued by this user yet")
    return Check("queue", "warn", f"no mail can be queued: {in_words(full)}", full.fix)


def _strangers(slots: Sequence[Slot]) -> list[Check]:
    """Mails that can be opened, and yet are files of somebody else's."""
    found: list[Check] = []
    if sys.platform != "win32":
        from dtsconf.files.trust import user_name

        me = os.geteuid()
        for slot in slots:
            facts = os.stat(slot.path)
            if facts.st_uid != me and os.access(slot.path, os.R_OK | os.W_OK):
                whose = user_name(facts.st_uid)
                told = f"{escape_controls(slot.path)} belongs to {whose}, and would go in this user's name"
                hint = f"if it is yours: chown {me} {quote(slot.path)}; else: dtsconf queue drop {slot.id}"
                found.append(Check("queue", "warn", told, hint))
    return found
