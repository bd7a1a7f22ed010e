"""Brackets and braces of a YAML text that LibYAML stumbles over: where one was left open, and what may have hidden its
end. Pure; places count from 1."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLOSERS: Final = {"[": "]", "{": "}"}

_COMMENT: Final = r""""(?:[^"\\]|\\.)*(?:"|$)|'[^']*'|(?<=\s)(#.*)"""
"""Texts in quotes, which are passed over, and a comment."""


def hidden_end(
    lines: Sequence[str], opened: tuple[int, int], at: tuple[int, int]
) -> tuple[str, tuple[int, int]] | None:
    """A comment that holds the end of the bracket opened before it, since its # was to be part of a text: that end, and
    where the comment begins."""
    closer = _CLOSERS.get("".join(lines[opened[0] - 1 : opened[0]])[opened[1] - 1 : opened[1]])
    for number in range(opened[0], min(at[0], len(lines)) + 1) if closer else ():
        begun = next((found for found in re.finditer(_COMMENT, lines[number - 1]) if found.group(1)), None)
        if closer and begun and closer in begun.group(1):
            return closer, (number, begun.start(1) + 1)
    return None


def left_open(lines: Sequence[str], at: tuple[int, int]) -> tuple[int, int] | None:
    """The last bracket that is opened and never closed, where the file ends within it."""
    if any(line.strip() for line in lines[at[0] - 1 :]):
        return None
    rest = ""
    for number in range(min(at[0], len(lines)), 0, -1):
        line = re.sub(r"(^|\s)#.*", "", lines[number - 1])
        for column in range(len(line), 0, -1):
            if (closer := _CLOSERS.get(line[column - 1])) and closer not in rest:
                return number, column
            rest += line[column - 1]
    return None
