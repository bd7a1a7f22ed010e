"""A message to be sent, whatever makes it. Shared by `mail`, which sends it, and `queue`, which keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Content(Protocol):
    """A message (RFC 5322). `message_id` has its angle brackets; `size` is in octets with CRLF line ends, not
    dot-stuffed (RFC 1870 3); `eight_bit`: its header holds octets over 127, addresses (RFC 6532); a body never
    does."""

    @property
    def message_id(self) -> str:
        """See above."""

    @property
    def size(self) -> int:
        """See above."""

    @property
    def eight_bit(self) -> bool:
        """See above."""

    def chunks(self) -> Iterator[bytes]:
        """The message from its start, in pieces that may end anywhere; may be called again."""
