"""What the spool holds, for people to look at: read without holding anything, so that a run isn't disturbed.

Only of one that was being sent it is asked, for a moment, whether somebody still holds it: else its run has ended, and
what became of it nobody knows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from dtsconf.frozen import frozen
from dtsconf.queue.entry import Damaged, Entry, Newer, Phase, Progress
from dtsconf.queue.faults import fix_of
from dtsconf.queue.held import read_beside, read_head
from dtsconf.queue.spool import Slot, Spool, is_free

State = Literal["queued", "deferred", "sending", "failed", "damaged"]


@frozen
class Listed:
    """One message. `entry` is None when its file is damaged or can't be opened; `detail` then says how, and `hint` what
    to type where it is for somebody to mend."""

    id: str
    state: State
    size: int
    entry: Entry | None
    progress: Progress
    detail: str
    hint: str = ""


ENDED = "it was being sent when its run ended, and may have arrived: the next run sends it again, under its Message-ID"


def listed(spool: Spool) -> list[Listed]:
    """All of them, in the order of queueing, then what was given up. One that goes meanwhile is left out."""
    return [found for slot in spool.slots() if (found := _look(slot)) is not None]


def _look(slot: Slot) -> Listed | None:
    try:
        entry, phase, _, _ = read_head(slot.path)
    except FileNotFoundError:
        return None
    except Damaged as damaged:
        hint = damaged.hint if isinstance(damaged, Newer) else ""
        return Listed(slot.id, "damaged", slot.size, None, Progress(), str(damaged), hint)
    except OSError as closed:
        why = f"its file can't be opened: {closed.strerror}"
        return Listed(slot.id, "damaged", slot.size, None, Progress(), why, fix_of(closed, slot.path))
    if phase == "sent":
        return None
    progress = read_beside(slot.path) or Progress()
    if phase == "sending" and is_free(slot):  # what the next run will note
        phase = "waiting"
        progress = replace(progress, attempts=progress.attempts + 1, unknown=progress.unknown + 1, detail=ENDED)
    return Listed(slot.id, _state(slot, phase, progress), entry.size, entry, progress, progress.detail)


def _state(slot: Slot, phase: Phase, progress: Progress) -> State:
    if slot.failed:
        return "failed"
    if phase == "sending":
        return "sending"
    return "deferred" if progress.attempts or progress.next else "queued"
