"""Finds a job or a package whose creation has an unknown outcome."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from gateway.domain.draft import FirmwareDraft, JobDraft
from gateway.domain.errors import NotFoundError
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.job import OtaJob
from gateway.domain.paging import Page, PageRequest
from gateway.domain.scope import ListedDevices
from gateway.domain.task import TaskFilter
from gateway.domain.write import Finding, Verdict
from gateway.providers.alibaba.job_tags import MARKER_KEY
from gateway.providers.alibaba.provider import LIMITS, AlibabaProvider
from gateway.providers.alibaba.resemblance import may_be
from gateway.providers.alibaba.verdicts import CLOCK_SKEW

T = TypeVar("T")

_MOST_PAGES: Final = 500  # a guard against endless lists
_MOST_TASK_PAGES: Final = 3  # more than the 200 devices that a job can list

_UNCLEAR: Final = Finding(verdict=Verdict.UNCLEAR)
_NOT_DONE: Final = Finding(verdict=Verdict.NOT_DONE)


async def find_job(
    provider: AlibabaProvider, draft: JobDraft, *, marker: str | None, sent_at: datetime
) -> Finding:
    """Look for the job among those of its package: by the marker, else by all that was asked.

    Without a marker one job that fits is taken for the one; with a marker that the cloud does not
    show, a job that fits is a matter for a person.
    """
    jobs, complete = await _all(
        lambda page: provider.list_firmware_jobs(draft.firmware_id, page), LIMITS.jobs_page
    )
    marked = _marked(jobs, marker)
    if marked:
        return _done(marked)
    fitting: list[OtaJob] = []
    for listed in jobs:
        if not _may_be_new(listed, sent_at) or MARKER_KEY in listed.tags:
            continue
        try:
            job = await provider.get_job(listed.native_id)
        except NotFoundError:
            return _UNCLEAR  # the cloud contradicts itself
        if _marked([job], marker):
            return _done([job])
        if MARKER_KEY in job.tags or (marker is not None and job.tags):
            continue  # the cloud does show tags here, and ours is not among them
        verdict = await _fits(provider, draft, job)
        if verdict is Verdict.UNCLEAR:
            return _UNCLEAR
        if verdict is Verdict.DONE:
            fitting.append(job)
    if fitting:
        return _UNCLEAR if marker is not None else _done(fitting)
    return _NOT_DONE if complete else _UNCLEAR


async def find_package(
    provider: AlibabaProvider, draft: FirmwareDraft, *, sent_at: datetime
) -> Finding:
    """Look for the package by its name, which no other package of the account has."""
    wanted = FirmwareFilter(product_key=draft.product_key, version=draft.version)
    packages, complete = await _all(
        lambda page: provider.list_firmware(wanted, page), LIMITS.firmware_page
    )
    found = [
        package
        for package in packages
        if package.name == draft.name
        and package.version == draft.version
        and _may_be_new(package, sent_at)
    ]
    if found:
        return _done(found)
    return _NOT_DONE if complete else _UNCLEAR


def _marked(jobs: Sequence[OtaJob], marker: str | None) -> list[OtaJob]:
    return [job for job in jobs if marker is not None and job.tags.get(MARKER_KEY) == marker]


def _may_be_new(made: OtaJob | Firmware, sent_at: datetime) -> bool:
    return made.created_at is None or made.created_at >= sent_at - CLOCK_SKEW


def _done(found: Sequence[OtaJob | Firmware]) -> Finding:
    ids = {made.native_id for made in found}
    return Finding(verdict=Verdict.DONE, native_id=ids.pop()) if len(ids) == 1 else _UNCLEAR


async def _fits(provider: AlibabaProvider, draft: JobDraft, job: OtaJob) -> Verdict:
    """DONE if `job` is what was asked for, NOT_DONE if it is another, UNCLEAR if no one can say."""
    if not may_be(draft, job):
        return Verdict.NOT_DONE
    target = draft.scope.target
    if not isinstance(target, ListedDevices):
        return Verdict.DONE
    # The cloud keeps the list to itself, but the tasks tell some of it: devices that have the
    # version already get none.
    names: set[str] = set()
    for number in range(1, _MOST_TASK_PAGES + 1):
        page = await provider.list_tasks(
            TaskFilter(job_id=job.native_id), PageRequest(number=number, size=LIMITS.tasks_page)
        )
        names.update(task.device.name for task in page.items)
        if not page.has_next:
            break
    if not names:
        return Verdict.UNCLEAR
    return Verdict.DONE if names <= set(target.names or ()) else Verdict.NOT_DONE


async def _all(
    read: Callable[[PageRequest], Awaitable[Page[T]]], size: int
) -> tuple[list[T], bool]:
    """All items, and whether that is certain: no page was cut off and no item unreadable."""
    items: list[T] = []
    broken = False
    for number in range(1, _MOST_PAGES + 1):
        page = await read(PageRequest(number=number, size=size))
        items.extend(page.items)
        broken = broken or bool(page.broken)
        if not page.has_next:
            return items, not broken
    return items, False
