"""One YAML file walked along its shape: values with their places, and every problem with its excerpt.

The walk knows structure and types; what values mean together (policy, chain, conditions between settings) is for
others. A key given twice, an unknown key, a wrong type, a missing required name: each is a problem here, none ends
the walk. Never raises; a file that is no YAML is one problem.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import yaml

from dtsconf.errors import Place, Problem
from dtsconf.settings.blots import blots, harmless, width_at
from dtsconf.settings.excerpt import blots_of_broken, excerpt
from dtsconf.settings.leaf import Leaf
from dtsconf.settings.scalars import parse_settings_text, plain, read_scalar
from dtsconf.settings.shapes import Items, Mapping, Shape, WordOr, profile_shape, settings_shape
from dtsconf.settings.suggestion import suggestion
from dtsconf.settings.values import Value
from dtsconf.settings.wording import BadValue, found, in_brackets, shown
from dtsconf.settings.yamltext import Source, compose, decode
from dtsconf.settings.yamlwords import BadYaml, glued, no_blank

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Document", "parse_settings_text", "read_profile_text", "read_settings_text"]

_MERGE: Final = "tag:yaml.org,2002:merge"
_NULL: Final = "tag:yaml.org,2002:null"
_CURLY: Final = ("\u201c", "\u201d", "\u201e", "\u2018", "\u2019", "\u201a", "\u00ab", "\u00bb")
"""Quotation marks that a word processor writes; to YAML they are letters."""
_PLAIN_QUOTES: Final = "take the curly quotes for plain ones (\" or '), or leave them out"


@dataclass(eq=False)
class Document:
    """What one file says. `values` is flat by dotted path (`settings.server.host`, `verify.level`); a list's raw is a
    list of values, an item that is a mapping a dict of values. `problems` have places and excerpts."""

    file: str
    values: dict[str, Value] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    source: Source | None = field(default=None, repr=False)
    root: yaml.Node | None = field(default=None, repr=False)
    shape: Mapping | None = field(default=None, repr=False)

    def with_excerpts(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The problems, each that lies in this file and has no excerpt with one."""
        return tuple(
            replace(p, excerpt=self._excerpt(p.where)) if self._is_mine(p) and isinstance(p.where, Place) else p
            for p in problems
        )

    def start_of(self, name: str) -> Place:
        """Where a key of the top level stands; the file's start where it doesn't."""
        pairs = self.root.value if isinstance(self.root, yaml.MappingNode) and self.source else ()
        node = next((key for key, _ in pairs if key.value == name), None)
        return self.source.place(node) if node is not None and self.source else Place(self.file, 1, 1)

    def _is_mine(self, problem: Problem) -> bool:
        return problem.excerpt is None and isinstance(problem.where, Place) and problem.where.file == self.file

    def _excerpt(self, place: Place) -> str | None:
        if self.source is None:
            return None
        if self.root is None or self.shape is None:
            return excerpt(self.source, place.line, place.column, blots_of_broken(self.source, place.line, harmless()))
        width = width_at(self.root, place)
        return excerpt(self.source, place.line, place.column, blots(self.source, self.root, self.shape), width)


def read_profile_text(file: str, data: bytes) -> Document:
    """A profile file's bytes, named as the user gave it."""
    return _read(file, data, profile_shape(), empty="the file is empty; a profile starts with dtsconf: 1 and a name")


def read_settings_text(file: str, data: bytes) -> Document:
    """A user's file: the bare settings tree. An empty one is an empty layer."""
    return _read(file, data, settings_shape(), empty=None)


def _read(file: str, data: bytes, shape: Mapping, empty: str | None) -> Document:
    source = None
    try:
        source = decode(file, data)
        root = compose(source)
    except BadYaml as bad:
        return _unparsed(file, bad, source)
    if root is None:
        hint = "`dtsconf init FILE` writes one to start from"
        told = (Problem("empty", empty, hint, Place(file, 1, 1)),) if empty else ()
        return Document(file, {}, told, source)
    walk = _Walk(source)
    walk.mapping(root, shape, "")
    document = Document(file, walk.values, (), source, root, shape)
    document.problems = document.with_excerpts(sorted(walk.problems, key=_order)) if walk.problems else ()
    return document


def _unparsed(file: str, bad: BadYaml, source: Source | None) -> Document:
    document = Document(file, {}, (), source)
    problem = Problem(bad.kind, bad.message, bad.hint, Place(file, *bad.at))
    document.problems = document.with_excerpts((problem,))
    return document


def _order(problem: Problem) -> tuple[int, int]:
    where = problem.where
    return (where.line, where.column) if isinstance(where, Place) else (0, 0)


class _Walk:
    """The walk over one file. Adds to `values` and `problems`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.values: dict[str, Value] = {}
        self.problems: list[Problem] = []

    def problem(self, node: yaml.Node, kind: str, message: str, hint: str | None, key: str) -> None:
        name = key.removeprefix("settings.") or None
        self.problems.append(Problem(kind, message, hint, self.source.place(node), name))

    def mapping(self, node: yaml.Node, shape: Mapping, prefix: str) -> None:
        """Each known pair by its shape. `prefix` is the dotted path with its last dot."""
        pairs = self.pairs(node, shape, prefix)
        if pairs is None:
            return
        for name, (knode, vnode) in pairs.items():
            sub = shape.fields.get(name)
            if sub is None:
                self.unknown(knode, name, shape, prefix)
            elif type(sub) is Leaf:
                if (value := self.leaf(vnode, sub, prefix + name)) is not None:
                    self.values[prefix + name] = value
            elif type(sub) is Mapping:
                self.mapping(vnode, sub, f"{prefix}{name}.")
            else:
                self.items(vnode, sub, prefix + name)
        for name in shape.required:
            if name not in pairs:
                self.missing(node, name, prefix)

    def pairs(self, node: yaml.Node, shape: Mapping, prefix: str) -> dict[str, tuple[yaml.Node, yaml.Node]] | None:
        """A mapping's pairs by name, merges (`<<`) applied, explicit keys winning; None when it is no mapping."""
        if not isinstance(node, yaml.MappingNode):
            self.not_a_mapping(node, shape, prefix)
            return None
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged: list[yaml.Node] = []
        for knode, vnode in node.value:
            if knode.tag == _MERGE and isinstance(knode, yaml.ScalarNode):
                if merged:
                    self.problem(
                        knode, "duplicate-key", "the key << is given twice", "merge several with <<: [*a, *b]", prefix
                    )
                merged.append(vnode)
            elif not isinstance(knode, yaml.ScalarNode):
                self.problem(
                    knode, "unknown-key", "a key must be a single word", "is a colon or quote missing?", prefix
                )
            elif knode.value in own:
                self.duplicate(own[knode.value][0], knode, prefix)
            else:
                own[knode.value] = (knode, vnode)
        for source in merged:
            self.merge(own, source, shape, prefix)
        return own

    def merge(
        self, own: dict[str, tuple[yaml.Node, yaml.Node]], source: yaml.Node, shape: Mapping, prefix: str
    ) -> None:
        """Take over what a merge brings and nothing nearer has given; of several the first one wins."""
        parts = source.value if isinstance(source, yaml.SequenceNode) else [source]
        for part in parts:
            if not isinstance(part, yaml.MappingNode):
                self.problem(part, "type", "<< takes a mapping or a list of mappings", "write <<: *anchor", prefix)
                continue
            for name, pair in (self.pairs(part, shape, prefix) or {}).items():
                own.setdefault(name, pair)

    def duplicate(self, first: yaml.Node, second: yaml.Node, prefix: str) -> None:
        name = shown(second.value).strip("'")
        line = first.start_mark.line + 1
        where = prefix.removeprefix("settings.") + name
        self.problem(
            second, "duplicate-key", f"{where} is given twice, first in line {line}", "leave one of them", prefix + name
        )

    def unknown(self, knode: yaml.Node, name: str, shape: Mapping, prefix: str) -> None:
        base = prefix.removeprefix("settings.")
        if glued(name):
            bad, word = no_blank((0, 0)), name.partition(":")[0]
            self.problem(knode, bad.kind, f"{base}{word}: {bad.message}", bad.hint, prefix + word[:100])
            return
        told = shown(name).strip("'")
        self.problem(
            knode, "unknown-key", f"unknown key {base}{told}", suggestion(name, shape, prefix), prefix + name[:100]
        )

    def missing(self, node: yaml.Node, name: str, prefix: str) -> None:
        hint = {"dtsconf": "write dtsconf: 1 as the first line", "name": "write name: and a word for this profile"}
        message = f"{prefix}{name} is missing" if not prefix else f"{prefix.rstrip('.')}: {name} is missing"
        self.problem(node, "required", message, hint.get(name, f"add {name}: here"), prefix + name)

    def not_a_mapping(self, node: yaml.Node, shape: Mapping, prefix: str) -> None:
        name = prefix.rstrip(".").removeprefix("settings.") or "the file"
        if isinstance(node, yaml.ScalarNode) and glued(node.value):
            bad = no_blank((0, 0))
            self.problem(node, bad.kind, bad.message, bad.hint, prefix.rstrip("."))
            return
        what = (
            "null"
            if node.tag.endswith(":null")
            else "a list"
            if isinstance(node, yaml.SequenceNode)
            else "a single value"
        )
        example = next(iter(shape.fields))
        hint = f"write keys such as {example}: below it{', or leave it out' if what == 'null' else ''}"
        if not prefix:
            hint = f"start it with keys such as {example}:, one in each line"
        self.problem(node, "type", f"{name}: expects a mapping, found {what}", hint, prefix.rstrip("."))

    def leaf(self, node: yaml.Node, leaf: Leaf, path: str) -> Value | None:
        """One value, checked; None when it is wrong (told as a problem)."""
        name = path.removeprefix("settings.")
        raw: Any = None
        try:
            if not isinstance(node, yaml.ScalarNode):
                raise _single_wanted(node, leaf, name)
            raw = read_scalar(node, leaf)
            if raw is not None:
                return Value(leaf.check(name, raw), self.source.place(node))
            return Value(None, self.source.place(node))
        except BadValue as bad:
            curly = isinstance(node, yaml.ScalarNode) and node.value.startswith(_CURLY)
            self.problem(node, bad.kind, bad.told(name, raw), _PLAIN_QUOTES if curly else bad.hint, path)
            return None

    def items(self, node: yaml.Node, shape: Shape, path: str) -> None:
        """A list: its items as values or dicts of values."""
        if not isinstance(shape, Items):
            return
        name = path.removeprefix("settings.")
        if not isinstance(node, yaml.SequenceNode):
            if not (shape.nullable and node.tag == _NULL):
                self.not_a_list(node, name, path, shape)
            return
        if shape.nonempty and not node.value:
            self.problem(node, "empty", f"{name}: expects at least one item", "list one, or leave it out", path)
        items = [self.item(child, shape.item, f"{path}[{n}]") for n, child in enumerate(node.value)]
        self.values[path] = Value([item for item in items if item is not None], self.source.place(node))

    def not_a_list(self, node: yaml.Node, name: str, path: str, shape: Items) -> None:
        scalar = isinstance(node, yaml.ScalarNode) and not node.tag.endswith(":null")
        what = found(plain(node.tag, node.value)) if isinstance(node, yaml.ScalarNode) else "a mapping"
        wrap = scalar and isinstance(shape.item, (Leaf, WordOr)) and len(node.value) < 60
        hint = (
            f"write [{in_brackets(node.value)}]" if wrap else "write a list: each item on a line of its own after '- '"
        )
        self.problem(node, "type", f"{name}: expects a list, found {what}", hint, path)

    def item(self, node: yaml.Node, shape: Shape, path: str) -> Value | dict[str, Value] | None:
        if isinstance(shape, WordOr):
            if isinstance(node, yaml.ScalarNode):
                word = self.leaf(node, shape.word, path)
                return None if word is None else {shape.field: word}
            shape = shape.mapping
        if isinstance(shape, Leaf):
            return self.leaf(node, shape, path)
        if not isinstance(shape, Mapping):
            return None
        inner = _Walk(self.source)
        inner.mapping(node, shape, path + ".")
        self.problems += inner.problems
        skip = len(path) + 1
        values = {name[skip:]: value for name, value in inner.values.items()}
        return values if isinstance(node, yaml.MappingNode) and not inner.problems else None


def _single_wanted(node: yaml.Node, leaf: Leaf, name: str) -> BadValue:
    from dtsconf.settings.wording import WANTED

    what = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
    last = name.rpartition(".")[2]
    return BadValue("type", f"expects {WANTED[leaf.kind]}, found {what}", f"write one value after {last}:", show=False)
