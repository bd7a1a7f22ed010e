"""The walk over one YAML file along its shape: values with their places, and what is wrong with each.

Knows structure and types; what values mean together is for others. No problem ends the walk.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from dtsconf.errors import Problem
from dtsconf.names import CURLY, PLAIN_QUOTES
from dtsconf.settings.blots import veiled
from dtsconf.settings.leaf import Leaf
from dtsconf.settings.scalars import plain, read_scalar
from dtsconf.settings.sections import FORMAT
from dtsconf.settings.shapes import Items, Mapping, Shape, WordOr
from dtsconf.settings.suggestion import as_list, astray, dashes_without_blank, suggestion
from dtsconf.settings.values import Value
from dtsconf.settings.wording import BadValue, found, shown, storing
from dtsconf.settings.yamltext import Source
from dtsconf.settings.yamlwords import EXPECT, glued, no_blank

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping as Pairs

_MERGE: Final = "tag:yaml.org,2002:merge"
_NULL: Final = "tag:yaml.org,2002:null"
_DASH: Final = re.compile(r"\s*-\s")
_VERSION: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})*")
_FILLED_IN: Final = re.compile(r"\$\{\w+\}|\{\{.*\}\}|%\w+%$|<%.*%>", re.DOTALL)
"""A value that other programs would put another one in the place of."""
_COMMA: Final = "a comma ends a text in braces: put the whole text, comma included, in quotes"
_MANY: Final = 100
_FORMAT: Final = f"write dtsconf: {FORMAT}"


class Walk:
    """The walk over one file, with `own` a user's own one. Adds to `values` and `problems`."""

    def __init__(self, source: Source, *, own: bool = False) -> None:
        self.source, self.own = source, own
        self.values: dict[str, Value] = {}
        self.problems: list[Problem] = []
        self._veiled: dict[int, str] = {}

    def _problem(self, node: yaml.Node, kind: str, message: str, hint: str | None, key: str) -> None:
        name = key.removeprefix("settings.") or None
        self.problems.append(Problem(kind, message, hint, self.source.place(node), name))

    def mapping(self, node: yaml.Node, shape: Mapping, prefix: str) -> None:
        """Each known pair by its shape. `prefix` is the dotted path with its last dot."""
        pairs = self._pairs(node, shape, prefix)
        if pairs is None:
            return
        astray = self._astray(pairs, shape, prefix)
        for name, (knode, vnode) in pairs.items():
            sub = shape.fields.get(name)
            if name in astray:
                continue
            if sub is None:
                self._unknown((knode, vnode), name, shape, prefix)
            elif type(sub) is Leaf:
                if (value := self._leaf(vnode, sub, prefix + name)) is not None:
                    self.values[prefix + name] = value
            elif type(sub) is Mapping:
                self.mapping(vnode, sub, f"{prefix}{name}.")
            else:
                self._items(vnode, sub, prefix + name)
        for name in shape.required:
            if name not in pairs:
                self._missing(node, name, prefix)

    def _pairs(self, node: yaml.Node, shape: Mapping, prefix: str) -> dict[str, tuple[yaml.Node, yaml.Node]] | None:
        """A mapping's pairs by name, merges (`<<`) applied, explicit keys winning; None when it is no mapping."""
        if not isinstance(node, yaml.MappingNode):
            self._not_a_mapping(node, shape, prefix)
            return None
        self._veiled |= veiled(node, shape)
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged: list[yaml.Node] = []
        for knode, vnode in node.value:
            if knode.tag == _MERGE and isinstance(knode, yaml.ScalarNode):
                if merged:
                    self._problem(
                        knode, "duplicate-key", "the key << is given twice", "merge several with <<: [*a, *b]", prefix
                    )
                merged.append(vnode)
            elif not isinstance(knode, yaml.ScalarNode):
                self._problem(
                    knode, "unknown-key", "a key must be a single word", "is a colon or quote missing?", prefix
                )
            elif knode.value in own and id(knode) not in self._veiled:
                self._duplicate(own[knode.value][0], knode, prefix)
            else:
                own[knode.value] = (knode, vnode)
        for source in merged:
            self._merge(own, source, shape, prefix)
        return own

    def _merge(
        self, own: dict[str, tuple[yaml.Node, yaml.Node]], source: yaml.Node, shape: Mapping, prefix: str
    ) -> None:
        """Take over what a merge brings and nothing nearer has given; of several the first one wins."""
        parts = source.value if isinstance(source, yaml.SequenceNode) else [source]
        for part in parts:
            if not isinstance(part, yaml.MappingNode):
                self._problem(part, "type", "<< takes a mapping or a list of mappings", "write <<: *anchor", prefix)
                continue
            for name, pair in (self._pairs(part, shape, prefix) or {}).items():
                own.setdefault(name, pair)

    def _duplicate(self, first: yaml.Node, second: yaml.Node, prefix: str) -> None:
        name = shown(second.value).strip("'")
        line = first.start_mark.line + 1
        where = prefix.removeprefix("settings.") + name
        self._problem(
            second, "duplicate-key", f"{where} is given twice, first in line {line}", "leave one of them", prefix + name
        )

    def _unknown(self, pair: tuple[yaml.Node, yaml.Node], name: str, shape: Mapping, prefix: str) -> None:
        knode, _ = pair
        base = prefix.removeprefix("settings.")
        if glued(name):
            bad, word = no_blank((0, 0)), name.partition(":")[0]
            self._problem(knode, bad.kind, f"{base}{word}: {bad.message}", bad.hint, prefix + word[:100])
            return
        if (seen := self._veiled.get(id(knode))) is not None:
            self._cut_secret(knode, seen, prefix)
            return
        told = shown(name).strip("'")
        hint = _COMMA if self._cut_off(*pair) else suggestion(name, shape, prefix, self._where, own=self.own)
        self._problem(knode, "unknown-key", f"unknown key {base}{told}", hint, prefix + name[:100])

    def _cut_secret(self, knode: yaml.Node, seen: str, prefix: str) -> None:
        """A key that may be a part of a secret; `seen` of it may be shown."""
        if seen:
            hint = "write key: value, with a blank between"
            told = f"{prefix.removeprefix('settings.')}{seen}: a colon is missing after this key"
            self._problem(knode, "syntax", told, hint, prefix + seen)
        else:
            told = f"{prefix.removeprefix('settings.').rstrip('.')}: a word without a colon stands here"
            self._problem(knode, "unknown-key", told, _COMMA, prefix.rstrip("."))

    def _where(self, key: str) -> str:
        """Where a setting belongs in this file, in a sentence; '' where the file hasn't its group, and after so many
        problems that nobody mends them one by one."""
        if len(self.problems) > _MANY:
            return ""
        from dtsconf.settings import rewriting

        path = (*(() if self.own else ("settings",)), *key.split(".")[:-1])
        try:
            line, blanks = rewriting.gap(self.source.text, path)
        except rewriting.CantRewrite:
            return ""
        if blanks is None:
            return f" It belongs within the braces on line {line}"
        return f" It belongs below line {line}, with {blanks} blanks before it"

    def _cut_off(self, knode: yaml.Node, vnode: yaml.Node) -> bool:
        """Whether a key is what stands behind the comma of a text in braces: a word without a colon."""
        before = self.source.text[: knode.start_mark.index].rstrip(" ")
        return before.endswith(",") and knode.end_mark.index == vnode.end_mark.index

    def _astray(self, pairs: Pairs[str, tuple[yaml.Node, yaml.Node]], shape: Mapping, prefix: str) -> Collection[str]:
        """The keys that belong into another mapping, told: one problem for all that belong into the same one."""
        if all(name in shape.fields for name in pairs):
            return ()
        found = astray(pairs, shape, prefix)
        for one in found:
            self._problem(pairs[one.names[0]][0], "unknown-key", one.told, one.hint, one.key)
        return [name for one in found for name in one.names]

    def _missing(self, node: yaml.Node, name: str, prefix: str) -> None:
        hint = {"dtsconf": "write dtsconf: 1 as the first line", "name": "write name: and a word for this profile"}
        message = f"{prefix}{name} is missing" if not prefix else f"{prefix.rstrip('.')}: {name} is missing"
        self._problem(node, "required", message, hint.get(name, f"add {name}: here"), prefix + name)

    def _not_a_mapping(self, node: yaml.Node, shape: Mapping, prefix: str) -> None:
        name = prefix.rstrip(".").removeprefix("settings.") or "the file"
        if isinstance(node, yaml.ScalarNode) and glued(node.value):
            bad = no_blank((0, 0))
            self._problem(node, bad.kind, bad.message, bad.hint, prefix.rstrip("."))
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
        self._problem(node, "type", f"{name}: expects a mapping, found {what}", hint, prefix.rstrip("."))

    def _leaf(self, node: yaml.Node, leaf: Leaf, path: str) -> Value | None:
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
            self._problem(node, bad.kind, bad.told(name, raw), self._hint(node, path, bad), path)
            return None

    def _hint(self, node: yaml.Node, path: str, bad: BadValue) -> str | None:
        """What to do about a bad value, as far as its place in the file tells better than its type."""
        written = self.source.text[node.start_mark.index : node.end_mark.index].strip("\"'")
        if bad.kind != "secret-literal" and _FILLED_IN.match(written):
            return f"variables and templates aren't filled in: {EXPECT}"
        if isinstance(node, yaml.ScalarNode) and node.value.startswith(CURLY):
            return PLAIN_QUOTES
        if path == "dtsconf" and bad.kind == "type":
            return _FORMAT
        if path == "requires" and isinstance(node, yaml.ScalarNode) and _VERSION.fullmatch(node.value):
            return f'write ">={node.value}"'
        if self.own and bad.kind == "secret-literal" and isinstance(node, yaml.ScalarNode):
            return storing(path.removeprefix("settings."), node.value, beside=self.source.file)
        return bad.hint

    def _items(self, node: yaml.Node, shape: Shape, path: str) -> None:
        """A list: its items as values or dicts of values."""
        if not isinstance(shape, Items):
            return
        name = path.removeprefix("settings.")
        if not isinstance(node, yaml.SequenceNode):
            if not (shape.nullable and node.tag == _NULL):
                self._not_a_list(node, name, path, shape)
            return
        if shape.nonempty and not node.value:
            self._problem(node, "empty", f"{name}: expects at least one item", "list one, or leave it out", path)
        items = [
            self._item(child, shape.item, f"{path}[{n}]")
            for n, child in enumerate(node.value)
            if not self._swallows(child, name, path)
        ]
        self.values[path] = Value([item for item in items if item is not None], self.source.place(node))

    def _swallows(self, node: yaml.Node, name: str, path: str) -> bool:
        """Whether a bare item goes on over further lines that start with a dash: those are items indented more."""
        if not isinstance(node, yaml.ScalarNode) or node.style or node.start_mark.line == node.end_mark.line:
            return False
        lines = self.source.lines[node.start_mark.line + 1 : node.end_mark.line + 1]
        further = next((n for n, line in enumerate(lines, node.start_mark.line + 2) if _DASH.match(line)), None)
        if further is None:
            return False
        told = f"{name}: line {further} is indented more than this one, and so it goes on this item"
        self._problem(node, "syntax", told, "start each item with '- ', all indented alike", path)
        return True

    def _not_a_list(self, node: yaml.Node, name: str, path: str, shape: Items) -> None:
        what = found(plain(node.tag, node.value)) if isinstance(node, yaml.ScalarNode) else "a mapping"
        hint = None
        if isinstance(node, yaml.ScalarNode) and isinstance(shape.item, (Leaf, WordOr)) and node.tag != _NULL:
            if not node.style and dashes_without_blank(node.value):
                told = f"{name}: a blank is missing after each -"
                self._problem(node, "type", told, "write each item as '- item', with a blank between", path)
                return
            item = shape.item.word if isinstance(shape.item, WordOr) else shape.item
            hint = as_list(node.value, item, quoted=node.style in ("'", '"'))
        hint = hint or "write a list: each item on a line of its own after '- '"
        self._problem(node, "type", f"{name}: expects a list, found {what}", hint, path)

    def _item(self, node: yaml.Node, shape: Shape, path: str) -> Value | dict[str, Value] | None:
        if isinstance(shape, WordOr):
            if isinstance(node, yaml.ScalarNode):
                word = self._leaf(node, shape.word, path)
                return None if word is None else {shape.field: word}
            shape = shape.mapping
        if isinstance(shape, Leaf):
            return self._leaf(node, shape, path)
        if not isinstance(shape, Mapping):
            return None
        inner = Walk(self.source, own=self.own)
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
