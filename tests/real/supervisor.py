"""The process that runs the mail host: `python -m tests.real.supervisor SHARED`.

Rules: it starts Dovecot and Postfix, prints one JSON line saying where they are, and ends them when nobody holds a
lock on SHARED/mailhost.users any more: its users are gone, be it that they finished or were killed. It takes its
temporary folder with it. Being in a session of its own it doesn't see a Ctrl-C; SIGTERM ends it in order.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.real.ca import Certificates, write_certificates
from tests.real.dovecot import Dovecot, start_dovecot
from tests.real.endpoints import ENDPOINTS
from tests.real.posix import detach, lock
from tests.real.postfix import Postfix, start_postfix
from tests.real.processes import free_ports, guard

ATTEMPTS = 3


@contextlib.contextmanager
def running(folder: Path) -> Iterator[tuple[Dovecot, Postfix, dict[str, int]]]:
    """Dovecot and Postfix with all their files in `folder`, on free ports; ended when the block is left, and when
    this process is killed."""
    certificates = write_certificates(folder / "tls")
    with contextlib.ExitStack() as stack:
        dovecot = start_dovecot(folder / "dovecot")
        stack.callback(dovecot.stop)
        postfix, ports = _start_postfix_somewhere(folder, dovecot, certificates)
        stack.callback(postfix.stop)
        # Left first: both get their signal at once, and then are waited for.
        stack.enter_context(guard('kill -TERM "$@"', str(postfix.process.pid), str(dovecot.process.pid)))
        yield dovecot, postfix, ports


def _start_postfix_somewhere(
    folder: Path, dovecot: Dovecot, certificates: Certificates
) -> tuple[Postfix, dict[str, int]]:
    """Another program may take one of the free ports before Postfix does: then once more with others."""
    for attempt in range(1, ATTEMPTS + 1):
        home = folder / f"postfix{attempt}"
        home.mkdir()
        ports = dict(zip((facts.name for facts in ENDPOINTS), free_ports(len(ENDPOINTS)), strict=True))
        try:
            return start_postfix(home, ports, certificates, dovecot.socket), ports
        except OSError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError


def _is_deserted(shared: Path) -> bool:
    """Whether no user of the mail host holds the lock on `mailhost.users`; a killed one holds none."""
    with (shared / "mailhost.users").open("w") as users:
        return lock(users, wait=False)


def _serve(shared: Path, dovecot: Dovecot, postfix: Postfix) -> None:
    """Returns when the last user is gone, having made sure that no new one comes after that."""
    while dovecot.process.poll() is None and postfix.process.poll() is None:
        time.sleep(0.1)
        if not _is_deserted(shared):
            continue
        with (shared / "mailhost.lock").open("w") as turn:
            lock(turn)
            if _is_deserted(shared):
                (shared / "mailhost.json").unlink(missing_ok=True)
                return
    raise OSError("Dovecot or Postfix ended by itself")


def _announce(facts: dict[str, Any]) -> None:
    """Prints the facts and closes stdout: whoever reads it to its end goes on from here."""
    print(json.dumps(facts), flush=True)
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def _end_in_order(*_: object) -> None:
    raise SystemExit(143)


def main(shared: Path) -> None:
    """Runs the mail host until its last user is gone, as a process that nobody has to wait for."""
    detach()
    signal.signal(signal.SIGTERM, _end_in_order)
    # /tmp itself, whatever TMPDIR says: the names of sockets are bounded, and Postfix's users must get in.
    folder = Path(tempfile.mkdtemp(prefix="mailhost-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with running(folder) as (dovecot, postfix, ports):
            _announce({"pid": os.getpid(), "folder": str(folder), "postfix": str(postfix.folder), "ports": ports})
            _serve(shared, dovecot, postfix)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
