"""Jobs of all backends, newest first."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from gateway.cache.read_spec import ReadKind
from gateway.domain.device import DeviceRef
from gateway.domain.errors import NotFoundError
from gateway.domain.freshness import Freshness, Sourced
from gateway.domain.job import JobFilter, OtaJob
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.domain.provider import Capability
from gateway.domain.task import Task
from gateway.service.backend import Backend
from gateway.service.catalogue import read_catalogue
from gateway.service.concurrency import read_each
from gateway.service.duplicates import Duplicates
from gateway.service.job_index import JobIndex, job_key
from gateway.service.paged import PagedSource
from gateway.service.snapshot import Snapshot, entry_of, in_order
from gateway.service.source import Entry, ListSource, Position, Window

T = TypeVar("T")

_DEVICE_PAGES: Final = 10
"""Pages of a device's tasks, or of its jobs by package, that are looked through for its jobs."""


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
        fetch=Duplicates(backend.reads, ReadKind.JOBS).watching(fetch),
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
    """Jobs that have a task for `device`, whichever way the backend can tell them.

    A device that the backend does not know has no jobs there.
    """
    if Capability.LIST_DEVICE_JOBS in backend.reads.capabilities:
        return await _jobs_by_package(backend, wanted, device, max_age_s)
    return await _jobs_by_task(backend, wanted, device, max_age_s)


async def _jobs_by_package(
    backend: Backend, wanted: JobFilter, device: DeviceRef, max_age_s: float | None
) -> Snapshot[OtaJob]:
    """Ask every package of the device's product for the device's jobs."""
    reads = backend.reads
    catalogue = await read_catalogue(reads, max_age_s)
    names = {key: package.name for key, package in catalogue.packages.items()}
    packages = [
        key
        for key, package in catalogue.packages.items()
        if package.product_key in {None, device.product_key} and wanted.firmware_id in {None, key}
    ]

    async def of_package(key: str) -> _Pages[OtaJob]:
        async def one(page: PageRequest) -> Sourced[Page[OtaJob]]:
            return await reads.list_device_jobs(key, device, page, max_age_s=max_age_s)

        watched = Duplicates(reads, ReadKind.DEVICE_JOBS).watching(one)
        return await _first_pages(watched, reads.limits.jobs_page)

    found = dict(zip(packages, await read_each(of_package, packages), strict=True))
    entries = [
        entry_of(item, page.freshness, describe=job_key, place=f"{key}.{number}")
        for key, pages in found.items()
        for number, page in enumerate(pages.pages)
        for item in page.value.in_order()
        if isinstance(item, BrokenItem) or wanted.matches(item, names.get(item.firmware_id or ""))
    ]
    ages = [page.freshness for pages in found.values() for page in pages.pages]
    return Snapshot(
        entries=in_order(entries),
        freshness=Freshness.oldest([catalogue.freshness, *ages]),
        exact=not any(pages.more for pages in found.values()),
    )


async def _jobs_by_task(
    backend: Backend, wanted: JobFilter, device: DeviceRef, max_age_s: float | None
) -> Snapshot[OtaJob]:
    """Read the device's tasks, then the jobs they belong to."""
    reads = backend.reads

    async def one_page(page: PageRequest) -> Sourced[Page[Task]]:
        return await reads.list_device_tasks(device, page, max_age_s=max_age_s)

    async def one_job(job_id: str) -> Sourced[OtaJob] | None:
        try:
            return await reads.get_job(job_id, max_age_s=max_age_s)
        except NotFoundError:  # a deleted job may leave its tasks behind
            return None

    watched = Duplicates(reads, ReadKind.DEVICE_TASKS).watching(one_page)
    tasks = await _first_pages(watched, reads.limits.tasks_page)
    job_ids = dict.fromkeys(task.job_id for page in tasks.pages for task in page.value.items)
    jobs = [job for job in await read_each(one_job, job_ids) if job is not None]
    entries = [
        entry_of(job.value, job.freshness, describe=job_key)
        for job in jobs
        if wanted.matches(job.value)
    ]
    return Snapshot(
        entries=in_order(entries),
        freshness=Freshness.oldest(read.freshness for read in [*tasks.pages, *jobs]),
        exact=not tasks.more and not any(page.value.broken for page in tasks.pages),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pages(Generic[T]):
    """The first pages of a list; `more` if it is longer."""

    pages: tuple[Sourced[Page[T]], ...]
    more: bool


async def _first_pages(
    fetch: Callable[[PageRequest], Awaitable[Sourced[Page[T]]]], size: int
) -> _Pages[T]:
    """Up to `_DEVICE_PAGES` pages; none if what the list is about does not exist."""
    pages: list[Sourced[Page[T]]] = []
    try:
        while len(pages) < _DEVICE_PAGES and (not pages or pages[-1].value.has_next):
            pages.append(await fetch(PageRequest(number=len(pages) + 1, size=size)))
    except NotFoundError:
        return _Pages(pages=(), more=False)
    return _Pages(pages=tuple(pages), more=pages[-1].value.has_next)
