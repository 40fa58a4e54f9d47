"""The file of the settings."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gateway.providers import discover
from gateway.settings.secrets import secrets_in
from gateway.settings.section import SettingsError


def read_toml(path: Path, stores: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """The TOML file at `path`; `stores` are the sections that have secrets, with their models.

    Raises:
        SettingsError: it cannot be read, is no TOML, or holds a secret.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: cannot be read ({type(error).__name__})"]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: not TOML: {error}"]) from None
    problems = list(_secrets_in(values, stores))
    if problems:
        raise SettingsError(problems)
    return values


def _secrets_in(values: Mapping[str, Any], stores: Mapping[str, type[BaseModel]]) -> Iterator[str]:
    for name, model in stores.items():
        yield from secrets_in(name, values.get(name), model)
    plugins = discover()
    backends = values.get("backends")
    for name, table in backends.items() if isinstance(backends, dict) else ():
        plugin = plugins.get(str(table.get("provider"))) if isinstance(table, dict) else None
        if plugin is not None:
            yield from secrets_in(f"backends.{name}", table, plugin.settings)
