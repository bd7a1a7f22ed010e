"""The record file: one JSON line for each apply, rollback, test and status, for whoever watches a fleet.

A record that can't be written is a warning: it never changes what a command did.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from dtsconf.cli.common import Run
from dtsconf.errors import DtsconfError, Notice
from dtsconf.times import iso_time

if TYPE_CHECKING:
    from dtsconf.machine.record import Generation

FIELDS = (
    "state", "drift", "generation", "changed", "proof", "verification", "profile", "digest", "rollback_of",
    "from_environment",
)  # fmt: skip
"""What of a command's JSON goes into its line."""


def append(
    run: Run, path: str | None, code: int, data: Mapping[str, Any], error: DtsconfError | None = None
) -> Sequence[Notice]:
    """Append this run's line to `path` (None: nowhere) and return a warning when that fails."""
    if path is None:
        return ()
    try:
        _write(path, _line(run, code, data, error))
    except OSError as failed:
        why = failed.strerror or str(failed)
        return (Notice("record", f"the record {path} could not be written: {why}", _mended(failed, path)),)
    return ()


def _mended(failed: OSError, path: str) -> str:
    """What lets the next run write its line."""
    if failed.errno in (errno.ENOENT, errno.ENOTDIR):
        return "make its folder, or name another file"
    if failed.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"let whoever runs this write to {path}, or have root alone keep the record: nothing else needs it"
    if failed.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room on its disk, or name another file"
    return "name a plain file"


@contextmanager
def failures_recorded(run: Run, path: Callable[[DtsconfError], str | None]) -> Iterator[None]:
    """Let a failure leave its line too, in the file that `path` tells once the error is known."""
    from dtsconf.render.failure import known_data

    try:
        yield
    except DtsconfError as error:
        run.told += append(run, path(error), error.code, known_data(error.known), error)
        raise


def _line(run: Run, code: int, data: Mapping[str, Any], error: DtsconfError | None) -> bytes:
    from dtsconf import wiring
    from dtsconf.version import __version__

    me = wiring.who()
    line: dict[str, Any] = {
        "format": 1,
        "time": iso_time(time.time()),
        "host": me.host,
        "user": me.user,
        "program": f"dtsconf {__version__}",
        "command": run.command,
        "exit_code": code,
        "ok": code == 0,
        **{name: data[name] for name in FIELDS if name in data},
    }
    if error is not None:
        line["problems"] = [{"kind": p.kind, "message": p.message} for p in error.all_problems()]
    return json.dumps(line, sort_keys=True).encode() + b"\n"


def _write(path: str, line: bytes) -> None:
    """One write on a descriptor in append mode, so that lines of several runs don't mix; never waits for a reader."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o644)
    try:
        if _torn(descriptor, path):
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)


def _torn(descriptor: int, path: str) -> bool:
    """Whether the last line has no end, as a full disk or a kill leaves it: the next one would be lost with it."""
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size:
        with suppress(OSError), open(path, "rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    return False


def of_generation(generation: Generation | None) -> str | None:
    """The record file that a generation's machine config names, read without importing the settings."""
    try:
        found = json.loads(generation.config or "{}").get("record") if generation else None
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None
