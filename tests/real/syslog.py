"""The system's log, as a socket of the test's own: what a program writes to /dev/log within a mount namespace.

Rules: the machine's own /dev is not touched. Source: syslog(3), _PATH_LOG. Knows no program.
"""

from __future__ import annotations

import contextlib
import shlex
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.real.posix import datagrams

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


@dataclass
class Syslog:
    """`messages` are the packets that came so far. `mounts` is the shell text that shows the socket in a namespace."""

    folder: Path
    messages: list[bytes] = field(default_factory=list)

    @property
    def mounts(self) -> str:
        """For `harness.in_namespace`."""
        dev = shlex.quote(str(self.folder / "dev"))
        binds = [f"touch {dev}/{name}; mount --bind /dev/{name} {dev}/{name}" for name in _DEVICES]
        return "\n".join(
            [
                f"mkdir -p {dev}; mount -t tmpfs -o mode=0755 none {dev}",
                *binds,
                f"mkdir {dev}/pts {dev}/shm; mount --rbind /dev/pts {dev}/pts; mount --rbind /dev/shm {dev}/shm",
                f"ln -s /proc/self/fd {dev}/fd; ln -s {shlex.quote(str(self.folder / 'socket'))} {dev}/log",
                f"mount --rbind {dev} /dev",
            ]
        )


@contextlib.contextmanager
def syslog(folder: Path) -> Iterator[Syslog]:
    """Listens until the block ends; `folder` must be open to whoever is to write, and its path short (unix(7))."""
    made = Syslog(folder)
    with datagrams(folder / "socket") as listener:
        ended = threading.Event()
        listener.settimeout(0.1)

        def listen() -> None:
            while True:
                try:
                    made.messages.append(listener.recv(65536))
                except TimeoutError:
                    if ended.is_set():
                        return

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            ended.set()
            thread.join()
