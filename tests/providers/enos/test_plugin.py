"""What the folder exports."""

import importlib
from collections.abc import Callable
from typing import TypeVar

from gateway.domain.provider import OtaProvider
from gateway.domain.write import OtaWriter
from gateway.providers.enos import PLUGIN
from gateway.providers.enos.config import EnosSettings
from gateway.providers.enos.operations import WRITE_RATES
from gateway.providers.enos.provider import EnosProvider
from gateway.providers.enos.writer import EnosWriter
from gateway.transport.request import Reply, Request

from .conftest import FakeEnos

T = TypeVar("T")


def test_the_plugin_builds_the_provider(enos: FakeEnos, settings: EnosSettings) -> None:
    provider: OtaProvider = PLUGIN.build("plant", settings, enos)
    assert isinstance(provider, EnosProvider)
    assert (PLUGIN.key, PLUGIN.title) == ("enos", "EnOS")
    assert PLUGIN.settings is EnosSettings
    assert PLUGIN.endpoint(settings) == "https://apim.example"


def test_organisations_are_counted_apart(settings: EnosSettings) -> None:
    other = settings.model_copy(update={"org_id": "o2"})
    assert PLUGIN.account(settings) != PLUGIN.account(other)


def test_the_plugin_builds_the_writer(enos: FakeEnos, settings: EnosSettings) -> None:
    assert PLUGIN.build_writer is not None
    writer: OtaWriter = PLUGIN.build_writer("plant", settings, enos, NoUploads())
    assert isinstance(writer, EnosWriter)
    assert writer.settle_s == 2.5


class NoUploads:
    """EnOS takes files itself."""

    async def upload(
        self, operation: str, address: str, request: Request, read: Callable[[Reply], T]
    ) -> T:
        raise AssertionError


def test_every_operation_has_a_rate() -> None:
    tokens = {operation for operation in PLUGIN.rates if operation.startswith("token.")}
    writes = PLUGIN.rates.keys() & WRITE_RATES.keys()

    assert tokens == {"token.get", "token.refresh"}
    assert {PLUGIN.rates[operation] for operation in tokens} == {2.0}
    assert len(writes) == 8
    assert {PLUGIN.rates[operation] for operation in writes} == {5.0}
    reads = PLUGIN.rates.keys() - tokens - writes
    assert {PLUGIN.rates[operation] for operation in reads} == {20.0}
    assert "ota-jobs.searchTask" in reads


def test_the_folder_exports_nothing_else_by_name() -> None:
    module = importlib.import_module("gateway.providers.enos")
    public = {name for name in vars(module) if not name.startswith("_")}
    submodules = {name for name in public if hasattr(vars(module)[name], "__file__")}
    assert public - submodules == {"PLUGIN", "ProviderPlugin"}
