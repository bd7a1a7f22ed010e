"""What a profile says besides the settings, by dotted name: `verify.level`, `secrets.vault.url`. For `explain`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dtsconf.settings.declared import declared_in, field_types
from dtsconf.settings.docs import of_class
from dtsconf.settings.leaf import unwrap
from dtsconf.settings.sections import SecretsOptions, Verify

if TYPE_CHECKING:
    from dtsconf.settings.declared import Declared
    from dtsconf.settings.values import Organisation

_SECTIONS: Final[dict[str, type[Declared]]] = {"verify": Verify, "secrets": SecretsOptions}


@cache
def field_meanings() -> dict[str, str]:
    """Dotted name -> meaning, for every field of the sections; groups of fields are not in it."""
    return {name: words for section, declared in _SECTIONS.items() for name, words in _walk(declared, section)}


def field_value(name: str, org: Organisation) -> Any:
    """The organisation's value, as YAML would hold it. `name` is one of `field_meanings`."""
    value: Any = org
    for word in name.split("."):
        value = getattr(value, word)
    return list(value) if isinstance(value, tuple) else value


def _walk(section: type[Declared], prefix: str) -> Iterator[tuple[str, str]]:
    for name, annotation in field_types(section).items():
        if inner := declared_in(unwrap(annotation)[0]):
            yield from _walk(inner, f"{prefix}.{name}")
        else:
            yield f"{prefix}.{name}", of_class(section).get(name, "")
