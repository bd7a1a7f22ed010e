"""A secret's value in memory: it shows itself as stars everywhere, and only `reveal()` gives it out. A process that
holds one leaves no image of its memory behind when it crashes."""

from __future__ import annotations

import re
from typing import NoReturn

from dtsconf.names import CURLY
from dtsconf.secret.limits import no_core_dumps

_BLANKS = tuple(" \t\u00a0\u3000")
"""What looks like nothing at the end of a line: blank, tab, no-break space, ideographic space."""

_QUOTES = (('"',), ("'",), CURLY)
"""Quotation marks that come along from a shell's line, a `.env` file, or a word processor: a pair is of one kind."""

_NAMED = r"(?i)[\w.-]*(password|passwd|pwd|secret|token)[\w.-]*[ \t]*[=:]"
"""A line of a settings file, taken for the secret."""


class Secret:
    """A fetched secret. Not picklable, not comparable but by identity, masked in every text form."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        no_core_dumps()
        self._text = text

    def reveal(self) -> str:
        """The value itself. Call it only where it is written to the file or the wire that it is meant for."""
        return self._text

    def blank(self) -> str | None:
        """Where a blank stands that nobody sees: `begins with` or `ends in` one; None where none does."""
        if self._text[:1] in _BLANKS:
            return "begins with"
        return "ends in" if self._text[-1:] in _BLANKS else None

    def lines(self) -> int:
        """How many lines it has; a PEM text, which must have several, counts as one."""
        return 1 if "-----BEGIN " in self._text else self._text.strip("\r\n").count("\n") + 1

    def ends_in_line_break(self) -> bool:
        """Whether one ends it that would be part of it; a PEM text, to which one means nothing, has none."""
        return self._text.endswith(("\n", "\r")) and "-----BEGIN " not in self._text

    def slip(self) -> str | None:
        """What it shows of a slip at storing it, as the end of a sentence; None where it shows none."""
        if self._text.startswith("\ufeff"):
            return "begins with a byte order mark"
        if where := self.blank():
            return f"{where} a blank"
        if (lines := self.lines()) > 1:
            return f"has {lines} lines"
        if len(self._text) > 2 and any(self._text[0] in kind and self._text[-1] in kind for kind in _QUOTES):
            return "begins and ends with a quotation mark"
        if re.match(_NAMED, self._text):
            return "begins with a name and a sign, as a line of a settings file does (password=...)"
        return "ends in a line break" if self.ends_in_line_break() else None

    def __repr__(self) -> str:
        return "Secret(********)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
