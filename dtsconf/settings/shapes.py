"""The profile's structure as the YAML reader walks it: mappings, lists and leaves, derived from their declarations.

Pydantic validates leaves only; the structure is walked by us, because the place of every node has to be known when
something is wrong with it. Shapes are built once a run, on first use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from dtsconf.settings.declared import Declared, declared_in, defaults, field_types
from dtsconf.settings.leaf import Leaf, leaf_of, unwrap
from dtsconf.settings.marks import AtLeast


@dataclass(eq=False)
class Mapping:
    """Named parts. `required` are the names that must be there."""

    fields: dict[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()


@dataclass(eq=False)
class Items:
    """A list whose items have one shape. `nonempty`: at least one is wanted."""

    item: Shape
    nonempty: bool = False
    nullable: bool = False


@dataclass(eq=False)
class WordOr:
    """A single word, short for a mapping with only `field` set to it."""

    word: Leaf
    field: str
    mapping: Mapping


Shape = Leaf | Mapping | Items | WordOr


def of_declared(declared: type[Declared]) -> Mapping:
    """The shape of a declared mapping."""
    fields = {name: _of_field(annotation) for name, annotation in field_types(declared).items()}
    optional = defaults(declared)
    return Mapping(fields, tuple(name for name in fields if name not in optional))


def _of_field(annotation: Any) -> Shape:
    bare, nullable, marks = unwrap(annotation)
    if get_origin(bare) is tuple:
        least = any(isinstance(mark, AtLeast) for mark in marks)
        return Items(_of_item(get_args(bare)[0]), nonempty=least, nullable=nullable)
    inner = declared_in(bare)
    return of_declared(inner) if inner else leaf_of(annotation)


def _of_item(annotation: Any) -> Shape:
    inner = declared_in(annotation)
    if inner:
        return of_declared(inner)
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
    inner = next((found for member in members if (found := declared_in(member))), None)
    if inner is None:
        return leaf_of(annotation)
    word = next(member for member in members if declared_in(member) is None)
    return WordOr(leaf_of(word), "kind", of_declared(inner))


@cache
def profile_shape() -> Mapping:
    """The whole profile file."""
    from dtsconf.settings.sections import ProfileFile

    return of_declared(ProfileFile)


@cache
def settings_shape() -> Mapping:
    """The bare settings tree: a user's file, and `settings` of a profile."""
    shape = profile_shape().fields["settings"]
    assert isinstance(shape, Mapping)  # noqa: S101 - for the type checker; model and sections are ours
    return shape
