"""The source line under an error, with a caret: what may not be seen is blotted out, what can't be shown is escaped.

Blotted are the values of secret settings, of unknown keys, and whatever stands where something else was wanted (a
password under `login` instead of `login.password`). Where the file is no YAML at all, whatever isn't the plain value
of a known, harmless key is blotted as well. Column numbers in messages are those of the file; the caret is moved to
where the character stands on the screen.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtsconf.settings.yamltext import Source

BLOT: Final = "********"
WIDEST: Final = 100
"""Characters of a line that are shown; a longer one is cut around the caret."""

_KEY = re.compile(r"(?:^|[\s{,\[?-])(['\"]?)([A-Za-z_][\w.-]*)\1\s*:(?=\s|$|['\"\[{])")
_COMMENT = re.compile(r"(?:^|\s)#.*$")

Span = tuple[int, int]
"""Start and end index in the text."""


def excerpt(source: Source, line: int, column: int, blots: Iterable[Span], width: int = 1) -> str | None:
    """Two lines, the source line and `^` under the column (`width` of them), or None when there is no such line."""
    if not 1 <= line <= len(source.lines):
        return None
    text = source.lines[line - 1]
    start = source.starts[line - 1]
    near = (max(0, column - 2 * WIDEST), min(len(text), column + 2 * WIDEST))
    spans = sorted((max(a - start, near[0]), min(b - start, near[1])) for a, b in blots)
    pieces = _pieces(text, near, [(a, b) for a, b in spans if a < b])
    return _drawn(pieces, column - 1, max(1, width), cut=(near[0] > 0, near[1] < len(text)))


def _pieces(text: str, near: Span, blots: list[Span]) -> list[tuple[int, str]]:
    """A stretch of the line as (column it starts at, what is shown for it): a piece per character, one per blot."""
    shown: list[tuple[int, str]] = []
    at = near[0]
    for start, end in blots:
        if end <= at:
            continue
        shown += [(index, _visible(text[index])) for index in range(at, max(at, start))]
        if not (shown and shown[-1][1] == BLOT):
            shown.append((max(at, start), BLOT))
        at = max(at, end)
    shown += [(index, _visible(text[index])) for index in range(at, near[1])]
    return shown


def _visible(char: str) -> str:
    return " " if char == "\t" else escape_controls(char)


def _drawn(pieces: list[tuple[int, str]], column: int, width: int, cut: tuple[bool, bool]) -> str:
    caret = next((n for n, (at, _) in reversed(list(enumerate(pieces))) if at <= column), 0)
    if pieces and column > pieces[-1][0]:
        caret = len(pieces)
    first = max(0, caret - WIDEST * 2 // 3) if len(pieces) > WIDEST else 0
    window = pieces[first : first + WIDEST]
    lead = "..." if first or cut[0] else ""
    tail = "..." if first + WIDEST < len(pieces) or cut[1] else ""
    before = "".join(text for _, text in window[: caret - first])
    under = "".join(text for at, text in window[caret - first :] if at < column + width)
    line = lead + "".join(text for _, text in window) + tail
    return f"{line.rstrip()}\n{' ' * (len(lead) + _cells(before))}{'^' * max(1, min(_cells(under.rstrip()), WIDEST))}"


def _cells(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def blots_of_broken(
    source: Source, line: int, harmless: frozenset[str], telling: frozenset[str] = frozenset()
) -> list[Span]:
    """What to blot in one line of a file that can't be parsed. `harmless` are the names of keys whose values may show,
    `telling` those of secrets, behind which nothing shows, whatever stands in between.

    On a line without a key the last key above counts, since the line may go on its value.
    """
    if not 1 <= line <= len(source.lines):
        return []
    start, text = source.starts[line - 1], source.lines[line - 1]
    keys = list(_KEY.finditer(text))
    spans = _leading(source, line, keys[0].start() if keys else len(text), harmless)
    if risky := next((found for found in keys if found.group(2) not in harmless), None):
        spans.append((risky.end(), len(text)))
    if telling and (named := re.search(rf"\b({'|'.join(sorted(telling))})\b", text, re.IGNORECASE)):
        spans.append((named.end(), len(text)))
    if comment := _COMMENT.search(text):
        spans.append((comment.start(), len(text)))
    trimmed = [(a + len(text[a:b]) - len(text[a:b].lstrip()), b) for a, b in spans if text[a:b].strip()]
    return [(start + a, start + b) for a, b in trimmed]


def _leading(source: Source, line: int, end: int, harmless: frozenset[str]) -> list[Span]:
    """What to blot of the line before its first key: it goes on a value above, or lacks the colon of its own key."""
    text = source.lines[line - 1]
    words = text.split()
    first = words[0].partition(":")[0] if words else ""
    if first in harmless:
        return []
    if not _harmless_above(source, line, harmless):
        return [(0, len(text))]
    if first == "-" and len(words) == 2:
        return []  # an item of a list that may be shown
    return [(text.index(first) + len(first), end)] if first and end == len(text) else []


def _harmless_above(source: Source, line: int, harmless: frozenset[str]) -> bool:
    for text in reversed(source.lines[: line - 1]):
        keys = _KEY.findall(_COMMENT.sub("", text))
        if keys:
            return keys[-1][1] in harmless
    return True
