"""The profile's structure as the YAML reader walks it: mappings, lists and leaves, derived from the model classes.

Pydantic validates leaves only; the structure is walked by us, because the place of every node has to be known when
something is wrong with it. Shapes are built once a run, on first use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from dtsconf.settings.leaf import Leaf, leaf_of, leaf_of_field, unwrap

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo


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


def of_model(model: type[BaseModel]) -> Mapping:
    """The shape of a pydantic model's mapping."""
    fields = {name: _of_field(info) for name, info in model.model_fields.items()}
    return Mapping(fields, tuple(name for name, info in model.model_fields.items() if info.is_required()))


def _of_field(info: FieldInfo) -> Shape:
    bare, nullable, marks = unwrap(info.annotation)
    if get_origin(bare) is tuple:
        least = any(getattr(mark, "min_length", None) for mark in (*info.metadata, *marks))
        return Items(_of_item(get_args(bare)[0]), nonempty=least, nullable=nullable)
    model = _as_model(bare)
    return of_model(model) if model else leaf_of_field(info)


def _of_item(annotation: Any) -> Shape:
    model = _as_model(annotation)
    if model:
        return of_model(model)
    members = get_args(annotation) if get_origin(annotation) is Union else ()
    inner = next((found for member in members if (found := _as_model(member))), None)
    if inner is None:
        return leaf_of(annotation)
    word = next(member for member in members if _as_model(member) is None)
    return WordOr(leaf_of(word), "kind", of_model(inner))


def _as_model(annotation: Any) -> type[BaseModel] | None:
    from pydantic import BaseModel

    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


@cache
def profile_shape() -> Mapping:
    """The whole profile file."""
    from dtsconf.settings.sections import ProfileFile

    return of_model(ProfileFile)


@cache
def settings_shape() -> Mapping:
    """The bare settings tree: a user's file, and `settings` of a profile."""
    shape = profile_shape().fields["settings"]
    assert isinstance(shape, Mapping)  # noqa: S101 - for the type checker; model and sections are ours
    return shape
