"""The note that a run leaves while it makes STATE's folders, so that one killed on the way leaves nothing for good.

It lies beside the first folder that is to be made, is there before that folder, and names all of them. Whoever takes
the lock next takes the folders over as its own making, and the note goes when the lock's file names them (lock.py).
Others may be able to write where it lies: only STATE and the folders above it are believed, and of those only empty
ones are ever removed.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from dtsconf.files.lock import FileLock
from dtsconf.machine.layout import beside, parent

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import System

NAME = ".dtsconf-begun"


def begun(layout: Layout) -> bool:
    """Whether some run is making STATE's folders, or was killed while it did. Cheap."""
    return any(os.path.lexists(layout.real(path)) for path in _places(layout))


class Begun:
    """One run's making of STATE. `made` are the folders that are its own, outermost first."""

    def __init__(self, system: System, layout: Layout) -> None:
        self.made: list[str] = []
        self._system, self._layout = system, layout
        self._notes: list[FileLock] = []

    def make(self) -> None:
        """Make STATE (0755) and what is missing above it; take over what a killed run made.

        Raises:
            OSError, Refused.
        """
        for path in _places(self._layout):
            if os.path.lexists(self._layout.real(path)):
                self._take_over(path)
        missing = self._missing()
        if missing and missing[0] == "/":  # the folder of --root itself: its user named it
            self._mkdir(missing.pop(0))
        if missing:
            self._note(missing)
        for folder in missing:
            self._mkdir(folder)

    def end(self) -> None:
        """The folders are on record elsewhere, or gone again."""
        for note in self._notes:
            with suppress(OSError):
                note.release(remove=True)
        self._notes.clear()

    def _take_over(self, path: str) -> None:
        note = FileLock(self._layout.real(path))
        if note.path in (held.path for held in self._notes) or not note.acquire():
            return
        self._notes.append(note)
        with suppress(ValueError, TypeError):
            noted = json.loads(note.text() or "[]")
            self.made += [each for each in _above(self._layout) if each in noted and each not in self.made]

    def _missing(self) -> list[str]:
        """The folders that aren't there, outermost first."""
        return [folder for folder in _above(self._layout) if not self._system.folder(folder)]

    def _note(self, missing: list[str]) -> None:
        note = FileLock(self._layout.real(beside(parent(missing[0]), NAME)))
        try:
            if note.acquire():  # else another first apply is at it, and has noted the same folders
                self._notes.append(note)
                note.write(json.dumps(missing))
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._system.shown(missing[0])) from error

    def _mkdir(self, folder: str) -> None:
        ours = folder not in self.made
        if ours:
            self.made.append(folder)  # before it is made: Ctrl-C may come as soon as it is
        try:
            self._system.mkdir(folder)
        except FileExistsError:  # another first apply was faster
            if ours:
                self.made.remove(folder)
            return
        self._system.sync(parent(folder))


def _above(layout: Layout) -> list[str]:
    """STATE and the folders above it, outermost first."""
    folders = [layout.state]
    while parent(folders[0]) != folders[0]:
        folders.insert(0, parent(folders[0]))
    return folders


def _places(layout: Layout) -> list[str]:
    """Where a note may lie."""
    return [beside(folder, NAME) for folder in _above(layout)[:-1]]
