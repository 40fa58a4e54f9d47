"""Alibaba Cloud IoT Platform, API version 2018-01-20."""

from gateway.providers import ProviderPlugin
from gateway.providers.alibaba.config import AlibabaSettings, endpoint_of
from gateway.providers.alibaba.operations import RATES
from gateway.providers.alibaba.provider import build
from gateway.providers.alibaba.writer import build_writer

PLUGIN = ProviderPlugin(
    key="alibaba",
    title="Alibaba Cloud IoT Platform",
    settings=AlibabaSettings,
    endpoint=endpoint_of,
    account=lambda settings: settings.access_key_id.get_secret_value(),
    rates=RATES,
    build=build,
    build_writer=build_writer,
)
