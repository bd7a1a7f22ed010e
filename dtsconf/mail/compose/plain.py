"""The text alternative of an HTML body: what a reader without HTML sees. Pure.

Paragraphs, headings, lists, table rows and line breaks become lines, a link is followed by its address, an image stands
as its alternative text. Written here: html2text is GPL, and the others bring a C library for what the standard parser
does.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

_HIDDEN = frozenset({"head", "script", "style", "template", "title"})
_SPACED = frozenset({"blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"})
"""Elements with an empty line before and after them."""

_BLOCKS = _SPACED | {"address", "article", "aside", "dd", "div", "dt", "fieldset", "figcaption", "figure", "footer"}
_BLOCKS |= {"form", "header", "hr", "li", "main", "nav", "section", "tr"}
"""Elements that begin and end a line."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DEEPEST = 8
"""Lists in lists that still move to the right."""

_BLANKS = re.compile(r"[ \t\r\n\f]+")


def from_html(html: str) -> str:
    """The words of an HTML text, in lines."""
    # The parser looks for the end of what has none once for each of them: minutes for a file full of these.
    whole = _COMMENT.sub("", html)
    end = whole.rfind(">") + 1
    reader = _Reader()
    reader.feed(whole[:end])
    reader.close()
    reader.handle_data(unescape(whole[end:]))
    return reader.text()


class _Reader(HTMLParser):
    """Collects words and where lines end; `wanted` is how many line ends stand before the next word."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._wanted = 0
        self._blank = False
        self._hidden = 0
        self._preformatted = 0
        self._links: list[tuple[str, int]] = []
        self._lists: list[int | None] = []

    def text(self) -> str:
        """What was found."""
        return "".join(self._out).strip("\n") + "\n" if self._out else ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        given = dict(attrs)
        self._hidden += tag in _HIDDEN
        self._preformatted += tag == "pre"
        self._break(tag)
        if tag == "br":
            self._wanted += 1
        elif tag == "hr":
            self._word("----")
            self._break(tag)
        elif tag in {"ol", "ul"}:
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._bullet()
        elif tag in {"td", "th"}:
            self._blank = True
        elif tag == "img":
            self._word(given.get("alt") or "")
        elif tag == "a":
            self._end_link()  # links don't nest
            self._links.append((given.get("href") or "", len(self._out)))

    def handle_endtag(self, tag: str) -> None:
        """See HTMLParser."""
        self._hidden = max(0, self._hidden - (tag in _HIDDEN))
        self._preformatted = max(0, self._preformatted - (tag == "pre"))
        if tag in {"ol", "ul"} and self._lists:
            self._lists.pop()
        if tag == "a":
            self._end_link()
        self._break(tag)

    def handle_data(self, data: str) -> None:
        """See HTMLParser."""
        if self._hidden:
            return
        if self._preformatted:
            self._word(data)
            return
        words = _BLANKS.sub(" ", data)
        self._blank |= words.startswith(" ")
        if stripped := words.strip(" "):
            self._word(stripped)
            self._blank = words.endswith(" ")

    def _end_link(self) -> None:
        if self._links:
            self._told(*self._links.pop())

    def _told(self, address: str, start: int) -> None:
        """The address of a link, where its words don't say it already."""
        words = "".join(self._out[start:]).strip()
        if address.startswith(("http:", "https:", "mailto:")) and words not in {address, address.partition(":")[2]}:
            self._blank = True
            self._word(f"<{address}>")

    def _bullet(self) -> None:
        depth, number = len(self._lists), self._lists[-1] if self._lists else None
        mark = "-" if number is None else f"{number}."
        if number is not None:
            self._lists[-1] = number + 1
        self._word("  " * min(max(0, depth - 1), _DEEPEST) + mark)
        self._blank = True

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._wanted = max(self._wanted, 2 if tag in _SPACED and not self._lists else 1)
            self._blank = False

    def _word(self, word: str) -> None:
        if not word:
            return
        if self._out and self._wanted:
            self._out.append("\n" * self._wanted)
        elif self._out and self._blank:
            self._out.append(" ")
        self._wanted, self._blank = 0, False
        self._out.append(word)
