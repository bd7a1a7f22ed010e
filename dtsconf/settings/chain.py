"""A profile and all it extends, merged: the child over the parent key by key, policy adding up, locks kept.

Each file is read once a run, however many profiles extend it. Tells problems with places; what the merged settings
are worth is decided by `resolve`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from dtsconf.errors import Invalid, Notice, Problem
from dtsconf.names import escape_controls
from dtsconf.settings.part import Part, read_part
from dtsconf.settings.policy import Policy
from dtsconf.settings.trust import moved_to, plain_reader
from dtsconf.settings.values import Value

Reader = Callable[[str], bytes]
"""Path -> bytes. Raises errors.Invalid for a file that can't or mustn't be read."""

Told = TypeVar("Told", Problem, Notice)

LONGEST: Final = 20
"""The most files in one chain."""


@dataclass(eq=False)
class Chain:
    """A profile merged with its ancestors. `parts` start with the profile itself; `problems` are those of the merging
    and of reading ancestors. `whole`: every file could be read and parsed, so that the merged values can be judged."""

    parts: tuple[Part, ...]
    settings: Mapping[str, Value] = field(default_factory=dict)
    others: Mapping[str, Value] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    problems: tuple[Problem, ...] = ()
    whole: bool = True

    def with_excerpts(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The problems with their source lines, whichever file of the chain they lie in."""
        told = tuple(problems)
        for part in self.parts:
            told = part.document.with_excerpts(told)
        return told

    def placed(self, told: Told) -> Told:
        """The finding with a place: what is missing is told where its group is, else where the settings begin."""
        if told.where is not None:
            return told
        group = (told.key or "").rpartition(".")[0]
        near = self.settings.get(f"{group}.required") or next(
            (value for key, value in self.settings.items() if key.rpartition(".")[0] == group), None
        )
        return replace(told, where=near.where if near else self.parts[0].document.start_of("settings"))


class Chains:
    """Loads chains, each file once. `read` is how a file's bytes are had."""

    def __init__(self, read: Reader = plain_reader) -> None:
        self._read = read
        self._parts: dict[str, Part | Invalid] = {}
        self._merged: dict[str, Chain] = {}

    def part(self, path: str) -> Part:
        """One file, understood by itself.

        Raises:
            Invalid: it can't or mustn't be read.
        """
        known = self._parts.get(path)
        if known is None:
            try:
                known = read_part(path, self._read(path))
            except Invalid as error:
                known = error
            self._parts[path] = known
        if isinstance(known, Invalid):
            raise known
        return known

    def load(self, path: str, *, keep: bool = False, below: tuple[str, ...] = ()) -> Chain:
        """The chain that starts at a file; with `keep` the merged result is remembered, for a parent of many.

        Raises:
            Invalid: the file itself can't be read. Anything about its ancestors is a problem of the chain.
        """
        if path in self._merged:
            return self._merged[path]
        chain = self._merge(self.part(path), below)
        if keep and not below:
            self._merged[path] = chain
        return chain

    def _merge(self, part: Part, below: tuple[str, ...]) -> Chain:
        if part.extends is None:
            return Chain((part,), part.settings, part.others, part.policy, (), part.legible)
        try:
            parent = self._parent(part, (*below, os.path.abspath(part.path)))
        except Invalid as error:
            found = part.document.with_excerpts(error.problems)
            return Chain((part,), part.settings, part.others, part.policy, found, whole=False)
        locked = part.document.with_excerpts(_locked(part, parent.policy))
        return Chain(
            (part, *parent.parts),
            {**parent.settings, **part.settings},
            {**parent.others, **part.others},
            parent.policy.plus(part.policy) if part.policy != Policy() else parent.policy,
            (*parent.problems, *locked),
            part.legible and parent.whole,
        )

    def _parent(self, part: Part, below: tuple[str, ...]) -> Chain:
        """The chain above a file. Raises: Invalid, at the place of `extends`."""
        path = part.extends or ""
        where = part.place_of("extends")
        known = self._merged.get(path)
        if known is not None:
            return known
        if os.path.abspath(path) in below:
            files = " -> ".join(
                os.path.relpath(name, os.path.dirname(below[0])) for name in (*below, os.path.abspath(path))
            )
            raise Invalid(
                (
                    Problem(
                        "cycle",
                        f"extends goes in a circle: {escape_controls(files)}",
                        "take one extends out",
                        where,
                        "extends",
                    ),
                )
            )
        if len(below) >= LONGEST:
            text = f"the chain of extends is longer than {LONGEST} files"
            raise Invalid((Problem("cycle", text, "let profiles extend fewer others", where, "extends"),))
        try:
            self.part(path)
        except Invalid as error:
            told = moved_to(error, where, f"extends: {escape_controls(path)}")
            inside = "name a profile in that folder"
            raise Invalid(tuple(replace(p, hint=inside) if p.kind == "folder" else p for p in told)) from None
        chain = self._merge(self.part(path), below)
        if not any(problem.kind == "cycle" for problem in chain.problems):
            self._merged[path] = chain
        return chain


def _locked(part: Part, policy: Policy) -> list[Problem]:
    """The keys that a file sets though an ancestor locked them (code 4)."""
    if not policy.locks:
        return []
    problems = []
    for key, value in (*part.settings.items(), *part.others.items()):
        lock = policy.lock_on(key)
        if lock is not None:
            text = f"{key} is locked by {lock.where}, so a profile that extends it can't set it"
            hint = f"take {key} out here, or narrow the lock on {lock.key} there"
            problems.append(Problem("locked", text, hint, value.where, key, code=4))
    return problems
