"""Where each value of a JSON text stands, as line and column. Pure; the text must already have passed `json.loads`.

The standard reader keeps no places and a YAML reader would cost its import on every start, while this is one pass
over the tokens.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


@dataclass(slots=True)
class Places:
    """Path of keys and indices -> offset of the value; and the paths of keys that an object has twice."""

    text: str
    offsets: dict[Path, int] = field(default_factory=dict)
    doubles: list[Path] = field(default_factory=list)

    def spot(self, path: Path) -> tuple[int, int]:
        """Line and column (from 1, in characters) of the value at `path`, or of the nearest value around it."""
        while path and path not in self.offsets:
            path = path[:-1]
        return spot(self.text, self.offsets.get(path, 0))


@dataclass(slots=True)
class _Open:
    """An object or array that is being read: its own path, and the key or index of the value to come."""

    path: Path
    is_object: bool
    step: str | int


def spot(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset in characters."""
    before = text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


def places(text: str) -> Places:
    """Find the place of every value."""
    found = Places(text)
    stack: list[_Open] = []
    awaits_key = False
    for token in _TOKEN.finditer(text):
        word = token.group()
        if word in ("}", "]"):
            stack.pop()
            awaits_key = False
        elif word == ",":
            awaits_key = _next(stack[-1])
        elif awaits_key:
            stack[-1].step = json.loads(word)
            awaits_key = False
        elif word != ":":
            awaits_key = _enter(found, stack, word, token.start())
    return found


def _next(around: _Open) -> bool:
    """After a comma: whether a key comes now; in an array the index goes up instead."""
    if isinstance(around.step, int):
        around.step += 1
    return around.is_object


def _enter(found: Places, stack: list[_Open], word: str, offset: int) -> bool:
    """Note a value's place; whether a key comes next."""
    path: Path = (*stack[-1].path, stack[-1].step) if stack else ()
    if path in found.offsets:
        found.doubles.append(path)
    found.offsets[path] = offset
    if word in ("{", "["):
        stack.append(_Open(path, word == "{", "" if word == "{" else 0))
    return word == "{"
