"""SMTP replies as values, pure: a code, an enhanced status code and the lines of text (RFC 5321 4.2, RFC 3463).

Knows their grammar and bounds, not their meaning (`causes`) nor where they come from (`wire`).
"""

from __future__ import annotations

import re

from dtsconf.frozen import frozen

_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)
_START = re.compile(rb"[2-5][0-9][0-9][ -]")
_STATUS = r"([245]\.[0-9]{1,3}\.[0-9]{1,3})"
_ENHANCED = re.compile(rf"#?{_STATUS}(?:\s+|$)")
_BEHIND = rf"\(#{_STATUS}\)"
"""Where qmail and its kin put the code; Cisco's gateways have the sign in front."""


class NotAReply(ValueError):
    """What came is no reply: its text says why. `line` is what stood there (bytes, as read), `spoken` whether that has
    the form of SMTP at least, a code and a text."""

    def __init__(self, line: bytes, why: str = "the server's answer has not the form of SMTP") -> None:
        super().__init__(why)
        self.line = line

    @property
    def spoken(self) -> bool:
        """It begins as a reply does."""
        return _START.match(self.line) is not None


@frozen
class Reply:
    """One whole reply. `lines` are the texts after the code, decoded, not yet masked or escaped."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The server's own words in one line, the code in front; enhanced codes that only repeat the first line's are
        left out."""
        first, *rest = self.lines or ("",)
        if not rest or not _ENHANCED.match(first):
            return " ".join([str(self.code), first, *rest]).strip()
        return " ".join([str(self.code), first, *(_ENHANCED.sub("", line, count=1) for line in rest)]).strip()

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code (RFC 3463) in front of the first line that has one, else at a line's end, if it fits
        the reply's class (RFC 2034)."""
        front = (found for line in self.lines if (found := _ENHANCED.match(line)))
        behind = (found for line in self.lines if (found := re.search(_BEHIND, line)))
        first = next(front, None) or next(behind, None)
        return first[1] if first and first[1][0] == str(self.code)[0] else None

    @property
    def positive(self) -> bool:
        """2yz: done."""
        return 200 <= self.code < 300


def parse_line(line: bytes) -> tuple[int, bool, str]:
    """Read one line without its line end: code, whether it is the last one, text.

    Raises:
        NotAReply: it has another form.
    """
    found = _LINE.fullmatch(line)
    if found is None:
        raise NotAReply(line)
    code, mark, text = found.groups()
    return int(code), mark != b"-", (text or b"").decode("utf-8", "backslashreplace")
