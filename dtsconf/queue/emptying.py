"""Taking a whole spool away, with no message going from under the hands of a run that sends it."""

from __future__ import annotations

import time
from contextlib import suppress

from dtsconf.errors import DtsconfError, LockHeld
from dtsconf.queue.spool import Spool, is_free


def require_idle(spool: Spool, wait: float) -> None:
    """Wait until no run has a message in hand, for so many seconds at most.

    Raises:
        LockHeld: one still has.
        DtsconfError: the spool can't be read.
    """
    begun = time.monotonic()
    for slot in spool.slots():
        if not is_free(slot, max(0.0, begun + wait - time.monotonic())):
            raise LockHeld(f"of your queue, with mail {slot.id} in hand", time.monotonic() - begun)


def empty(spool: Spool) -> None:
    """Take every message away, each as nobody else has it in hand.

    Raises:
        DtsconfError: a run that began meanwhile has one.
    """
    for slot in spool.slots():
        with suppress(OSError):  # what can't be opened goes with the folder
            held = spool.take(slot)
            if held is not None:
                held.drop()
            elif not is_free(slot):
                told = f"a run of your queue began meanwhile and has mail {slot.id} in hand: not everything was removed"
                raise DtsconfError(told, "once it is over: dtsconf purge")
