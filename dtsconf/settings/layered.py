"""The settings tree as pydantic-settings builds it, from the sources of our layers and no others.

pydantic-settings keeps the state of each source under its class name, so two sources of one class would overwrite
each other: hence a class per layer. The sources hand over checked values; reading and checking come before, so that
every mistake of every layer can be told at once, with its place.

Apart from `model`, since this library alone takes a fifth of a second to import, and what only judges profiles
(`validate`, `schema`, `init`) builds no settings.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from pydantic import create_model
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from typing_extensions import override

from dtsconf.settings.declared import CONFIG, model_fields, value_of
from dtsconf.settings.keys import KEYS
from dtsconf.settings.model import Settings
from dtsconf.settings.values import nested

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic.fields import FieldInfo

    from dtsconf.settings.values import Layer, LayerName

_SOURCES: ContextVar[tuple[PydanticBaseSettingsSource, ...]] = ContextVar("dtsconf_settings_sources", default=())


class _Sourced(BaseSettings):
    """Settings that come from our own layers alone."""

    model_config = CONFIG  # type: ignore[assignment]

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only our own layers count; the usual sources would read variables without a prefix."""
        return _SOURCES.get()


_Layered: type[BaseSettings] = create_model("Settings", __base__=_Sourced, **model_fields(Settings))
"""The declared tree. Built by `from_sources` only: called by itself it holds the defaults."""


class LayerSource(PydanticBaseSettingsSource):
    """One layer's values as a nested mapping. A null gives the default of a setting that can't be null itself."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(_Layered)
        self._tree = nested(
            {key: KEYS[key].default if value.raw is None else value.raw for key, value in layer.values.items()}
        )

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._tree.get(field_name), field_name, False

    @override
    def __call__(self) -> dict[str, Any]:
        return self._tree


class DefaultLayer(LayerSource):
    """The built-in defaults, where a caller names them as a layer."""


class ProfileLayer(LayerSource):
    """The organisation's chain of profiles."""


class MachineLayer(LayerSource):
    """The organisation's word as the machine config keeps it."""


class EnvironmentLayer(LayerSource):
    """`DTS_EMAIL_` variables."""


class UserLayer(LayerSource):
    """The user's own file."""


class CommandLineLayer(LayerSource):
    """`--set`."""


_SOURCE_OF: Mapping[LayerName, type[LayerSource]] = {
    "default": DefaultLayer,
    "profile": ProfileLayer,
    "machine": MachineLayer,
    "environment": EnvironmentLayer,
    "user": UserLayer,
    "command line": CommandLineLayer,
}


def source_of(layer: Layer) -> LayerSource:
    """The layer as a source for `from_sources`."""
    return _SOURCE_OF[layer.name](layer)


def from_layers(layers: Iterable[Layer]) -> Settings:
    """Build the settings from these layers, the strongest first. Raises: as `from_sources`."""
    return from_sources(tuple(map(source_of, layers)))


def from_sources(sources: tuple[PydanticBaseSettingsSource, ...]) -> Settings:
    """Build the settings from exactly these sources, the strongest first; what they leave out is the default.

    Raises:
        pydantic.ValidationError: a value that no layer should have let through.
    """
    token = _SOURCES.set(sources)
    try:
        return value_of(Settings, _Layered())
    finally:
        _SOURCES.reset(token)
