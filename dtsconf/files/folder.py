"""A folder that is opened once: what was looked at is what is written into, and no long path is looked up again for
each step (openat(2)). On Windows, where no folder can be opened, it goes by its path."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self

from dtsconf.files import sync_open_folder

if TYPE_CHECKING:
    from types import TracebackType

if sys.platform != "win32":
    _FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Folder:
    """An open folder, and a context manager that closes it. `descriptor` is -1 where there is none.

    Raises:
        OSError: there is no such folder, or it can't be opened.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.descriptor = -1
        if sys.platform == "win32":
            os.stat(path)
        else:
            self.descriptor = os.open(path, _FLAGS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)

    @property
    def place(self) -> str | int:
        """What to give to calls that take a path or a descriptor."""
        return self.path if self.descriptor < 0 else self.descriptor

    def facts(self) -> os.stat_result:
        """What stat tells of it now. Raises: OSError."""
        return os.stat(self.place)

    def facts_of(self, name: str) -> os.stat_result:
        """What stat tells of an entry. Raises: OSError."""
        if self.descriptor < 0:
            return os.stat(os.path.join(self.path, name))
        return os.stat(name, dir_fd=self.descriptor)

    def sync(self) -> None:
        """As `sync_folder`. Raises: OSError."""
        if self.descriptor >= 0:
            sync_open_folder(self.descriptor)
