"""The machine's own key, and what is derived from it: ids and digests of secrets.

A plain digest of a short secret can be guessed by trying; one under a key that only root reads can't. So whatever says
anything about a secret outside its file (an id in email.json, a digest in a generation or journal) is keyed.
HMAC-SHA256, RFC 2104.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError
from dtsconf.machine.journal import put

if TYPE_CHECKING:
    import hmac

    from dtsconf.machine.layout import Layout
    from dtsconf.machine.system import System

_SIZE = 32
_KEYED = "hmac-sha256:"
_PLAIN = "sha256:"


class MachineKey:
    """32 random bytes, kept in STATE/key (0600, hex). Its repr tells nothing."""

    __slots__ = ("_bytes",)

    def __init__(self, raw: bytes) -> None:
        self._bytes = raw

    def __repr__(self) -> str:
        return "MachineKey(********)"

    @classmethod
    def load(cls, system: System, layout: Layout) -> MachineKey | None:
        """The key, None when there is none yet. Raises: PermissionError for a caller who may not read it;
        DtsconfError when the file holds no key."""
        found = system.look(layout.key)
        if found is None:
            return None
        try:
            raw = bytes.fromhex(found.content.decode("ascii"))
        except ValueError:
            raw = b""
        if len(raw) != _SIZE:
            place = system.shown(layout.key)
            raise DtsconfError(f"{place} holds no key of dtsconf", f"rm {place} and apply again: a new one is made")
        return cls(raw)

    @classmethod
    def load_or_create(cls, system: System, layout: Layout) -> MachineKey:
        """The key, made when missing. The caller holds the machine's lock. Raises: OSError, DtsconfError."""
        key = cls.load(system, layout)
        if key is None:
            key = cls(os.urandom(_SIZE))
            put(system, layout.key, key._bytes.hex().encode() + b"\n", 0o600)
        return key

    def secret_id(self, name: str, value: str) -> str:
        """16 hex digits for a secret under a setting's dotted key: same key and value, same id."""
        return self._hmac(b"id\0" + name.encode() + b"\0" + value.encode()).hexdigest()[:16]

    def digest(self, content: bytes) -> str:
        """`hmac-sha256:` and 64 hex digits, for a file that holds a secret."""
        return _KEYED + self._hmac(b"file\0" + content).hexdigest()

    def _hmac(self, message: bytes) -> hmac.HMAC:
        import hmac

        return hmac.new(self._bytes, message, "sha256")


def plain_digest(content: bytes) -> str:
    """`sha256:` and 64 hex digits, for a file without a secret."""
    import hashlib  # which costs 2 ms: who only reads settings compares no digest

    return _PLAIN + hashlib.sha256(content).hexdigest()


def same_content(content: bytes, digest: str, key: MachineKey | None) -> bool:
    """Whether a digest of either kind is this content's. Without the key a keyed one can't be refuted: True."""
    if digest.startswith(_KEYED):
        import hmac

        return key is None or hmac.compare_digest(key.digest(content), digest)
    return plain_digest(content) == digest
