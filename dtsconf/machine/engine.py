"""The machine's verbs in one place: plan, apply, rollback, purge. Callers import these; the parts are beside.

apply and rollback are one engine with different wanted states; `run` has the order of steps.
"""

from __future__ import annotations

from dtsconf.machine.apply import apply
from dtsconf.machine.planning import plan
from dtsconf.machine.purge import purge, purge_list
from dtsconf.machine.rollback import rollback

__all__ = ["apply", "plan", "purge", "purge_list", "rollback"]
