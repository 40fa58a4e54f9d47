"""Tasks of one job, paged in the cloud's own order.

A list is cut into segments, each one upstream listing: one for every status asked, times one for
every handful of devices, because a cloud takes one status and few device names in a call.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.cache.provider import CachedProvider
from gateway.domain.freshness import Freshness, Sourced
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.domain.task import Task, TaskFilter, TaskStatus
from gateway.service.cursor import decode_offset, encode_offset, list_hash
from gateway.service.listing import checked_first


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """Which tasks of a job; empty tuples mean any."""

    job_id: str
    statuses: tuple[TaskStatus, ...] = ()
    device_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEntry:
    """A task, or an item that could not be read, and the cursor behind it."""

    item: Task | BrokenItem
    cursor: str
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskListing:
    """One page of tasks. `total` is None where it would take more calls than the page did."""

    entries: tuple[TaskEntry, ...]
    has_next: bool
    end_cursor: str | None
    total: int | None
    freshness: Freshness | None


class TaskList:
    """Pages of one `TaskQuery` on one backend."""

    def __init__(
        self, reads: CachedProvider, backend: str, query: TaskQuery, max_age_s: float | None
    ) -> None:
        """Nothing is read before the first page is asked for."""
        self._reads = reads
        self._query = query
        self._max_age_s = max_age_s
        self._hash = list_hash("tasks", backend, query)

    async def page(self, first: int, after: str | None) -> TaskListing:
        """At most `first` tasks behind `after`.

        Raises:
            InvalidRequestError: `first` or `after` is not lawful for this list.
        """
        count = checked_first(first)
        segment, offset = decode_offset(self._hash, after)
        segments = await self._segments()
        entries: list[TaskEntry] = []
        seen: set[str] = set()
        pages: list[Sourced[Page[Task]]] = []
        size = self._reads.limits.tasks_page
        more = False
        while segment < len(segments):
            number = (offset + 1) // size + 1
            page = await self._fetch(segments[segment], number)
            pages.append(page)
            place = (number - 1) * size
            for item in page.value.in_order():
                key = item.native_id or f"?{place}"
                if place > offset and key not in seen:
                    if len(entries) == count:
                        more = True
                        break
                    seen.add(key)
                    cursor = encode_offset(self._hash, segment, place)
                    entries.append(TaskEntry(item=item, cursor=cursor, freshness=page.freshness))
                place += 1
            if more:
                break
            if page.value.has_next:
                offset = number * size - 1
            else:
                segment, offset = segment + 1, -1
            if len(entries) == count and segment < len(segments):
                more = True
                break
        return TaskListing(
            entries=tuple(entries),
            has_next=more,
            end_cursor=entries[-1].cursor if entries else after,
            total=pages[0].value.total if len(segments) == 1 and pages else None,
            freshness=Freshness.oldest(page.freshness for page in pages),
        )

    async def _segments(self) -> Sequence[TaskFilter]:
        """The upstream listings that make up this list."""
        limits = self._reads.limits
        statuses: tuple[TaskStatus | None, ...] = self._query.statuses or (None,)
        if statuses == (None,) and not self._query.device_names and limits.task_window:
            whole = TaskFilter(job_id=self._query.job_id)
            total = (await self._fetch(whole, 1)).value.total
            if total is not None and total > limits.task_window:
                # Paging cannot reach behind the window, but each status has a window of its own.
                statuses = tuple(
                    status for status in TaskStatus if status is not TaskStatus.UNKNOWN
                )
        names = self._query.device_names
        step = limits.task_devices
        chunks = [names[start : start + step] for start in range(0, len(names), step)] or [()]
        return [
            TaskFilter(job_id=self._query.job_id, status=status, device_names=chunk)
            for status in statuses
            for chunk in chunks
        ]

    async def _fetch(self, segment: TaskFilter, number: int) -> Sourced[Page[Task]]:
        request = PageRequest(number=number, size=self._reads.limits.tasks_page)
        return await self._reads.list_tasks(segment, request, max_age_s=self._max_age_s)
