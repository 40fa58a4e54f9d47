"""Lists over several backends: order, filters, cursors, reports of sources, broken items."""

from typing import Any

import pytest

from gateway.domain.errors import ProviderAuthError, ProviderRateLimitedError
from gateway.domain.firmware import VerificationStatus
from gateway.domain.ids import NodeKind
from gateway.domain.job import JobStatus, JobType
from gateway.domain.paging import BrokenItem
from tests.schema.fake_cloud import INDEXED, FakeCloud
from tests.schema.samples import detail, job, package, task
from tests.schema.world import LIVE, World, global_id, running_world

JOBS = """
query Jobs($filter: OtaJobFilter, $first: Int! = 20, $after: String, $maxAge: Int) {
  otaJobs(filter: $filter, first: $first, after: $after, maxAgeSeconds: $maxAge) {
    totalCount
    edges { cursor node { nativeId backend { name } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    sources {
      backend { name } outcome totalCount progressPercent
      freshness { asOf ageSeconds source }
      error { code message retryable retryAfterSeconds operation rawCode requestId }
    }
    freshness { asOf ageSeconds source }
  }
}
"""


def odd_and_even() -> dict[str, FakeCloud]:
    """Eleven jobs over a cloud that lists its jobs and one whose jobs are found by package."""
    plant = [job(number) for number in (9, 7, 5, 3, 1)]
    wind = [job(number, "wind", firmware_id=f"fw-{number % 3}") for number in (10, 8, 6, 4, 2, 0)]
    packages = [package(number, "wind") for number in range(3)]
    return {
        "plant": FakeCloud(jobs=plant, page=2),
        "wind": FakeCloud(jobs=wind, packages=packages, capabilities=INDEXED, page=2),
    }


def ids(data: Any) -> list[str]:  # noqa: ANN401 - any JSON
    return [edge["node"]["nativeId"] for edge in data["otaJobs"]["edges"]]


async def test_jobs_of_all_backends_are_merged_newest_first() -> None:
    async with running_world(odd_and_even()) as world:
        data = await world.read(JOBS)
    assert ids(data) == [f"job-{number}" for number in range(10, -1, -1)]
    found = data["otaJobs"]
    assert [edge["node"]["backend"]["name"] for edge in found["edges"][:2]] == ["wind", "plant"]
    assert found["totalCount"] == 11
    assert found["freshness"] == LIVE
    assert found["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": found["edges"][0]["cursor"],
        "endCursor": found["edges"][-1]["cursor"],
    }
    assert found["sources"] == [
        {
            "backend": {"name": name},
            "outcome": "LIVE",
            "totalCount": total,
            "progressPercent": None,
            "freshness": LIVE,
            "error": None,
        }
        for name, total in (("plant", 5), ("wind", 6))
    ]


@pytest.mark.parametrize("first", [1, 2, 3, 4, 10])
async def test_pages_joined_are_the_whole_list(first: int) -> None:
    seen: list[str] = []
    after: str | None = None
    async with running_world(odd_and_even()) as world:
        for page in range(20):
            data = await world.read(JOBS, first=first, after=after)
            found = data["otaJobs"]
            assert len(found["edges"]) <= first
            assert found["pageInfo"]["hasPreviousPage"] is (page > 0)
            seen += ids(data)
            after = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                break
    assert seen == [f"job-{number}" for number in range(10, -1, -1)]


async def test_a_list_goes_on_behind_the_cursor_of_any_edge() -> None:
    async with running_world(odd_and_even()) as world:
        edges = (await world.read(JOBS))["otaJobs"]["edges"]
        data = await world.read(JOBS, after=edges[6]["cursor"])
    assert ids(data) == ["job-3", "job-2", "job-1", "job-0"]


async def test_no_items_may_be_asked_for() -> None:
    async with running_world(odd_and_even()) as world:
        found = (await world.read(JOBS, first=0))["otaJobs"]
    assert found["edges"] == []
    assert found["pageInfo"]["hasNextPage"] is True
    assert found["pageInfo"]["startCursor"] is None


async def test_a_cursor_fits_its_own_filter_only() -> None:
    async with running_world(odd_and_even()) as world:
        after = (await world.read(JOBS, first=1))["otaJobs"]["pageInfo"]["endCursor"]
        error = (await world.ask(JOBS, after=after, filter={"statuses": ["STOPPED"]})).only_error()
    assert error["extensions"]["argument"] == "after"


MIXED = [
    job(4, status=JobStatus.STOPPED, type=JobType.VERIFICATION),
    job(3, firmware_id="fw-2", product_key="fan"),
    job(2, detail=detail(2)),
    job(1),
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [4, 3, 2, 1]),
        ({"statuses": [], "types": []}, [4, 3, 2, 1]),
        ({"backends": ["plant"]}, [4, 3, 2, 1]),
        ({"backends": []}, []),
        ({"providers": ["acme"]}, [4, 3, 2, 1]),
        ({"statuses": ["STOPPED"]}, [4]),
        ({"statuses": ["STOPPED", "IN_PROGRESS"]}, [4, 3, 2, 1]),
        ({"types": ["UPGRADE"]}, [3, 2, 1]),
        ({"productKey": "fan"}, [3]),
        ({"firmware": global_id(NodeKind.FIRMWARE, "fw-2")}, [3]),
        ({"name": "ROLLOUT 2"}, [2]),
        ({"name": "升级 1"}, [1]),
        ({"device": {"productKey": "pump", "name": "pump-1"}}, [2, 1]),
        ({"device": {"productKey": "pump", "name": "pump-1"}, "name": "2"}, [2]),
        ({"createdFrom": "2026-03-01T08:02:00.123Z"}, [4, 3, 2]),
        ({"createdBefore": "2026-03-01T16:02:00.123+08:00"}, [1]),
        (
            {
                "createdFrom": "2026-03-01T08:02:00.123Z",
                "createdBefore": "2026-03-01T08:04:00.123Z",
            },
            [3, 2],
        ),
    ],
)
async def test_jobs_are_narrowed_by_every_filter(
    wanted: dict[str, Any], expected: list[int]
) -> None:
    tasks = [task(1, "job-1"), task(1, "job-2", native_id="task-2"), task(2, "job-3")]
    async with running_world({"plant": FakeCloud(jobs=MIXED, tasks=tasks)}) as world:
        assert ids(await world.read(JOBS, filter=wanted)) == [f"job-{n}" for n in expected]


async def test_filters_choose_among_backends_and_clouds() -> None:
    async with running_world(odd_and_even(), providers={"wind": "breeze"}) as world:

        async def asked(**wanted: object) -> list[str]:
            data = await world.read(JOBS, filter=wanted)
            return [source["backend"]["name"] for source in data["otaJobs"]["sources"]]

        assert await asked(backends=["wind"]) == ["wind"]
        assert await asked(providers=["breeze"]) == ["wind"]
        assert await asked(providers=["acme", "breeze"]) == ["plant", "wind"]
        assert await asked(firmware=global_id(NodeKind.FIRMWARE, "fw-1")) == ["plant"]
        assert await asked(backends=["wind"], firmware=global_id(NodeKind.FIRMWARE, "fw-1")) == []


async def test_a_backend_of_which_nothing_can_match_is_skipped() -> None:
    clouds = odd_and_even()
    clouds["plant"].never = frozenset({JobStatus.PLANNED})
    async with running_world(clouds) as world:
        found = (await world.read(JOBS, filter={"statuses": ["PLANNED"]}))["otaJobs"]
    assert [(source["outcome"], source["totalCount"]) for source in found["sources"]] == [
        ("SKIPPED", 0),
        ("LIVE", 0),
    ]
    assert clouds["plant"].calls.total() == 0


async def test_a_backend_that_fails_is_reported_and_the_others_answer() -> None:
    clouds = odd_and_even()
    clouds["plant"].failures["list_jobs"] = ProviderRateLimitedError(
        "slow down",
        backend="plant",
        operation="searchJobs",
        vendor_code="T-1",
        request_id="r-7",
        retry_after_s=1.5,
    )
    async with running_world(clouds) as world:
        found = (await world.read(JOBS))["otaJobs"]
    assert len(found["edges"]) == 6
    assert found["totalCount"] is None
    assert found["sources"][0] == {
        "backend": {"name": "plant"},
        "outcome": "FAILED",
        "totalCount": None,
        "progressPercent": None,
        "freshness": None,
        "error": {
            "code": "PROVIDER_RATE_LIMITED",
            "message": "slow down",
            "retryable": True,
            "retryAfterSeconds": 1.5,
            "operation": "searchJobs",
            "rawCode": "T-1",
            "requestId": "r-7",
        },
    }
    assert found["sources"][1]["outcome"] == "LIVE"


async def test_a_backend_that_does_not_answer_in_time_is_reported_and_the_others_answer() -> None:
    clouds = odd_and_even()
    clouds["plant"].hanging.add("list_jobs")
    async with running_world(clouds, patience_s=1.0) as world:
        found = (await world.read(JOBS))["otaJobs"]
    assert len(found["edges"]) == 6
    assert found["sources"][0]["outcome"] == "FAILED"
    assert found["sources"][0]["error"]["code"] == "DEADLINE_EXCEEDED"
    assert found["sources"][0]["error"]["operation"] is None


async def test_a_bug_in_one_backend_is_an_incident_there_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clouds = odd_and_even()
    clouds["plant"].failures["list_jobs"] = ZeroDivisionError("secret detail")
    async with running_world(clouds) as world:
        found = (await world.read(JOBS))["otaJobs"]
    assert len(found["edges"]) == 6
    assert found["sources"][0]["error"]["code"] == "INTERNAL_ERROR"
    assert "secret" not in str(found)
    assert "secret detail" in caplog.text


async def test_an_index_that_is_still_filling_is_warming() -> None:
    clouds = odd_and_even()
    clouds["wind"].hanging.add("list_firmware_jobs")
    async with running_world(clouds, index_patience_s=0.1) as world:
        found = (await world.read(JOBS))["otaJobs"]
    source = found["sources"][1]
    assert len(found["edges"]) == 5
    assert source["outcome"] == "WARMING"
    assert source["progressPercent"] == 0
    assert source["totalCount"] is None


async def test_sources_say_what_came_from_the_cache_and_how_old_it_is() -> None:
    async with running_world({"plant": FakeCloud(jobs=[job(1)])}) as world:
        await world.read(JOBS)
        world.clock.now = world.clock.now.replace(second=4)
        source = (await world.read(JOBS))["otaJobs"]["sources"][0]
        assert source["outcome"] == "CACHED"
        assert source["freshness"] == LIVE | {"ageSeconds": 4.0, "source": "CACHE"}
        world.clock.now = world.clock.now.replace(second=30)
        assert (await world.read(JOBS))["otaJobs"]["sources"][0]["outcome"] == "STALE"
        live = (await world.read(JOBS, maxAge=0))["otaJobs"]
    assert live["sources"][0]["outcome"] == "LIVE"
    assert live["freshness"]["ageSeconds"] == 0.0


BROKEN = BrokenItem(index=0, native_id="job-7", reason="`status` is no text")
NAMELESS = BrokenItem(index=0, native_id=None, reason="no object")


async def test_a_broken_job_loses_only_its_own_place_and_is_named() -> None:
    clouds = odd_and_even()
    clouds["plant"].broken = {1: BROKEN, 3: NAMELESS}
    async with running_world(clouds) as world:
        answer = await world.ask(JOBS)
    nodes = [edge["node"] and edge["node"]["nativeId"] for edge in answer.data["otaJobs"]["edges"]]
    assert len(nodes) == 11
    assert nodes.count(None) == 2
    assert set(nodes) - {None} == {f"job-{n}" for n in (10, 9, 8, 6, 5, 4, 2, 1, 0)}
    assert sorted(error["message"] for error in answer.errors) == [
        "item 'job-7' of backend 'plant' cannot be read: `status` is no text",
        "item number 2 of its page of backend 'plant' cannot be read: no object",
    ]
    for error in answer.errors:
        assert error["extensions"]["code"] == "PROVIDER_CONTRACT"
        assert error["extensions"]["backend"] == "plant"
        _, _, place, field = error["path"]
        assert field == "node"
        assert nodes[int(place)] is None


async def test_a_broken_task_loses_only_its_own_place_and_is_named() -> None:
    cloud = FakeCloud(
        tasks=[task(number, "job-1") for number in range(3)],
        broken_tasks={1: BrokenItem(index=0, native_id="task-1", reason="odd")},
    )
    async with running_world({"plant": cloud}) as world:
        answer = await world.ask(
            "query($id: ID!) { tasks(jobId: $id) { edges { node { nativeId } } } }",
            id=global_id(NodeKind.OTA_JOB, "job-1"),
        )
    assert answer.data["tasks"]["edges"] == [
        {"node": {"nativeId": "task-0"}},
        {"node": None},
        {"node": {"nativeId": "task-2"}},
    ]
    assert answer.only_error()["message"] == (
        "item 'task-1' of backend 'plant' cannot be read: odd"
    )


PACKAGES = """
query Packages($filter: FirmwareFilter, $first: Int! = 20, $after: String) {
  firmwares(filter: $filter, first: $first, after: $after) {
    totalCount
    edges { cursor node { nativeId backend { name } } }
    pageInfo { hasNextPage endCursor }
    sources { backend { name } outcome error { code } }
    freshness { source }
  }
}
"""


def warehouses() -> dict[str, FakeCloud]:
    wind = [
        package(4, "wind", verification=VerificationStatus.FAILED),
        package(0, "wind", product_key="fan"),
        package(2, "wind"),
    ]
    return {
        "plant": FakeCloud(packages=[package(3), package(1)], page=1),
        "wind": FakeCloud(packages=wind, capabilities=INDEXED, page=2),
    }


async def packages_in(world: World, **variables: object) -> list[str]:
    data = await world.read(PACKAGES, **variables)
    return [edge["node"]["nativeId"] for edge in data["firmwares"]["edges"]]


async def test_packages_of_all_backends_are_merged_newest_first_and_walked() -> None:
    async with running_world(warehouses()) as world:
        whole = (await world.read(PACKAGES))["firmwares"]
        first = (await world.read(PACKAGES, first=2))["firmwares"]["pageInfo"]
        second = await packages_in(world, first=2, after=first["endCursor"])
    assert [edge["node"]["nativeId"] for edge in whole["edges"]] == [
        f"fw-{number}" for number in (4, 3, 2, 1, 0)
    ]
    assert whole["totalCount"] == 5
    assert whole["freshness"] == {"source": "LIVE"}
    assert first["hasNextPage"] is True
    assert second == ["fw-2", "fw-1"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"backends": ["wind"]}, [4, 2, 0]),
        ({"providers": ["acme"]}, [4, 3, 2, 1, 0]),
        ({"productKey": "fan"}, [0]),
        ({"version": "3.0"}, [3]),
        ({"verification": "FAILED"}, [4]),
        ({"name": "CONTROL 1"}, [1]),
    ],
)
async def test_packages_are_narrowed_by_every_filter(
    wanted: dict[str, Any], expected: list[int]
) -> None:
    async with running_world(warehouses()) as world:
        assert await packages_in(world, filter=wanted) == [f"fw-{n}" for n in expected]


async def test_a_backend_without_access_to_packages_is_reported() -> None:
    clouds = warehouses()
    clouds["wind"].failures["list_firmware"] = ProviderAuthError("no", backend="wind")
    async with running_world(clouds) as world:
        found = (await world.read(PACKAGES))["firmwares"]
    assert [edge["node"]["nativeId"] for edge in found["edges"]] == ["fw-3", "fw-1"]
    assert found["sources"] == [
        {"backend": {"name": "plant"}, "outcome": "LIVE", "error": None},
        {"backend": {"name": "wind"}, "outcome": "FAILED", "error": {"code": "PROVIDER_AUTH"}},
    ]
