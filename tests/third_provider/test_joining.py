"""A third cloud joins by a folder of its own and its twin; no file of the gateway knows of it."""

import re
import time
import tomllib
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

import gateway
from gateway import providers, simulators
from gateway.app.factory import create_app
from gateway.app.overrides import Overrides
from gateway.domain.metrics import NoMetrics
from gateway.schema.root import schema_text
from gateway.service.job_index import IndexPolicy
from gateway.settings import Settings, SettingsError
from tests.third_provider.joining import acme_joins

BUILT_IN: Final = list(providers.discover())
ROOT: Final = Path(__file__).parents[2]


def test_the_third_provider_is_found_once_its_folder_is_on_the_path() -> None:
    with acme_joins():
        assert sorted(providers.discover()) == sorted([*BUILT_IN, "acme"])
        assert "acme" in simulators.discover()
    assert list(providers.discover()) == BUILT_IN
    assert "acme" not in simulators.discover()


def test_no_file_of_the_gateway_names_it() -> None:
    sources = sorted(Path(gateway.__file__).parent.rglob("*.py"))
    assert len(sources) > 50
    assert [path for path in sources if "acme" in path.read_text("utf-8").casefold()] == []


def test_the_rules_of_imports_name_no_provider() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rules = str(project["tool"]["importlinter"])
    assert "gateway.providers.*" in rules
    assert "gateway.simulators.*" in rules
    assert [key for key in BUILT_IN if key in rules] == []


def test_settings_accept_it_like_any_other() -> None:
    table = {"provider": "acme", "endpoint": "http://127.0.0.1:9", "key": "hidden"}
    with acme_joins():
        settings = Settings.build({"backends": {"shop": table}})
    assert settings.backends["shop"].plugin.key == "acme"
    assert "hidden" not in repr(settings)


def test_settings_check_it_by_its_own_model() -> None:
    with acme_joins(), pytest.raises(SettingsError) as refusal:
        Settings.build({"backends": {"shop": {"provider": "acme", "endpoint": "x", "size": 1}}})
    assert [problem.partition(":")[0] for problem in refusal.value.problems] == [
        "backends.shop.key",
        "backends.shop.size",
    ]


def test_settings_refuse_it_once_it_is_gone() -> None:
    with pytest.raises(SettingsError, match=re.escape("backends.shop.provider")):
        Settings.build({"backends": {"shop": {"provider": "acme"}}})


def test_the_schema_is_the_same_with_it() -> None:
    with acme_joins():
        assert schema_text() == (ROOT / "schema.graphql").read_text(encoding="utf-8")


JOBS: Final = """
{
  otaJobs(first: 100) {
    edges { node {
      nativeId name { default } status timeoutSeconds createdAt
      backend { name provider providerTitle }
    } }
    sources { backend { name } outcome }
  }
  backends { name provider capabilities }
}
"""


async def test_its_jobs_stand_among_those_of_the_others() -> None:
    tables: dict[str, dict[str, object]] = {}
    transports: dict[str, httpx.ASGITransport] = {}
    with acme_joins():
        for key in ("acme", BUILT_IN[-1]):
            plugin = simulators.discover()[key]
            simulation = plugin.start(7, time.time)  # signatures carry it
            tables[f"my_{key}"] = dict(simulation.settings("http://127.0.0.1:9"))
            transports[f"my_{key}"] = httpx.ASGITransport(simulation.app)
        settings = Settings.build({"backends": tables, "writes": {"enabled": False}})
    overrides = Overrides(http=transports, metrics=NoMetrics(), index=IndexPolicy(idle_after_s=0.0))
    data = await _read(create_app(settings, overrides), JOBS)
    nodes = [edge["node"] for edge in data["otaJobs"]["edges"]]
    assert {node["backend"]["name"] for node in nodes} == set(tables)
    assert {each["outcome"] for each in data["otaJobs"]["sources"]} == {"LIVE"}
    times = [node["createdAt"] for node in nodes]
    assert times == sorted(times, reverse=True)
    newest = next(node for node in nodes if node["backend"]["provider"] == "acme")
    assert newest["backend"] == {
        "name": "my_acme",
        "provider": "acme",
        "providerTitle": "Acme Machines",
    }
    assert (newest["nativeId"], newest["name"], newest["timeoutSeconds"]) == (
        "j0",
        {"default": "rollout 0"},
        600,
    )
    assert data["backends"][0] == {
        "name": "my_acme",
        "provider": "acme",
        "capabilities": ["LIST_DEVICE_TASKS", "LIST_JOBS", "NAMED_JOBS"],
    }


async def _read(app: Any, document: str) -> Any:  # noqa: ANN401 - an application, and JSON
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http,
    ):
        answer = (await http.post("/graphql", json={"query": document})).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]
