"""The meaning of every setting and profile field, read from the docstrings under their declarations.

Read from the source by `ast`, and only when asked: pydantic's own way (`use_attribute_docstrings`) costs every start
15 ms. A field without a docstring is a mistake that a test finds.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, Any

from dtsconf.settings.leaf import unwrap

if TYPE_CHECKING:
    from pydantic import BaseModel


@cache
def of_class(model: type[BaseModel]) -> dict[str, str]:
    """Field name -> docstring, for one model class, its bases in this package included."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base.__module__.startswith("dtsconf."):
            found.update(_in_module(base.__module__).get(base.__name__, {}))
    return found


@cache
def meanings() -> dict[str, str]:
    """Dotted name -> meaning, for every key and group of the settings tree."""
    from dtsconf.settings.model import Settings

    return dict(_walk(Settings, ""))


def _walk(model: type[BaseModel], prefix: str) -> list[tuple[str, str]]:
    from pydantic import BaseModel

    rows: list[tuple[str, str]] = []
    for name, info in model.model_fields.items():
        rows.append((prefix + name, of_class(model).get(name, "")))
        bare: Any = unwrap(info.annotation)[0]
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            rows += _walk(bare, f"{prefix}{name}.")
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
