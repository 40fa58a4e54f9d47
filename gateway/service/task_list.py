"""Tasks of one job, paged in the cloud's own order.

A list is cut into segments, each one upstream listing: one for every status asked, times one for
every handful of devices, because a cloud takes one status and few device names in a call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.cache.provider import CachedProvider
from gateway.cache.read_spec import ReadKind
from gateway.domain.freshness import Freshness, Sourced
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.domain.task import Task, TaskFilter, TaskStatus
from gateway.service.cursor import decode_place, encode_place, list_hash
from gateway.service.duplicates import Duplicates
from gateway.service.listing import checked_first

MAX_PAGES: Final = 20
"""Pages read for one answer; past that it ends early, and its cursor goes on from there."""


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
    """One page of tasks. `total` is None where it would take more calls than the page did.

    A page may hold fewer than were asked for, even none, and yet have a next one: where the cloud's
    pages hold few tasks that match.
    """

    entries: tuple[TaskEntry, ...]
    has_next: bool
    end_cursor: str | None
    total: int | None
    freshness: Freshness | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The upstream listings that make up a list, by their number in cursors; `begin` is the first.

    `total` counts the whole list, where that is known before it is read.
    """

    segments: Sequence[TaskFilter]
    begin: int = 0
    total: int | None = None


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
        segment, number, index = decode_place(self._hash, after)
        plan = await self._plan(None if after is None else segment)
        segment = max(segment, plan.begin)
        total = plan.total
        entries: list[TaskEntry] = []
        duplicates = Duplicates(self._reads, ReadKind.TASKS)
        ages: list[Freshness] = []
        end_cursor, more = after, False
        while segment < len(plan.segments) and not more:
            page = await self._fetch(plan.segments[segment], number)
            ages.append(page.freshness)
            if len(plan.segments) == 1:
                total = page.value.total
            for place, item in enumerate(page.value.in_order()):
                key = item.native_id or f"?{segment}.{number}.{place}"
                if place <= index or duplicates.is_duplicate(key):
                    continue
                if len(entries) == count:
                    more = True
                    break
                end_cursor = encode_place(self._hash, segment, number, place)
                entries.append(TaskEntry(item=item, cursor=end_cursor, freshness=page.freshness))
            if page.value.has_next:
                number, index = number + 1, -1
            else:
                segment, number, index = segment + 1, 1, -1
            if len(ages) == MAX_PAGES and not more and segment < len(plan.segments):
                more = True
                end_cursor = encode_place(self._hash, segment, number, index)
        return TaskListing(
            entries=tuple(entries),
            has_next=more,
            end_cursor=end_cursor,
            total=total,
            freshness=Freshness.oldest(ages),
        )

    async def _plan(self, segment: int | None) -> _Plan:
        """How to read on in segment number `segment`; None at the start of the list.

        Where the cloud has a wall, segment 0 is the whole listing and the others are one for each
        status, behind which the wall is further away. Which of the two a walk goes by is decided
        once, at its start: a list that grows past the wall meanwhile must not change the meaning of
        the cursors given out.
        """
        limits, query = self._reads.limits, self._query
        if limits.task_window is None or query.statuses or query.device_names:
            return _Plan(segments=self._segments())
        whole = TaskFilter(job_id=query.job_id)
        total = (await self._fetch(whole, 1)).value.total
        if segment is None:
            is_split = total is not None and total > limits.task_window
        else:
            is_split = segment > 0
        if not is_split:
            return _Plan(segments=[whole], total=total)
        by_status = [
            TaskFilter(job_id=query.job_id, status=status)
            for status in TaskStatus
            if status is not TaskStatus.UNKNOWN
        ]
        return _Plan(segments=[whole, *by_status], begin=1, total=total)

    def _segments(self) -> Sequence[TaskFilter]:
        """One listing for every status asked, times one for every handful of devices."""
        statuses: Sequence[TaskStatus | None] = tuple(dict.fromkeys(self._query.statuses)) or (
            None,
        )
        names = tuple(dict.fromkeys(self._query.device_names))
        step = self._reads.limits.task_devices
        chunks = [names[start : start + step] for start in range(0, len(names), step)] or [()]
        return [
            TaskFilter(job_id=self._query.job_id, status=status, device_names=chunk)
            for status in statuses
            for chunk in chunks
        ]

    async def _fetch(self, segment: TaskFilter, number: int) -> Sourced[Page[Task]]:
        request = PageRequest(number=number, size=self._reads.limits.tasks_page)
        return await self._reads.list_tasks(segment, request, max_age_s=self._max_age_s)
