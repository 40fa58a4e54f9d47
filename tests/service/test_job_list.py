from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.errors import ProviderUnavailableError
from gateway.domain.freshness import FreshnessSource
from gateway.domain.job import JobDetail, JobFilter, JobStatus, OtaJob
from gateway.domain.paging import PageRequest
from gateway.domain.scope import AllDevices, UpgradeScope
from gateway.domain.text import LocalizedText
from gateway.service.job_index import IndexPolicy, JobIndex
from gateway.service.job_list import job_source
from gateway.service.source import SourceOutcome, Window
from tests.service.cloud import (
    LIMITS,
    LISTS_BY_PACKAGE,
    Cloud,
    Site,
    a_broken,
    a_job,
    a_package,
    a_task,
    at,
    job_ids,
)

DEVICE = DeviceRef(product_key="p1", name="d1")
STOPPED = frozenset({JobStatus.STOPPED})


async def window(
    cloud: Cloud,
    wanted: JobFilter,
    *,
    indexed: bool = False,
    site: Site | None = None,
    max_age_s: float | None = None,
) -> Window[OtaJob]:
    backend = (site or Site()).backend(cloud)
    index = JobIndex(backend.reads, IndexPolicy()) if indexed else None
    source = await job_source(backend, index, wanted, max_age_s)
    assert source is not None
    return await source.window(None, 10)


def ids(found: Window[OtaJob]) -> list[str]:
    return job_ids(entry.item for entry in found.entries)


def named(job: OtaJob, name: str) -> OtaJob:
    scope = UpgradeScope(source_versions=(), product_key=None, target=AllDevices())
    return replace(job, detail=JobDetail(scope=scope, raw={}, name=LocalizedText(default=name)))


async def test_a_backend_none_of_whose_jobs_can_match_is_not_asked() -> None:
    cloud = Cloud(never=True)
    backend = Site().backend(cloud)
    assert await job_source(backend, None, JobFilter(), None) is None
    assert await job_source(backend, None, JobFilter(device=DEVICE), None) is None
    assert cloud.calls == []


async def test_the_cloud_filters_by_what_it_can_and_its_total_counts() -> None:
    cloud = Cloud(
        native=frozenset({"statuses"}),
        jobs=[a_job("j3", 3), a_job("j2", 2, status=JobStatus.STOPPED), a_job("j1", 1)],
    )
    found = await window(cloud, JobFilter(statuses=STOPPED))
    assert (ids(found), found.total, found.frontier) == (["j2"], 1, None)
    assert cloud.calls == ["list_jobs"]


async def test_what_the_cloud_cannot_filter_is_filtered_here_and_not_counted() -> None:
    cloud = Cloud(jobs=[a_job("j3", 3), a_job("j2", 2, status=JobStatus.STOPPED), a_job("j1", 1)])
    found = await window(cloud, JobFilter(statuses=STOPPED))
    assert (ids(found), found.total) == (["j2"], None)
    assert cloud.calls == ["list_jobs", "list_jobs @2"]


async def test_a_total_of_more_than_was_asked_for_is_not_given_though_all_so_far_match() -> None:
    jobs = [a_job(f"j{n}", n, status=JobStatus.STOPPED) for n in range(9, 0, -1)]
    backend = Site().backend(Cloud(jobs=[*jobs, a_job("j0", 0)]))
    source = await job_source(backend, None, JobFilter(statuses=STOPPED), None)
    assert source is not None
    found = await source.window(None, 1)
    assert (ids(found), found.total) == (["j9"], None)


async def test_all_jobs_are_counted_by_the_cloud() -> None:
    found = await window(Cloud(jobs=[a_job("j2", 2), a_job("j1", 1)]), JobFilter())
    assert (ids(found), found.total) == (["j2", "j1"], 2)


async def test_the_range_of_creation_is_half_open_and_ends_the_reading() -> None:
    cloud = Cloud(jobs=[a_job(f"j{number}", number) for number in range(9, 0, -1)])
    wanted = JobFilter(created_from=at(5), created_before=at(7))
    found = await window(cloud, wanted)
    assert (ids(found), found.frontier, found.total) == (["j6", "j5"], None, None)
    assert cloud.calls == ["list_jobs", "list_jobs @2", "list_jobs @3"]


async def test_a_job_without_a_creation_time_does_not_end_the_reading() -> None:
    cloud = Cloud(jobs=[a_job("j9", 9), a_job("u", None), a_job("j8", 8)])
    assert ids(await window(cloud, JobFilter(created_from=at(8)))) == ["j9", "j8"]


async def test_listed_jobs_are_asked_for_no_older_than_accepted() -> None:
    site, cloud = Site(fresh_s=60), Cloud(jobs=[a_job("j1")])
    backend = site.backend(cloud)
    for age, calls in ((None, 1), (None, 1), (0.0, 2)):
        source = await job_source(backend, None, JobFilter(), age)
        assert source is not None
        await source.window(None, 5)
        assert len(cloud.calls) == calls


def by_package(jobs: Sequence[OtaJob] = ()) -> Cloud:
    return Cloud(
        abilities=LISTS_BY_PACKAGE,
        packages=[
            a_package("f1", title="Pump"),
            a_package("f2", title="Valve"),
            a_package("f3", product="p2"),
            a_package("f4", product=None),
        ],
        jobs=[*jobs],
        devices={DEVICE},
    )


async def test_an_index_lists_all_jobs() -> None:
    cloud = by_package(jobs=[a_job("j1", 1), a_job("j2", 2, firmware="f2")])
    found = await window(cloud, JobFilter(), indexed=True)
    assert (ids(found), found.total, found.outcome) == (["j2", "j1"], 2, SourceOutcome.LIVE)


async def test_an_index_is_narrowed_and_counted_here() -> None:
    cloud = by_package(
        jobs=[a_job("j1", 1, status=JobStatus.STOPPED), a_job("j2", 2, firmware="f2")]
    )
    found = await window(cloud, JobFilter(statuses=STOPPED), indexed=True)
    assert (ids(found), found.total) == (["j1"], 1)
    found = await window(cloud, JobFilter(created_from=at(2)), indexed=True)
    assert (ids(found), found.total) == (["j2"], 1)


async def test_jobs_without_names_go_by_that_of_their_package() -> None:
    jobs = [a_job("j1", 1), a_job("j2", 2, firmware="f2"), a_job("j3", 3, firmware=None)]
    assert ids(await window(by_package(jobs=jobs), JobFilter(name="PUM"), indexed=True)) == ["j1"]


async def test_a_job_that_cannot_be_read_stays_in_every_list() -> None:
    cloud = by_package(jobs=[a_job("j1")])
    cloud.jobs.append(replace(a_broken("lost"), reason="f1"))  # the fake's mark of its package
    found = await window(cloud, JobFilter(statuses=STOPPED), indexed=True)
    assert (ids(found), found.total) == (["lost"], 1)


async def test_jobs_of_a_device_are_asked_of_the_packages_of_its_product() -> None:
    cloud = by_package(
        jobs=[
            a_job("j1", 1),
            a_job("j2", 2, firmware="f2"),
            a_job("j3", 3, firmware="f3"),
            a_job("j4", 4, firmware="f4"),
            a_job("other", 5),
        ]
    )
    cloud.tasks = [a_task(f"t{number}", job=f"j{number}") for number in range(1, 5)]
    found = await window(cloud, JobFilter(device=DEVICE))
    assert (ids(found), found.total) == (["j4", "j2", "j1"], 3)
    assert [call for call in cloud.calls if "device" in call] == [
        "list_device_jobs f1",
        "list_device_jobs f2",
        "list_device_jobs f4",
    ]


async def test_jobs_of_a_device_can_be_narrowed_to_a_package_and_a_name() -> None:
    cloud = by_package(jobs=[a_job("j1", 1), a_job("j2", 2, firmware="f2")])
    cloud.tasks = [a_task("t1", job="j1"), a_task("t2", job="j2")]
    assert ids(await window(cloud, JobFilter(device=DEVICE, firmware_id="f2"))) == ["j2"]
    assert "list_device_jobs f1" not in cloud.calls
    assert ids(await window(cloud, JobFilter(device=DEVICE, name="pump"))) == ["j1"]


async def test_all_pages_of_a_devices_jobs_are_read() -> None:
    cloud = by_package(jobs=[a_job(f"j{number}", number) for number in range(5)])
    cloud.tasks = [a_task(f"t{number}", job=f"j{number}") for number in range(5)]
    found = await window(cloud, JobFilter(device=DEVICE))
    assert ids(found) == ["j4", "j3", "j2", "j1", "j0"]
    assert "list_device_jobs f1 @3" in cloud.calls


async def test_a_devices_jobs_are_as_old_as_the_oldest_page_of_them() -> None:
    site, cloud = Site(fresh_s=60), by_package(jobs=[a_job("j1")])
    backend = site.backend(cloud)
    await backend.reads.list_device_jobs("f1", DEVICE, PageRequest(size=LIMITS.jobs_page))
    site.clock.now += 5
    source = await job_source(backend, None, JobFilter(device=DEVICE), None)
    assert source is not None
    found = await source.window(None, 10)
    assert found.freshness is not None
    assert (found.freshness.as_of, found.outcome) == (at(0), SourceOutcome.CACHED)


async def test_a_device_list_cut_at_its_bound_has_no_total() -> None:
    cloud = by_package(jobs=[a_job(f"j{number:02}", number) for number in range(21)])
    cloud.tasks = [a_task(f"t{number}", job=f"j{number:02}") for number in range(21)]
    found = await window(cloud, JobFilter(device=DEVICE))
    assert found.total is None
    assert "list_device_jobs f1 @10" in cloud.calls
    assert "list_device_jobs f1 @11" not in cloud.calls


@pytest.mark.parametrize("cloud", [by_package(), Cloud()])
async def test_a_device_that_the_backend_does_not_know_has_no_jobs(cloud: Cloud) -> None:
    stranger = DeviceRef(product_key="p1", name="stranger")
    found = await window(cloud, JobFilter(device=stranger))
    assert (found.entries, found.total, found.error) == ((), 0, None)


async def test_jobs_that_cannot_be_read_in_two_packages_are_two() -> None:
    cloud = by_package()
    cloud.jobs = [replace(a_broken(None), reason="f1"), replace(a_broken(None), reason="f2")]
    assert len((await window(cloud, JobFilter(device=DEVICE))).entries) == 2


async def test_one_failing_package_fails_the_list_of_a_device() -> None:
    cloud = by_package(jobs=[a_job("j1")])
    cloud.errors["list_device_jobs f2"] = ProviderUnavailableError("down")
    with pytest.raises(ProviderUnavailableError):
        await window(cloud, JobFilter(device=DEVICE))


def by_task() -> Cloud:
    return Cloud(
        jobs=[
            named(a_job("j1", 1), "Night"),
            named(a_job("j2", 2, status=JobStatus.STOPPED), "Day"),
        ],
        tasks=[
            a_task("t1", job="j1"),
            a_task("t2", job="j2"),
            a_task("t3", job="j1"),
            a_task("t4", job="deleted"),
            a_task("t5", job="j1", device="d2"),
        ],
        devices={DEVICE},
    )


async def test_jobs_of_a_device_are_found_through_its_tasks() -> None:
    cloud = by_task()
    found = await window(cloud, JobFilter(device=DEVICE))
    assert (ids(found), found.total) == (["j2", "j1"], 2)
    assert cloud.calls == [
        "list_device_tasks d1",
        "list_device_tasks d1 @2",
        "get_job j1",
        "get_job j2",
        "get_job deleted",
    ]


async def test_jobs_found_through_tasks_are_filtered_here() -> None:
    assert ids(await window(by_task(), JobFilter(device=DEVICE, statuses=STOPPED))) == ["j2"]
    assert ids(await window(by_task(), JobFilter(device=DEVICE, name="nig"))) == ["j1"]


async def test_a_device_with_more_tasks_than_are_looked_through_has_no_total() -> None:
    cloud = by_task()
    cloud.tasks = [a_task(f"t{number}", job="j1") for number in range(31)]
    assert (await window(cloud, JobFilter(device=DEVICE))).total is None
    cloud.tasks.pop()
    assert (await window(cloud, JobFilter(device=DEVICE))).total == 1


async def test_a_task_that_cannot_be_read_may_hide_a_job() -> None:
    cloud = by_task()
    cloud.tasks.append(a_broken("t9"))
    found = await window(cloud, JobFilter(device=DEVICE))
    assert (ids(found), found.total) == (["j2", "j1"], None)


async def test_the_jobs_of_a_device_are_as_old_as_the_oldest_answer_needed() -> None:
    site, cloud = Site(fresh_s=60), by_task()
    cloud.limits_ = replace(LIMITS, tasks_page=50)
    backend = site.backend(cloud)
    await backend.reads.get_job("j1")
    site.clock.now += 5
    source = await job_source(backend, None, JobFilter(device=DEVICE), None)
    assert source is not None
    found = await source.window(None, 10)
    assert found.freshness is not None
    assert (found.freshness.as_of, found.outcome) == (at(0), SourceOutcome.CACHED)
    assert [entry.freshness.source for entry in found.entries] == [
        FreshnessSource.LIVE,
        FreshnessSource.CACHE,
    ]
