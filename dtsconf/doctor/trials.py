"""Whether a file system does what dtsconf builds on, tried in a temporary folder: rename, kill, lock, modes, sync.

`kill` is the real thing: a child process carries out the same transaction as apply does and is killed at one of its
system calls, then recovered; once for each call it makes. Touches nothing outside the folder.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from dtsconf.doctor.check import Check, from_error
from dtsconf.errors import DtsconfError

_SLOW = 60.0
"""Seconds that a child may take for its part."""

_MOST_CALLS = 200
_ELSEWHERE = "point TMPDIR to a local file system and try again; one like this can't hold dtsconf's files"


def selftest(progress: Callable[[str], None] = lambda _words: None) -> Iterator[Check]:
    """Try everything; one finding after another. The folder is that of TMPDIR."""
    with tempfile.TemporaryDirectory(prefix="dtsconf-selftest-") as folder:
        yield Check("folder", "ok", f"tried in {folder}, which is removed at the end")
        for name, trial in (("rename", _rename), ("permission", _permission), ("fsync", _fsync), ("lock", _lock)):
            progress(f"selftest: {name}")
            yield from _guarded(name, trial, folder)
        progress("selftest: kill")
        yield from _guarded("kill", _kill, folder)
        progress("selftest: keyring")
        yield from _guarded("keyring", _keyring, folder)


def _guarded(name: str, trial: Callable[[str], Check], folder: str) -> Iterator[Check]:
    try:
        yield trial(folder)
    except DtsconfError as error:
        yield from from_error(name, error)
    except (OSError, subprocess.SubprocessError) as error:
        yield Check(name, "fail", f"{type(error).__name__}: {error}", _ELSEWHERE)


def _rename(folder: str) -> Check:
    """A file is replaced in one step: whoever had the old one open keeps it, the name shows the new one."""
    path, new = os.path.join(folder, "target"), os.path.join(folder, "staged")
    _write(path, b"old")
    _write(new, b"new")
    with open(path, "rb") if sys.platform != "win32" else open(os.devnull, "rb") as reader:
        os.replace(new, path)
        kept = reader.read() == b"old" or sys.platform == "win32"
    with open(path, "rb") as file:
        replaced = file.read() == b"new"
    if kept and replaced and not os.path.exists(new):
        return Check("rename", "ok", "a file is replaced in one step, and who reads the old one keeps it")
    return Check("rename", "fail", "a rename did not replace the file in one step", _ELSEWHERE)


def _permission(folder: str) -> Check:
    """A private file is private from its first moment, whatever umask says."""
    detail = "access lists rule here; mode bits aren't looked at"
    if sys.platform != "win32":
        from dtsconf.files.staging import atomic_write

        path = os.path.join(folder, "private")
        before = os.umask(0)
        try:
            atomic_write(path, b"private", 0o600)
            facts = os.lstat(path)
            os.chmod(path, 0o640)
            wider = stat.S_IMODE(os.lstat(path).st_mode)
        finally:
            os.umask(before)
        mode = stat.S_IMODE(facts.st_mode)
        if mode != 0o600 or wider != 0o640 or facts.st_uid != os.geteuid():
            found = f"a file made with mode 0600 has {mode:04o} and owner {facts.st_uid}"
            return Check("permission", "fail", found, _ELSEWHERE)
        detail = "0600 is really 0600, with any umask"
    return Check("permission", "ok", detail)


def _fsync(folder: str) -> Check:
    """Files and folders can be synced."""
    from dtsconf.files import sync_folder

    path = os.path.join(folder, "synced")
    start = time.perf_counter()
    _write(path, b"x" * 4096, sync=True)
    sync_folder(folder)
    took = (time.perf_counter() - start) * 1000
    return Check("fsync", "ok", f"file and folder synced in {took:.1f} ms")


def _lock(folder: str) -> Check:
    """A lock keeps another process out, and comes free when its holder is killed."""
    from dtsconf.files.lock import FileLock

    path = os.path.join(folder, "lock")
    child = subprocess.Popen(
        _victim("hold", path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environ()
    )
    with child:
        try:
            told = child.stdout.readline() if child.stdout else b""
            kept_out = told.strip() == b"held" and not FileLock(path).acquire(0)
        finally:
            child.kill()
    mine = FileLock(path)
    freed = mine.acquire(5)
    mine.release()
    if kept_out and freed:
        return Check("lock", "ok", "a lock keeps a second process out, and comes free when its holder is killed")
    detail = "a second process got the lock" if not kept_out else "the lock of a killed process was not freed"
    return Check("lock", "fail", detail, _ELSEWHERE)


def _kill(folder: str) -> Check:
    """A transaction killed at each of its calls leaves the old or the new, never a mix, and can be recovered."""
    from dtsconf.doctor.victim import prepare, recovered

    old = new = 0
    for number in range(1, _MOST_CALLS):
        root = os.path.join(folder, f"kill-{number}")
        os.mkdir(root, 0o755)
        prepare(root)
        done = subprocess.run(
            _victim("commit", root, str(number)), stdin=subprocess.DEVNULL, capture_output=True, timeout=_SLOW,
            check=False, env=_environ(),
        )  # fmt: skip
        found = recovered(root)
        if found == "mixed":
            return Check(
                "kill",
                "fail",
                f"killed at call {number}, the files were not whole or not of one generation",
                _ELSEWHERE,
            )
        if done.returncode == 0:
            return _survived(old, new, number - 1)
        if not _was_killed(done.returncode):
            return Check("kill", "fail", f"the child ended by itself ({done.returncode})", _ELSEWHERE)
        old, new = old + (found == "old"), new + (found == "new")
    return Check("kill", "fail", f"a transaction of two files made more than {_MOST_CALLS} calls", _ELSEWHERE)


def _keyring(folder: str) -> Check:
    """The caller's keyring keeps, gives and forgets an entry."""
    from dtsconf.doctor.keyring import trial

    return trial(folder)


def _survived(old: int, new: int, calls: int) -> Check:
    if not old or not new:
        return Check("kill", "fail", f"all {calls} kills ended the same way: the trial itself is off", "report this")
    detail = (
        f"killed at each of its {calls} calls and recovered: {old} times the old files, {new} times the new, no mix"
    )
    return Check("kill", "ok", detail)


def _was_killed(code: int) -> bool:
    from dtsconf.doctor.victim import KILLED

    return code == KILLED


def _victim(*args: str) -> list[str]:
    return [sys.executable, "-m", "dtsconf.doctor.victim", *args]


def _environ() -> dict[str, str]:
    """The module path is handed on, however dtsconf was started."""
    from dtsconf.files.children import plain_environ

    return plain_environ(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path)))


def _write(path: str, data: bytes, *, sync: bool = False) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        if sync:
            os.fsync(file.fileno())
