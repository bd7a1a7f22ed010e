"""Several files replaced as one, or not at all: the order of steps, and why a kill or an error at any of them is safe.

What makes it safe
    1. `staged.json` names every file and folder that will be made beside the targets, synced, before the first is made.
    2. Folders, then the new files under their scratch names: final content, owner, mode, labels; files and folders
       synced. Nothing live is touched. (Verification runs here.)
    3. What stands there gets a second name, its backup (a hard link: no space needed, every bit of metadata kept); the
       generations' records are staged like targets. Everything synced. From here on nothing new has to be written.
    4. `journal.json` appears by rename, synced: the commit point.
    5. Each step is one rename, synced before the next. Then the targets are read back.
    6. The records are renamed into place, synced: the run has succeeded.
    7. `journal.json` goes, synced; then backups and `staged.json`.

A kill
    before 4: without a journal only registered names are there; `clear` removes them, then `staged.json`.
    4 to 6: whether a step was done shows by its staging name: there, it is still to do; gone, it was done, and what
        stands there must have the journal's digest. So going forward twice does what going forward once does. If that
        can't be (somebody removed a staging file), the run is undone.
    after 6: the records are complete, so recovery only removes the journal and clears away.

An error
    before 4: `clear`. From 4 to 6: the journal is renamed to `undo.json` and synced, which turns every later recovery
    back as well; then each step that was done is taken back, latest first, by renaming its backup over it, or by
    removing what wasn't there before. A backup that is gone was put back already: undoing twice is undoing once.
    After 6: the run has succeeded; what can't be removed is a warning, and the next command clears it away.

The secrets file comes twice among the writes: first with old and new ids, last with the new ones alone. Each time what
it held is its backup, so on the way back too it holds both until the config is the old one again.

Backups lie beside the targets and not in STATE: a rename puts one back, also on a full disk, across which a copy would
fail, and a hard link can't leave its file system. Each has the rights of the very file that it is.

Ctrl-C, SIGTERM and SIGHUP are ignored from 4 to 7, a blink; before that everything staged is removed. Not known here:
targets, settings, what a generation holds.
"""

from __future__ import annotations

import os
from dataclasses import field
from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError
from dtsconf.frozen import frozen
from dtsconf.machine.journal import Scratch, write_scratch
from dtsconf.machine.key import plain_digest
from dtsconf.machine.layout import beside, parent
from dtsconf.machine.ownership import meta_for
from dtsconf.machine.staged import Item, Staged, or_clear, second_name
from dtsconf.machine.system import Owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtsconf.machine.key import MachineKey
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import Facts, Found, System

_NAME = 64  # characters of a target's name in its scratch names, which must not outgrow what a folder takes


@frozen
class Write:
    """One step: what shall stand at `path` (logical, absolute) after it.

    `content` bytes: a file with them. `source` another path: the very file that stands there (same inode, so owner,
    mode, ACL and times too: `--adopt` keeps a file beside, rollback 0 puts it back). Neither: nothing, the file is
    deleted. The same path may come twice (secrets: old and new ids first, new ones last); steps are taken in order.

    `mode` and `gid` (None: the caller's) are what dtsconf would give a new file. What stands there keeps its own where
    it is not as `last` says (mode, uid, gid of the last generation; None: never ours) -- with `secret` only as far as
    that lets nobody else read it.
    """

    path: str
    content: bytes | None = field(default=None, repr=False)
    source: str | None = None
    mode: int = 0o644
    gid: int | None = None
    secret: bool = False
    last: Owner | None = None

    @property
    def deletes(self) -> bool:
        """Whether nothing shall stand there."""
        return self.content is None and self.source is None


class Transaction:
    """Stages writes on a machine. The caller holds the machine's lock and has called `recover`."""

    def __init__(self, system: System, layout: Layout, key: MachineKey) -> None:
        self._system, self._layout, self._key = system, layout, key

    def stage(self, writes: Sequence[Write], *, folders_gone: Iterable[str] = ()) -> Staged:
        """Puts every new file beside its place, synced, in its final mode; makes missing folders (0755). Nothing live
        changes. `folders_gone` are removed after the commit if they are empty then.
        Raises: DtsconfError (everything is removed again), Refused."""
        with or_clear(self._system, self._layout):
            found = {write.path: self._system.look(write.path) for write in writes}
            outline = self._outline(writes, found)
            made = self._missing_folders(write.path for write in writes)
            self._register(outline, [*made, *filter(self._system.names, folders_gone)])
            for folder in made:
                self._system.mkdir(folder)
                self._system.sync(parent(folder))
            items = tuple(self._make(write, item) for write, item in zip(writes, outline, strict=True))
            for folder in dict.fromkeys(parent(write.path) for write in writes):
                self._system.sync(folder)
        made_outside = tuple(folder for folder in made if folder != self._layout.generations)
        return Staged(self._system, self._layout, self._key, items, made_outside)

    def _outline(self, writes: Sequence[Write], found: dict[str, Found | None]) -> list[Item]:
        """The names that each write will use, and what it will find at its path."""
        items: list[Item] = []
        before: dict[str, Item] = {}
        for write in writes:
            folder, name = os.path.split(write.path)
            scratch = beside(folder, f".{name[:_NAME]}.dtsconf-{os.urandom(8).hex()}")
            earlier = before.get(write.path)
            stands = write.path if found[write.path] else None
            item = Item(
                path=write.path,
                found=found[write.path],
                staging=None if write.deletes else scratch + ".new",
                backup=scratch + ".old",
                replaces=earlier.staging if earlier else stands,
            )
            items.append(item)
            before[write.path] = item
        return items

    def _missing_folders(self, paths: Iterable[str]) -> list[str]:
        """Folders to make, outermost first."""
        missing: set[str] = set()
        for folder in (self._layout.generations, *map(parent, paths)):
            at = folder
            while at not in missing and not self._system.folder(at):
                missing.add(at)
                at = parent(at)
        return sorted(missing, key=len)

    def _register(self, items: list[Item], folders: list[str]) -> None:
        names = [name for item in items for name in (item.staging, item.backup) if name]
        write_scratch(self._system, self._layout, Scratch(tuple(names), tuple(sorted(set(folders), key=len))))

    def _make(self, write: Write, item: Item) -> Item:
        if item.staging is None:
            return item
        if write.source is not None:
            return item.made(*self._same_file(write.source, item.staging))
        content = write.content or b""
        uid, gid = self._system.ids()
        wanted = Owner(write.mode, uid, gid if write.gid is None else write.gid)
        meta = meta_for(wanted, write.secret, item.found, write.last)
        facts = self._system.create(item.staging, content, meta)
        return item.made(facts, self._key.digest(content) if write.secret else plain_digest(content))

    def _same_file(self, source: str, staging: str) -> tuple[Facts, str]:
        """The digest is keyed: what somebody else wrote may hold a password."""
        second_name(self._system, source, staging)
        found = self._system.look(staging)
        if found is None:
            raise DtsconfError(f"{self._system.shown(source)} went away while it was being kept", "apply again")
        return found.facts, self._key.digest(found.content)
