"""Which stretches of a file's text no message may show: secrets, values of unknown keys, whatever is misplaced."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING

import yaml

from dtsconf.settings.leaf import Leaf
from dtsconf.settings.nearness import nearest
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
            cut = veiled(node, shape)
            for knode, vnode in node.value:
                self.pair(knode, vnode, shape)
                if id(knode) in cut:
                    self.blot(knode, after=cut[id(knode)])
        elif isinstance(shape, Items) and isinstance(node, yaml.SequenceNode):
            for child in node.value:
                self.visit(child, shape.item)
        elif not self._may_show(node, shape):
            self.blot(node)

    def pair(self, knode: yaml.Node, vnode: yaml.Node, shape: Mapping) -> None:
        if knode.tag == _MERGE:
            for part in vnode.value if isinstance(vnode, yaml.SequenceNode) else [vnode]:
                self.visit(part, shape)
        elif not isinstance(knode, yaml.ScalarNode):
            self.blot(knode)
            self.visit(vnode, None)
        else:
            self.visit(vnode, shape.fields.get(knode.value))
            if glued(knode.value):
                self.blot(knode, after=":")

    def blot(self, node: yaml.Node, after: str = "") -> None:
        start, end = node.start_mark.index, node.end_mark.index
        shown = self.source.text.find(after, start, end)  # not there: it is written with escapes
        start = start if shown < 0 else shown + len(after)
        stretch = self.source.text[start:end]
        if stretch.strip():
            self.spans.append((start, start + len(stretch.rstrip())))

    def _may_show(self, node: yaml.Node, shape: Shape | None) -> bool:
        """A scalar of a harmless leaf; nulls show everywhere; a list's lone word shows too."""
        if not isinstance(node, yaml.ScalarNode):
            return False
        if node.tag.endswith(":null") and self.source.text[node.start_mark.index : node.end_mark.index] == node.value:
            return True  # without an anchor, which may be a password that starts with &
        if isinstance(shape, Items):
            return isinstance(shape.item, (Leaf, WordOr))
        return isinstance(shape, Leaf) and shape.kind != "secret" and "@" not in node.value.partition("://")[2]


def veiled(node: yaml.MappingNode, shape: Mapping) -> dict[int, str]:
    """The keys of a mapping that no message may show whole, by the id of their nodes: what may be shown of each.

    In braces a secret goes on behind its comma as a word without a colon; and behind a secret's key that lacks its own
    colon stands the secret.
    """
    found: dict[int, str] = {}
    after_secret = False
    for knode, vnode in node.value:
        sub = shape.fields.get(knode.value) if isinstance(knode, yaml.ScalarNode) else None
        if sub is not None or not isinstance(knode, yaml.ScalarNode) or knode.tag == _MERGE:
            after_secret = _is_secret(sub)
            continue
        if (seen := _up_to_secret(knode.value, shape)) != knode.value:
            found[id(knode)] = seen
        elif after_secret and knode.end_mark.index == vnode.end_mark.index:
            found[id(knode)] = ""
        after_secret = True  # so may be the value of a key that nobody knows
    return found


def _up_to_secret(name: str, shape: Mapping) -> str:
    """An unknown key's text, but for what stands behind the name of a secret in it, or behind one that is like it."""
    first = re.split(r"[^\w.-]", name, maxsplit=1)[0]
    if first != name and _is_secret(shape.fields.get(nearest(first, shape.fields) or "")):
        return first
    named = re.search(rf"\b({'|'.join(sorted(telling()))})\b", name)
    return name[: named.end()] if named else name


def _is_secret(shape: Shape | None) -> bool:
    return isinstance(shape, Leaf) and shape.kind == "secret"


def harmless() -> frozenset[str]:
    """The names of all keys whose values are no secret, anywhere in a profile."""
    return _names()[0]


def telling() -> frozenset[str]:
    """The names of all keys whose values are secrets."""
    return _names()[1]


@cache
def _names() -> tuple[frozenset[str], frozenset[str]]:
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
    return frozenset(good - bad), frozenset(bad)


def comment_in(source: Source, texts: list[Span], line: int) -> list[Span]:
    """The comment in a line, which may be the rest of a secret that holds ` #`; `texts` as of `texts_of`."""
    text, start = source.lines[line - 1], source.starts[line - 1]
    for found in re.finditer(r"(?:^|(?<=[ \t]))#", text):
        at = start + found.start()
        before = bisect_right(texts, (at, len(source.text))) - 1
        if before < 0 or texts[before][1] <= at:
            return [(at, start + len(text.rstrip()))]
    return []


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
