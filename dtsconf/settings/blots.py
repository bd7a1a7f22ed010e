"""Which stretches of a file's text no message may show: secrets, values of unknown keys, whatever is misplaced."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import yaml

from dtsconf.settings.leaf import Leaf
from dtsconf.settings.shapes import Items, Mapping, Shape, WordOr, profile_shape
from dtsconf.settings.yamlwords import glued

if TYPE_CHECKING:
    from dtsconf.errors import Place
    from dtsconf.settings.excerpt import Span
    from dtsconf.settings.yamltext import Source

_MERGE = "tag:yaml.org,2002:merge"


def blots(source: Source, root: yaml.Node, shape: Mapping) -> list[Span]:
    """The stretches to blot out in a file with this node tree, as indices into its text."""
    return _Blots(source).of(root, shape)


class _Blots:
    """The stretches of a file's text that no message may show."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.spans: list[Span] = []

    def of(self, node: yaml.Node, shape: Shape | None) -> list[Span]:
        """The spans in this node and below: secrets, unknown keys' values, whatever has the wrong structure."""
        self.visit(node, shape)
        return self.spans

    def visit(self, node: yaml.Node, shape: Shape | None) -> None:
        if isinstance(shape, WordOr):
            shape = shape.word if isinstance(node, yaml.ScalarNode) else shape.mapping
        if isinstance(shape, Mapping) and isinstance(node, yaml.MappingNode):
            for knode, vnode in node.value:
                self.pair(knode, vnode, shape)
        elif isinstance(shape, Items) and isinstance(node, yaml.SequenceNode):
            for child in node.value:
                self.visit(child, shape.item)
        elif not _may_show(node, shape):
            self.blot(node)

    def pair(self, knode: yaml.Node, vnode: yaml.Node, shape: Mapping) -> None:
        if knode.tag == _MERGE:
            for part in vnode.value if isinstance(vnode, yaml.SequenceNode) else [vnode]:
                self.visit(part, shape)
        else:
            name = knode.value if isinstance(knode, yaml.ScalarNode) else None
            self.visit(vnode, shape.fields.get(name) if isinstance(name, str) else None)
            if isinstance(name, str) and glued(name):
                self.blot(knode, after=":")

    def blot(self, node: yaml.Node, after: str = "") -> None:
        start, end = node.start_mark.index, node.end_mark.index
        start = self.source.text.index(after, start, end) + len(after)
        stretch = self.source.text[start:end]
        if stretch.strip():
            self.spans.append((start, start + len(stretch.rstrip())))


def _may_show(node: yaml.Node, shape: Shape | None) -> bool:
    """A scalar of a harmless leaf; nulls show everywhere; a list's lone word shows too."""
    if not isinstance(node, yaml.ScalarNode):
        return False
    if node.tag.endswith(":null"):
        return True
    if isinstance(shape, Items):
        return isinstance(shape.item, (Leaf, WordOr))
    return isinstance(shape, Leaf) and shape.kind != "secret" and "@" not in node.value.partition("://")[2]


@cache
def harmless() -> frozenset[str]:
    """The names of all keys whose values are no secret, anywhere in a profile."""
    good: set[str] = set()
    bad: set[str] = set()

    def visit(shape: Shape) -> None:
        if isinstance(shape, Items):
            visit(shape.item)
        elif isinstance(shape, WordOr):
            visit(shape.mapping)
        elif isinstance(shape, Mapping):
            for name, sub in shape.fields.items():
                (bad if isinstance(sub, Leaf) and sub.kind == "secret" else good).add(name)
                visit(sub)

    visit(profile_shape())
    return frozenset(good - bad)


def width_at(root: yaml.Node, place: Place) -> int:
    """How wide the plain one-line scalar is that starts at the place, for the caret's underline."""
    rest = [root]
    for _ in range(20_000):
        if not rest:
            break
        node = rest.pop()
        if isinstance(node, yaml.ScalarNode):
            start, end = node.start_mark, node.end_mark
            if (start.line + 1, start.column + 1) == (place.line, place.column) and start.line == end.line:
                return int(end.column - start.column)
        elif isinstance(node, yaml.MappingNode):
            rest += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            rest += node.value
    return 1
