"""All settings of the gateway: one TOML file, overridden by the environment.

Secrets never stand in the TOML file. They come from the environment
(`OTA_GATEWAY_BACKENDS__<NAME>__<FIELD>`) or from a file that the setting `<field>_file` names.
A wrong setting raises `SettingsError`, which names the key and never holds the value.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.cache.ttl import Content
from gateway.providers import ProviderPlugin, discover

ENV_PREFIX: Final = "OTA_GATEWAY_"
CONFIG_VARIABLE: Final = "OTA_GATEWAY_CONFIG"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_COMMON_FIELDS: Final = frozenset({"provider", "title", "rates", "lifetimes"})

_JOURNAL_URL: Final = re.compile(
    r"sqlite:///[^?#]+|postgresql://[^@/?#\s]+/[^@/?#\s]+(\?sslmode=[a-z-]+)?"
)
_LONGEST_S: Final = 30 * 86_400.0

Seconds = Annotated[float, Field(gt=0, le=_LONGEST_S)]


class SettingsError(Exception):
    """The gateway cannot start with these settings; `problems` names each key and what is wrong."""

    def __init__(self, problems: list[str]) -> None:
        """Keep one line for each wrong key."""
        super().__init__("\n".join(problems))
        self.problems = problems


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ServerSettings(_Section):
    """Where the gateway listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)


class RequestSettings(_Section):
    """What one GraphQL request may take.

    `deadline_s` bounds the whole request, `patience_s` the wait for one backend of a merged list.
    `max_upstream_calls` is the highest price of a document, in upstream calls on a cold cache.
    """

    deadline_s: Seconds = 10.0
    patience_s: Seconds = 4.0
    max_upstream_calls: int = Field(default=300, ge=1)


class UpstreamSettings(_Section):
    """How patient the gateway is with a cloud."""

    attempt_timeout_s: Seconds = 3.0
    connect_timeout_s: Seconds = 1.0
    max_attempts: int = Field(default=3, ge=1, le=5)
    max_body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    max_concurrent: int = Field(default=64, ge=1)


class Lifetime(_Section):
    """How long one kind of answer is fresh, and how long it may be used once it is not."""

    fresh_s: Annotated[float, Field(ge=0, le=_LONGEST_S)]
    usable_s: Annotated[float, Field(ge=0, le=_LONGEST_S)]

    @model_validator(mode="after")
    def _is_usable_while_fresh(self) -> Self:
        if self.fresh_s > self.usable_s:
            message = "usable_s must be fresh_s or more"
            raise ValueError(message)
        return self


class CacheSettings(_Section):
    """Where reads are kept.

    Without `url` they are kept in this process, at most `max_entries` and `max_bytes`. With it, in
    the Redis or Valkey server at `redis://host:port/db`, shared by all `replicas`; `password` comes
    from the environment or a file.
    """

    url: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    replicas: int = Field(default=1, ge=1)
    max_entries: int = Field(default=100_000, ge=1)
    max_bytes: int = Field(default=256 * 1024 * 1024, ge=1024)

    @field_validator("url")
    @classmethod
    def _no_credentials(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"rediss?://[^@/?#\s]+(/\d{1,3})?", url):
            message = "must be redis://host:port/db or rediss://..., without credentials"
            raise ValueError(message)
        return url


class JournalSettings(_Section):
    """Where every write is written down before it is sent.

    `url` is `sqlite:///path/to/file` for one gateway, whose folder must outlast it, or
    `postgresql://host:port/database?sslmode=...` for several; `password` comes from the environment
    or a file. One call of the journal may take `timeout_s`.
    """

    url: str = "sqlite:///ota-gateway-journal.sqlite3"
    username: str | None = None
    password: SecretStr | None = None
    timeout_s: Seconds = 2.0

    @field_validator("url")
    @classmethod
    def _no_credentials(cls, url: str) -> str:
        if not _JOURNAL_URL.fullmatch(url):
            message = (
                "must be sqlite:///path/to/file or postgresql://host:port/database, without "
                "credentials"
            )
            raise ValueError(message)
        return url


class WriteSettings(_Section):
    """Whether and how the gateway writes.

    Without `enabled` everything can be read and nothing written, and there is no journal. `mark`
    puts a marker into new jobs where their users can see it, so that one whose answer was lost is
    found for certain. `grace_s` is how long writes under way may take to end when the gateway is
    told to stop. The files of a new package may have `max_file_bytes` together.
    """

    enabled: bool = True
    mark: bool = True
    grace_s: Seconds = 20.0
    max_file_bytes: int = Field(default=64 * 1024 * 1024, ge=1)


_STORES: Final[Mapping[str, type[BaseModel]]] = {
    "cache": CacheSettings,
    "journal": JournalSettings,
}


class BackendSettings(_Section):
    """One configured account: what all have in common, and the settings of its cloud.

    `rates` are calls a second by operation, over the documented ones. `lifetimes` are by kind of
    read, over the usual ones.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str
    title: str
    plugin: ProviderPlugin
    own: BaseModel
    rates: Mapping[str, Annotated[float, Field(gt=0)]] = {}
    lifetimes: Mapping[Content, Lifetime] = {}


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
                built[name] = _backend(name, table, plugins)
            except SettingsError as error:
                problems += error.problems
        if problems:
            raise _BackendProblems(problems)
        return built

    @classmethod
    def load(cls, path: Path | None = None, environ: Mapping[str, str] | None = None) -> Self:
        """Read `path`, or the file that OTA_GATEWAY_CONFIG names, and the environment.

        Raises:
            SettingsError: something is wrong or missing.
        """
        env = os.environ if environ is None else environ
        chosen = path or (Path(env[CONFIG_VARIABLE]) if env.get(CONFIG_VARIABLE) else None)
        return cls.build(_read_toml(chosen) if chosen else {})

    @classmethod
    def build(cls, values: Mapping[str, Any]) -> Self:
        """Settings from `values` and the environment.

        Raises:
            SettingsError: something is wrong or missing.
        """
        try:
            return cls(**_with_secret_files(values))
        except ValidationError as error:
            raise SettingsError(list(_problems(error))) from None


class _BackendProblems(ValueError):  # noqa: N818 - carried through pydantic, never raised to callers
    """Problems of several backends at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("wrong backends")
        self.problems = problems


def _problems(error: ValidationError) -> Iterator[str]:
    for item in error.errors(include_url=False, include_input=False):
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, _BackendProblems):
            yield from cause.problems
        else:
            yield f"{'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}"


def _backend(name: str, table: object, plugins: Mapping[str, ProviderPlugin]) -> BackendSettings:
    """One backend's settings, checked by its cloud's own model."""
    where = f"backends.{name}"
    if not _NAME.fullmatch(name):
        raise SettingsError(
            [f"{where}: a name is 1 to 32 of a-z, 0-9 and _, and begins with a letter"]
        )
    if not isinstance(table, Mapping):
        raise SettingsError([f"{where}: must be a table"])
    plugin = plugins.get(str(table.get("provider")))
    if plugin is None:
        raise SettingsError([f"{where}.provider: must be one of {', '.join(plugins)}"])
    own = {key: value for key, value in table.items() if key not in _COMMON_FIELDS}
    own = _resolved(where, own, plugin.settings)
    problems: list[str] = []
    try:
        checked = plugin.settings(**own)
    except ValidationError as error:
        problems += [f"{where}.{line}" for line in _problems(error)]
        raise SettingsError([_hint(line, plugin, name) for line in problems]) from None
    try:
        return BackendSettings(
            name=name,
            title=str(table.get("title", name)),
            plugin=plugin,
            own=checked,
            rates=table.get("rates", {}),
            lifetimes=table.get("lifetimes", {}),
        )
    except ValidationError as error:
        raise SettingsError([f"{where}.{line}" for line in _problems(error)]) from None


def _hint(line: str, plugin: ProviderPlugin, name: str) -> str:
    """`line`, with a word on where a missing secret would come from."""
    field = line.partition(":")[0].rpartition(".")[2]
    if field in secret_fields(plugin.settings) and "required" in line.lower():
        variable = f"{ENV_PREFIX}BACKENDS__{name.upper()}__{field.upper()}"
        return f"{line}; set {variable}, or {field}_file to a file that holds it"
    return line


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """Names of the fields of `model` that are secrets."""
    return frozenset(
        name for name, field in model.model_fields.items() if "SecretStr" in repr(field.annotation)
    )


def _resolved(where: str, table: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """`table` with every `<secret>_file` replaced by what the file holds."""
    found = dict(table)
    for field in secret_fields(model):
        file = found.pop(f"{field}_file", None)
        if file is not None and field not in found:
            try:
                found[field] = Path(str(file)).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                problem = f"{where}.{field}_file: cannot be read ({type(error).__name__})"
                raise SettingsError([problem]) from None
    return found


def _with_secret_files(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with the files of the stores' secrets read."""
    found = dict(values)
    for name, model in _STORES.items():
        if isinstance(found.get(name), Mapping):
            found[name] = _resolved(name, found[name], model)
    return found


def _read_toml(path: Path) -> dict[str, Any]:
    """The TOML file at `path`; refuses one that holds a secret."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: cannot be read ({type(error).__name__})"]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: not TOML: {error}"]) from None
    problems = list(_secrets_in(values))
    if problems:
        raise SettingsError(problems)
    return values


def _secrets_in(values: Mapping[str, Any]) -> Iterator[str]:
    plugins = discover()
    tables: list[tuple[str, object, type[BaseModel]]] = [
        (name, values.get(name), model) for name, model in _STORES.items()
    ]
    backends = values.get("backends")
    for name, table in backends.items() if isinstance(backends, dict) else ():
        plugin = plugins.get(str(table.get("provider"))) if isinstance(table, dict) else None
        if plugin is not None:
            tables.append((f"backends.{name}", table, plugin.settings))
    for where, table, model in tables:
        for field in sorted(secret_fields(model)):
            if isinstance(table, dict) and field in table:
                variable = ENV_PREFIX + f"{where}.{field}".replace(".", "__").upper()
                yield (
                    f"{where}.{field}: a secret must not stand in the file; set {variable}, or "
                    f"{field}_file to a file that holds it"
                )
