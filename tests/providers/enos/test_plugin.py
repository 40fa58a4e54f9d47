"""What the folder exports."""

import importlib

from gateway.domain.provider import OtaProvider
from gateway.providers.enos import PLUGIN
from gateway.providers.enos.config import EnosSettings
from gateway.providers.enos.provider import EnosProvider

from .conftest import FakeEnos


def test_the_plugin_builds_the_provider(enos: FakeEnos, settings: EnosSettings) -> None:
    provider: OtaProvider = PLUGIN.build("plant", settings, enos)
    assert isinstance(provider, EnosProvider)
    assert (PLUGIN.key, PLUGIN.title) == ("enos", "EnOS")
    assert PLUGIN.settings is EnosSettings
    assert PLUGIN.endpoint(settings) == "https://apim.example"


def test_organisations_are_counted_apart(settings: EnosSettings) -> None:
    other = settings.model_copy(update={"org_id": "o2"})
    assert PLUGIN.account(settings) != PLUGIN.account(other)


def test_reads_and_token_calls_have_rates() -> None:
    tokens = {operation for operation in PLUGIN.rates if operation.startswith("token.")}

    assert tokens == {"token.get", "token.refresh"}
    assert {PLUGIN.rates[operation] for operation in tokens} == {2.0}
    assert {PLUGIN.rates[operation] for operation in PLUGIN.rates.keys() - tokens} == {20.0}
    assert "ota-jobs.searchTask" in PLUGIN.rates


def test_the_folder_exports_nothing_else_by_name() -> None:
    module = importlib.import_module("gateway.providers.enos")
    public = {name for name in vars(module) if not name.startswith("_")}
    submodules = {name for name in public if hasattr(vars(module)[name], "__file__")}
    assert public - submodules == {"PLUGIN", "ProviderPlugin"}
