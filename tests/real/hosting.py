"""Real parts that all processes of a test session share: whoever comes first starts them, the last one sees them end.

Rules: the parts run under a supervisor (see supervisor.py), which no test process has to wait for; a lock that each
user holds tells it when nobody is left, killed ones included. Knows no part.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.real.posix import lock
from tests.real.processes import wait_until

_REPOSITORY = Path(__file__).parents[2]


@contextlib.contextmanager
def joined(shared: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The facts of the parts of this kind (a name in supervisor.KINDS) which all processes that name the same folder
    `shared` have together. Raises OSError with the supervisor's errors when they don't come up."""
    with (shared / f"{kind}.users").open("w") as users:
        with (shared / f"{kind}.lock").open("w") as turn:
            lock(turn)
            # Held as long as the parts are wanted: the supervisor waits for all such locks to be gone.
            lock(users, shared=True)
            facts = _join(shared, kind) or _start(shared, kind)
        try:
            yield facts
        finally:
            last = lock(users, wait=False)
    if last:
        wait_until(lambda: not Path(facts["folder"]).exists(), f"the end of the {kind}", 20)


def _join(shared: Path, kind: str) -> dict[str, Any] | None:
    """What runs already, or None. It can't end meanwhile: it would need the lock that we have."""
    try:
        facts: dict[str, Any] = json.loads((shared / f"{kind}.json").read_text("utf-8"))
        os.kill(facts["pid"], 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return facts


def _start(shared: Path, kind: str) -> dict[str, Any]:
    errors = shared / f"{kind}.err"
    with errors.open("wb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "tests.real.supervisor", str(shared), kind],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stream,
            cwd=_REPOSITORY,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"},
            check=False,
        )
    if not done.stdout:
        raise OSError(f"the {kind} did not start:\n{errors.read_text('utf-8', 'replace')}")
    (shared / f"{kind}.json").write_bytes(done.stdout)
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts
