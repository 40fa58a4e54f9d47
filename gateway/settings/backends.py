"""The configured accounts: what all have in common, and the settings of each cloud."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.cache.ttl import Content
from gateway.providers import ProviderPlugin
from gateway.settings.problems import problems_of
from gateway.settings.secrets import resolved, secret_fields
from gateway.settings.section import ENV_PREFIX, LONGEST_S, Section, SettingsError

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_COMMON_FIELDS: Final = frozenset(
    {"provider", "title", "allow_private_addresses", "rates", "lifetimes"}
)


class Lifetime(Section):
    """How long one kind of answer is fresh, and how long it may be used once it is not."""

    fresh_s: Annotated[float, Field(ge=0, le=LONGEST_S)]
    usable_s: Annotated[float, Field(ge=0, le=LONGEST_S)]

    @model_validator(mode="after")
    def _is_usable_while_fresh(self) -> Self:
        if self.fresh_s > self.usable_s:
            message = "usable_s must be fresh_s or more"
            raise ValueError(message)
        return self


class BackendSettings(Section):
    """One configured account: what all have in common, and the settings of its cloud.

    `rates` are calls a second by operation, over the documented ones. `lifetimes` are by kind of
    read, over the usual ones. A host name of the cloud that leads to a private address is refused
    unless `allow_private_addresses` says that this is meant: a cloud on premises, a private
    endpoint.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str
    title: str
    plugin: ProviderPlugin
    own: BaseModel
    allow_private_addresses: bool = False
    rates: Mapping[str, Annotated[float, Field(gt=0)]] = {}
    lifetimes: Mapping[Content, Lifetime] = {}


def build_backend(
    name: str, table: object, plugins: Mapping[str, ProviderPlugin]
) -> BackendSettings:
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
    own = resolved(where, own, plugin.settings)
    problems: list[str] = []
    try:
        checked = plugin.settings(**own)
    except ValidationError as error:
        problems += [f"{where}.{line}" for line in problems_of(error)]
        raise SettingsError([_hint(line, plugin, name) for line in problems]) from None
    try:
        return BackendSettings(
            name=name,
            title=str(table.get("title", name)),
            plugin=plugin,
            own=checked,
            allow_private_addresses=table.get("allow_private_addresses", False),
            rates=table.get("rates", {}),
            lifetimes=table.get("lifetimes", {}),
        )
    except ValidationError as error:
        raise SettingsError([f"{where}.{line}" for line in problems_of(error)]) from None


def _hint(line: str, plugin: ProviderPlugin, name: str) -> str:
    """`line`, with a word on where a missing secret would come from."""
    field = line.partition(":")[0].rpartition(".")[2]
    if field in secret_fields(plugin.settings) and "required" in line.lower():
        variable = f"{ENV_PREFIX}BACKENDS__{name.upper()}__{field.upper()}"
        return f"{line}; set {variable}, or {field}_file to a file that holds it"
    return line
