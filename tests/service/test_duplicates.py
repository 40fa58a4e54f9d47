"""What a cloud lists on two pages is given once, and counted."""

from dataclasses import replace

import pytest

from gateway.cache.engine import ReadEngine
from gateway.cache.memory_store import MemoryStore
from gateway.cache.provider import CachedProvider
from gateway.domain.firmware import FirmwareFilter
from gateway.domain.job import JobFilter
from gateway.domain.metrics import CountingMetrics
from gateway.service.catalogue import read_catalogue
from gateway.service.firmware_list import firmware_source
from gateway.service.job_index import IndexPolicy, JobIndex
from gateway.service.job_list import job_source
from gateway.service.task_list import TaskList, TaskQuery
from tests.service.cloud import (
    LISTS_BY_PACKAGE,
    LISTS_JOBS,
    Clock,
    Cloud,
    Site,
    a_broken,
    a_job,
    a_package,
    a_task,
)


class Watched:
    """Reads of a cloud, and what they count."""

    def __init__(self, cloud: Cloud) -> None:
        clock = Clock()
        self.metrics = CountingMetrics()
        engine = ReadEngine(
            MemoryStore(clock=clock), metrics=self.metrics, clock=clock, monotonic=clock
        )
        self.reads = CachedProvider(cloud, engine, backend="b", tenant="t")

    def count(self, kind: str) -> int:
        found = self.metrics.total("read.duplicate")
        assert found == self.metrics.total("read.duplicate", backend="b", kind=kind)
        return found


@pytest.mark.parametrize("repeated", [0, 1, 2])
async def test_jobs(repeated: int) -> None:
    jobs = [a_job(f"j{number}", -number) for number in range(6)]
    jobs[3 : 3 + repeated] = jobs[1 : 1 + repeated]
    cloud = Cloud(jobs=[*jobs], abilities=LISTS_JOBS)
    watched = Watched(cloud)
    backend = replace(Site().backend(cloud), reads=watched.reads)
    source = await job_source(backend, None, JobFilter(), None)
    assert source is not None
    window = await source.window(None, 10)
    assert len(window.entries) == 6 - repeated
    assert watched.count("jobs") == repeated


async def test_packages() -> None:
    packages = [a_package(name) for name in ("f1", "f2", "f2", "f3")]
    cloud = Cloud(packages=[*packages])
    watched = Watched(cloud)
    source = await firmware_source(
        replace(Site().backend(cloud), reads=watched.reads), FirmwareFilter(), None
    )
    assert len((await source.window(None, 10)).entries) == 3
    assert watched.count("firmwares") == 1
    assert len((await read_catalogue(watched.reads, None)).packages) == 3
    assert watched.count("firmwares") == 2


async def test_jobs_of_a_package() -> None:
    jobs = [a_job(name, firmware="f1") for name in ("j1", "j2", "j1", "j3")]
    cloud = Cloud(jobs=[*jobs], packages=[a_package("f1")], abilities=LISTS_BY_PACKAGE)
    watched = Watched(cloud)
    snapshot = await JobIndex(watched.reads, IndexPolicy()).snapshot(None)
    assert len(snapshot.entries) == 3
    assert watched.count("firmware_jobs") == 1


async def test_tasks() -> None:
    names = ("t1", "t2", "t3", "t3", "t1", "t4")
    watched = Watched(Cloud(tasks=[a_task(name) for name in names]))
    listing = await TaskList(watched.reads, "b", TaskQuery(job_id="j1"), None).page(10, None)
    assert [entry.item.native_id for entry in listing.entries] == ["t1", "t2", "t3", "t4"]
    assert watched.count("tasks") == 2


async def test_items_that_cannot_be_read_count_if_they_have_an_id() -> None:
    jobs = [a_broken(native_id) for native_id in ("j1", None, "j1", None)]
    cloud = Cloud(jobs=[*jobs], abilities=LISTS_JOBS)
    watched = Watched(cloud)
    backend = replace(Site().backend(cloud), reads=watched.reads)
    source = await job_source(backend, None, JobFilter(), None)
    assert source is not None
    await source.window(None, 10)
    assert watched.count("jobs") == 1
