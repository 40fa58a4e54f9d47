"""All settings of the gateway: one TOML file, overridden by the environment.

Secrets never stand in the TOML file. They come from the environment
(`OTA_GATEWAY_BACKENDS__<NAME>__<FIELD>`) or from a file that the setting `<field>_file` names.
A wrong setting raises `SettingsError`, which names the key and never holds the value.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from pydantic import BaseModel, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.domain.principal import DEFAULT_TENANT
from gateway.providers import discover
from gateway.settings.backends import BackendSettings, build_backend
from gateway.settings.problems import SeveralProblems, problems_of
from gateway.settings.secrets import resolved
from gateway.settings.section import ENV_PREFIX, SettingsError
from gateway.settings.server import RequestSettings, ServerSettings
from gateway.settings.stores import CacheSettings, JournalSettings
from gateway.settings.toml import read_toml
from gateway.settings.upstream import UpstreamSettings
from gateway.settings.writes import WriteSettings

CONFIG_VARIABLE: Final = "OTA_GATEWAY_CONFIG"

_STORES: Final[Mapping[str, type[BaseModel]]] = {
    "cache": CacheSettings,
    "journal": JournalSettings,
}


class Settings(BaseSettings):
    """Everything that can be set; `backends` is a table by name."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    server: ServerSettings = ServerSettings()
    requests: RequestSettings = RequestSettings()
    upstream: UpstreamSettings = UpstreamSettings()
    cache: CacheSettings = CacheSettings()
    journal: JournalSettings = JournalSettings()
    writes: WriteSettings = WriteSettings()
    backends: dict[str, BackendSettings]

    @property
    def backends_by_tenant(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the backends that each tenant sees."""
        return {DEFAULT_TENANT: tuple(self.backends)}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @field_validator("backends", mode="before")
    @classmethod
    def _build_backends(cls, tables: object) -> object:
        if not isinstance(tables, Mapping) or not tables:
            message = "name at least one backend: [backends.<name>] with a provider"
            raise ValueError(message)
        plugins = discover()
        built: dict[str, BackendSettings] = {}
        problems: list[str] = []
        for name, table in tables.items():
            if isinstance(table, BackendSettings):
                built[name] = table
                continue
            try:
                built[name] = build_backend(name, table, plugins)
            except SettingsError as error:
                problems += error.problems
        if problems:
            raise SeveralProblems(problems)
        return built

    @classmethod
    def load(cls, path: Path | None = None, environ: Mapping[str, str] | None = None) -> Self:
        """Read `path`, or the file that OTA_GATEWAY_CONFIG names, and the environment.

        Raises:
            SettingsError: something is wrong or missing.
        """
        env = os.environ if environ is None else environ
        chosen = path or (Path(env[CONFIG_VARIABLE]) if env.get(CONFIG_VARIABLE) else None)
        return cls.build(read_toml(chosen, _STORES) if chosen else {})

    @classmethod
    def build(cls, values: Mapping[str, Any]) -> Self:
        """Settings from `values` and the environment.

        Raises:
            SettingsError: something is wrong or missing.
        """
        try:
            return cls(**_with_secret_files(values))
        except ValidationError as error:
            raise SettingsError(list(problems_of(error))) from None


def _with_secret_files(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with the files of the stores' secrets read."""
    found = dict(values)
    for name, model in _STORES.items():
        if isinstance(found.get(name), Mapping):
            found[name] = resolved(name, found[name], model)
    return found
