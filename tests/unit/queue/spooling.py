"""What the tests of the spool share: a message, a server that answers as told, a clock that stands."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from dtsconf.queue.attempt import Item, Outcome
from dtsconf.queue.entry import Entry, Progress
from dtsconf.queue.held import read_beside
from dtsconf.queue.ledger import Ran
from dtsconf.queue.runner import Runner, Which
from dtsconf.queue.spool import Slot, Spool

ALL = Which(everything=True)
DUE = Which()
TWO = ("you@acme.example", "she@acme.example")


class Message:
    """A message of a test."""

    eight_bit = False

    def __init__(self, text: bytes = b"Subject: x\r\n\r\nhello\r\n", message_id: str = "<1@acme.example>") -> None:
        self.text, self.message_id = text, message_id

    @property
    def size(self) -> int:
        return len(self.text)

    def chunks(self) -> Iterator[bytes]:
        yield self.text[:5]
        yield self.text[5:]


class Clock:
    """A clock that stands where the test puts it."""

    def __init__(self) -> None:
        self.time = time.time()

    def now(self) -> float:
        return self.time

    def random(self) -> float:
        return 0.5


class Server:
    """What delivers: gives the outcomes of the test in turn, then takes everything."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.got: list[tuple[str, tuple[str, ...], bytes]] = []

    def __call__(self, items: Iterable[Item]) -> Generator[Outcome, None, None]:
        for item in items:
            item.begin()
            self.got.append((item.entry.message_id, item.recipients, b"".join(item.content.chunks())))
            yield self.outcomes.pop(0) if self.outcomes else Outcome()


def dies_once_taken(items: Iterable[Item]) -> Generator[Outcome, None, None]:
    """What delivers, and is killed when everybody has got the first one."""
    for item in items:
        item.begin()
        item.taken()
        raise KeyboardInterrupt
    yield Outcome()


def add(spool: Spool, text: bytes = b"Subject: x\r\n\r\nhello\r\n", message_id: str = "<1@acme.example>") -> Entry:
    return spool.add(Message(text, message_id), "dts@acme.example", TWO, "x")


def run(spool: Spool, server: Any, which: Which = ALL, clock: Clock | None = None) -> list[Ran]:
    return Runner(spool, server, clock=clock or Clock()).run(which)


def progress_of(slot: Slot) -> Progress:
    found = read_beside(slot.path)
    assert found is not None
    return found


def files(spool: Spool) -> list[str]:
    return sorted(
        os.path.relpath(os.path.join(at, name), spool.folder)
        for at, _, names in os.walk(spool.folder)
        for name in names
    )
