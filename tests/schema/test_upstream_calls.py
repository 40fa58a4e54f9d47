"""Only what a document selects is read, and a request is told what it cost."""

from collections.abc import Sequence

import pytest

from gateway.domain.errors import ProviderUnavailableError
from gateway.domain.firmware import Firmware
from gateway.domain.ids import NodeKind
from gateway.domain.task import TaskStatus
from gateway.domain.text import LocalizedText
from tests.schema.fake_cloud import INDEXED, FakeCloud
from tests.schema.samples import detail, device, job, package, task
from tests.schema.world import global_id, running_world

LIST_FIELDS = """
  id nativeId backend { name provider } status rawStatus type rawType policy rawPolicy productKey
  tags { key } createdAt updatedAt startedAt endedAt availableActions freshness { asOf }
  scope { targetKind target { __typename } }
  firmware { id nativeId }
"""
DETAIL_FIELDS = (
    "description",
    "timeoutSeconds",
    "retryPolicy { count }",
    "schedule { startsAt }",
    "pace { maxConcurrent }",
    "overwriteMode",
    "rawOverwriteMode",
    "membershipMode",
    "rawMembershipMode",
    "downloadProtocol",
    "rawDownloadProtocol",
    "confirmationRequired",
    "pushEnabled",
    "deviceRequestEnabled",
    "multiModule",
    "raw",
    "detailFreshness { asOf }",
    "scope { sourceVersions }",
    "scope { productKey }",
)


def indexed(jobs: int = 20) -> FakeCloud:
    return FakeCloud(
        jobs=[job(number, firmware_id=f"fw-{number % 2}") for number in range(jobs, 0, -1)],
        tasks=[task(1, "job-1", status=TaskStatus.QUEUED)],
        packages=[package(0), package(1)],
        capabilities=INDEXED,
    )


def of_jobs(selection: str) -> str:
    return f"{{ otaJobs(first: 20) {{ edges {{ node {{ {selection} }} }} }} }}"


async def calls(cloud: FakeCloud, document: str) -> dict[str, int]:
    """Calls by method, but for the lists of jobs and packages themselves."""
    async with running_world({"plant": cloud}) as world:
        await world.read(document)
    lists = {"list_jobs", "list_firmware_jobs", "list_firmware"}
    return {method: count for method, count in cloud.calls.items() if method not in lists}


async def test_fields_of_a_list_cost_no_further_call() -> None:
    assert await calls(indexed(), of_jobs(LIST_FIELDS)) == {}


@pytest.mark.parametrize("field", DETAIL_FIELDS)
async def test_one_detail_field_of_twenty_jobs_costs_twenty_calls(field: str) -> None:
    assert await calls(indexed(), of_jobs(field)) == {"get_job": 20}


async def test_all_detail_fields_cost_no_more_than_one() -> None:
    assert await calls(indexed(), of_jobs(" ".join(DETAIL_FIELDS))) == {"get_job": 20}


async def test_a_target_that_the_list_does_not_tell_costs_a_call() -> None:
    cloud = FakeCloud(
        jobs=[job(2), job(1, target=None)], packages=[package(1)], capabilities=INDEXED
    )
    assert await calls(cloud, of_jobs("scope { targetKind target { __typename } }")) == {
        "get_job": 1
    }


async def test_lists_that_carry_details_cost_no_call_for_them() -> None:
    cloud = FakeCloud(jobs=[job(number) for number in range(20, 0, -1)])
    document = of_jobs(LIST_FIELDS + " ".join(DETAIL_FIELDS) + " name { default }")
    assert await calls(cloud, document) == {}


@pytest.mark.parametrize("page", [1, 50])
async def test_names_and_versions_of_packages_come_from_the_list_of_packages(page: int) -> None:
    cloud = indexed()
    cloud.page = page
    document = of_jobs("name { default } firmware { name { default } version type createdAt }")
    assert await calls(cloud, document) == {}
    assert cloud.calls["list_firmware"] == (1 if page == 50 else 2)


async def test_details_of_packages_cost_a_call_for_each_package() -> None:
    document = of_jobs("firmware { deviceInfo files { name } raw }")
    assert await calls(indexed(), document) == {"get_firmware": 2}


async def test_details_of_packages_cost_no_call_where_lists_carry_them() -> None:
    cloud = FakeCloud(packages=[package(2), package(1)])
    document = "{ firmwares { edges { node { raw deviceInfo files { name } } } } }"
    assert await calls(cloud, document) == {}


@pytest.mark.parametrize(
    "counts", [["total"], ["queued", "failed", "canceled"], ["inProgress", "total", "notified"]]
)
async def test_only_the_counts_selected_are_asked_for(counts: Sequence[str]) -> None:
    document = of_jobs(f"taskCounts {{ {' '.join(counts)} }}")
    assert await calls(indexed(1), document) == {"count_tasks": len(counts)}


async def test_all_tasks_ended_stops_at_the_first_open_task() -> None:
    statuses = [TaskStatus.AWAITING_CONFIRMATION, TaskStatus.SUCCEEDED]
    for status, expected in zip(statuses, (1, 5), strict=True):
        cloud = FakeCloud(jobs=[job(1)], tasks=[task(1, "job-1", status=status)])
        assert await calls(cloud, of_jobs("allTasksEnded")) == {"count_tasks": expected}


def told(number: int, name: str | None, version: str | None) -> FakeCloud:
    """A job whose detail tells this much of its package, as a single read of Alibaba does."""
    text = None if name is None else LocalizedText(default=name)
    known = detail(number, firmware_name=text, firmware_version=version)
    return FakeCloud(jobs=[job(number, detail=known)], packages=[package(1)])


@pytest.mark.parametrize(
    ("cloud", "selection", "expected"),
    [
        (told(1, "n", "v"), "id nativeId backend { name } __typename", {}),
        (told(1, "n", "v"), "name { default } version", {}),
        (told(1, "n", "v"), "... on Firmware { version }", {}),
        (told(1, "n", "v"), "version type", {"get_firmware": 1}),
        (told(1, "n", "v"), "version type @skip(if: true)", {}),
        (told(1, "n", "v"), "version ... @include(if: false) { type }", {}),
        (told(1, "n", "v"), "version ... @include(if: true) { type }", {"get_firmware": 1}),
        (told(1, None, "v"), "version", {}),
        (told(1, None, "v"), "name { default }", {"get_firmware": 1}),
        (told(1, "n", None), "version", {"get_firmware": 1}),
    ],
)
async def test_a_package_is_read_only_for_what_its_job_does_not_tell(
    cloud: FakeCloud, selection: str, expected: dict[str, int]
) -> None:
    assert await calls(cloud, of_jobs(f"firmware {{ {selection} }}")) == expected


async def test_what_a_job_tells_of_its_package_is_shown() -> None:
    async with running_world({"plant": told(1, "n", "v")}) as world:
        data = await world.read(of_jobs("firmware { id name { default } version }"))
    assert data["otaJobs"]["edges"][0]["node"]["firmware"] == {
        "id": global_id(NodeKind.FIRMWARE, "fw-1"),
        "name": {"default": "n"},
        "version": "v",
    }


async def test_names_of_a_tasks_device_cost_no_call_and_its_version_costs_one() -> None:
    def cloud() -> FakeCloud:
        tasks = [task(number, "job-1") for number in range(3)]
        devices = [device(number) for number in range(3)]
        return FakeCloud(jobs=[job(1)], tasks=tasks, devices=devices)

    names = of_jobs("tasks { edges { node { device { id name productKey nativeId } } } }")
    assert await calls(cloud(), names) == {"list_tasks": 1}
    versions = of_jobs("tasks { edges { node { device { version modules { name } } } } }")
    assert await calls(cloud(), versions) == {"list_tasks": 1, "get_device": 3}


async def test_an_object_asked_for_twice_is_read_once() -> None:
    cloud = FakeCloud(jobs=[job(1)])
    document = """{
      a: otaJob(by: { native: { backend: "plant", nativeId: "job-1" } }) { status }
      b: otaJob(by: { native: { backend: "plant", nativeId: "job-1" } }) { raw }
    }"""
    assert await calls(cloud, document) == {"get_job": 1}


async def test_the_answer_tells_calls_reads_saved_and_time_waited() -> None:
    async with running_world({"plant": FakeCloud(jobs=[job(2), job(1)])}) as world:
        first = await world.ask(of_jobs("taskCounts { total }"))
        second = await world.ask(of_jobs("taskCounts { total }"))
        nothing = await world.ask("{ backends { name } }")
    assert first.upstream == {"calls": 3, "saved": 0, "waitedMs": 750.0}
    assert second.upstream == {"calls": 0, "saved": 3, "waitedMs": 0.0}
    assert nothing.upstream == {"calls": 0, "saved": 0, "waitedMs": 0.0}


async def test_a_bug_with_the_packages_of_one_backend_leaves_those_of_another() -> None:
    def packages(backend: str) -> list[Firmware]:
        return [package(1, backend)]

    clouds = {
        name: FakeCloud(jobs=[job(1, name)], packages=packages(name)) for name in ("plant", "wind")
    }
    clouds["plant"].failures["get_firmware"] = ZeroDivisionError()
    async with running_world(clouds) as world:
        answer = await world.ask(of_jobs("backend { name } firmware { version }"))
    assert [edge["node"]["firmware"] for edge in answer.data["otaJobs"]["edges"]] == [
        None,
        {"version": "1.0"},
    ]
    assert answer.only_error()["extensions"]["code"] == "INTERNAL_ERROR"


async def test_a_job_whose_detail_cannot_be_read_keeps_its_other_fields() -> None:
    cloud = indexed(2)
    cloud.failures["get_job"] = ProviderUnavailableError("down", backend="plant")
    async with running_world({"plant": cloud}) as world:
        answer = await world.ask(of_jobs("nativeId timeoutSeconds"))
    assert [edge["node"] for edge in answer.data["otaJobs"]["edges"]] == [
        {"nativeId": "job-2", "timeoutSeconds": None},
        {"nativeId": "job-1", "timeoutSeconds": None},
    ]
    assert [error["path"][-1] for error in answer.errors] == ["timeoutSeconds"] * 2
