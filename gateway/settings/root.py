"""All settings of the gateway: one TOML file, overridden by the environment.

Secrets never stand in the TOML file. They come from the environment
(`OTA_GATEWAY_BACKENDS__<NAME>__<FIELD>`) or from a file that the setting `<field>_file` names.
A wrong setting raises `SettingsError`, which names the key and never holds the value.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from pydantic import BaseModel, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.domain.principal import DEFAULT_TENANT
from gateway.providers import discover
from gateway.settings.access import AccessSettings, access_problems
from gateway.settings.backends import BackendSettings, build_backend
from gateway.settings.documents import DocumentSettings
from gateway.settings.limits import LimitSettings, SocketSettings
from gateway.settings.observability import ObservabilitySettings
from gateway.settings.problems import SeveralProblems, problems_of
from gateway.settings.secrets import resolved
from gateway.settings.section import ENV_PREFIX, SettingsError
from gateway.settings.server import RequestSettings, ServerSettings, worker_problems
from gateway.settings.stores import CacheSettings, JournalSettings
from gateway.settings.tenants import Tenants, tenant_problems
from gateway.settings.toml import read_toml
from gateway.settings.upstream import UpstreamSettings
from gateway.settings.writes import WriteSettings

CONFIG_VARIABLE: Final = "OTA_GATEWAY_CONFIG"

_WITH_SECRETS: Final[Mapping[str, type[BaseModel]]] = {
    "cache": CacheSettings,
    "journal": JournalSettings,
    "observability": ObservabilitySettings,
}
"""The sections that have secrets."""


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
    limits: LimitSettings = LimitSettings()
    sockets: SocketSettings = SocketSettings()
    documents: DocumentSettings = DocumentSettings()
    requests: RequestSettings = RequestSettings()
    access: AccessSettings = AccessSettings()
    tenants: Tenants = {}
    upstream: UpstreamSettings = UpstreamSettings()
    cache: CacheSettings = CacheSettings()
    journal: JournalSettings = JournalSettings()
    writes: WriteSettings = WriteSettings()
    observability: ObservabilitySettings = ObservabilitySettings()
    backends: dict[str, BackendSettings]

    @property
    def backends_by_tenant(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the backends that each tenant sees."""
        if not self.tenants:
            return {DEFAULT_TENANT: tuple(self.backends)}
        return {name: tenant.backends for name, tenant in self.tenants.items()}

    @property
    def processes(self) -> int:
        """How many processes share the accounts: the workers of all replicas."""
        return self.cache.replicas * self.server.workers

    def with_workers(self, workers: int) -> Self:
        """These settings with so many workers.

        Raises:
            SettingsError: several workers need something that is not set.
        """
        server = self.server.model_copy(update={"workers": workers})
        if problems := worker_problems(server, self.cache):
            raise SettingsError(problems)
        return self.model_copy(update={"server": server})

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

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        problems = [
            *access_problems(self.access, self.tenants),
            *tenant_problems(self.tenants, frozenset(self.backends)),
            *worker_problems(self.server, self.cache),
        ]
        if self.cache.replicas > 1 and self.cache.url is None and self.writes.enabled:
            problems.append(
                "cache.replicas: several replicas that write need cache.url, for else one goes on "
                "showing what another has changed"
            )
        if problems:
            raise SeveralProblems(problems)
        return self

    @classmethod
    def load(cls, path: Path | None = None, environ: Mapping[str, str] | None = None) -> Self:
        """Read `path`, or the file that OTA_GATEWAY_CONFIG names, and the environment.

        Raises:
            SettingsError: something is wrong or missing.
        """
        env = os.environ if environ is None else environ
        chosen = path or (Path(env[CONFIG_VARIABLE]) if env.get(CONFIG_VARIABLE) else None)
        return cls.build(read_toml(chosen, _WITH_SECRETS) if chosen else {})

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
    """`values` with the files of their secrets read."""
    found = dict(values)
    for name, model in _WITH_SECRETS.items():
        if isinstance(found.get(name), Mapping):
            found[name] = resolved(name, found[name], model)
    return found
