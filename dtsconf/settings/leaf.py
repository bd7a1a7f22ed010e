"""One leaf of settings or profile: what kind of value it takes and how a value is checked, from its annotation.

A leaf knows its type only: neither its name nor its layer. Checks are compiled by pydantic on first use, since a run
needs few of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from dtsconf.settings.types import PATH, SECRET, Screen
from dtsconf.settings.wording import translate

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["text", "choice", "bool", "int", "number", "secret", "size", "scalar"]
"""`size`: a number of bytes or a text such as `25 MiB`. `scalar`: any single value (a rule's operand)."""

_KINDS: dict[object, Kind] = {str: "text", bool: "bool", int: "int"}


@dataclass(eq=False)
class Leaf:
    """A single value's type. `choices` are its words or empty; `is_path` tells that it is relative to its file."""

    annotation: Any
    kind: Kind
    nullable: bool = False
    choices: tuple[str, ...] = ()
    is_path: bool = False
    screens: tuple[Screen, ...] = field(default=())

    @cached_property
    def _validate(self) -> Callable[[object], Any]:
        from pydantic import ConfigDict, TypeAdapter

        return TypeAdapter(self.annotation, config=ConfigDict(strict=True)).validator.validate_python

    def check(self, name: str, raw: object) -> Any:
        """The value as the type keeps it (normalised). `name` is the dotted key, for hints.

        Raises:
            BadValue: the type can't take it.
        """
        if raw in self.choices or (raw is None and self.nullable):
            return raw
        from pydantic import ValidationError

        try:
            return self._validate(raw)
        except ValidationError as error:
            bad = translate(error, name, raw, kind=self.kind, choices=self.choices, nullable=self.nullable)
        raise bad


def leaf_of(annotation: Any) -> Leaf:
    """The leaf that a type declares, with whatever `Annotated` adds to it."""
    bare, nullable, marks = unwrap(annotation)
    choices = tuple(get_args(bare)) if get_origin(bare) is Literal else ()
    return Leaf(
        annotation,
        _kind(bare, marks),
        nullable,
        choices,
        PATH in marks,
        tuple(mark for mark in marks if isinstance(mark, Screen)),
    )


def unwrap(annotation: Any) -> tuple[Any, bool, tuple[Any, ...]]:
    """Take `Annotated` and `| None` off: the bare type, whether null is allowed, and the metadata met on the way."""
    marks: tuple[Any, ...] = ()
    nullable = False
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            marks += tuple(more)
            continue
        members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
        if NoneType not in members:
            return annotation, nullable, marks
        nullable = True
        rest = tuple(member for member in members if member is not NoneType)
        annotation = rest[0] if len(rest) == 1 else Union[rest]  # noqa: UP007 - built from a tuple at run time


def _kind(bare: Any, marks: tuple[Any, ...]) -> Kind:
    if SECRET in marks:
        return "secret"
    if get_origin(bare) is Literal:
        return "choice"
    if get_origin(bare) in (Union, UnionType):
        members = set(get_args(bare))
        return "number" if members == {int, float} else "size" if members == {int, str} else "scalar"
    return _KINDS[bare]
