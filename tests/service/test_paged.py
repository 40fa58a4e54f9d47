import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.errors import ProviderContractError, ProviderUnavailableError
from gateway.domain.freshness import Freshness, FreshnessSource, Sourced
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.service import paged
from gateway.service.paged import MAX_PAGES, PagedSource
from gateway.service.source import Position, SourceOutcome
from tests.service.lists import LIVE, NOW, Item, PagedCloud, describe, failing, ids, walk


def dated(*numbers: int) -> list[Item | BrokenItem]:
    """One item a millisecond, newest first: `i07` was created at 7."""
    return [Item(f"i{number:02}", number) for number in numbers]


def broken(native_id: str | None) -> BrokenItem:
    return BrokenItem(index=0, native_id=native_id, reason="r")


def source(
    cloud: PagedCloud,
    page_size: int = 2,
    *,
    keep: Callable[[Item], bool] = lambda _: True,
    too_old: Callable[[Item], bool] = lambda _: False,
    exact: bool = True,
) -> PagedSource[Item]:
    return PagedSource(
        fetch=cloud.fetch,
        page_size=page_size,
        describe=describe,
        keep=keep,
        too_old=too_old,
        exact=exact,
    )


async def test_a_window_reads_no_more_pages_than_it_needs() -> None:
    cloud = PagedCloud(items=dated(*range(9, 0, -1)))
    window = await source(cloud).window(None, 2)
    assert ids(window) == ["i09", "i08"]
    assert window.frontier == Position(created_ms=8, native_id="i08", offset=1)
    assert window.total == 9
    assert cloud.asked == [1, 2]


async def test_the_next_window_goes_on_where_the_last_ended() -> None:
    cloud = PagedCloud(items=dated(*range(9, 0, -1)))
    window = await source(cloud).window(Position(created_ms=7, native_id="i07", offset=2), 2)
    assert ids(window) == ["i06", "i05"]
    assert cloud.asked == [2, 1, 3, 4]


async def test_the_end_of_the_list_is_told() -> None:
    window = await source(PagedCloud(items=dated(3, 2, 1))).window(None, 3)
    assert (ids(window), window.frontier) == (["i03", "i02", "i01"], None)


async def test_an_empty_list_has_an_end_and_a_total() -> None:
    window = await source(PagedCloud(items=[])).window(None, 5)
    assert (window.entries, window.frontier, window.total) == ((), None, 0)


async def test_items_of_one_millisecond_are_sorted_across_pages() -> None:
    cloud = PagedCloud(items=[*(Item(name, 5) for name in "edcba"), Item("z", 4)])
    window = await source(cloud).window(None, 2)
    assert ids(window) == ["a", "b"]
    assert await walk(source(cloud), lambda: 1) == ["a", "b", "c", "d", "e", "z"]


async def test_an_item_that_stands_on_two_pages_is_given_once() -> None:
    cloud = PagedCloud(items=dated(4, 3, 3, 2, 1))
    assert await walk(source(cloud), lambda: 2) == ["i04", "i03", "i02", "i01"]


async def test_what_has_no_time_comes_last_wherever_the_cloud_put_it() -> None:
    items: list[Item | BrokenItem] = [
        Item("u", None),
        *dated(9, 8),
        broken("b"),
        *dated(7, 6),
        Item("a", None),
    ]
    cloud = PagedCloud(items=items)
    counts = iter([1, 2, 3, 1, 1])
    for next_count in (lambda: 1, lambda: 2, lambda: 7, lambda: next(counts)):
        given = await walk(source(cloud), next_count)
        assert given == ["i09", "i08", "i07", "i06", "a", "b", "u"]
    window = await source(cloud).window(None, 7)
    assert window.total == 7


async def test_the_end_goes_back_only_if_something_without_a_time_was_passed() -> None:
    cloud = PagedCloud(items=dated(*range(9, 0, -1)))
    assert len(await walk(source(cloud), lambda: 4)) == 9
    assert cloud.asked.count(1) == 1
    cloud = PagedCloud(items=[broken("b"), *dated(*range(9, 0, -1))])
    assert (await walk(source(cloud), lambda: 4))[-1] == "b"
    assert cloud.asked.count(1) == 2


async def test_a_list_whose_items_all_lack_a_time_is_given_whole() -> None:
    names = [f"u{number:02}" for number in range(60)]
    cloud = PagedCloud(items=[Item(name, None) for name in reversed(names)])
    assert await walk(source(cloud), lambda: 25, at_most=3) == names


async def test_the_rest_without_a_time_is_looked_for_on_all_pages_at_once() -> None:
    cloud = PagedCloud(items=[broken("a"), *dated(*range(60, 0, -1)), Item("b", None)])
    window = await source(cloud).window(Position(created_ms=0, native_id="a", undated=True), 5)
    assert (ids(window), window.frontier) == (["b"], None)
    assert cloud.asked == list(range(1, 32))


async def test_nameless_broken_items_are_told_apart_by_their_place() -> None:
    cloud = PagedCloud(items=[broken(None), *dated(2, 1), broken(None)])
    window = await source(cloud).window(None, 9)
    assert ids(window) == ["i02", "i01", "?", "?"]


async def test_a_broken_item_is_kept_though_nobody_knows_whether_it_is_wanted() -> None:
    cloud = PagedCloud(items=[Item("a", 2), broken("b"), Item("c", 1)])
    assert await walk(source(cloud, keep=lambda _: False), lambda: 1) == ["b"]


async def test_there_is_no_total_if_the_cloud_cannot_count_the_list() -> None:
    cloud = PagedCloud(items=dated(3, 2, 1))
    assert (await source(cloud, exact=False).window(None, 1)).total is None
    cloud.tells_total = False
    assert (await source(cloud).window(None, 1)).total is None


async def test_there_is_no_total_if_the_cloud_counts_more_than_was_asked_for() -> None:
    cloud = PagedCloud(items=dated(3, 2, 1))
    window = await source(cloud, keep=lambda item: item.id != "i02").window(None, 5)
    assert (ids(window), window.total) == (["i03", "i01"], None)


async def test_reading_stops_at_the_first_item_that_is_too_old() -> None:
    cloud = PagedCloud(items=dated(*range(40, 0, -1)))
    window = await source(
        cloud, keep=lambda item: (item.ms or 0) >= 35, too_old=lambda item: (item.ms or 0) < 35
    ).window(None, 50)
    assert ids(window) == ["i40", "i39", "i38", "i37", "i36", "i35"]
    assert window.frontier is None
    assert cloud.asked == [1, 2, 3, 4]


async def test_a_window_ends_early_at_the_bound_on_pages_and_says_how_far_it_looked() -> None:
    last = 2 * MAX_PAGES
    cloud = PagedCloud(items=dated(*range(60, 0, -1)))
    window = await source(cloud, keep=lambda item: item.id == "i01").window(None, 5)
    assert (window.entries, cloud.asked) == ((), list(range(1, MAX_PAGES + 1)))
    assert window.frontier == Position(
        created_ms=60 - last + 2, native_id=f"i{60 - last + 2:02}", offset=last - 2
    )
    assert await walk(source(cloud, keep=lambda item: item.id == "i01"), lambda: 5) == ["i01"]


async def test_a_group_of_one_millisecond_longer_than_the_bound_is_still_whole() -> None:
    names = [f"t{number:02}" for number in range(3 * MAX_PAGES)]
    cloud = PagedCloud(items=[Item(name, 5) for name in reversed(names)])
    assert await walk(source(cloud), lambda: 10) == names


async def test_a_list_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paged, "MAX_WHOLE_PAGES", 30)
    cloud = PagedCloud(items=[Item("u", None)], endless=True)
    with pytest.raises(ProviderContractError, match="more than 30 pages"):
        await source(cloud).window(None, 1)
    assert cloud.asked == list(range(1, 31))


async def test_a_place_far_past_the_end_is_found_in_a_few_steps() -> None:
    after = Position(created_ms=5, native_id="i05", offset=2**31 - 1)
    for tells_total in (True, False):
        cloud = PagedCloud(items=dated(*range(9, 0, -1)), tells_total=tells_total)
        assert ids(await source(cloud).window(after, 2)) == ["i04", "i03"]
        assert len(cloud.asked) < (8 if tells_total else 40)
        assert len(cloud.asked) == len(set(cloud.asked))


async def test_a_list_that_shrank_to_nothing_ends() -> None:
    window = await source(PagedCloud(items=[])).window(
        Position(created_ms=5, native_id="i05", offset=900), 2
    )
    assert (window.entries, window.frontier) == ((), None)


async def test_a_walk_goes_on_though_it_had_to_step_back_far() -> None:
    """Without totals it steps back in strides, and may land far in front of the place."""
    cloud = PagedCloud(items=dated(*range(99, 0, -1)), tells_total=False)
    after = Position(created_ms=15, native_id="i15", offset=2 * 80)
    first = await source(cloud).window(after, 2)
    assert (first.entries, first.frontier) == (
        (),
        Position(created_ms=15, native_id="i15", offset=2 * 37),
    )
    assert ids(await source(cloud).window(first.frontier, 2)) == ["i14", "i13"]


async def test_the_window_is_as_old_as_its_oldest_page() -> None:
    cloud = PagedCloud(items=dated(4, 3, 2, 1))
    reading = source(cloud)
    older = Freshness(as_of=NOW - timedelta(seconds=9), source=FreshnessSource.STALE)

    async def one_by_one() -> None:
        window = await reading.window(None, 1)
        assert (window.freshness, window.outcome) == (LIVE, SourceOutcome.LIVE)
        cloud.freshness = older
        window = await reading.window(None, 9)
        assert (window.freshness, window.outcome) == (older, SourceOutcome.STALE)
        assert {entry.freshness for entry in window.entries} == {older}

    await asyncio.wait_for(one_by_one(), 5)


async def test_pages_gone_back_for_count_towards_the_age() -> None:
    cloud = PagedCloud(items=[broken("b"), *dated(*range(9, 0, -1))])
    reading = source(cloud)
    middle = await reading.window(None, 5)
    fetch, older = cloud.fetch, Freshness(as_of=NOW, source=FreshnessSource.CACHE)

    async def first_page_cached(page: PageRequest) -> Sourced[Page[Item]]:
        found = await fetch(page)
        return Sourced(value=found.value, freshness=older if page.number == 1 else LIVE)

    last = await replace(reading, fetch=first_page_cached).window(middle.frontier, 9)
    assert ids(last) == ["i04", "i03", "i02", "i01", "b"]
    assert last.freshness == older


async def test_a_failure_of_the_backend_is_raised() -> None:
    error = ProviderUnavailableError("down")
    reading = PagedSource(fetch=failing(error), page_size=2, describe=describe)
    with pytest.raises(ProviderUnavailableError) as caught:
        await reading.window(None, 1)
    assert caught.value is error
