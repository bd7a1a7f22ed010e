"""A queued message and how far its delivery has come, as values; and their form in files. Pure.

A message is one file: a line that begins with a letter for its phase and goes on with JSON (`Entry`), then the message
itself. How far it has come stands in a second, small one (`Progress`), which is missing until an attempt has failed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import cache
from typing import Any, Literal, TypeVar

from dtsconf.frozen import frozen
from dtsconf.names import address_fault

FORMAT = 1
LONGEST_HEAD = 4 * 1024 * 1024
"""Octets of the first line: a message to 10,000 recipients has 1 MiB."""

LONGEST_PROGRESS = 256 * 1024 * 1024
"""Octets of a progress: room for what the server said of each recipient that a first line holds."""

LONGEST_DETAIL = 1000
"""Octets in a note of what a server says of a recipient; a reply may have 64 KiB."""
_LONGEST_CHARACTER = len(r"\ud83d\ude00")

_LAST_TIME = 10**11
"""Seconds since 1970 that a calendar still has a year of four digits for."""

T = TypeVar("T")
Phase = Literal["waiting", "sending", "sent"]
LETTERS: dict[Phase, bytes] = {"waiting": b"W", "sending": b"S", "sent": b"D"}
"""The first octet of a message's file: changed in place, which costs next to nothing."""

_ENCODER = json.JSONEncoder(sort_keys=True)
_DECODER = json.JSONDecoder()
PHASES = {letter: phase for phase, letter in LETTERS.items()}


class Damaged(Exception):
    """The file isn't what was written. The text says how."""


class Newer(Damaged):
    """A later version of dtsconf has written it, and knows what it means. `hint` is what to do."""

    hint = "update dtsconf (dtsconf --version tells which this is); a later run goes on with it"


@frozen
class Entry:
    """What was queued. `queued` is in seconds since 1970, `size` in octets of the message, `recipients` are all of the
    envelope's. `sender` is '' where only whoever signs in to send it brings an address along."""

    id: str
    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    size: int
    eight_bit: bool
    queued: float

    def line(self) -> bytes:
        """The first line of its file."""
        # Put together here: json makes its encoder of objects anew for each, which a queue of many feels.
        quoted = _ENCODER.encode
        return (
            LETTERS["waiting"]
            + (
                f'{{"eight_bit": {"true" if self.eight_bit else "false"}, "format": {FORMAT}, "id": {quoted(self.id)}, '
                f'"message_id": {quoted(self.message_id)}, "queued": {self.queued!r}, '
                f'"recipients": [{", ".join(map(quoted, self.recipients))}], "sender": {quoted(self.sender)}, '
                f'"size": {self.size}, "subject": {quoted(self.subject)}}}\n'
            ).encode()
        )


@frozen
class Refused:
    """A recipient for whom it failed for good. `code` is the server's reply code or None, `detail` why."""

    address: str
    code: int | None
    detail: str


def as_kept(words: str) -> str:
    """As much of a text as a note has room for."""
    found = words[:LONGEST_DETAIL]
    while (over := len(_ENCODER.encode(found)) - LONGEST_DETAIL) > 0:
        found = found[: -(over // _LONGEST_CHARACTER + 1)]
    return found


@frozen
class Progress:
    """How far it has come.

    `next` is when it is due, in seconds since 1970 (0: at once). `unknown` counts the attempts whose outcome nobody
    knows. `remaining` are the recipients still to be served (None: all). `detail` says what the last attempt came to.
    `since` is when one first came to nothing, in seconds since 1970 (0: none did).
    """

    attempts: int = 0
    unknown: int = 0
    next: float = 0
    remaining: tuple[str, ...] | None = None
    refused: tuple[Refused, ...] = ()
    detail: str = ""
    since: float = 0

    def text(self) -> bytes:
        """Its file."""
        return _ENCODER.encode(asdict(self)).encode() + b"\n"


def read_entry(line: bytes) -> tuple[Entry, Phase]:
    """The first line of a message's file. A message `sending` that nobody holds has an unknown outcome.

    Raises:
        Newer: a later version's.
        Damaged: it isn't one.
    """
    phase, found = PHASES.get(line[:1]), _object(line[1:])
    if phase is None:
        raise Damaged("it can't be read")
    form = found.pop("format", None)
    if type(form) is int and (form > FORMAT or (form == FORMAT and not _known(Entry, found))):
        raise Newer("a later version of dtsconf queued it")
    if form != FORMAT:
        raise Damaged("its first line isn't one of this version")
    found["recipients"] = _tuple(found.get("recipients"))
    entry = _made(Entry, found)
    named = (entry.sender, *entry.recipients) if entry.sender else entry.recipients
    if not entry.recipients or any(map(address_fault, named)):
        raise Damaged("it doesn't say whom it is from and to")
    return entry, phase


def read_progress(data: bytes) -> Progress:
    """The file beside it. What a later version has noted besides is left out: the message's own file says whether this
    one may send it.

    Raises:
        Damaged: it isn't one.
    """
    found = _object(data)
    if "attempts" in found:
        found = {name: found[name] for name, _ in _checks(Progress) if name in found}
    found["remaining"] = _tuple(found.get("remaining"))
    refused = _tuple(found.get("refused", []))
    if not isinstance(refused, tuple):
        raise Damaged(_OTHER)
    found["refused"] = tuple(_made(Refused, each) for each in refused)
    progress = _made(Progress, found)
    if any(map(address_fault, (*(progress.remaining or ()), *(each.address for each in progress.refused)))):
        raise Damaged(_OTHER)
    return progress


_OTHER = "it doesn't hold what it should"


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = _DECODER.decode(data.decode())
    except (ValueError, RecursionError):
        raise Damaged("it can't be read") from None
    if not isinstance(found, dict):
        raise Damaged("it can't be read")
    return found


def _made(kind: type[T], found: Any) -> T:
    try:
        made = kind(**found)
    except TypeError:
        raise Damaged(_OTHER) from None
    shape: Any = kind
    for name, fits in _checks(shape):
        if not fits(getattr(made, name)):
            raise Damaged(_OTHER)
    return made


def _known(kind: Any, found: dict[str, Any]) -> bool:
    return found.keys() <= {name for name, _ in _checks(kind)}


@cache
def _checks(kind: Any) -> tuple[tuple[str, Callable[[Any], bool]], ...]:
    return tuple((each.name, _FITS[str(each.type)]) for each in fields(kind))


def _texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) for each in value)


_FITS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: type(value) is int and value >= 0,
    "int | None": lambda value: value is None or type(value) is int,
    "float": lambda value: type(value) in (int, float) and 0 <= value < _LAST_TIME,
    "tuple[str, ...]": _texts,
    "tuple[str, ...] | None": lambda value: value is None or _texts(value),
    "tuple[Refused, ...]": lambda value: isinstance(value, tuple),
}
"""By a field's declared type: whether a value that was read is one."""
