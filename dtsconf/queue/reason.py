"""Why no run can even begin, noted with the messages that wait for one. No attempt was made, so none is counted."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

from dtsconf.queue.entry import Damaged
from dtsconf.queue.held import Held
from dtsconf.queue.ledger import served
from dtsconf.queue.runner import Which
from dtsconf.queue.spool import Slot, Spool


def explain(spool: Spool, which: Which, why: str) -> None:
    """Note it with each message that `which` means and that waits. Where that can't be done it is left: whoever runs
    the queue is told anyway.

    Raises:
        DtsconfError: the spool can't be read.
    """
    for slot in spool.slots():
        if not slot.failed and (not which.ids or slot.id in which.ids):
            with suppress(OSError, Damaged):
                _explain(spool, slot, which, why)


def _explain(spool: Spool, slot: Slot, which: Which, why: str) -> None:
    held = spool.take(slot)
    if held is None:
        return
    with held:
        progress = held.progress()
        if progress.detail != why and which.takes(slot, progress, time.time()) and _waits(held):
            held.note(replace(progress, detail=why), durable=served(progress))


def _waits(held: Held) -> bool:
    """Whether nobody was killed over it: what is not known of such an attempt is for the next run to note."""
    return held.read()[1] == "waiting"
