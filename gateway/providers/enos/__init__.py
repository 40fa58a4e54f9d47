"""EnOS Connection Service, version 2.1."""

from gateway.providers import ProviderPlugin
from gateway.providers.enos.client import RATES as _RATES
from gateway.providers.enos.config import EnosSettings as _EnosSettings
from gateway.providers.enos.operations import WRITE_RATES as _WRITE_RATES
from gateway.providers.enos.provider import EnosProvider as _EnosProvider
from gateway.providers.enos.writer import EnosWriter as _EnosWriter

PLUGIN = ProviderPlugin(
    key="enos",
    title="EnOS",
    settings=_EnosSettings,
    endpoint=lambda settings: settings.endpoint,
    account=lambda settings: f"{settings.endpoint}/{settings.org_id}",
    rates={**_RATES, **_WRITE_RATES},
    build=_EnosProvider,
    build_writer=lambda backend, settings, sender, _: _EnosWriter(backend, settings, sender),
)
