"""Starting and stopping the programs behind the real parts, so that none outlives the tests.

Rules: a program is stopped by its own process id, never by name. `guard` ties a clean-up to the life of this process:
it runs also when this process is killed outright, since all it waits for is the end of a pipe. Knows no server.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.real.posix import is_root

PACKAGES = Path(__file__).parents[1] / "system-packages.txt"


class PartMissing(RuntimeError):
    """A real part can't run here: not root, or its program is not installed. Tests fail on it; they never skip."""


def require_root(part: str) -> None:
    """Raises PartMissing, with what to type, unless this process is root."""
    if not is_root():
        raise PartMissing(f"{part} needs root: run the tests as root, for example `sudo make test`")


def require(part: str, *programs: str) -> None:
    """Raises PartMissing unless this process is root and all `programs` (names or absolute paths) can be run."""
    require_root(part)
    missing = [program for program in programs if find(program) is None]
    if missing:
        raise PartMissing(f"{part} needs {', '.join(missing)}: `make packages` installs what {PACKAGES.name} lists")


def find(program: str) -> str | None:
    """The program's path. The folders of the system's own tools are searched too; a user's PATH often lacks them."""
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin")


def stop(process: subprocess.Popen[bytes], patience: float = 5.0) -> None:
    """Asks the process to end (SIGTERM), after `patience` seconds kills it, and reaps it."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


@contextlib.contextmanager
def guard(clean_up: str, *arguments: str, prefix: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """Runs the shell text `clean_up` (its `$1`... are `arguments`) when the block is left, or when this process is
    gone for whatever reason. With `prefix` the waiting shell runs under that command, say `unshare --net`.

    The shell waits at a pipe whose other end only this process holds, in a session of its own, so that a Ctrl-C on
    the terminal doesn't reach it.
    """
    script = f"while read -r word; do :; done; {clean_up}"
    shell = [*prefix, "/bin/sh", "-c", script, "guard", *arguments]
    process = subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        stop_when_done(process)


def stop_when_done(process: subprocess.Popen[bytes], patience: float = 10.0) -> None:
    """Waits for a process that is about to end; after `patience` seconds it is killed."""
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        stop(process, 0.1)


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    """Asks `ready` every 10 ms. Raises TimeoutError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.01)


def listens(address: str, port: int) -> bool:
    """Whether something takes connections there."""
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


@functools.cache
def has_ipv6() -> bool:
    """Whether ::1 can be listened on."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """That many ports which nothing holds on 127.0.0.1 and ::1, below the range from which the kernel takes ports
    for outgoing connections, and so likely to stay free until they are used."""
    found: list[int] = []
    for port in random.sample(range(20000, 32000), 12000):
        if _is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"{count} free ports wanted, {len(found)} found")


def _is_free(port: int) -> bool:
    families = [(socket.AF_INET, "127.0.0.1")] + ([(socket.AF_INET6, "::1")] if has_ipv6() else [])
    for family, address in families:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
