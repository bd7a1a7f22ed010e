"""The meaning of every setting and profile field, read from the docstrings under their declarations.

Read from the source by `ast`, and only when asked: pydantic's own way (`use_attribute_docstrings`) costs every start
15 ms. A field without a docstring is a mistake that a test finds.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, Any

from dtsconf.settings.declared import declared_in, field_types
from dtsconf.settings.leaf import unwrap

if TYPE_CHECKING:
    from dtsconf.settings.declared import Declared


def of_class(declared: Any) -> dict[str, str]:
    """Field name -> docstring, for one class that declares fields, its bases in this package included."""
    return _of_class(declared)


@cache
def _of_class(declared: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for base in reversed(declared.__mro__):
        if base.__module__.startswith("dtsconf."):
            found.update(_in_module(base.__module__).get(base.__name__, {}))
    return found


@cache
def meanings() -> dict[str, str]:
    """Dotted name -> meaning, for every key and group of the settings tree."""
    from dtsconf.settings.model import Settings

    return dict(_walk(Settings, ""))


def _walk(group: type[Declared], prefix: str) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, annotation in field_types(group).items():
        rows.append((prefix + name, of_class(group).get(name, "")))
        if inner := declared_in(unwrap(annotation)[0]):
            rows += _walk(inner, f"{prefix}{name}.")
    return rows


@cache
def _in_module(name: str) -> dict[str, dict[str, str]]:
    """Class name -> field name -> docstring, from a module's source (which may lie in a zip)."""
    import importlib
    import inspect

    tree = ast.parse(inspect.getsource(importlib.import_module(name)))
    return {node.name: _in_class(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _in_class(node: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for statement, after in zip(node.body, node.body[1:], strict=False):
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
            found[statement.target.id] = " ".join(after.value.value.split())
    return found
