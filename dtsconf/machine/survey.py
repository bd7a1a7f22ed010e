"""Looks up what stands at targets' paths, as far as the caller may. Cheap, and never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError
from dtsconf.machine.key import MachineKey, same_content
from dtsconf.machine.standing import Standing

if TYPE_CHECKING:
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.record import TargetRecord
    from dtsconf.machine.system import Facts, Found, System


class Survey:
    """One look at the machine: each path is read once, and what was read is kept for the commit to compare with."""

    def __init__(self, system: System, layout: Layout, key: MachineKey | None = None) -> None:
        self._system, self._layout = system, layout
        self._key = key or readable_key(system, layout)
        self._seen: dict[str, Standing | None] = {}
        self.found: dict[str, Found | None] = {}

    def standing(self, path: str) -> Standing | None:
        """The file at a path, None when nothing stands there. Raises: DtsconfError, Refused."""
        if path not in self._seen:
            self._seen[path] = self._look(path)
        return self._seen[path]

    def same(self, content: bytes, digest: str) -> bool | None:
        """Whether a recorded digest is this content's; None when that takes the machine's key, which isn't there."""
        if digest.startswith("hmac-"):
            return None if self._key is None else same_content(content, digest, self._key)
        return same_content(content, digest, None)

    @property
    def keyless(self) -> bool:
        """Whether the machine's key is gone, so that nobody can tell a secret's content from what was recorded."""
        return self._key is None and self._system.facts(self._layout.key) is None

    def unchecked(self, record: TargetRecord) -> bool:
        """Whether a file stands there whose content can't be told from what was recorded."""
        seen = self._seen.get(record.path)
        return seen is not None and (seen.content is None or self.same(b"", record.digest) is None)

    def _look(self, path: str) -> Standing | None:
        try:
            facts = self._system.facts(path)
            found = None if facts is None else self._system.look(path)
        except PermissionError as e:
            return self._closed(path, e)
        except OSError as e:
            raise unreadable(self._system, path, e) from None
        self.found[path] = found
        return None if found is None else _standing(found.facts, found.content)

    def _closed(self, path: str, error: PermissionError) -> Standing:
        """A file that the caller may not read, or not even get to."""
        try:
            facts = self._system.facts(path)
        except OSError:
            facts = None
        if facts is None:
            raise unreadable(self._system, path, error)
        return _standing(facts, None)


def _standing(facts: Facts, content: bytes | None) -> Standing:
    return Standing(facts.size, facts.mode, facts.uid, facts.gid, facts.mtime_ns, content)


def unreadable(system: System, path: str, error: OSError) -> DtsconfError:
    """The error for something that stands on the machine and can't be looked at."""
    hint = "run it as root (sudo)" if isinstance(error, PermissionError) else "look at the disk and its system's log"
    return DtsconfError(f"{system.shown(path)} can't be looked at: {error.strerror or error}", hint)


def readable_key(system: System, layout: Layout) -> MachineKey | None:
    """The machine's key, None when there is none yet or the caller may not read it. Raises: DtsconfError."""
    try:
        return MachineKey.load(system, layout)
    except PermissionError:
        return None
    except OSError as e:
        raise unreadable(system, layout.key, e) from None
