"""`purge`: what goes, what comes back, what is out of reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dtsconf.errors import Problem
from dtsconf.render.common import notice_data, opened

if TYPE_CHECKING:
    from dtsconf.machine.purge import Purged, PurgeItem

WORDS = {"delete": "delete", "put-back": "put back", "out-of-reach": "OUT OF REACH"}


def data(purged: Purged) -> dict[str, Any]:
    """`changed` and `items: [{path, fate, what}]`."""
    return {"changed": purged.changed, "items": [asdict(item) for item in purged.items]}


def problems_data(items: Sequence[PurgeItem], root: str | None = None) -> list[dict[str, Any]]:
    """A problem for each item that couldn't be taken away."""
    return [notice_data(Problem(item.fate, f"{opened(item.path, root)}: {item.what}", None)) for item in items]


def listed(items: Sequence[PurgeItem], root: str | None = None) -> str:
    """A line an item."""
    return "".join(f"  {WORDS[item.fate]:<12}  {opened(item.path, root)}  ({item.what})\n" for item in items)


def text(purged: Purged, root: str | None = None) -> str:
    """What was done."""
    if not purged.items:
        return "nothing of dtsconf's is on this machine\n"
    if not purged.changed:
        return listed(purged.items, root) + "nothing was taken away\n"
    return listed(purged.items, root) + "taken away\n"
