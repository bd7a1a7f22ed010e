"""A spool is emptied of what nobody has in hand, and of nothing else."""

from __future__ import annotations

import pytest

from dtsconf.errors import DtsconfError, LockHeld
from dtsconf.queue.emptying import empty, require_idle
from dtsconf.queue.spool import Spool
from tests.unit.queue.spooling import add, files


def test_what_a_run_has_in_hand_is_waited_for_and_not_taken_away(spool: Spool) -> None:
    first, second = add(spool), add(spool)
    held = spool.take(spool.named([second.id])[0])
    assert held is not None
    with pytest.raises(LockHeld, match=f"with mail {second.id} in hand"):
        require_idle(spool, 0.0)
    with pytest.raises(DtsconfError, match=f"began meanwhile and has mail {second.id} in hand"):
        empty(spool)
    assert [slot.id for slot in spool.slots()] == [second.id] != [first.id]
    held.release()
    require_idle(spool, 0.0)
    empty(spool)
    assert files(spool) == []
