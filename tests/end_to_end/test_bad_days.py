"""One cloud down, slow or talking nonsense: the other's jobs arrive, and `sources` tells why."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import pytest

from tests.end_to_end.gateway_under_test import running_gateway
from tests.end_to_end.scripted_cloud import (
    Answer,
    ScriptedCloud,
    UnreachableCloud,
    replying,
    replying_half_of,
    replying_page,
    silent,
)

JOBS: Final = """
{
  otaJobs {
    totalCount
    edges { node { nativeId status rawStatus type rawType policy rawPolicy } }
    sources { backend { name } outcome error { code message retryable } }
  }
}
"""
SHORT_PATIENCE_S: Final = 1.0
LONG_PATIENCE_S: Final = 20.0


def enos_item(number: int, **changes: object) -> dict[str, object]:
    return {
        "jobId": f"enos-{number}",
        "name": {"defaultValue": "job"},
        "firmwareId": "fw",
        "type": "upgrade",
        "upgradePolicy": "snapshot",
        "upgradeScope": {"type": "total"},
        "status": "started",
        "createTime": 1_591_171_274_788 - number,
        **changes,
    }


def enos_page(*items: object) -> dict[str, object]:
    return {"code": 0, "msg": "OK", "data": items, "pagination": {"totalSize": len(items)}}


def alibaba_item(number: int, **changes: object) -> dict[str, object]:
    return {
        "JobId": f"alibaba-{number}",
        "FirmwareId": "fw",
        "JobStatus": "IN_PROGRESS",
        "JobType": "UPGRADE_FIRMWARE",
        "SelectionType": "STATIC",
        "TargetSelection": "ALL",
        "UtcCreate": f"2019-12-28T02:43:1{9 - number}.000Z",
        **changes,
    }


def alibaba_page(*items: object) -> dict[str, object]:
    return {"Success": True, "Data": {"SimpleOTAJobInfo": items}, "Total": len(items)}


CATALOGUE: Final = {
    "Success": True,
    "FirmwareInfo": {"SimpleFirmwareInfo": [{"FirmwareId": "fw", "FirmwareName": "firmware"}]},
    "Total": 1,
}
GOOD_PAGE: Final[Mapping[str, dict[str, object]]] = {
    "grid": enos_page(enos_item(1), enos_item(2)),
    "lights": alibaba_page(alibaba_item(1), alibaba_item(2)),
}
GOOD_JOBS: Final = {"grid": ["enos-1", "enos-2"], "lights": ["alibaba-1", "alibaba-2"]}
OTHER: Final = {"grid": "lights", "lights": "grid"}


def cloud(backend: str, jobs: Answer | None = None) -> ScriptedCloud:
    """The cloud of `backend`, whose list of jobs is as scripted, or good."""
    listing = jobs or replying(GOOD_PAGE[backend])
    if backend == "grid":
        token = replying({"status": 0, "data": {"accessToken": "t", "expire": 7200}})
        return ScriptedCloud({"get": token, "ota-jobs.search": listing})
    return ScriptedCloud({"ListOTAFirmware": replying(CATALOGUE), "ListOTAJobByFirmware": listing})


async def listed(
    broken: str,
    transport: httpx.AsyncBaseTransport,
    *,
    patience_s: float = LONG_PATIENCE_S,
) -> dict[str, Any]:
    """The answer when the cloud of the backend `broken` is what `transport` plays."""
    other = OTHER[broken]
    clouds = {broken: transport, other: cloud(other)}
    async with running_gateway(clouds, patience_s=patience_s) as gateway, asyncio.timeout(30):
        return await gateway.ask(JOBS)


def node_ids(answer: dict[str, Any]) -> list[str | None]:
    edges = answer["data"]["otaJobs"]["edges"]
    return [edge["node"] and edge["node"]["nativeId"] for edge in edges]


def source(answer: dict[str, Any], backend: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = answer["data"]["otaJobs"]["sources"]
    return next(each for each in found if each["backend"]["name"] == backend)


BACKENDS: Final = pytest.mark.parametrize("broken", ["grid", "lights"])


async def test_on_a_good_day_both_clouds_answer() -> None:
    answer = await listed("grid", cloud("grid"))
    assert node_ids(answer) == ["enos-1", "enos-2", "alibaba-1", "alibaba-2"]
    assert answer["data"]["otaJobs"]["totalCount"] == 4
    assert [each["outcome"] for each in answer["data"]["otaJobs"]["sources"]] == ["LIVE"] * 2
    assert "errors" not in answer


def nonsense(_broken: str) -> Answer:
    return replying({"code": "0", "Success": True, "data": "nothing", "Data": 7})


def half(broken: str) -> Answer:
    return replying_half_of(GOOD_PAGE[broken])


@BACKENDS
@pytest.mark.parametrize(
    ("script", "code"),
    [
        (lambda _broken: replying_page(200), "PROVIDER_CONTRACT"),
        (lambda _broken: replying_page(502), "PROVIDER_UNAVAILABLE"),
        (nonsense, "PROVIDER_CONTRACT"),
        (lambda _broken: replying(["a", "list"]), "PROVIDER_CONTRACT"),
        (lambda _broken: replying(None), "PROVIDER_CONTRACT"),
        (half, "PROVIDER_CONTRACT"),
    ],
    ids=["HTML", "HTML 502", "wrong types", "a list", "null", "half a page"],
)
async def test_a_cloud_that_answers_nonsense_is_reported(
    broken: str, script: Callable[[str], Answer], code: str
) -> None:
    answer = await listed(broken, cloud(broken, script(broken)))
    found = source(answer, broken)
    assert node_ids(answer) == GOOD_JOBS[OTHER[broken]]
    assert found["error"]["code"] == code
    # The list of packages was read, so some of the index is there: it is not whole, but not failed.
    assert found["outcome"] == {"grid": "FAILED", "lights": "WARMING"}[broken]
    assert "guest network" not in str(answer)
    assert source(answer, OTHER[broken])["outcome"] == "LIVE"
    assert answer["data"]["otaJobs"]["totalCount"] is None
    assert "errors" not in answer


@BACKENDS
async def test_a_cloud_that_refuses_connections_is_reported(broken: str) -> None:
    answer = await listed(broken, UnreachableCloud())
    assert node_ids(answer) == GOOD_JOBS[OTHER[broken]]
    assert source(answer, broken)["outcome"] == "FAILED"
    assert source(answer, broken)["error"]["code"] == "PROVIDER_UNAVAILABLE"
    assert source(answer, broken)["error"]["retryable"] is True
    assert source(answer, OTHER[broken])["outcome"] == "LIVE"


@BACKENDS
async def test_a_cloud_that_never_answers_is_left_behind(broken: str) -> None:
    answer = await listed(broken, cloud(broken, silent), patience_s=SHORT_PATIENCE_S)
    assert node_ids(answer) == GOOD_JOBS[OTHER[broken]]
    assert source(answer, broken)["outcome"] == "FAILED"
    assert source(answer, broken)["error"]["code"] == "DEADLINE_EXCEEDED"
    assert source(answer, OTHER[broken])["outcome"] == "LIVE"


@pytest.mark.parametrize(
    ("broken", "page"),
    [
        (
            "grid",
            enos_page(
                enos_item(1, status="hibernating", type="magic", upgradePolicy="maybe"),
                enos_item(2),
            ),
        ),
        (
            "lights",
            alibaba_page(
                alibaba_item(1, JobStatus="hibernating", JobType="magic", SelectionType="maybe"),
                alibaba_item(2),
            ),
        ),
    ],
)
async def test_unknown_words_become_unknown_and_are_kept(
    broken: str, page: dict[str, object]
) -> None:
    answer = await listed(broken, cloud(broken, replying(page)))
    assert "errors" not in answer
    assert len(node_ids(answer)) == 4
    assert source(answer, broken)["outcome"] == "LIVE"
    jobs = {edge["node"]["nativeId"]: edge["node"] for edge in answer["data"]["otaJobs"]["edges"]}
    odd = jobs[GOOD_JOBS[broken][0]]
    assert odd == {
        "nativeId": GOOD_JOBS[broken][0],
        "status": "UNKNOWN",
        "rawStatus": "hibernating",
        "type": "UNKNOWN",
        "rawType": "magic",
        "policy": "UNKNOWN",
        "rawPolicy": "maybe",
    }


@pytest.mark.parametrize(
    ("broken", "page", "name"),
    [
        ("grid", enos_page(enos_item(1), enos_item(9, upgradeScope=7)), "'enos-9'"),
        ("grid", enos_page(enos_item(1), "nonsense"), "number 2 of its page"),
        ("lights", alibaba_page(alibaba_item(1), {"JobStatus": "PLANNED"}), "number 2 of its page"),
        ("lights", alibaba_page(alibaba_item(1), "nonsense"), "number 2 of its page"),
    ],
)
async def test_a_bad_item_of_a_list_loses_itself_only_and_is_named(
    broken: str, page: dict[str, object], name: str
) -> None:
    answer = await listed(broken, cloud(broken, replying(page)))
    found = node_ids(answer)
    assert found.count(None) == 1
    assert set(found) == {GOOD_JOBS[broken][0], *GOOD_JOBS[OTHER[broken]], None}
    (error,) = answer["errors"]
    assert f"item {name} of backend '{broken}' cannot be read" in error["message"]
    assert error["path"] == ["otaJobs", "edges", found.index(None), "node"]
    assert error["extensions"]["code"] == "PROVIDER_CONTRACT"
    assert source(answer, broken)["outcome"] == "LIVE"


async def test_no_secret_of_ours_is_in_an_error() -> None:
    refusal = replying({"code": 99403, "msg": "app_key enos-app-secret is wrong", "data": None})
    answer = await listed("grid", cloud("grid", refusal))
    assert source(answer, "grid")["error"]["code"] == "PROVIDER_AUTH"
    assert "enos-app-secret" not in str(answer)
