"""A limit that dtsconf sets itself while it handles secrets: no core dumps."""

from __future__ import annotations

import sys


def no_core_dumps() -> None:
    """From now on a crash of this process, or of one that it starts, leaves no image of its memory behind
    (getrlimit(2), RLIMIT_CORE)."""
    if sys.platform != "win32":
        import resource
        from contextlib import suppress

        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
