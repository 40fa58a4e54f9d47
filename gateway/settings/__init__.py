"""All settings of the gateway, checked: a file a section, and `Settings`, which holds them all."""

from gateway.settings.backends import BackendSettings
from gateway.settings.root import Settings
from gateway.settings.secrets import secret_fields
from gateway.settings.section import ENV_PREFIX, SettingsError
from gateway.settings.server import RequestSettings, ServerSettings
from gateway.settings.stores import CacheSettings, JournalSettings
from gateway.settings.upstream import UpstreamSettings
from gateway.settings.writes import WriteSettings

__all__ = [
    "ENV_PREFIX",
    "BackendSettings",
    "CacheSettings",
    "JournalSettings",
    "RequestSettings",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "UpstreamSettings",
    "WriteSettings",
    "secret_fields",
]
