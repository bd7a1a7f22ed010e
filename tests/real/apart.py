"""A command with mounts of its own: what it mounts nobody else sees, and what others mount it does.

`unshare --mount` gives up where / is no mount point, as in a debootstrap folder entered by chroot. This script, which
is run and not imported, doesn't: for the one call that needs it, it climbs out to the mount namespace's own root.

    python apart.py [--net] COMMAND...      with --net in a network namespace of its own, too. Linux, as root.

Source: unshare(2), mount(2) ("MS_SLAVE", EINVAL), path_resolution(7).
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWNET = 0x00020000, 0x40000000
_MS_REC, _MS_SLAVE = 0x4000, 0x80000
_FOLDER = getattr(os, "O_PATH", 0) | getattr(os, "O_DIRECTORY", 0)
_DEEPEST = 4096  # folders that a path can go down (PATH_MAX)


def apart(*command: str, net: bool = False) -> list[str]:
    """The command line that runs `command` apart."""
    return [sys.executable, "-SE", str(Path(__file__).resolve()), *(["--net"] if net else []), *command]


def _main(words: list[str]) -> None:
    net = words[0] == "--net"
    command = words[1:] if net else words
    if sys.platform != "win32":
        libc = ctypes.CDLL(None, use_errno=True)
        _check(libc.unshare(_CLONE_NEWNS | (_CLONE_NEWNET if net else 0)), "unshare")
        root, here = os.open("/", _FOLDER), os.open(".", _FOLDER)
        _to_the_top(root)
        _check(libc.mount(None, b"/", None, _MS_REC | _MS_SLAVE, None), "mount")
        os.fchdir(root)
        os.chroot(".")
        os.fchdir(here)
    os.execvp(command[0], command)


def _to_the_top(root: int) -> None:
    """Makes the mount namespace's root this process's own: a process whose working folder lies outside its root can
    climb on."""
    if sys.platform != "win32":
        os.chroot("/proc/self")
        os.fchdir(root)
        for _ in range(_DEEPEST):
            if os.path.samefile(".", ".."):
                break
            os.chdir("..")
        os.chroot(".")


def _check(answer: int, call: str) -> None:
    if answer:
        raise OSError(ctypes.get_errno(), f"{call}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    _main(sys.argv[1:])
