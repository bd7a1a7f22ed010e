"""Reads the machine config and saved plans from disk, bounded and once, and says in our words why that can't be done.

Profiles are read in `trust`. Knows nothing of what the bytes mean.
"""

from __future__ import annotations

import os
from shlex import quote

from dtsconf.errors import Invalid, Problem
from dtsconf.files import FileProblem, read_regular

LIMIT = 1 << 20
"""The largest file, in bytes."""


def read_machine_config(path: str) -> bytes | None:
    """The machine config's bytes; None when there is none.

    Raises:
        Invalid: it is there and can't be read.
    """
    try:
        return read_regular(path, LIMIT)[0]
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise _unreadable(path, error, f"whoever sends must read it; as root: {to_open(path)}") from None
    except (FileProblem, OSError) as error:
        raise _unreadable(path, error, "mend it, or write it anew: dtsconf apply --profile FILE") from None


def read_saved_plan(path: str, *, guarded: bool = False) -> bytes:
    """The bytes of a plan saved by `plan --out`; with `guarded` only of one that nobody else can write.

    Raises:
        Invalid: it can't be read; code 4, others could have changed it.
    """
    try:
        data = read_regular(path, LIMIT)[0]
    except (FileProblem, OSError) as error:
        raise _unreadable(path, error, "make one with dtsconf plan --out FILE") from None
    if not guarded:
        return data
    from dtsconf.settings.trust import trusting_reader

    return trusting_reader.plan(path)


def to_open(path: str) -> str:
    """The command that lets others read a file: of the outermost folder that shuts them out, else of the file."""
    folder, shut = os.path.dirname(path), None
    while folder != os.path.dirname(folder):
        shut = f"chmod 755 {quote(folder)}" if os.path.isdir(folder) and not os.access(folder, os.X_OK) else shut
        folder = os.path.dirname(folder)
    return shut or f"chmod 644 {quote(path)}"


def _unreadable(path: str, error: FileProblem | OSError, hint: str) -> Invalid:
    reason = error.message if isinstance(error, FileProblem) else error.strerror or str(error)
    return Invalid((Problem("unreadable", f"{path}: {reason}", hint),))
