"""The machine's files in memory, with what a disk can do to them: kills, errors and power cuts at a chosen call.

`live` is what running programs see, `durable` what a power cut leaves: a folder's entries get there by `sync`.
Content and metadata of a file are durable as soon as it is created, as `System.create` promises.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from dtsconf.machine.system import Facts, Found, Meta, Owner, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


@dataclass
class File:
    number: int
    content: bytes
    meta: Meta


@dataclass
class Link:
    target: str


@dataclass
class Folder:
    owner: Owner = field(default_factory=lambda: Owner(0o755, 0, 0))
    live: dict[str, File | Link | Folder] = field(default_factory=dict)
    durable: dict[str, File | Link | Folder] = field(default_factory=dict)


def _error(code: int, path: str) -> OSError:
    return OSError(code, os.strerror(code), path)


class MemorySystem:
    """See System. `hard_links` False is a file system without them."""

    def __init__(self, *, hard_links: bool = True) -> None:
        self.top = Folder()
        self.hard_links = hard_links
        self._count = 0

    def shown(self, path: str) -> str:
        return path

    def ids(self) -> tuple[int, int]:
        return 0, 0

    def facts(self, path: str) -> Facts | None:
        file = self._file(path)
        return None if file is None else self._facts(file)

    def look(self, path: str) -> Found | None:
        file = self._file(path)
        return None if file is None else Found(self._facts(file), file.content, file.meta.labels)

    def folder(self, path: str) -> bool:
        try:
            self._folder(path, checked=True)
        except FileNotFoundError:
            return False
        return True

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(self._folder(folder).live)
        except FileNotFoundError:
            return []

    def mkdir(self, path: str) -> None:
        folder, name = self._at(path)
        if name in folder.live:
            raise _error(errno.EEXIST, path)
        folder.live[name] = Folder()

    def rmdir(self, path: str) -> bool:
        try:
            folder, name = self._at(path)
        except FileNotFoundError:
            return False
        there = folder.live.get(name)
        if not isinstance(there, Folder) or there.live:
            return False
        del folder.live[name]
        return True

    def create(self, path: str, data: bytes, meta: Meta) -> Facts:
        folder, name = self._at(path)
        if name in folder.live:
            raise _error(errno.EEXIST, path)
        self._count += 1
        labels = tuple(sorted(meta.labels))
        mtime = self._count if meta.mtime_ns is None else meta.mtime_ns
        file = File(self._count, data, replace(meta, labels=labels, mtime_ns=mtime))
        folder.live[name] = file
        return self._facts(file)

    def link(self, old: str, new: str) -> None:
        if not self.hard_links:
            raise _error(errno.EPERM, new)
        file = self._file(old)
        if file is None:
            raise _error(errno.ENOENT, old)
        folder, name = self._at(new)
        if name in folder.live:
            raise _error(errno.EEXIST, new)
        folder.live[name] = file

    def rename(self, old: str, new: str) -> None:
        source, name = self._at(old)
        folder, other = self._at(new)
        if name not in source.live:
            raise _error(errno.ENOENT, old)
        if isinstance(folder.live.get(other), Folder):
            raise _error(errno.EISDIR, new)
        if source.live[name] is not folder.live.get(other):
            folder.live[other] = source.live.pop(name)

    def unlink(self, path: str) -> bool:
        try:
            folder, name = self._at(path)
        except FileNotFoundError:
            return False
        return folder.live.pop(name, None) is not None

    def sync(self, folder: str) -> None:
        at = self._folder(folder, checked=True)
        at.durable = dict(at.live)

    # What tests do to it.

    def cut_power(self, keeps: Callable[[str], bool] = lambda _path: False) -> None:
        """What wasn't synced is gone, save in the folders whose path `keeps` accepts."""
        for path, folder in list(self._folders("/", self.top)):
            if not keeps(path):
                folder.live = dict(folder.durable)
            folder.durable = dict(folder.live)

    def sync_all(self) -> None:
        self.cut_power(lambda _path: True)

    def tree(self) -> dict[str, tuple[Owner, bytes | None, tuple[tuple[str, bytes], ...], int | None, int]]:
        """Everything there is: path -> owner, content (None: a folder), labels, time, inode."""
        seen: dict[str, tuple[Owner, bytes | None, tuple[tuple[str, bytes], ...], int | None, int]] = {}
        for path, folder in self._folders("/", self.top, durable=False):
            seen[path] = folder.owner, None, (), None, 0
            for name, file in folder.live.items():
                if isinstance(file, File):
                    at = posixpath.join(path, name)
                    seen[at] = file.meta.owner, file.content, file.meta.labels, file.meta.mtime_ns, file.number
        return seen

    def put(self, path: str, content: bytes, meta: Meta | None = None) -> None:
        """An administrator's hand: makes folders and the file, replacing what is there."""
        at = "/"
        for name in posixpath.dirname(path).split("/")[1:]:
            at = posixpath.join(at, name)
            if not self.folder(at):
                self.mkdir(at)
        self.unlink(path)
        self.create(path, content, meta or Meta(Owner(0o644, 0, 0)))
        self.sync_all()

    def symlink(self, path: str, target: str) -> None:
        folder, name = self._at(path)
        folder.live[name] = Link(target)

    def chown_folder(self, path: str, owner: Owner) -> None:
        self._folder(path).owner = owner

    def _folders(self, path: str, folder: Folder, *, durable: bool = True) -> Iterator[tuple[str, Folder]]:
        yield path, folder
        for name, below in sorted({**(folder.durable if durable else {}), **folder.live}.items()):
            if isinstance(below, Folder):
                yield from self._folders(posixpath.join(path, name), below, durable=durable)

    def _folder(self, path: str, *, checked: bool = False) -> Folder:
        parts = [part for part in path.split("/") if part]
        if not path.startswith("/") or ".." in parts:
            raise Refused(f"{path} is not an absolute path without . and ..", "write the path out in full")
        at: Folder = self.top
        for part in [None, *parts]:
            if part is not None:
                below = at.live.get(part)
                if below is None:
                    raise _error(errno.ENOENT, path)
                if not isinstance(below, Folder):
                    raise Refused(f"{path} is a link or no folder")
                at = below
            if checked and (at.owner.uid != 0 or at.owner.mode & stat.S_IWOTH):
                raise Refused(f"{path} is open to others")
        return at

    def _at(self, path: str) -> tuple[Folder, str]:
        folder, name = posixpath.split(path)
        return self._folder(folder, checked=True), name

    def _file(self, path: str) -> File | None:
        folder, name = posixpath.split(path)
        try:
            there = self._folder(folder).live.get(name)
        except FileNotFoundError:
            return None
        if isinstance(there, (Link, Folder)):
            raise Refused(f"{path} is a link or folder")
        return there

    @staticmethod
    def _facts(file: File) -> Facts:
        owner, mtime = file.meta.owner, file.meta.mtime_ns
        assert mtime is not None
        return Facts(owner.mode, owner.uid, owner.gid, len(file.content), mtime, (1, file.number))


class Died(BaseException):
    """The process was killed."""


@dataclass
class Fault:
    """What happens at the `at`-th changing call (from 1): `error` raises this errno before the call does anything,
    `late` after it did; without `error` the process dies. `persistent`: every later call fails too."""

    at: int
    error: int | None = None
    late: bool = False
    persistent: bool = False

    def hits(self, call: int) -> bool:
        return call == self.at or (self.persistent and call > self.at)


class Faulty:
    """A System whose changing calls are counted and at one of which something happens; once dead, it does nothing more,
    however the program's handlers try. `watch` is called after each
    that did something, as another program that looks at that moment."""

    def __init__(
        self,
        inner: MemorySystem,
        fault: Fault | None = None,
        watch: Callable[[], None] = lambda: None,
        *,
        then: Fault | None = None,
    ) -> None:
        self.inner, self.faults, self.watch, self.calls = inner, [f for f in (fault, then) if f], watch, 0
        self.log: list[str] = []
        self.dead = False

    def shown(self, path: str) -> str:
        return self.inner.shown(path)

    def ids(self) -> tuple[int, int]:
        return self.inner.ids()

    def facts(self, path: str) -> Facts | None:
        self._live()
        return self.inner.facts(path)

    def look(self, path: str) -> Found | None:
        self._live()
        return self.inner.look(path)

    def folder(self, path: str) -> bool:
        self._live()
        return self.inner.folder(path)

    def names(self, folder: str) -> list[str]:
        self._live()
        return self.inner.names(folder)

    def mkdir(self, path: str) -> None:
        self._do(f"mkdir {path}", lambda: self.inner.mkdir(path))

    def rmdir(self, path: str) -> bool:
        return self._do(f"rmdir {path}", lambda: self.inner.rmdir(path))

    def create(self, path: str, data: bytes, meta: Meta) -> Facts:
        try:
            return self._do(f"create {path}", lambda: self.inner.create(path, data, meta))
        except Died:
            if self.inner.facts(path) is None:  # killed while writing: made already, for nobody else's eyes
                self.inner.create(path, data[: len(data) // 2], Meta(Owner(0o600, 0, 0)))
            raise
        except OSError:
            self.inner.unlink(path)
            raise

    def link(self, old: str, new: str) -> None:
        self._do(f"link {old} {new}", lambda: self.inner.link(old, new))

    def rename(self, old: str, new: str) -> None:
        self._do(f"rename {old} {new}", lambda: self.inner.rename(old, new))

    def unlink(self, path: str) -> bool:
        return self._do(f"unlink {path}", lambda: self.inner.unlink(path))

    def sync(self, folder: str) -> None:
        self._do(f"sync {folder}", lambda: self.inner.sync(folder))

    def _live(self) -> None:
        if self.dead:
            raise Died

    def _do(self, what: str, call: Callable[[], T]) -> T:
        self._live()
        self.calls += 1
        self.log.append(what)
        fault = next((fault for fault in self.faults if fault.hits(self.calls)), None)
        if fault is None:
            result = call()
            self.watch()
            return result
        if fault.late:
            with suppress(OSError):  # as a file system without hard links says no
                call()
            self.watch()
        if fault.error is None:
            self.dead = True
            raise Died
        raise _error(fault.error, what.split()[1])
