"""A limit that dtsconf sets itself while it handles secrets: no core dumps."""

from __future__ import annotations

import sys

_SMALLER_THAN_ANY = (1, 0) if sys.platform == "linux" else (0,)
"""Bytes that a core dump may have, the best first. None goes to a file with either. To a program that collects them
(core_pattern with `|`, as apport and systemd-coredump have it) Linux pipes one at 0, and none at 1: core(5), and
fs/coredump.c of the kernel."""


def no_core_dumps() -> None:
    """From now on a crash of this process, or of one that it starts, leaves no image of its memory behind
    (getrlimit(2), RLIMIT_CORE)."""
    if sys.platform != "win32":
        import resource

        for size in _SMALLER_THAN_ANY:
            try:
                resource.setrlimit(resource.RLIMIT_CORE, (size, size))
            except (OSError, ValueError):  # a hard limit of 0 isn't raised by everybody
                continue
            return
