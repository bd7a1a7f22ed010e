"""Bytes -> YAML node tree, with everything refused that PyYAML would let pass in silence, or would crash on.

Refused: more than 1 MiB, bytes that are no UTF-8, NUL and other control characters, tabs as indentation, more than one
document, nesting deeper than `DEEPEST` (the C composer recurses and runs out of stack), aliases that blow up or
contain themselves, tags. A byte order mark and CRLF are fine. Keys given twice are found where mappings are read
(`document`), since merges count there. Knows YAML, nothing of profiles.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final

import yaml
from typing_extensions import override

from dtsconf.errors import Place
from dtsconf.settings.yamltree import check, start
from dtsconf.settings.yamlwords import LIMIT, BadYaml, reworded, unclosed

_Base: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""LibYAML's parser; PyYAML's own, slower by a hundred times, where the wheel has none."""


class Loader(_Base):  # type: ignore[misc]
    """The safe loader as far as nodes. What a plain word means is looked up once a run: profiles repeat their words,
    and the search by patterns takes as long as all the rest of the parsing."""

    _known: ClassVar[dict[str, str]] = {}

    @override
    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> Any:
        if kind is not yaml.ScalarNode or not implicit[0]:
            return super().resolve(kind, value, implicit)
        tag = self._known.get(value)
        if tag is None:
            tag = super().resolve(kind, value, implicit)
            if len(self._known) < 4096 and len(value) < 64:
                self._known[value] = tag
        return tag


WIDEST: Final = 65536
"""The longest line, in characters."""
DEEPEST: Final = 64
"""The deepest nesting of mappings and lists."""

_SAVE: Final = "save what it holds as plain text, in UTF-8"
_PAGE: Final = (
    "a web page, and no profile",
    "get the file itself (Raw, Download), not the page that shows it or asks for a sign-in",
)
_FOREIGN: Final = {
    b"pk\x03\x04": ("a ZIP archive, as documents of Word and Excel are (.docx, .xlsx), and no text", _SAVE),
    b"\xd0\xcf\x11\xe0": ("a document of an old Word or Excel (.doc, .xls), and no text", _SAVE),
    b"{\\rtf": ("a document in Rich Text Format (.rtf), and no text", _SAVE),
    b"%pdf-": ("a PDF document, and no text", _SAVE),
    b"\x1f\x8b": ("packed by gzip, and no text", "unpack it (gunzip), and name the file that comes of it"),
    b"<!doctype html": _PAGE,
    b"<html": _PAGE,
}
"""By its first bytes, in small letters: what people take a profile for, and what to do."""

_STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_BREAK = re.compile("\r\n|\r|\n")
_NESTING = (b"[", b"{", b"-", b":", b"?")
_PROPERTY = re.compile(r"(?:[&!]\S*\s+)+")
_KEY = re.compile(r"\s*(?:- )?[A-Za-z_][\w.-]*:(?:\s|$)")


@dataclass(eq=False)
class Source:
    """A file's text (without byte order mark) under the name it is shown by."""

    file: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """Its lines as the YAML parser counts them."""
        return _BREAK.split(self.text)

    @cached_property
    def starts(self) -> list[int]:
        """The index in the text at which each line starts."""
        return [0, *(found.end() for found in _BREAK.finditer(self.text))]

    @cached_property
    def _decorated(self) -> bool:
        return "&" in self.text or "!" in self.text

    def place(self, node: yaml.Node) -> Place:
        """Where the node's value starts: after an anchor or tag, which belong to it for the parser."""
        mark = node.start_mark
        if self._decorated and (found := _PROPERTY.match(self.text, mark.index)) and found.end() < len(self.text):
            return self.place_at(found.end())
        return Place(self.file, mark.line + 1, mark.column + 1)

    def place_at(self, index: int) -> Place:
        """The place of a character, by its index in the text."""
        line = bisect_right(self.starts, index)
        return Place(self.file, line, index - self.starts[line - 1] + 1)


def decode(file: str, data: bytes) -> Source:
    """The bytes as text.

    Raises:
        BadYaml: too long, no UTF-8, or with characters that no YAML file holds.
    """
    head = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if (told := next((told for start, told in _FOREIGN.items() if head.startswith(start)), None)) is not None:
        raise BadYaml("no-text", f"the file is {told[0]}", told[1])
    if len(data) > LIMIT:
        raise BadYaml("too-big", "the file is over 1 MiB; a profile is some kilobytes", "is this the right file?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        raise BadYaml(
            "encoding",
            f"the file is not UTF-8 (byte 0x{data[error.start]:02x})",
            _encoding_hint(file, data),
            _at(before),
        ) from None
    if len(text) > WIDEST and (
        wide := next((n for n, line in enumerate(_BREAK.split(text), 1) if len(line) > WIDEST), 0)
    ):
        raise BadYaml("too-long", f"this line is longer than {WIDEST} characters", "is this the right file?", (wide, 1))
    if strange := _STRANGE.search(text):
        raise _strange(strange, text, data)
    return Source(file, text)


def _encoding_hint(file: str, data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "the file is UTF-16: save it as UTF-8"
    if not file:
        return "give it as UTF-8"
    from shlex import quote

    name, new = quote(file), quote(f"{file}.utf-8")
    return f"save the file as UTF-8, for example: iconv -f WINDOWS-1252 -t UTF-8 {name} > {new} && mv {new} {name}"


def _strange(found: re.Match[str], text: str, data: bytes) -> BadYaml:
    at = _at(text[: found.start()])
    if found.group() == "\0":
        hint = "the file is UTF-16 or no text at all: save it as UTF-8" if data.count(b"\0") > 1 else "take it out"
        return BadYaml("control-character", "a NUL stands here", hint, at)
    code = f"U+{ord(found.group()):04X}"
    return BadYaml("control-character", f"an invisible character stands here ({code})", "take it out", at)


def _at(before: str) -> tuple[int, int]:
    lines = _BREAK.split(before)
    return len(lines), len(lines[-1]) + 1


def compose(source: Source) -> yaml.Node | None:
    """The text's node tree; None when there is nothing in it but comments.

    Raises:
        BadYaml: it isn't one document of YAML as described above.
    """
    data = source.text.encode()
    try:
        if sum(map(data.count, _NESTING)) > 3 * DEEPEST:
            _bound_depth(data)
        node = yaml.compose(data, Loader=Loader)
    except yaml.YAMLError as error:
        raise (_open_quote(source) or reworded(error, source.lines)) from None
    except RecursionError:  # only where the C parser is missing
        raise _too_deep((1, 1)) from None
    if node is not None:
        check(node, source.text, source.place_at)
    return node


def _open_quote(source: Source) -> BadYaml | None:
    """The first quotation mark whose text holds further keys of the file, so that it was meant to end before them: the
    parser stumbles over what follows the next mark, lines later."""
    try:
        for token in yaml.scan(source.text, Loader=Loader):
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"') and _runs_over(token, source.lines):
                at = start(token)
                return unclosed(at)
    except yaml.YAMLError:
        pass
    return None


def _runs_over(token: yaml.ScalarToken, lines: list[str]) -> bool:
    first, last = token.start_mark.line, token.end_mark.line
    return any(_KEY.match(line) for line in lines[first + 1 : last + 1])


def _bound_depth(data: bytes) -> None:
    """Count the nesting on the parser's events, which need no stack."""
    depth = 0
    for event in yaml.parse(data, Loader=Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise _too_deep(start(event))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep(at: tuple[int, int]) -> BadYaml:
    return BadYaml(
        "nesting", f"this is nested more than {DEEPEST} levels deep; a profile needs six", "is a bracket left open?", at
    )
