"""Reads the machine config and saved plans from disk, bounded and once, and says in our words why that can't be done.

Profiles are read in `trust`. Knows nothing of what the bytes mean.
"""

from __future__ import annotations

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
    except (FileProblem, OSError) as error:
        raise _unreadable(path, error, "mend it, or write it anew: dtsconf apply --profile FILE") from None


def read_saved_plan(path: str) -> bytes:
    """The bytes of a plan saved by `plan --out`.

    Raises:
        Invalid: it can't be read.
    """
    try:
        return read_regular(path, LIMIT)[0]
    except (FileProblem, OSError) as error:
        raise _unreadable(path, error, "make one with dtsconf plan --out FILE") from None


def _unreadable(path: str, error: FileProblem | OSError, hint: str) -> Invalid:
    reason = error.message if isinstance(error, FileProblem) else error.strerror or str(error)
    return Invalid((Problem("unreadable", f"{path}: {reason}", hint),))
