"""One YAML file walked along its shape: values with their places, and every problem with its excerpt.

The walk knows structure and types; what values mean together (policy, chain, conditions between settings) is for
others. A key given twice, an unknown key, a wrong type, a missing required name: each is a problem here, none ends
the walk. Never raises; a file that is no YAML is one problem.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import yaml

from dtsconf.errors import Place, Problem
from dtsconf.settings.blots import blots, comment_in, harmless, telling, width_at
from dtsconf.settings.excerpt import blots_of_broken, excerpt
from dtsconf.settings.scalars import parse_settings_text
from dtsconf.settings.shapes import Mapping, profile_shape, settings_shape
from dtsconf.settings.suggestion import headless
from dtsconf.settings.values import Value
from dtsconf.settings.walk import Walk
from dtsconf.settings.yamltext import Source, compose, decode
from dtsconf.settings.yamltree import texts_of
from dtsconf.settings.yamlwords import BadYaml, odd_blank

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtsconf.settings.excerpt import Span

__all__ = ["Document", "parse_settings_text", "read_profile_text", "read_settings_text"]


EXCERPTS = 200
"""The most problems of one file that are shown with their line: a file with more is no slip of the pen."""


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
        """The problems, each that lies in this file and has no excerpt with one, up to `EXCERPTS` of them."""
        left = EXCERPTS
        told = []
        for problem in problems:
            if left and self._is_mine(problem) and isinstance(problem.where, Place):
                left -= 1
                told.append(replace(problem, excerpt=self._excerpt(problem.where)))
            else:
                told.append(problem)
        return tuple(told)

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
            hidden = blots_of_broken(self.source, place.line, harmless(), telling())
            return excerpt(self.source, place.line, place.column, hidden)
        if not 1 <= place.line <= len(self.source.lines):
            return None
        hidden, texts = self._hidden
        width = width_at(self.root, place)
        hidden = [*hidden, *comment_in(self.source, texts, place.line)]
        return excerpt(self.source, place.line, place.column, hidden, width)

    @cached_property
    def _hidden(self) -> tuple[list[Span], list[Span]]:
        """What no message may show, and all texts, of a file that could be parsed."""
        if self.source is None or self.root is None or self.shape is None:
            return [], []
        return blots(self.source, self.root, self.shape), texts_of(self.root)


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
        return _unparsed(file, bad, source, whole=empty is not None)
    if root is None:
        hint = "`dtsconf init FILE` writes one to start from"
        told = (Problem("empty", empty, hint, Place(file, 1, 1)),) if empty else ()
        return Document(file, {}, told, source)
    if empty is not None and (strange := _machine_config(file, root)):
        return Document(file, {}, strange, source)
    walk = Walk(source, own=empty is None)
    walk.mapping(root, shape, "")
    document = Document(file, walk.values, (), source, root, shape)
    if walk.problems:
        document.problems = document.with_excerpts(
            _odd_blanks(walk.problems, source) or sorted(walk.problems, key=_order)
        )
    return document


def _machine_config(file: str, root: yaml.Node) -> tuple[Problem, ...]:
    """That the file is what `apply` wrote from a profile."""
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    keys = {key.value for key, _ in pairs if isinstance(key, yaml.ScalarNode)}
    if not {"format", "given", "profile", "settings"}.issubset(keys) or "dtsconf" in keys:
        return ()
    hint = "name the YAML file that it was applied from; without --profile every command goes by the machine config"
    return (Problem("not-a-profile", "this is the machine config, which apply writes", hint, Place(file, 1, 1)),)


def _odd_blanks(problems: Iterable[Problem], source: Source) -> list[Problem]:
    """What else is wrong in a line with a blank that is none to YAML comes of that."""
    lines = {problem.where.line for problem in problems if isinstance(problem.where, Place)}
    odd = {bad.at: bad for line in lines if (bad := odd_blank(source.lines, line))}
    return [Problem(bad.kind, bad.message, bad.hint, Place(source.file, *at)) for at, bad in sorted(odd.items())]


def _unparsed(file: str, bad: BadYaml, source: Source | None, *, whole: bool) -> Document:
    """A file that is no YAML. `whole`: it was to be a profile, whose settings stand below `settings:`."""
    document = Document(file, {}, (), source)
    if whole and source and bad.kind == "syntax" and (line := headless(source.lines)):
        told = "settings stand indented here, and nothing above them"
        bad = BadYaml("syntax", told, "write settings: in a line of its own above this one", (line, 1))
    problem = Problem(bad.kind, bad.message, bad.hint, Place(file, *bad.at))
    document.problems = document.with_excerpts((problem,))
    return document


def _order(problem: Problem) -> tuple[int, int]:
    where = problem.where
    return (where.line, where.column) if isinstance(where, Place) else (0, 0)
