import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidRequestError, NotFoundError
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.domain.task import Task, TaskFilter, TaskStatus
from gateway.service import task_list
from gateway.service.task_list import TaskList, TaskListing, TaskQuery
from tests.service.cloud import LIMITS, Cloud, Site, a_broken, a_task, spelled

JOB = TaskQuery(job_id="j1")
QUEUED, FAILED, NOTIFIED = TaskStatus.QUEUED, TaskStatus.FAILED, TaskStatus.NOTIFIED
WALLED = replace(LIMITS, task_window=6)


def tasks_of(cloud: Cloud, query: TaskQuery = JOB) -> TaskList:
    return TaskList(Site().reads(cloud), "b", query, None)


def ids(listing: TaskListing) -> list[str]:
    return [entry.item.native_id or "?" for entry in listing.entries]


def numbered(count: int, status: TaskStatus = QUEUED, prefix: str = "t") -> list[Task | BrokenItem]:
    return [a_task(f"{prefix}{number}", status=status) for number in range(count)]


async def walk(tasks: TaskList, sizes: Sequence[int]) -> list[str]:
    """Ids of all pages; `sizes` in turn, the last again and again."""
    found: list[str] = []
    after: str | None = None
    for number in range(500):
        listing = await tasks.page(sizes[min(number, len(sizes) - 1)], after)
        found += ids(listing)
        if not listing.has_next:
            return found
        assert listing.end_cursor is not None
        after = listing.end_cursor
    pytest.fail("the list does not end")


async def test_a_page_reads_no_more_than_it_needs() -> None:
    cloud = Cloud(tasks=numbered(7))
    listing = await tasks_of(cloud).page(2, None)
    assert (ids(listing), listing.has_next, listing.total) == (["t0", "t1"], True, 7)
    assert cloud.calls == ["list_tasks"]


async def test_the_next_page_goes_on_behind_the_cursor() -> None:
    cloud = Cloud(tasks=numbered(7))
    tasks = tasks_of(cloud)
    first = await tasks.page(4, None)
    second = await tasks.page(4, first.end_cursor)
    assert (ids(first), ids(second)) == (["t0", "t1", "t2", "t3"], ["t4", "t5", "t6"])
    assert (first.has_next, second.has_next, second.total) == (True, False, 7)


async def test_a_page_that_ends_with_the_clouds_page_tells_honestly_whether_more_follow() -> None:
    assert (await tasks_of(Cloud(tasks=numbered(6))).page(3, None)).has_next
    assert not (await tasks_of(Cloud(tasks=numbered(3))).page(3, None)).has_next


async def test_a_page_that_ends_with_its_segment_tells_honestly_whether_more_follow() -> None:
    query = replace(JOB, statuses=(QUEUED, NOTIFIED, FAILED))
    alone = tasks_of(Cloud(tasks=numbered(2)), query)
    listing = await alone.page(2, None)
    assert (ids(listing), listing.has_next) == (["t0", "t1"], False)
    more = tasks_of(Cloud(tasks=[*numbered(2), *numbered(1, FAILED, "f")]), query)
    listing = await more.page(2, None)
    assert (ids(listing), listing.has_next) == (["t0", "t1"], True)
    assert ids(await more.page(2, listing.end_cursor)) == ["f0"]


async def test_one_can_go_on_behind_any_entry() -> None:
    tasks = tasks_of(Cloud(tasks=numbered(7)))
    whole = await tasks.page(10, None)
    for number, entry in enumerate(whole.entries, 1):
        assert ids(await tasks.page(10, entry.cursor)) == ids(whole)[number:]


async def test_a_page_of_none_counts_and_moves_nowhere() -> None:
    tasks = tasks_of(Cloud(tasks=numbered(4)))
    start = await tasks.page(0, None)
    assert (start.entries, start.has_next, start.end_cursor, start.total) == ((), True, None, 4)
    three = await tasks.page(3, None)
    none = await tasks.page(0, three.end_cursor)
    assert (none.entries, none.has_next, none.end_cursor) == ((), True, three.end_cursor)
    four = await tasks.page(4, None)
    assert not (await tasks.page(0, four.end_cursor)).has_next


async def test_a_job_without_tasks_is_an_empty_page() -> None:
    listing = await tasks_of(Cloud()).page(5, None)
    assert (listing.entries, listing.has_next, listing.end_cursor) == ((), False, None)
    assert listing.total == 0


async def test_statuses_and_handfuls_of_devices_are_asked_for_one_by_one() -> None:
    cloud = Cloud(tasks=[a_task(f"t{n}", device=f"d{n % 3}") for n in range(3)])
    query = TaskQuery(
        job_id="j1", statuses=(QUEUED, FAILED, QUEUED), device_names=("d0", "d1", "d2", "d0")
    )
    listing = await tasks_of(cloud, query).page(10, None)
    assert (ids(listing), listing.total) == (["t0", "t1", "t2"], None)
    assert cloud.calls == [
        "list_tasks QUEUED d0,d1",
        "list_tasks QUEUED d2",
        "list_tasks FAILED d0,d1",
        "list_tasks FAILED d2",
    ]


async def test_one_status_is_counted_by_the_cloud() -> None:
    cloud = Cloud(tasks=[*numbered(2), *numbered(3, FAILED, "f")])
    listing = await tasks_of(cloud, replace(JOB, statuses=(FAILED,))).page(1, None)
    assert (ids(listing), listing.total) == (["f0"], 3)


async def test_a_task_that_stands_on_two_pages_is_given_once() -> None:
    tasks = numbered(5)
    tasks.insert(3, tasks[2])
    assert ids(await tasks_of(Cloud(tasks=tasks)).page(10, None)) == ["t0", "t1", "t2", "t3", "t4"]


async def test_tasks_that_cannot_be_read_keep_their_places() -> None:
    cloud = Cloud(tasks=[a_broken(None), a_task("t0"), a_broken("x"), a_broken(None)])
    tasks = tasks_of(cloud)
    assert ids(await tasks.page(10, None)) == ["?", "t0", "x", "?"]
    assert await walk(tasks, [1]) == ["?", "t0", "x", "?"]


async def test_nameless_tasks_of_different_segments_stay_apart() -> None:
    cloud = Cloud(tasks=[a_broken(None)])
    query = replace(JOB, statuses=(QUEUED, FAILED))
    assert ids(await tasks_of(cloud, query).page(10, None)) == ["?", "?"]


async def test_a_page_with_more_items_than_its_size_is_given_whole() -> None:
    """Alibaba answers all tasks of the named devices on page 1, however many there are."""
    oversized = _Oversized(tasks=numbered(8))
    query = replace(JOB, device_names=("d1",))
    assert await walk(tasks_of(oversized, query), [1]) == [f"t{n}" for n in range(8)]
    assert await walk(tasks_of(oversized, query), [5]) == [f"t{n}" for n in range(8)]


@dataclass(slots=True, kw_only=True)
class _Oversized(Cloud):
    async def list_tasks(self, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        found = tuple(task for task in self.tasks if isinstance(task, Task))
        return Page(items=found if page.number == 1 else (), total=8, has_next=False)


@dataclass(slots=True, kw_only=True)
class _Sparse(Cloud):
    """Says that pages follow, and holds nothing that matches on any but the last."""

    pages: int

    async def list_tasks(self, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        self.calls.append(spelled(wanted))
        last = page.number >= self.pages
        return Page(items=(a_task("t"),) if last else (), total=None, has_next=not last)


async def test_a_page_ends_early_at_its_bound_and_the_next_goes_on_there() -> None:
    cloud = _Sparse(pages=45)
    tasks = tasks_of(cloud)
    first = await tasks.page(5, None)
    assert (first.entries, first.has_next, len(cloud.calls)) == ((), True, task_list.MAX_PAGES)
    second = await tasks.page(5, first.end_cursor)
    assert (second.entries, second.has_next, len(cloud.calls)) == ((), True, 40)
    third = await tasks.page(5, second.end_cursor)
    assert (ids(third), third.has_next, len(cloud.calls)) == (["t"], False, 45)


async def test_the_bound_holds_over_segments_too_and_no_task_is_lost() -> None:
    names = tuple(f"d{number:02}" for number in range(60))
    cloud = Cloud(tasks=[a_task(f"t-{name}", device=name) for name in names])
    tasks = tasks_of(cloud, TaskQuery(job_id="j1", device_names=names))
    first = await tasks.page(100, None)
    assert (len(first.entries), first.has_next, len(cloud.calls)) == (40, True, 20)
    assert await walk(tasks, [100]) == [f"t-{name}" for name in names]


async def test_a_list_no_longer_than_the_wall_is_read_as_it_is() -> None:
    cloud = Cloud(limits_=WALLED, tasks=[*numbered(3), *numbered(3, FAILED, "f")])
    listing = await tasks_of(cloud).page(2, None)
    assert (ids(listing), listing.total) == (["t0", "t1"], 6)
    assert set(cloud.calls) == {"list_tasks"}


async def test_behind_the_wall_tasks_are_reached_status_by_status() -> None:
    cloud = Cloud(limits_=WALLED, tasks=[*numbered(3, FAILED, "f"), *numbered(4)])
    tasks = tasks_of(cloud)
    listing = await tasks.page(5, None)
    assert (ids(listing), listing.total) == (["t0", "t1", "t2", "t3", "f0"], 7)
    assert cloud.calls[:3] == [
        "list_tasks",
        "list_tasks AWAITING_CONFIRMATION",
        "list_tasks QUEUED",
    ]
    assert not [call for call in cloud.calls if "UNKNOWN" in call]
    rest = await tasks.page(5, listing.end_cursor)
    assert (ids(rest), rest.has_next, rest.total) == (["f1", "f2"], False, 7)


async def test_a_question_that_narrows_the_list_does_not_ask_how_long_the_whole_is() -> None:
    cloud = Cloud(limits_=WALLED, tasks=numbered(9))
    await tasks_of(cloud, replace(JOB, statuses=(FAILED,))).page(5, None)
    await tasks_of(cloud, replace(JOB, device_names=("d9",))).page(5, None)
    assert cloud.calls == ["list_tasks FAILED", "list_tasks d9"]


@pytest.mark.parametrize(("before", "behind"), [(5, 8), (8, 5)])
async def test_a_walk_keeps_its_way_though_the_list_passes_the_wall_meanwhile(
    before: int, behind: int
) -> None:
    cloud = Cloud(limits_=WALLED, tasks=numbered(before))
    tasks = tasks_of(cloud)
    first = await tasks.page(2, None)
    cloud.tasks = numbered(behind)
    rest = await tasks.page(20, first.end_cursor)
    assert ids(first) + ids(rest) == [f"t{number}" for number in range(behind)]


async def test_a_place_past_the_end_of_a_list_that_shrank_is_its_end() -> None:
    cloud = Cloud(tasks=numbered(9))
    tasks = tasks_of(cloud)
    listing = await tasks.page(8, None)
    cloud.tasks = numbered(2)
    rest = await tasks.page(5, listing.end_cursor)
    assert (rest.entries, rest.has_next, rest.end_cursor) == ((), False, listing.end_cursor)


async def test_cursors_of_another_question_are_refused() -> None:
    cloud = Cloud(tasks=numbered(5))
    cursor = (await tasks_of(cloud).page(2, None)).end_cursor
    cloud.calls.clear()
    reads = Site().reads(cloud)
    for other in (
        TaskList(reads, "b", TaskQuery(job_id="j2"), None),
        TaskList(reads, "b", replace(JOB, statuses=(QUEUED,)), None),
        TaskList(reads, "b2", JOB, None),
    ):
        with pytest.raises(InvalidRequestError):
            await other.page(2, cursor)
    assert cloud.calls == []
    assert ids(await TaskList(reads, "b", JOB, 0).page(1, cursor)) == ["t2"]


@pytest.mark.parametrize("first", [-1, 101])
async def test_a_page_of_unlawful_size_is_refused(first: int) -> None:
    cloud = Cloud()
    with pytest.raises(InvalidRequestError):
        await tasks_of(cloud).page(first, None)
    assert cloud.calls == []


async def test_a_job_that_does_not_exist_is_told() -> None:
    cloud = Cloud(errors={"list_tasks": NotFoundError("no such job")})
    with pytest.raises(NotFoundError):
        await tasks_of(cloud).page(5, None)


STATUSES = st.sampled_from([QUEUED, FAILED, NOTIFIED])
DEVICES = st.sampled_from(["d0", "d1", "d2", "d3", "d4"])


@given(
    drawn=st.lists(st.tuples(STATUSES, DEVICES), max_size=30),
    statuses=st.lists(STATUSES),
    devices=st.lists(DEVICES, max_size=5),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=9),
    walled=st.booleans(),
    page_size=st.integers(1, 5),
)
def test_all_pages_joined_are_the_list(
    *,
    drawn: list[tuple[TaskStatus, str]],
    statuses: list[TaskStatus],
    devices: list[str],
    sizes: list[int],
    walled: bool,
    page_size: int,
) -> None:
    cloud = Cloud(
        limits_=replace(LIMITS, tasks_page=page_size, task_window=6 if walled else None),
        tasks=[a_task(f"t{n}", status=s, device=d) for n, (s, d) in enumerate(drawn)],
    )
    query = TaskQuery(job_id="j1", statuses=tuple(statuses), device_names=tuple(devices))
    found = asyncio.run(walk(tasks_of(cloud, query), sizes))
    assert len(found) == len(set(found))
    assert set(found) == {
        f"t{n}"
        for n, (status, device) in enumerate(drawn)
        if (not statuses or status in statuses) and (not devices or device in devices)
    }
