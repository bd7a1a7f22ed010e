"""The settings tree as pydantic-settings builds it, from the sources of our layers and no others.

Apart from `model`, since this library alone takes a fifth of a second to import, and what only judges profiles
(`validate`, `schema`, `init`) builds no settings. Knows no layer by name.
"""

from __future__ import annotations

from contextvars import ContextVar

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from typing_extensions import override

from dtsconf.settings.model import CONFIG, Settings

_SOURCES: ContextVar[tuple[PydanticBaseSettingsSource, ...]] = ContextVar("dtsconf_settings_sources", default=())


class Layered(Settings, BaseSettings):
    """The settings tree. Made by `from_sources` only: called by itself it holds the defaults."""

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


def from_sources(sources: tuple[PydanticBaseSettingsSource, ...]) -> Settings:
    """Build the settings from exactly these sources, the strongest first; what they leave out is the default.

    Raises:
        pydantic.ValidationError: a value that no layer should have let through.
    """
    token = _SOURCES.set(sources)
    try:
        return Layered()
    finally:
        _SOURCES.reset(token)
