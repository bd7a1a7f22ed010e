"""The smallest pydantic-settings program that reads one YAML file: `python smallest.py FILE`. A floor, so nothing here
is cleverer than its documentation."""

import sys

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource


class Settings(BaseSettings):
    """One YAML file, and the environment above it."""

    model_config = SettingsConfigDict(env_prefix="SMALLEST_", extra="ignore", yaml_file=sys.argv[1])

    dtsconf: int
    name: str

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, YamlConfigSettingsSource(settings_cls)


settings = Settings()  # type: ignore[call-arg]  # the sources give the values
