"""Acme, which exists in these tests alone."""

from gateway.providers import ProviderPlugin

from .config import AcmeSettings
from .provider import build

PLUGIN = ProviderPlugin(
    key="acme",
    title="Acme Machines",
    settings=AcmeSettings,
    endpoint=lambda settings: settings.endpoint,
    account=lambda settings: settings.endpoint,
    rates={"jobs": 100.0},
    build=build,
)
