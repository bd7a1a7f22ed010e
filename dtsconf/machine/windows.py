"""The machine's files on Windows: by path, since it has no folder descriptors; links are refused all the same.

Private files (mode without group and others) get an access list of their own: the folder's would let every user read
them. So do the folders that dtsconf makes on the machine itself, in which only administrators may write. Modes, owners
and labels beyond that are the folder's (inherited). Never loaded on other systems.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from dtsconf.files import FileProblem, read_regular, replace, waiting_out, write_all
from dtsconf.files.children import plain_environ
from dtsconf.machine.system import LIMIT, Found, Refused, facts_of, refuse_unless_regular

if TYPE_CHECKING:
    from dtsconf.machine.system import Facts, Meta

if sys.platform == "win32":
    _MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_BINARY | os.O_NOINHERIT
    # Well-known ids, since the names are translated: owner rights, SYSTEM, Administrators, Users. A folder's rights are
    # handed down to what is made in it.
    _PRIVATE = ("*S-1-3-4:F", "*S-1-5-18:F", "*S-1-5-32-544:F")
    _FOLDER = (*(who.replace(":", ":(OI)(CI)") for who in _PRIVATE), "*S-1-5-32-545:(OI)(CI)RX")

    class WindowsSystem:
        """See System. `root` is the folder of `--root` or None."""

        def __init__(self, root: str | None = None) -> None:
            self._root = None if root is None else os.path.abspath(root)

        def shown(self, path: str) -> str:
            """See System."""
            return path if self._root is None else os.path.join(self._root, path.lstrip("/\\"))

        def ids(self) -> tuple[int, int]:
            """See System. Files on Windows have no such numbers."""
            return 0, 0

        def facts(self, path: str) -> Facts | None:
            """See System."""
            try:
                found = os.lstat(self.shown(path))
            except FileNotFoundError:
                return None
            refuse_unless_regular(self.shown(path), found.st_mode)
            return facts_of(found)

        def look(self, path: str) -> Found | None:
            """See System."""
            if self.facts(path) is None:
                return None
            try:
                content, found = read_regular(self.shown(path), LIMIT)
            except FileProblem as problem:
                raise Refused(f"{problem.path} {problem.message}", "move it away") from None
            return Found(facts_of(found), content)

        def folder(self, path: str) -> bool:
            """See System. Junctions and links are refused; who may write is not asked."""
            place = self.shown(path)
            if os.path.islink(place) or (os.path.lexists(place) and not os.path.isdir(place)):
                raise Refused(f"{place} is a link or no folder", "put a folder there")
            return os.path.isdir(place)

        def names(self, folder: str) -> list[str]:
            """See System."""
            try:
                return sorted(os.listdir(self.shown(folder)))
            except FileNotFoundError:
                return []

        def mkdir(self, path: str) -> None:
            """See System. What is made in %ProgramData% would inherit that every user may put files there, a journal
            among them."""
            place = self.shown(path)
            os.mkdir(place)
            if self._root is None:
                try:
                    _grant(place, _FOLDER)
                except OSError:
                    with suppress(OSError):
                        os.rmdir(place)
                    raise

        def rmdir(self, path: str) -> bool:
            """See System."""
            try:
                os.rmdir(self.shown(path))
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                    return False
                raise
            return True

        def create(self, path: str, data: bytes, meta: Meta) -> Facts:
            """See System."""
            place = self.shown(path)
            descriptor = os.open(place, _MAKE)
            try:
                if not meta.owner.mode & 0o077:
                    _grant(place, _PRIVATE)
                write_all(descriptor, data)
                os.fsync(descriptor)
                return facts_of(os.fstat(descriptor))
            except BaseException:
                os.close(descriptor)
                descriptor = -1
                with suppress(OSError):
                    os.unlink(place)
                raise
            finally:
                if descriptor >= 0:
                    os.close(descriptor)

        def link(self, old: str, new: str) -> None:
            """See System."""
            os.link(self.shown(old), self.shown(new))

        def rename(self, old: str, new: str) -> None:
            """See System."""
            replace(self.shown(old), self.shown(new))

        def unlink(self, path: str) -> bool:
            """See System."""
            try:
                waiting_out(lambda: os.unlink(self.shown(path)))
            except FileNotFoundError:
                return False
            return True

        def sync(self, folder: str) -> None:
            """See System. NTFS journals its folders."""

    def _grant(place: str, rights: tuple[str, ...]) -> None:
        """Gives these rights in place of all inherited ones, before anything is written. Raises: OSError."""
        grants = [word for right in rights for word in ("/grant:r", right)]
        command = [os.path.join(os.environ.get("SYSTEMROOT", "C:\\Windows"), "System32", "icacls.exe"), place]
        command += ["/inheritance:r", *grants, "/q"]
        done = subprocess.run(command, env=plain_environ(os.environ), capture_output=True, check=False)
        if done.returncode:
            raise OSError(errno.EACCES, "its access list can't be set", place)
