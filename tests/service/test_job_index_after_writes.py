"""A job index and the writes of this replica and others: none of the past in what it answers."""

import asyncio
from dataclasses import replace

from gateway.cache import keys
from gateway.cache.provider import CachedProvider
from gateway.domain.job import JobStatus
from gateway.service.job_index import IndexPolicy, JobIndex
from tests.service.cloud import LISTS_BY_PACKAGE, Cloud, Site, a_job, a_package, job_ids
from tests.transport.virtual_time import clock, virtual_time

POLICY = IndexPolicy(patience_s=2.5, settled_s=60.0)
DAY_S = 86_400.0


def a_cloud() -> Cloud:
    return Cloud(
        abilities=LISTS_BY_PACKAGE,
        packages=[a_package("f0"), a_package("f1")],
        jobs=[a_job("f0-j", 0, firmware="f0"), a_job("f1-j", 1, firmware="f1")],
    )


def an_index(reads: CachedProvider) -> JobIndex:
    return JobIndex(reads, POLICY, monotonic=clock)


def cancel(cloud: Cloud) -> None:
    """The job of f1 is canceled, as far as the cloud is concerned."""
    cloud.jobs[1] = replace(
        a_job("f1-j", 1, firmware="f1"), status=JobStatus.CANCELED, raw_status="CANCELED"
    )


async def written(reads: CachedProvider) -> None:
    """What the gateway does about it."""
    await reads.invalidate([keys.about_firmware("f1")])
    await reads.invalidate([keys.JOB_INDEX])


async def states(index: JobIndex) -> list[str]:
    snapshot = await index.snapshot(None)
    assert snapshot.complete
    return [entry.item.status for entry in snapshot.entries]  # type: ignore[union-attr] # none is broken


@virtual_time
async def test_a_settled_list_is_not_answered_again_and_only_what_changed_is_read_anew() -> None:
    cloud = a_cloud()
    reads = Site(fresh_s=DAY_S).reads(cloud)
    index = an_index(reads)
    assert await states(index) == ["IN_PROGRESS", "IN_PROGRESS"]
    cloud.calls.clear()
    cancel(cloud)
    assert await states(index) == ["IN_PROGRESS", "IN_PROGRESS"]  # settled, and nobody wrote
    assert cloud.calls == []

    await written(reads)

    assert await states(index) == ["CANCELED", "IN_PROGRESS"]
    assert cloud.calls == ["list_firmware_jobs f1"]


@virtual_time
async def test_who_asks_after_a_write_joins_no_pass_from_before_it() -> None:
    cloud = a_cloud()
    reads = Site(fresh_s=DAY_S).reads(cloud)
    index = an_index(reads)
    cloud.gates["list_firmware_jobs f0"] = asyncio.Event()
    before = asyncio.create_task(states(index))
    await asyncio.sleep(0.1)  # f1 is read by now, and f0 is waited for
    cancel(cloud)
    await written(reads)
    after = asyncio.create_task(states(index))
    await asyncio.sleep(0.1)
    cloud.gates["list_firmware_jobs f0"].set()

    assert await after == ["CANCELED", "IN_PROGRESS"]
    assert await before == ["IN_PROGRESS", "IN_PROGRESS"]
    assert await states(index) == ["CANCELED", "IN_PROGRESS"]


@virtual_time
async def test_what_was_known_does_not_stand_in_for_what_a_write_changed() -> None:
    cloud = a_cloud()
    reads = Site(fresh_s=DAY_S).reads(cloud)
    index = an_index(reads)
    await states(index)
    cancel(cloud)
    await written(reads)
    cloud.gates["list_firmware_jobs f1"] = asyncio.Event()

    snapshot = await index.snapshot(None)

    assert job_ids(entry.item for entry in snapshot.entries) == ["f0-j"]
    assert (snapshot.complete, snapshot.progress_percent) == (False, 50)


@virtual_time
async def test_a_pass_from_before_a_write_that_ends_last_settles_nothing() -> None:
    cloud = a_cloud()
    reads = Site(fresh_s=DAY_S).reads(cloud)
    index = an_index(reads)
    slow = cloud.gates["list_firmware_jobs f0"] = asyncio.Event()
    before = asyncio.create_task(states(index))
    await asyncio.sleep(0.1)
    cancel(cloud)
    del cloud.gates["list_firmware_jobs f0"]
    await reads.invalidate([keys.about_firmware("f0")])
    await written(reads)
    assert await states(index) == ["CANCELED", "IN_PROGRESS"]
    slow.set()
    assert await before == ["IN_PROGRESS", "IN_PROGRESS"]

    assert await states(index) == ["CANCELED", "IN_PROGRESS"]


@virtual_time
async def test_a_pass_in_the_background_brings_what_a_write_changed() -> None:
    cloud = a_cloud()
    reads = Site(fresh_s=DAY_S).reads(cloud)
    index = JobIndex(reads, replace(POLICY, warm_every_s=10.0), monotonic=clock)
    warming = asyncio.create_task(index.keep_warm())
    await asyncio.sleep(1)
    cancel(cloud)
    await written(reads)
    await asyncio.sleep(10)
    cloud.calls.clear()

    assert await states(index) == ["CANCELED", "IN_PROGRESS"]
    assert cloud.calls == []
    warming.cancel()
