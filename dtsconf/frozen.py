"""`@frozen`: small immutable values, like `@dataclass(frozen=True, slots=True)` at a fraction of its price.

The standard decorator compiles half a dozen methods for each class: 0.5 ms, and a short command meets some 90. Here a
class gets its slots at once; `__init__` and what `dataclasses` knows of the fields are the standard decorator's, made
when somebody first builds a value or asks. Equality, hash and repr are shared; they go by the fields' `compare` and
`repr`, so a field with `repr=False` never shows. `dataclasses.replace`, `asdict` and `fields`, and patterns, work as
usual. That nobody assigns to a field is mypy's to see, not the interpreter's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from threading import RLock
from typing import Any, ClassVar, TypeVar, dataclass_transform, get_origin

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a value of the class; methods that it has itself stay its own."""
    own = {**vars(cls), "__annotations__": cls.__annotations__}
    names = [name for name, kind in cls.__annotations__.items() if not _is_of_class(kind)]
    had = {name for base in cls.__mro__[1:] for name in vars(base).get("__slots__", ())}
    for name in ("__dict__", "__weakref__", *names):
        own.pop(name, None)
    late = {name: _Late(cls) for name in _LATE}
    slots = {"__slots__": tuple(name for name in names if name not in had)}
    kind: Any = type(cls)
    made: type[T] = kind(cls.__name__, cls.__bases__, _SHARED | late | own | slots)
    return made


def _is_of_class(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.startswith("ClassVar")
    return annotation is ClassVar or get_origin(annotation) is ClassVar


class _Late:
    """An attribute that the standard decorator makes. Whoever looks at it has them all made, in place of these."""

    def __init__(self, plain: type) -> None:
        self._plain = plain

    def __set_name__(self, owner: Any, name: str) -> None:
        self._owner, self._name = owner, name

    def __get__(self, value: object, kind: Any = None) -> Any:
        with _COMPLETING:
            if vars(self._owner)[self._name] is self:
                whole: Any = dataclass(eq=False, repr=False)(self._plain)
                for name in _LATE:
                    setattr(self._owner, name, vars(whole)[name])
        return getattr(self._owner if value is None else value, self._name)


_LATE = ("__dataclass_fields__", "__dataclass_params__", "__match_args__", "__init__")
_COMPLETING = RLock()


@cache
def _compared(cls: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(cls) if each.compare)


@cache
def _told(cls: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(cls) if each.repr)


def _equal(self: Any, other: object) -> Any:
    if type(self) is not type(other):
        return NotImplemented
    cls: Any = type(self)
    return all(getattr(self, name) == getattr(other, name) for name in _compared(cls))


def _hash(self: Any) -> int:
    cls: Any = type(self)
    return hash((cls, *(getattr(self, name) for name in _compared(cls))))


def _shown(self: Any) -> str:
    cls: Any = type(self)
    told = ", ".join(f"{name}={getattr(self, name)!r}" for name in _told(cls))
    return f"{cls.__qualname__}({told})"


_SHARED: dict[str, Callable[..., Any]] = {"__eq__": _equal, "__hash__": _hash, "__repr__": _shown}
