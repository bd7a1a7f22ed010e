"""The README's generated tables: every setting and every field of a profile, from their declarations. Pure.

Tables are Markdown, one row a name; `|` within a cell is escaped. `PARTS` names what a README may hold between the
lines `<!-- generated: NAME -->` and `<!-- end: NAME -->`; tests/tools/docs.py puts it there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from dtsconf.settings.declared import Declared, field_types, mappings_in
from dtsconf.settings.docs import of_class
from dtsconf.settings.keys import KEYS, Key, meaning
from dtsconf.settings.shapes import Items, Mapping as Named, Shape, WordOr, profile_shape

_MARKED = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)


def settings_table() -> str:
    """Every setting: dotted key, default, what it may be, meaning, label on DTS's screen."""
    rows = (
        [f"`{key.name}`", _default(key.default), _values(key), meaning(key.name), _label(key)] for key in KEYS.values()
    )
    return table(["Setting", "Default", "Values", "Meaning", "On DTS's screen"], rows)


def profile_table() -> str:
    """Every field of a profile file besides the settings tree."""
    from dtsconf.settings.sections import ProfileFile

    return table(["Field", "Meaning"], _fields(ProfileFile, profile_shape(), ""))


def variables_table() -> str:
    """Every setting's environment variable."""
    return table(["Setting", "Variable"], ([f"`{key.name}`", f"`{key.variable}`"] for key in KEYS.values()))


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "settings": settings_table,
    "profile": profile_table,
    "variables": variables_table,
}


def filled_in(readme: str, further: Mapping[str, Callable[[], str]] | None = None) -> str:
    """The README's text with every marked part written anew; `further` are parts that other floors make.

    Raises:
        ValueError: it has no part `settings`, or one that nobody makes.
    """
    parts = {**PARTS, **(further or {})}
    names = {found.group(2) for found in _MARKED.finditer(readme)}
    if "settings" not in names or not names <= set(parts):
        wanted = ", ".join(f"<!-- generated: {name} --> ... <!-- end: {name} -->" for name in parts)
        raise ValueError(f"the README must have the part settings, and no others than: {wanted}")
    return _MARKED.sub(lambda found: f"{found.group(1)}{parts[found.group(2)]()}{found.group(3)}", readme)


def _fields(declared: type[Declared], shape: Named, prefix: str) -> Iterator[list[str]]:
    docs = of_class(declared)
    for name, sub in shape.fields.items():
        path = f"{prefix}{name}"
        yield [f"`{path}`", docs[name]]
        inner, mark = _inside(sub)
        if inner is not None and path != "settings":
            below = next(mappings_in(field_types(declared)[name]))
            yield from _fields(below, inner, f"{path}{mark}.")


def _inside(shape: Shape) -> tuple[Named | None, str]:
    """The mapping within a field, if there is one, and `[]` where it is a list's item."""
    if isinstance(shape, Items):
        return _inside(shape.item)[0], "[]"
    if isinstance(shape, WordOr):
        return shape.mapping, ""
    return (shape, "") if isinstance(shape, Named) else (None, "")


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table in Markdown: a head and rows of cells, one line each."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _default(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _values(key: Key) -> str:
    kinds = {
        "text": "text",
        "bool": "true, false",
        "int": "whole number",
        "number": "number",
        "secret": "secret reference",
    }
    words = ", ".join(f"`{choice}`" for choice in key.choices) or kinds[key.kind]
    return f"{words}, null" if key.nullable else words


def _label(key: Key) -> str:
    return ", ".join(dict.fromkeys(screen.label for screen in key.screens))
