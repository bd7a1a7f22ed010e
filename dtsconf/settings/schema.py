"""The JSON Schemas of the profile and of the machine config, derived from the classes that declare them. Pure.

A schema says types, words, ranges, patterns, unknown and required keys. What it can't say (a host's form, chains,
conditions between settings) `validate` says. Draft 2020-12; the `$id`s stay as they are while the format does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from dtsconf.settings.docs import of_class
from dtsconf.settings.model import Settings
from dtsconf.settings.policy import OPS
from dtsconf.settings.sections import ProfileFile, RuleSection

if TYPE_CHECKING:
    from pydantic import BaseModel

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
PROFILE_ID: Final = "urn:dtsconf:schema:profile:1"
MACHINE_ID: Final = "urn:dtsconf:schema:machine:1"

_NO_DEFAULTS: Final = {
    "RuleSection": RuleSection.model_fields,
    "SecretsOptions": {"deliver"},
    "SecretsEntry": {"deliver"},
}
"""Fields whose default is none of the file's: absent operands of a rule, and what depends on the system."""


def profile_schema() -> dict[str, Any]:
    """The schema of a profile file, as decoded JSON."""
    return _schema(ProfileFile, PROFILE_ID, "dtsconf profile")


def machine_schema() -> dict[str, Any]:
    """The schema of the machine config that apply writes, as decoded JSON."""
    from dtsconf.settings.machine_file import MachineFile

    schema = _schema(MachineFile, MACHINE_ID, "dtsconf machine config")
    tree = _plain(Settings, Settings.model_json_schema())
    schema["$defs"] = dict(sorted({**schema["$defs"], **tree.pop("$defs"), "Settings": tree}.items()))
    schema["properties"]["settings"] = {
        "$ref": "#/$defs/Settings",
        "description": schema["properties"]["settings"]["description"],
    }
    schema["$defs"]["RuleEntry"]["oneOf"] = [{"required": [op]} for op in OPS]
    return schema


def _schema(model: type[BaseModel], identity: str, title: str) -> dict[str, Any]:
    body = _plain(model, model.model_json_schema())
    return {"$schema": DIALECT, "$id": identity, "title": title, **body}


def _plain(model: type[BaseModel], schema: dict[str, Any]) -> dict[str, Any]:
    """Pydantic's schema with our descriptions, without its made-up titles, sorted where order has no meaning."""
    classes = {found.__name__: found for found in _classes(model)}
    for name, part in schema.get("$defs", {}).items():
        _describe(classes[name], part)
    _describe(model, schema)
    return schema


def _describe(model: type[BaseModel], part: dict[str, Any]) -> None:
    docs = of_class(model)
    part.pop("title", None)
    part["description"] = " ".join((model.__doc__ or "").split())
    for name, field in part.get("properties", {}).items():
        field.pop("title", None)
        if "$ref" in field or name in _NO_DEFAULTS.get(model.__name__, ()):
            field.pop("default", None)
        field["description"] = docs[name]


def _classes(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The model and every model class its fields mention."""
    from pydantic import BaseModel

    yield model
    rest: list[Any] = [info.annotation for info in model.model_fields.values()]
    while rest:
        annotation = rest.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _classes(annotation)
        else:
            rest += getattr(annotation, "__args__", ())
