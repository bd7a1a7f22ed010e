"""This machine's files on POSIX systems, by descriptors: each path is walked from DIR (or `/`) down without following
a link.

A path is looked up once per call, folder by folder, and the call then works inside the folder that was checked: nobody
can slip another one in between (openat, renameat, ...). Folders that somebody else may write are refused before
anything is written into them. Windows has no such calls; its variant is in windows.py.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from stat import S_ISLNK
from typing import TYPE_CHECKING

from dtsconf.files import FileProblem, read_open, sync_open_folder, write_all
from dtsconf.files.trust import ACL, untrusted
from dtsconf.machine.system import LIMIT, Facts, Found, Refused, facts_of, refuse_unless_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtsconf.machine.system import Meta

if sys.platform != "win32":
    _FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    # A walk needs no right to list a folder; macOS has no descriptor for that.
    _STEP = _FOLDER | (os.O_PATH if sys.platform == "linux" else os.O_RDONLY)
    _READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    _MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

    class PosixSystem:
        """See System. `root` is the folder of `--root` (it may be reached through links) or None."""

        def __init__(self, root: str | None = None) -> None:
            self._base = "/" if root is None else os.path.abspath(root)
            self._owners = frozenset({0, os.geteuid()})

        def shown(self, path: str) -> str:
            """See System."""
            return os.path.join(self._base, path.lstrip("/")) if path != "/" else self._base

        def ids(self) -> tuple[int, int]:
            """See System."""
            return os.geteuid(), os.getegid()

        def facts(self, path: str) -> Facts | None:
            """See System."""
            try:
                with self._folder_of(path, checked=False) as (folder, name):
                    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return None
            refuse_unless_regular(self.shown(path), found.st_mode)
            return facts_of(found)

        def look(self, path: str) -> Found | None:
            """See System."""
            if self.facts(path) is None:
                return None
            try:
                with self._folder_of(path, checked=False) as (folder, name):
                    descriptor = os.open(name, _READ, dir_fd=folder)
                    try:
                        content, found = read_open(descriptor, path, LIMIT)
                        return Found(facts_of(found), content, _labels(descriptor))
                    finally:
                        os.close(descriptor)
            except FileNotFoundError:
                return None
            except FileProblem as problem:
                raise Refused(f"{self.shown(path)} {problem.message}", "move it away") from None

        def folder(self, path: str) -> bool:
            """See System."""
            try:
                with self._walk(path, path, checked=True):
                    return True
            except FileNotFoundError:
                return False

        def names(self, folder: str) -> list[str]:
            """See System."""
            try:
                with self._walk(folder, folder, checked=False) as walked, _readable(walked) as descriptor:
                    return sorted(os.listdir(descriptor))
            except FileNotFoundError:
                return []

        def mkdir(self, path: str) -> None:
            """See System."""
            if path == "/":  # the folder of --root itself, which its user may ask for before it is there
                os.mkdir(self._base, 0o755)
            else:
                with self._folder_of(path) as (folder, name):
                    os.mkdir(name, 0o755, dir_fd=folder)
            try:
                with self._walk(path, path, checked=False) as walked, _readable(walked) as made:
                    os.fchmod(made, 0o755)
            except OSError:
                with suppress(OSError):
                    self.rmdir(path)
                raise

        def rmdir(self, path: str) -> bool:
            """See System."""
            try:
                if path == "/":
                    os.rmdir(self._base)
                    return True
                with self._folder_of(path) as (folder, name):
                    os.rmdir(name, dir_fd=folder)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
                    return False
                raise
            return True

        def create(self, path: str, data: bytes, meta: Meta) -> Facts:
            """See System."""
            with self._folder_of(path) as (folder, name):
                descriptor = os.open(name, _MAKE, 0o600, dir_fd=folder)
                try:
                    write_all(descriptor, data)
                    _dress(descriptor, meta)
                    os.fsync(descriptor)
                    return facts_of(os.fstat(descriptor))
                except BaseException:
                    with suppress(OSError):
                        os.unlink(name, dir_fd=folder)
                    raise
                finally:
                    os.close(descriptor)

        def link(self, old: str, new: str) -> None:
            """See System."""
            with self._folder_of(old) as (source, name), self._folder_of(new) as (folder, other):
                os.link(name, other, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)

        def rename(self, old: str, new: str) -> None:
            """See System."""
            with self._folder_of(old) as (source, name), self._folder_of(new) as (folder, other):
                os.rename(name, other, src_dir_fd=source, dst_dir_fd=folder)

        def unlink(self, path: str) -> bool:
            """See System."""
            try:
                with self._folder_of(path) as (folder, name):
                    os.unlink(name, dir_fd=folder)
            except FileNotFoundError:
                return False
            return True

        def sync(self, folder: str) -> None:
            """See System."""
            with self._walk(folder, folder, checked=True) as walked, _readable(walked) as descriptor:
                sync_open_folder(descriptor)

        @contextmanager
        def _folder_of(self, path: str, *, checked: bool = True) -> Iterator[tuple[int, str]]:
            """The folder that holds `path`, open, and the name in it. Errors inside name the path."""
            folder, name = os.path.split(path)
            with self._walk(folder, path, checked=checked) as descriptor:
                yield descriptor, name

        @contextmanager
        def _walk(self, folder: str, path: str, *, checked: bool) -> Iterator[int]:
            """Opens a folder, step by step from the base. `checked`: each must be root's or the caller's alone. An
            OSError in here or in the block names `path` as its user knows it."""
            descriptor = -1
            try:
                descriptor = os.open(self._base, _STEP & ~os.O_NOFOLLOW)
                at = self._base
                for name in ("", *_parts(folder)):
                    if name:
                        at = os.path.join(at, name)
                        descriptor = _step(descriptor, name, at)
                    if checked:
                        self._check(at, os.fstat(descriptor))
                yield descriptor
            except OSError as error:
                if isinstance(error.filename, str) and os.path.isabs(error.filename):
                    raise  # named further in
                raise OSError(error.errno, error.strerror, self.shown(path)) from error
            finally:
                if descriptor >= 0:
                    os.close(descriptor)

        def _check(self, shown: str, found: os.stat_result) -> None:
            if fault := untrusted(shown, found, self._owners, sticky=False):
                raise Refused(f"{fault.path} {fault.reason}, so others could change what is written there", fault.fix)

    def _parts(folder: str) -> list[str]:
        parts = [part for part in folder.split("/") if part]
        if not folder.startswith("/") or ".." in parts or "." in parts:
            raise Refused(f"{folder} is not an absolute path without . and ..", "write the path out in full")
        if sys.platform == "darwin" and parts and parts[0] in ("etc", "tmp", "var"):
            return ["private", *parts]  # the system's own links
        return parts

    def _step(descriptor: int, name: str, at: str) -> int:
        """The next folder down, opened; closes the one above. Raises: Refused for a link or a file."""
        try:
            below = os.open(name, _STEP, dir_fd=descriptor)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
            kind = "a link, and links are not followed" if _is_link(descriptor, name) else "no folder"
            raise Refused(f"{at} is {kind}", "put a folder there, or name another path in the profile") from None
        os.close(descriptor)
        return below

    def _is_link(descriptor: int, name: str) -> bool:
        return S_ISLNK(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode)

    @contextmanager
    def _readable(walked: int) -> Iterator[int]:
        """The same folder, opened for listing and syncing."""
        descriptor = os.open(".", _FOLDER | os.O_RDONLY, dir_fd=walked)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _dress(descriptor: int, meta: Meta) -> None:
        """Gives a new file its owner, labels, mode and time. The mode comes last: a change of owner clears bits of it,
        an ACL sets some."""
        found = os.fstat(descriptor)
        if (found.st_uid, found.st_gid) != meta.owner[1:]:
            os.fchown(descriptor, meta.owner.uid, meta.owner.gid)
        _set_labels(descriptor, dict(meta.labels))
        os.fchmod(descriptor, meta.owner.mode)
        if meta.mtime_ns is not None:
            os.utime(descriptor, ns=(meta.mtime_ns, meta.mtime_ns))


def _kept(name: str) -> bool:
    """Extended attributes that belong to the file's place and not to its bytes (as those of IMA do)."""
    return name in (ACL, "security.selinux", "security.SMACK64") or name.startswith("user.")


def _labels(descriptor: int) -> tuple[tuple[str, bytes], ...]:
    if sys.platform == "linux":
        with suppress(OSError):  # a file system without them
            names = [name for name in os.listxattr(descriptor) if _kept(name)]
            return tuple(sorted((name, os.getxattr(descriptor, name)) for name in names))
    return ()


def _set_labels(descriptor: int, wanted: dict[str, bytes]) -> None:
    if sys.platform == "linux":
        there = dict(_labels(descriptor))
        for name in there.keys() - wanted.keys():
            if not name.startswith("security."):  # a label is never without value
                os.removexattr(descriptor, name)
        for name, value in wanted.items():
            if there.get(name) != value:
                _set_label(descriptor, name, value)


def _set_label(descriptor: int, name: str, value: bytes) -> None:
    """Only the system's own user may relabel; for others the folder's default stands (a try under --root)."""
    if sys.platform == "linux":
        try:
            os.setxattr(descriptor, name, value)
        except PermissionError:
            if os.geteuid() == 0 or not name.startswith("security."):
                raise
