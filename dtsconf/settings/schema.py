"""The JSON Schemas of the profile and of the machine config, derived from the classes that declare them. Pure.

A schema says types, words, ranges, patterns, unknown and required keys. What it can't say (a host's form, chains,
conditions between settings) `validate` says. Draft 2020-12; the `$id`s stay as they are while the format does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from dtsconf.settings.declared import Declared, field_types
from dtsconf.settings.docs import of_class
from dtsconf.settings.model import Settings
from dtsconf.settings.policy import OPS
from dtsconf.settings.sections import ProfileFile, RuleSection

if TYPE_CHECKING:
    from pydantic import BaseModel

    Kind = type[BaseModel | Declared]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
PROFILE_ID: Final = "urn:dtsconf:schema:profile:1"
MACHINE_ID: Final = "urn:dtsconf:schema:machine:1"

_NO_DEFAULTS: Final = {
    "RuleSection": set(field_types(RuleSection)),
    "SecretsOptions": {"deliver"},
    "SecretsEntry": {"deliver"},
}
"""Fields whose default is none of the file's: absent operands of a rule, and what depends on the system."""


def profile_schema() -> dict[str, Any]:
    """The schema of a profile file, as decoded JSON."""
    schema = _schema(ProfileFile, PROFILE_ID, "dtsconf profile")
    rule = {**schema["$defs"]["RuleSection"], "anyOf": [{"required": [op]} for op in OPS]}
    schema["$defs"]["RuleSection"] = dict(sorted(rule.items()))
    return schema


def machine_schema() -> dict[str, Any]:
    """The schema of the machine config that apply writes, as decoded JSON."""
    from dtsconf.settings.machine_file import MachineFile

    schema = _schema(MachineFile, MACHINE_ID, "dtsconf machine config")
    tree = _plain(Settings)
    schema["$defs"] = dict(sorted({**schema["$defs"], **tree.pop("$defs"), "Settings": tree}.items()))
    schema["properties"]["settings"] = {
        "$ref": "#/$defs/Settings",
        "description": schema["properties"]["settings"]["description"],
    }
    schema["$defs"]["RuleEntry"]["oneOf"] = [{"required": [op]} for op in OPS]
    return schema


def _schema(kind: Kind, identity: str, title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": identity, "title": title, **_plain(kind)}


def _plain(kind: Kind) -> dict[str, Any]:
    """Pydantic's schema with our descriptions, without its made-up titles, sorted where order has no meaning."""
    from dtsconf.settings.declared import model_of

    schema = (model_of(kind) if issubclass(kind, Declared) else kind).model_json_schema()
    kinds = {found.__name__: found for found in _kinds(kind)}
    for name, part in schema.get("$defs", {}).items():
        _describe(kinds[name], part)
    _describe(kind, schema)
    return schema


def _describe(kind: Kind, part: dict[str, Any]) -> None:
    docs = of_class(kind)
    part.pop("title", None)
    part["description"] = " ".join((kind.__doc__ or "").split())
    for name, field in part.get("properties", {}).items():
        field.pop("title", None)
        if "$ref" in field or name in _NO_DEFAULTS.get(kind.__name__, ()):
            field.pop("default", None)
        field["description"] = docs[name]


def _kinds(kind: Kind) -> Iterator[Kind]:
    """The mapping and every mapping that its fields mention."""
    from pydantic import BaseModel

    yield kind
    rest: list[Any]
    if issubclass(kind, Declared):
        rest = [*field_types(kind).values()]
    else:
        rest = [info.annotation for info in kind.model_fields.values()]
    while rest:
        annotation = rest.pop()
        if isinstance(annotation, type) and issubclass(annotation, (BaseModel, Declared)):
            yield from _kinds(annotation)
        else:
            rest += getattr(annotation, "__args__", ())
