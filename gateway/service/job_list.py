"""Jobs of all backends, newest first."""

import asyncio
from dataclasses import replace
from typing import Final

from gateway.domain.device import DeviceRef
from gateway.domain.errors import NotFoundError
from gateway.domain.freshness import Freshness, Sourced
from gateway.domain.job import JobFilter, OtaJob
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.domain.provider import Capability
from gateway.service.backend import Backend
from gateway.service.catalogue import read_catalogue
from gateway.service.job_index import JobIndex, job_key
from gateway.service.paged import PagedSource
from gateway.service.snapshot import Snapshot, entry_of, in_order
from gateway.service.source import Entry, ListSource, Position, Window

_DEVICE_PAGES: Final = 10
"""Pages of a device's tasks that are looked through for its jobs."""


class _IndexedSource:
    """Windows over a job index, narrowed by a filter."""

    def __init__(self, index: JobIndex, wanted: JobFilter, max_age_s: float | None) -> None:
        self._index = index
        self._wanted = wanted
        self._max_age_s = max_age_s

    async def window(self, after: Position | None, count: int) -> Window[OtaJob]:
        """The next entries behind `after`."""
        snapshot = await self._index.snapshot(self._max_age_s)
        if self._wanted != JobFilter():
            kept = [entry for entry in snapshot.entries if self._keeps(entry)]
            snapshot = replace(snapshot, entries=kept)
        return await snapshot.window(after, count)

    def _keeps(self, entry: Entry[OtaJob]) -> bool:
        job = entry.item
        if isinstance(job, BrokenItem):
            return True
        package = self._index.firmware(job.firmware_id or "")
        return self._wanted.matches(job, package.name if package else None)


async def job_source(
    backend: Backend, index: JobIndex | None, wanted: JobFilter, max_age_s: float | None
) -> ListSource[OtaJob] | None:
    """How this backend answers a list of jobs; None if no job of it can match."""
    native = backend.reads.native_filter(wanted)
    if native is None:
        return None
    if wanted.device is not None:
        return await _device_source(backend, wanted, wanted.device, max_age_s)
    if index is not None:
        return _IndexedSource(index, wanted, max_age_s)

    async def fetch(page: PageRequest) -> Sourced[Page[OtaJob]]:
        return await backend.reads.list_jobs(native, page, max_age_s=max_age_s)

    return PagedSource(
        fetch=fetch,
        page_size=backend.reads.limits.jobs_page,
        describe=job_key,
        keep=wanted.matches,
        too_old=lambda job: _created_too_early(job, wanted),
        exact=native == wanted,
    )


def _created_too_early(job: OtaJob, wanted: JobFilter) -> bool:
    return (
        wanted.created_from is not None
        and job.created_at is not None
        and job.created_at < wanted.created_from
    )


async def _device_source(
    backend: Backend, wanted: JobFilter, device: DeviceRef, max_age_s: float | None
) -> ListSource[OtaJob]:
    """Jobs that have a task for `device`, whichever way the backend can tell them."""
    if Capability.LIST_DEVICE_JOBS in backend.reads.capabilities:
        entries, ages = await _jobs_by_package(backend, wanted, device, max_age_s)
    else:
        entries, ages = await _jobs_by_task(backend, wanted, device, max_age_s)
    return Snapshot(entries=in_order(entries), freshness=Freshness.oldest(ages))


async def _jobs_by_package(
    backend: Backend, wanted: JobFilter, device: DeviceRef, max_age_s: float | None
) -> tuple[list[Entry[OtaJob]], list[Freshness]]:
    """Ask every package of the device's product for the device's jobs."""
    reads = backend.reads
    catalogue = await read_catalogue(reads, max_age_s)
    packages = [
        key
        for key, package in catalogue.packages.items()
        if package.product_key in {None, device.product_key} and wanted.firmware_id in {None, key}
    ]

    async def of_package(key: str) -> list[Sourced[Page[OtaJob]]]:
        pages: list[Sourced[Page[OtaJob]]] = []
        while not pages or pages[-1].value.has_next:
            request = PageRequest(number=len(pages) + 1, size=reads.limits.jobs_page)
            pages.append(await reads.list_device_jobs(key, device, request, max_age_s=max_age_s))
        return pages

    found = await asyncio.gather(*(of_package(key) for key in packages))
    pages = [page for of_one in found for page in of_one]
    names = {key: package.name for key, package in catalogue.packages.items()}
    entries = [
        entry_of(item, page.freshness, describe=job_key)
        for page in pages
        for item in page.value.in_order()
        if isinstance(item, BrokenItem) or wanted.matches(item, names.get(item.firmware_id or ""))
    ]
    return entries, [catalogue.freshness, *(page.freshness for page in pages)]


async def _jobs_by_task(
    backend: Backend, wanted: JobFilter, device: DeviceRef, max_age_s: float | None
) -> tuple[list[Entry[OtaJob]], list[Freshness]]:
    """Read the device's tasks, then the jobs they belong to."""
    reads = backend.reads
    job_ids: dict[str, None] = {}
    ages: list[Freshness] = []
    for number in range(1, _DEVICE_PAGES + 1):
        page = await reads.list_device_tasks(
            device, PageRequest(number=number, size=reads.limits.tasks_page), max_age_s=max_age_s
        )
        ages.append(page.freshness)
        job_ids |= dict.fromkeys(task.job_id for task in page.value.items)
        if not page.value.has_next:
            break

    async def one(job_id: str) -> Sourced[OtaJob] | None:
        try:
            return await reads.get_job(job_id, max_age_s=max_age_s)
        except NotFoundError:  # a deleted job may leave its tasks behind
            return None

    jobs = [job for job in await asyncio.gather(*map(one, job_ids)) if job is not None]
    return (
        [
            entry_of(job.value, job.freshness, describe=job_key)
            for job in jobs
            if wanted.matches(job.value)
        ],
        ages + [job.freshness for job in jobs],
    )
