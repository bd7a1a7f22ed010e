"""The process that runs shared parts: `python -m tests.real.supervisor SHARED KIND`.

Rules: it starts the parts of that kind, prints one JSON line saying where they are, and ends them when nobody holds a
lock on SHARED/KIND.users any more: their users are gone, be it that they finished or were killed. It takes its
temporary folder with it. Being in a session of its own it doesn't see a Ctrl-C; SIGTERM ends it in order.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from tests.real.parts import Parts
from tests.real.posix import detach, lock

KINDS = {"mailhost": "tests.real.parts:mail_parts", "identity": "tests.real.identity.parts:identity_parts"}
"""Kind to the context manager that runs its parts in a given folder, imported when asked for."""


def _is_deserted(shared: Path, kind: str) -> bool:
    """Whether no user holds the lock on `KIND.users`; a killed one holds none."""
    with (shared / f"{kind}.users").open("w") as users:
        return lock(users, wait=False)


def _serve(shared: Path, kind: str, parts: Parts) -> None:
    """Returns when the last user is gone, having made sure that no new one comes after that."""
    while all(process.poll() is None for process in parts.processes):
        time.sleep(0.1)
        if not _is_deserted(shared, kind):
            continue
        with (shared / f"{kind}.lock").open("w") as turn:
            lock(turn)
            if _is_deserted(shared, kind):
                (shared / f"{kind}.json").unlink(missing_ok=True)
                return
    raise OSError(f"a part of the {kind} ended by itself")


def _announce(facts: dict[str, Any]) -> None:
    """Prints the facts and closes stdout: whoever reads it to its end goes on from here."""
    print(json.dumps(facts), flush=True)
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def _end_in_order(*_: object) -> None:
    raise SystemExit(143)


def _runner(kind: str) -> Callable[[Path], contextlib.AbstractContextManager[Parts]]:
    module, _, name = KINDS[kind].partition(":")
    found = getattr(importlib.import_module(module), name)
    return cast("Callable[[Path], contextlib.AbstractContextManager[Parts]]", found)


def main(shared: Path, kind: str) -> None:
    """Runs the parts until their last user is gone, as a process that nobody has to wait for."""
    detach()
    signal.signal(signal.SIGTERM, _end_in_order)
    # /tmp itself, whatever TMPDIR says: the names of sockets are bounded, and Postfix's users must get in.
    folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with _runner(kind)(folder) as parts:
            _announce({"pid": os.getpid(), "folder": str(folder), **parts.facts})
            _serve(shared, kind, parts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
