"""Contents for tests: bytes that come in pieces of any size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Whole:
    """A message; `step` is how many bytes come at once. `read` counts how often it was read from its start."""

    data: bytes
    step: int = 1 << 20
    message_id: str = "<c0ffee@acme.example>"
    eight_bit: bool = False
    read: int = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        self.read += 1
        for at in range(0, len(self.data), self.step):
            yield self.data[at : at + self.step]
