"""What a profile says besides the settings, by dotted name: `verify.level`, `secrets.vault.url`. For `explain`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dtsconf.settings.docs import of_class
from dtsconf.settings.leaf import unwrap
from dtsconf.settings.sections import SecretsOptions, Verify

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dtsconf.settings.values import Organisation

_SECTIONS: Final[dict[str, type[BaseModel]]] = {"verify": Verify, "secrets": SecretsOptions}


@cache
def field_meanings() -> dict[str, str]:
    """Dotted name -> meaning, for every field of the sections; groups of fields are not in it."""
    return {name: words for section, model in _SECTIONS.items() for name, words in _walk(model, section)}


def field_value(name: str, org: Organisation) -> Any:
    """The organisation's value, as YAML would hold it. `name` is one of `field_meanings`."""
    value: Any = org
    for word in name.split("."):
        value = getattr(value, word)
    return list(value) if isinstance(value, tuple) else value


def _walk(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    from pydantic import BaseModel

    for name, info in model.model_fields.items():
        bare: Any = unwrap(info.annotation)[0]
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            yield from _walk(bare, f"{prefix}.{name}")
        else:
            yield f"{prefix}.{name}", of_class(model).get(name, "")
