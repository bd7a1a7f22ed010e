"""What a YAML node tree may not hold though the parser takes it: aliases that blow up or contain themselves, tabs as
indentation, tags. And walks through such a tree. Knows YAML, nothing of profiles."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import yaml

from dtsconf.settings.yamlwords import BadYaml, tab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtsconf.errors import Place

LARGEST: Final = 20_000
"""The most nodes that aliases may come to once written out."""

_TAB = re.compile(r"^ *\t[ \t]*[^ \t\r\n]", re.MULTILINE)
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)


def check(node: yaml.Node, text: str, place_at: Callable[[int], Place]) -> None:
    """Let the tree of a text pass that means what it seems to mean; `place_at` tells where a character stands, by its
    index in the text.

    Raises:
        BadYaml: it holds one of the things above.
    """
    if "*" in text and "&" in text:
        _bound_aliases(node)
    if "\t" in text:
        _refuse_tabs(node, text, place_at)
    if "!" in text:
        _refuse_tags(node)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _bound_aliases(root: yaml.Node) -> None:
    sizes: dict[int, int | None] = {}

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            known = sizes[id(node)]
            if known is None:
                raise BadYaml("alias", "an alias stands inside what it stands for", "write the value out", start(node))
            return known
        sizes[id(node)] = None
        total = 1 + sum(size(child) for child in _children(node))
        if total > LARGEST:
            raise BadYaml(
                "alias",
                f"the aliases in here come to more than {LARGEST} values",
                "write out what is needed",
                start(node),
            )
        sizes[id(node)] = total
        return total

    size(root)


def start(node: yaml.Node | yaml.Event | yaml.Token) -> tuple[int, int]:
    """Line and column at which it begins, counted from 1."""
    mark = node.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _refuse_tabs(root: yaml.Node, text: str, place_at: Callable[[int], Place]) -> None:
    """LibYAML takes tabs in front of keys within brackets, and in front of comments. Inside texts they are content."""
    texts: list[tuple[int, int]] | None = None
    for found in _TAB.finditer(text):
        texts = texts_of(root) if texts is None else texts
        before = bisect_right(texts, (found.start(), 0)) - 1
        if before < 0 or found.start() >= texts[before][1]:
            at = place_at(text.index("\t", found.start()))
            raise tab((at.line, at.column))


def texts_of(root: yaml.Node) -> list[tuple[int, int]]:
    """The stretches of all single values and keys, in their order: start and end as indices into the text."""
    scalars = (node for node in all_nodes(root) if isinstance(node, yaml.ScalarNode))
    return sorted((node.start_mark.index, node.end_mark.index) for node in scalars)


def all_nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Every node of a tree, each once however many aliases lead to it."""
    seen: set[int] = set()
    rest = [root]
    while rest:
        node = rest.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            rest += _children(node)


def _refuse_tags(root: yaml.Node) -> None:
    for node in all_nodes(root):
        if node.tag not in _PLAIN_TAGS:
            raise BadYaml(
                "tag", "a tag (!...) has no meaning here", "leave the tag out, or put the text in quotes", start(node)
            )
