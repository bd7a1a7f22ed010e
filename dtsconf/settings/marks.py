"""Marks on a declared type, by which pydantic checks a value and says what the JSON Schema tells of it.

Making one imports no pydantic: it goes by them through the methods whose names begin with `__get_pydantic`
(https://docs.pydantic.dev/latest/concepts/types/, "Customizing validation with __get_pydantic_core_schema__").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from dtsconf.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema


@frozen
class After:
    """The value is what `check` makes of it, once its type is right."""

    check: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core.core_schema import no_info_after_validator_function

        return no_info_after_validator_function(self.check, handler(source))


@frozen
class Before:
    """The value is looked at by `prepare` before its type is."""

    prepare: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core.core_schema import no_info_before_validator_function

        return no_info_before_validator_function(self.prepare, handler(source))


class InSchema:
    """What the JSON Schema says of the value, in place of what pydantic would say."""

    def __init__(self, **parts: Any) -> None:
        self.parts = parts

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del core, handler
        return dict(self.parts)


class AtLeast:
    """A list has this many items or more."""

    def __init__(self, number: int) -> None:
        self.min_length = number

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return cast("CoreSchema", {**handler(source), "min_length": self.min_length})
