"""The clouds. One folder each; nothing outside a folder names its vendor."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from gateway.domain.provider import OtaProvider
from gateway.domain.write import OtaWriter
from gateway.transport.request import Sender, Uploader


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPlugin:
    """What a vendor folder exports as `PLUGIN`.

    Attributes:
        key: the word that settings and the schema use for the cloud (`enos`).
        title: its name for people.
        settings: model of one backend's settings; its secrets are `SecretStr`.
        endpoint: settings to the base address of the cloud, scheme and host without a path.
        account: settings to what the cloud counts calls by; backends that share it share the rates.
        rates: documented calls a second by operation; operations not named are unlimited.
        build: backend id, settings and sender to the working provider.
        build_writer: the same, and an uploader for clouds that keep files on another host, to the
            working writer; None if the cloud is read only.
    """

    key: str
    title: str
    settings: type[BaseModel]
    endpoint: Callable[[Any], str]
    account: Callable[[Any], str]
    rates: Mapping[str, float]
    build: Callable[[str, Any, Sender], OtaProvider]
    build_writer: Callable[[str, Any, Sender, Uploader], OtaWriter] | None = None


def discover() -> dict[str, ProviderPlugin]:
    """Every vendor folder of this package, by key, in order of key.

    Folders are found through the package's `__path__`, so a folder elsewhere joins by being put on
    that path.

    Raises:
        TypeError: a folder exports no `PLUGIN`, or two claim one key.
    """
    found: dict[str, ProviderPlugin] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.ispkg:
            continue
        plugin = getattr(importlib.import_module(f"{__name__}.{module.name}"), "PLUGIN", None)
        if not isinstance(plugin, ProviderPlugin) or plugin.key in found:
            message = f"provider folder {module.name!r} needs a PLUGIN with a key of its own"
            raise TypeError(message)
        found[plugin.key] = plugin
    return dict(sorted(found.items()))
