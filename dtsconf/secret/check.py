"""Tries every reference of a configuration and tells which can be had: never a value, and never only the first."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Protocol

from dtsconf.errors import DtsconfError, Invalid, Problem, SecretUnavailable, Where
from dtsconf.frozen import frozen
from dtsconf.secret.resolver import Resolver


class Wanted(Protocol):
    """A reference: the key it stands under, its text, and where it stands, as far as that is known."""

    @property
    def key(self) -> str:
        """Of the setting."""

    @property
    def reference(self) -> str:
        """The text."""

    @property
    def where(self) -> Where | None:
        """The place."""


@frozen
class Tried:
    """How it went: milliseconds, what the backend knows about it (see `backend.Backend`), and the problem if any."""

    wanted: Wanted
    ms: float
    facts: Mapping[str, str] = field(default_factory=dict)
    problem: Problem | None = None

    @property
    def backend(self) -> str:
        """The scheme."""
        return self.wanted.reference.partition("://")[0]


def try_all(wanted: Iterable[Wanted], resolver: Resolver) -> list[Tried]:
    """Fetch each and forget its value."""
    return [_tried(one, resolver) for one in wanted]


def _tried(one: Wanted, resolver: Resolver) -> Tried:
    start = time.perf_counter()

    def ms() -> float:
        return round((time.perf_counter() - start) * 1000, 1)

    try:
        resolver.fetch(one.reference, key=one.key, where=one.where)
        took = ms()
        return Tried(one, took, resolver.facts(one.reference))
    except (SecretUnavailable, Invalid) as error:
        return Tried(one, ms(), problem=_problem(error, one))


def instead(tried: Tried, error: SecretUnavailable | None) -> Tried:
    """How it went with the delivered value, which is what this user sends with: `error` is why that can't be had."""
    if error is not None:
        return replace(tried, problem=_problem(error, tried.wanted))
    source = tried.problem.message if tried.problem else ""
    return replace(
        tried, problem=None, facts={"delivered": f"on this machine, and good to send with; its source: {source}"}
    )


def _problem(error: DtsconfError, one: Wanted) -> Problem:
    first = error.all_problems()[0]
    bare = first.message.removeprefix(f"{one.key}: ")
    return Problem(first.kind, bare, first.hint, one.where, one.key, code=error.code)
