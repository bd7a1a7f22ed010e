"""How settings and sections are declared: mappings with typed fields (`marks` say what may stand in them).

Declaring imports no pydantic, so that whoever only knows the names, or reads what was checked before, needn't load it.
What checks is a model of the same fields, strict, which is made on first use; what it has checked is a declared value
again.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
    from pydantic_core import CoreSchema

CONFIG: ConfigDict = {
    "extra": "forbid",
    "frozen": True,
    "strict": True,
    "validate_default": False,
    "defer_build": True,
}
"""How every model checks."""

T = TypeVar("T", bound="Declared")


class Declared:
    """A mapping of declared fields; each class below it is `@frozen`. Building one checks nothing: `checked` does."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic checks it within another mapping: by its model, and gives the declared value."""
        del source
        from pydantic_core.core_schema import no_info_after_validator_function

        def value(found: BaseModel) -> Declared:
            return value_of(cls, found)

        return no_info_after_validator_function(value, handler.generate_schema(model_of(cls)))

    @classmethod
    def of_json(cls, tree: Mapping[str, Any]) -> Self:
        """The value of a mapping that `as_json` wrote; what it leaves out has its default, and nothing is checked."""
        kinds = field_types(cls)
        return cls(**{name: _of_json(kinds[name], value) for name, value in tree.items()})


def checked(declared: type[T], tree: Mapping[str, Any]) -> T:
    """A declared value from outside.

    Raises:
        pydantic.ValidationError: what doesn't fit its declaration.
    """
    return value_of(declared, model_of(declared).model_validate(tree))


def value_of(declared: type[T], found: BaseModel) -> T:
    """What a model has checked, as a declared value."""
    return declared(**{name: getattr(found, name) for name in field_types(declared)})


def model_of(declared: Any) -> type[BaseModel]:
    """The model of a declared mapping, under its name and with its docstring."""
    return _model_of(declared)


@cache
def _model_of(declared: Any) -> type[BaseModel]:
    from pydantic import create_model

    made: type[BaseModel] = create_model(
        declared.__name__,
        __config__=CONFIG,
        __doc__=declared.__doc__,
        __module__=declared.__module__,
        **model_fields(declared),
    )
    return made


def model_fields(declared: Any) -> dict[str, Any]:
    """The fields as `pydantic.create_model` wants them: name -> type and default."""
    kinds = field_types(declared)
    return {each.name: (kinds[each.name], _default(each)) for each in fields(declared)}


def _default(field: Any) -> Any:
    from pydantic import Field

    if field.default_factory is not MISSING:
        return Field(default_factory=field.default_factory)
    return ... if field.default is MISSING else field.default


def field_types(declared: Any) -> Mapping[str, Any]:
    """Field name -> its type with all marks, in the order of declaration."""
    return _field_types(declared)


@cache
def _field_types(declared: Any) -> dict[str, Any]:
    hints = get_type_hints(declared, include_extras=True)
    return {each.name: hints[each.name] for each in fields(declared)}


def defaults(declared: Any) -> dict[str, Any]:
    """Field name -> its default; a field that has none must be given."""
    found = {}
    for each in fields(declared):
        if each.default_factory is not MISSING:
            found[each.name] = each.default_factory()
        elif each.default is not MISSING:
            found[each.name] = each.default
    return found


def declared_in(annotation: Any) -> type[Declared] | None:
    """The mapping that a bare type is; None for any other."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, Declared) else None


def as_json(value: Any) -> Any:
    """A declared value as JSON has it: mappings, lists, and leaves as they are."""
    if isinstance(value, Declared):
        return {name: as_json(getattr(value, name)) for name in field_types(type(value))}
    return [as_json(item) for item in value] if isinstance(value, tuple) else value


def mappings_in(annotation: Any) -> Iterator[type[Declared]]:
    """The mappings that a type speaks of."""
    kind = declared_in(annotation)
    if kind is not None:
        yield kind
    elif get_origin(annotation) is not None:
        for part in get_args(annotation):
            yield from mappings_in(part)


def _of_json(annotation: Any, value: Any) -> Any:
    kind = next(mappings_in(annotation), None)
    if isinstance(value, dict) and kind is not None:
        return kind.of_json(value)
    return tuple(_of_json(annotation, item) for item in value) if isinstance(value, list) else value
