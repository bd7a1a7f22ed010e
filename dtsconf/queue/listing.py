"""What the spool holds, for people to look at: read without holding anything, so that a run isn't disturbed."""

from __future__ import annotations

from typing import Literal

from dtsconf.frozen import frozen
from dtsconf.queue.entry import Damaged, Entry, Phase, Progress
from dtsconf.queue.held import read_beside, read_head
from dtsconf.queue.spool import Slot, Spool

State = Literal["queued", "deferred", "sending", "failed", "damaged"]


@frozen
class Listed:
    """One message. `entry` is None when its file is damaged; `detail` then says how."""

    id: str
    state: State
    size: int
    entry: Entry | None
    progress: Progress
    detail: str


def listed(spool: Spool) -> list[Listed]:
    """All of them, in the order of queueing, then what was given up. One that goes meanwhile is left out."""
    return [found for slot in spool.slots() if (found := _look(slot)) is not None]


def _look(slot: Slot) -> Listed | None:
    try:
        entry, phase, _, _ = read_head(slot.path)
    except FileNotFoundError:
        return None
    except Damaged as damaged:
        return Listed(slot.id, "damaged", slot.size, None, Progress(), str(damaged))
    except OSError as closed:
        return Listed(slot.id, "damaged", slot.size, None, Progress(), closed.strerror or str(closed))
    if phase == "sent":
        return None
    progress = read_beside(slot.path) or Progress()
    return Listed(slot.id, _state(slot, phase, progress), entry.size, entry, progress, progress.detail)


def _state(slot: Slot, phase: Phase, progress: Progress) -> State:
    if slot.failed:
        return "failed"
    if phase == "sending":
        return "sending"
    return "deferred" if progress.attempts or progress.next else "queued"
