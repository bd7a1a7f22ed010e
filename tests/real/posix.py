"""What the real parts need of a POSIX system, in one place, so that types are checked on Windows too.

Rules: on Windows each raises NotPosix. Knows no server and no test.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from typing import IO


class NotPosix(RuntimeError):
    """The real parts run on Linux only."""


def is_root() -> bool:
    """Whether this process may do what the real parts need."""
    return sys.platform != "win32" and os.geteuid() == 0


def lock(stream: IO[str], *, shared: bool = False, wait: bool = True) -> bool:
    """Takes an advisory lock on an open file (flock), exclusive unless `shared`; a lock held before is converted.
    False when somebody else holds it and `wait` is off. It is gone when the file is closed or the process ends."""
    if sys.platform != "win32":
        import fcntl

        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(stream, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
    raise NotPosix


def numbers_of(user: str) -> tuple[int, int]:
    """User and group number of a system user. Raises KeyError."""
    if sys.platform != "win32":
        import pwd

        entry = pwd.getpwnam(user)
        return entry.pw_uid, entry.pw_gid
    raise NotPosix


def group_number(group: str) -> int:
    """Raises KeyError."""
    if sys.platform != "win32":
        import grp

        return grp.getgrnam(group).gr_gid
    raise NotPosix


def give(path: Path, user: str, group: str | None = None) -> None:
    """Makes a system user the owner of `path`, and `group` its group, else that user's own."""
    if sys.platform != "win32":
        uid, gid = numbers_of(user)
        os.chown(path, uid, gid if group is None else group_number(group))
        return
    raise NotPosix


def detach() -> None:
    """Goes on in a child process of its own session; the calling process ends at once with success."""
    if sys.platform != "win32":
        if os.fork():
            os._exit(0)
        os.setsid()
        return
    raise NotPosix


def freeze(pid: int) -> None:
    """The process stops where it is (SIGSTOP)."""
    if sys.platform != "win32":
        os.kill(pid, signal.SIGSTOP)
        return
    raise NotPosix


def thaw(pid: int) -> None:
    """It goes on (SIGCONT)."""
    if sys.platform != "win32":
        os.kill(pid, signal.SIGCONT)
        return
    raise NotPosix


def datagrams(path: Path) -> socket.socket:
    """A datagram socket of that name, which everybody may write to."""
    if sys.platform != "win32":
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(str(path))
        path.chmod(0o666)
        return listener
    raise NotPosix


def at_terminal(command: list[str], environ: dict[str, str]) -> tuple[int, int]:
    """Starts a program at a terminal of its own: its process id, and the terminal's other end."""
    if sys.platform != "win32":
        import pty

        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(command[0], command, environ)
        return pid, terminal
    raise NotPosix
