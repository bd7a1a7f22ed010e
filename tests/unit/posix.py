"""What unit tests need of a POSIX system, in one place, so that types are checked on Windows too; there each raises
NotPosix."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.real.posix import NotPosix


def make_fifo(path: Path) -> None:
    if sys.platform == "win32":
        raise NotPosix
    else:  # noqa: RET506 - mypy leaves out a branch, not what stands after one
        os.mkfifo(path)


def make_socket(path: Path) -> None:
    """A socket's place in the file system, with nobody behind it."""
    if sys.platform == "win32":
        raise NotPosix
    else:  # noqa: RET506 - as above
        import socket

        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))


def own(path: Path, uid: int, gid: int) -> None:
    if sys.platform == "win32":
        raise NotPosix
    else:  # noqa: RET506 - as above
        os.chown(path, uid, gid)


def caller_name() -> str:
    """The name of this process's user."""
    if sys.platform == "win32":
        raise NotPosix
    else:  # noqa: RET506 - as above
        import pwd

        return pwd.getpwuid(os.geteuid()).pw_name


def as_nobody(call: Callable[[], object]) -> str:
    """`repr(call())` of a child process without rights; a fork, since an interpreter in root's home is out of reach for
    anybody else once it starts."""
    if sys.platform == "win32":
        raise NotPosix
    else:  # noqa: RET506 - as above
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setuid(65534)
                os.write(writer, repr(call()).encode())
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        with os.fdopen(reader) as pipe:
            return pipe.read()


def user_id() -> int:
    if sys.platform == "win32":
        raise NotPosix
    else:  # noqa: RET506 - as above
        return os.getuid()


def group_id() -> int:
    if sys.platform == "win32":
        raise NotPosix
    else:  # noqa: RET506 - as above
        return os.getegid()
