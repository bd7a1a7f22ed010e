"""Changes in a YAML file's text by the places of its nodes: what isn't changed keeps its comments, order, quotes and
line ends.

Rules: a change is one step, text in and text out, and each step parses anew, so that places are always those of the
text at hand. What is taken away from between lines becomes comments, from within brackets it is cut. What stands
behind an alias or a merge isn't changed: CantRewrite. Pure; knows YAML, nothing of profiles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import yaml

from dtsconf.settings.yamltext import Source, compose
from dtsconf.settings.yamlwords import BadYaml

if TYPE_CHECKING:
    from dtsconf.errors import Place

Path = tuple[str, ...]
_LINE: Final = re.compile("[^\r\n]*(?:\r\n|\r|\n|$)")
_BLANK_OR_COMMENT: Final = re.compile(r"[ \t]*(#.*)?$")


class CantRewrite(Exception):
    """The text can't be changed there by itself. `place` is in a file named ''."""

    def __init__(self, reason: str, place: Place) -> None:
        super().__init__(reason)
        self.place = place


def probe(text: str, *paths: Path) -> None:
    """Let a text pass in which all these paths can be followed. Raises: CantRewrite, at the first that can't."""
    page = _Page(text)
    for path in paths:
        page.walk(path)


def put(text: str, path: Path, value: object, *, first: bool = False) -> str:
    """Give a key this value (a scalar, a list, or a mapping). A new key goes to the end of the deepest mapping of its
    path that is there, or with `first` to its beginning. Raises: CantRewrite."""
    page = _Page(text)
    pairs = page.walk(path)
    if len(pairs) == len(path):
        return page.replaced(pairs[-1], value)
    missing = path[len(pairs) :]
    for name in reversed(missing[1:]):
        value = {name: value}
    return page.inserted(pairs[-1] if pairs else None, missing[0], value, first=first)


def take_out(text: str, path: Path) -> str:
    """Take a key with all below it away, if it is there. Raises: CantRewrite."""
    page = _Page(text)
    pairs = page.walk(path)
    if len(pairs) < len(path):
        return text
    mapping = page.mapping(pairs[-2] if len(pairs) > 1 else None)
    key, value = pairs[-1]
    return page.cut(key, value) if mapping.flow_style else page.commented(key, value, key.start_mark.column)


def append(text: str, path: Path, items: Sequence[object]) -> str:
    """Add items to the end of a list, which is made if it isn't there. Raises: CantRewrite."""
    page = _Page(text)
    pairs = page.walk(path)
    if len(pairs) < len(path) or not isinstance(pairs[-1][1], yaml.SequenceNode):
        return put(text, path, list(items))
    return page.appended(pairs[-1][1], items)


def drop_item(text: str, path: Path, number: int) -> str:
    """Take an item of a list away, by its number from 0. Raises: CantRewrite."""
    page = _Page(text)
    items = page.walk(path)[-1][1]
    if not isinstance(items, yaml.SequenceNode):
        raise CantRewrite("a list is wanted here", page.source.place(items))
    item = items.value[number]
    return page.cut(item, item) if items.flow_style else page.commented(item, item, items.start_mark.column)


def gap(text: str, path: Path) -> tuple[int, int | None]:
    """Where a new key of a mapping belongs: the line, from 1, below which it makes one of its own, and how many blanks
    stand before it; None for these where it goes within the mapping's braces, which open on that line.

    Raises: CantRewrite, also where there is no such mapping."""
    page = _Page(text)
    pairs = page.walk(path)
    if len(pairs) < len(path):
        raise CantRewrite("there is no such mapping", page.source.place_at(0))
    return page.gap(page.mapping(pairs[-1] if pairs else None))


Pair = tuple[yaml.Node, yaml.Node]


class _Page:
    """One text with its nodes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.source = Source("", text)
        try:
            root = compose(self.source)
        except BadYaml as bad:  # a change before this one took an anchor away that others need
            raise CantRewrite(bad.message, self.source.place_at(0)) from None
        if not isinstance(root, yaml.MappingNode):
            raise CantRewrite("there is no mapping in it", self.source.place_at(0))
        self.root = root
        self.end_of_line = next(iter(re.findall("\r\n|\r|\n", text)), "\n")

    def walk(self, path: Path) -> list[Pair]:
        """The pairs along a path, as far as they are there. Raises: CantRewrite: one is written elsewhere."""
        found: list[Pair] = []
        mapping: yaml.Node = self.root
        for name in path:
            if not isinstance(mapping, yaml.MappingNode):
                break
            pair = next((pair for pair in mapping.value if pair[0].value == name), None)
            if pair is None:
                self._refuse_merge(mapping)
                break
            if self._elsewhere(pair):
                raise CantRewrite(f"the value of {name} stands behind an alias", self.source.place(pair[0]))
            found.append(pair)
            mapping = pair[1]
        return found

    def mapping(self, pair: Pair | None) -> yaml.MappingNode:
        """The mapping that a pair (None: the root) holds. Raises: CantRewrite: it holds something else."""
        node = pair[1] if pair else self.root
        if not isinstance(node, yaml.MappingNode):
            raise CantRewrite("a mapping is wanted here", self.source.place(node))
        return node

    def gap(self, mapping: yaml.MappingNode) -> tuple[int, int | None]:
        """As the function of that name."""
        if mapping.flow_style:
            return mapping.start_mark.line + 1, None
        column = mapping.value[0][0].start_mark.column
        return self._last_of(mapping, column) + 1, column

    def replaced(self, pair: Pair, value: object) -> str:
        """The text with another value for a pair. Raises: CantRewrite: the old one goes over several lines."""
        key, node = pair
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            raise CantRewrite("this value goes over several lines", self.source.place(node))
        start, end = self._start(node), self._end(node)
        gap = "" if start < end else " "
        start = start if start < end else self._after_colon(key)
        return self.text[:start] + gap + inline(value) + self.text[max(start, end) :]

    def inserted(self, pair: Pair | None, name: str, value: object, *, first: bool) -> str:
        """The text with a new key in the mapping that a pair (None: the root) holds."""
        if pair is not None and isinstance(pair[1], yaml.ScalarNode) and not pair[1].value:
            return self._below(pair[0], pair[0].start_mark.column + 2, name, value)
        mapping = self.mapping(pair)
        if mapping.flow_style:
            return self._in_brackets(mapping, f"{name}: {inline(value)}", first=first)
        column = mapping.value[0][0].start_mark.column
        if first and pair is not None:
            return self._below(pair[0], column, name, value)
        return self._after_line(self._last_of(mapping, column), self._lines_of(column, name, value))

    def appended(self, items: yaml.SequenceNode, more: Sequence[object]) -> str:
        """The text with more items at a list's end."""
        if items.flow_style or not items.value:
            return self._in_brackets(items, ", ".join(map(inline, more)), first=False)
        column = items.start_mark.column
        lines = [f"{' ' * column}- {inline(item)}" for item in more]
        return self._after_line(self._line_of(self._end(items.value[-1])), lines)

    def cut(self, begin: yaml.Node, last: yaml.Node) -> str:
        """The text without what stands from one node to another, within brackets."""
        start, end = self._start(begin), self._end(last)
        if after := re.match(r"\s*,[ \t]*", self.text[end:]):
            return self.text[:start] + self.text[end + after.end() :]
        before = re.search(r",\s*$", self.text[:start])
        return self.text[: before.start() if before else start] + self.text[end:]

    def commented(self, begin: yaml.Node, last: yaml.Node, column: int) -> str:
        """The text with the lines from one node to another as comments, which start at `column`. Raises: CantRewrite:
        something else stands in the first of them."""
        lines = self._lines()
        top, bottom = begin.start_mark.line, self._line_of(max(self._end(last), begin.end_mark.index))
        if lines[top][:column].strip():
            raise CantRewrite("something else stands in the same line", self.source.place(begin))
        bottom = self._with_comments(lines, bottom, column + 1)
        for number in range(top, bottom + 1):
            if lines[number].strip():
                lines[number] = lines[number][:column] + "# " + lines[number][column:]
        return "".join(lines)

    def _in_brackets(self, node: yaml.CollectionNode, new: str, *, first: bool) -> str:
        inner = self._start(node) + 1
        if not node.value:
            return self.text[:inner] + new + self.text[inner:]
        if first:
            return f"{self.text[:inner]}{new}, {self.text[inner:]}"
        last = node.value[-1]
        end = self._end(last[1] if isinstance(last, tuple) else last)
        return f"{self.text[:end]}, {new}{self.text[end:]}"

    def _below(self, key: yaml.Node, column: int, name: str, value: object) -> str:
        return self._after_line(key.start_mark.line, self._lines_of(column, name, value))

    def _after_line(self, number: int, new: Sequence[str]) -> str:
        lines = self._lines()
        if not lines[number].endswith(("\n", "\r")):
            lines[number] += self.end_of_line
        return "".join([*lines[: number + 1], *(line + self.end_of_line for line in new), *lines[number + 1 :]])

    def _last_of(self, mapping: yaml.MappingNode, column: int) -> int:
        """The number of a block mapping's last line, comments that belong to it included."""
        key, node = mapping.value[-1]
        last = self._line_of(max(key.end_mark.index, self._end(node)))
        return self._with_comments(self._lines(), last, column)

    def _with_comments(self, lines: list[str], last: int, column: int) -> int:
        """`last`, or the last of the comment lines right below that are indented by at least `column`."""
        for number in range(last + 1, len(lines)):
            line = lines[number]
            if not _BLANK_OR_COMMENT.match(line.rstrip("\r\n")):
                break
            if line.strip():
                if len(line) - len(line.lstrip()) < column or column == 0:
                    break
                last = number
        return last

    def _lines_of(self, column: int, name: str, value: object) -> list[str]:
        indent = " " * column
        if isinstance(value, Mapping) and value:
            below = [line for key, one in value.items() for line in self._lines_of(column + 2, key, one)]
            return [f"{indent}{name}:", *below]
        return [f"{indent}{name}: {inline(value)}"]

    def _lines(self) -> list[str]:
        return [line for line in _LINE.findall(self.text) if line] or [""]

    def _line_of(self, index: int) -> int:
        """The number of the line, from 0, that the character before an index stands in."""
        return self.source.place_at(index).line - 1

    def _start(self, node: yaml.Node) -> int:
        return int(node.start_mark.index)

    def _end(self, node: yaml.Node) -> int:
        """The index behind a node's last character. The parser's own mark of a block lies behind the blank lines and
        comments that follow it."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            key, child = last if isinstance(last, tuple) else (node, last)
            alias = isinstance(last, tuple) and self._elsewhere(last)
            return self._end_of_line(key.end_mark.index) if alias else max(self._end(child), self._start(child))
        end = int(node.end_mark.index)
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            return len(self.text[:end].rstrip())
        return end

    def _end_of_line(self, index: int) -> int:
        found = re.compile("[^\r\n]*").match(self.text, index)
        return found.end() if found else index

    def _after_colon(self, key: yaml.Node) -> int:
        return self.text.index(":", key.end_mark.index) + 1

    def _elsewhere(self, pair: Pair) -> bool:
        """Whether a pair's value is an alias: its node is then the one of the anchor, which stands before."""
        return bool(self._start(pair[1]) < pair[0].end_mark.index)

    def _refuse_merge(self, mapping: yaml.MappingNode) -> None:
        merge = next((key for key, _ in mapping.value if key.value == "<<"), None)
        if merge is not None:
            raise CantRewrite("a merge (<<) may bring the key", self.source.place(merge))


def inline(value: object) -> str:
    """A value in one line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(inline, value)) + "]"
    # Within brackets more has to be quoted than without.
    shown: Any = yaml.safe_dump([value], default_flow_style=True, width=1 << 20, allow_unicode=True)
    return str(shown).strip()[1:-1]
