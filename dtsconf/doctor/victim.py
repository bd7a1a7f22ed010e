"""The selftest's child process, to be killed: holds a lock, or replaces two files as apply does and dies on the way.

Also what the selftest does around it: the state before, and what is there after recovery.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Literal

from dtsconf.machine.local import LocalSystem

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import Facts, Meta

if sys.platform == "win32":
    KILLED, _DEADLY = 1, 1  # os.kill is TerminateProcess there, with the number as exit code
else:
    KILLED, _DEADLY = -signal.SIGKILL, signal.SIGKILL

_NAMES = ("/etc/dts/one", "/etc/dts/two")


class _DyingSystem(LocalSystem):
    """The machine's files until the call number `last` that changes one; there the process is killed."""

    def __init__(self, layout: Layout, last: int) -> None:
        super().__init__(layout.root)
        self._left = last

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), _DEADLY)

    def create(self, path: str, data: bytes, meta: Meta) -> Facts:
        self._count()
        return super().create(path, data, meta)

    def link(self, old: str, new: str) -> None:
        self._count()
        super().link(old, new)

    def rename(self, old: str, new: str) -> None:
        self._count()
        super().rename(old, new)

    def unlink(self, path: str) -> bool:
        self._count()
        return super().unlink(path)


def prepare(root: str) -> None:
    """Puts the old files on the machine in folder `root`. Raises: DtsconfError, OSError."""
    layout = _layout(root)
    _replace(LocalSystem(layout.root), layout, 1, b"old")


def recovered(root: str) -> Literal["old", "new", "mixed"]:
    """Recovers the machine in folder `root` and tells what its files hold. Raises: DtsconfError, OSError."""
    from dtsconf.machine.lock import machine_lock
    from dtsconf.machine.recovery import leftovers, recover

    layout = _layout(root)
    system = LocalSystem(layout.root)
    with machine_lock(system, layout, 5, command="dtsconf doctor"):
        recover(system, layout)
    found = [system.look(name) for name in _NAMES]
    held = {None if one is None else one.content for one in found}
    recorded = [name for name in system.names(layout.generations) if name != "1.json"]
    beside = system.names("/etc/dts") != [os.path.basename(name) for name in _NAMES]
    if leftovers(layout) or beside or len(held) != 1:
        return "mixed"
    if held == {b"new"} and recorded == ["2.json"]:
        return "new"
    return "old" if held == {b"old"} and recorded == [] else "mixed"


def _replace(system: LocalSystem, layout: Layout, number: int, content: bytes) -> None:
    from dtsconf.machine.key import MachineKey
    from dtsconf.machine.lock import machine_lock
    from dtsconf.machine.record import Generation, to_bytes
    from dtsconf.machine.transaction import Transaction, Write

    with machine_lock(system, layout, 5, command="dtsconf doctor"):
        key = MachineKey.load_or_create(system, layout)
        expected = {name: system.look(name) for name in _NAMES}
        with Transaction(system, layout, key).stage([Write(name, content) for name in _NAMES]) as staged:
            staged.commit({number: to_bytes(Generation(number, "2026-01-01T00:00:00Z"))}, expected)


def _layout(root: str) -> Layout:
    from dtsconf.machine.layout import Layout

    return Layout(root)


def _hold(path: str) -> None:
    from dtsconf.files.lock import FileLock

    lock = FileLock(path)
    if lock.acquire(5):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.read()  # until killed


def main(args: list[str]) -> None:
    """`hold PATH` or `commit ROOT NUMBER`."""
    if args[0] == "hold":
        _hold(args[1])
    else:
        layout = _layout(args[1])
        _replace(_DyingSystem(layout, int(args[2])), layout, 2, b"new")


if __name__ == "__main__":
    main(sys.argv[1:])
