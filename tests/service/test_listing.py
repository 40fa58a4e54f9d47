import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from gateway.domain.errors import (
    DeadlineExceededError,
    InternalError,
    InvalidRequestError,
    ProviderUnavailableError,
)
from gateway.domain.freshness import Freshness, FreshnessSource
from gateway.service.listing import MAX_FIRST, Listing, checked_first, list_over
from gateway.service.paged import PagedSource
from gateway.service.snapshot import Snapshot, entry_of
from gateway.service.source import ListSource, SourceOutcome
from tests.service.cloud import Cloud, Site
from tests.service.lists import LIVE, NOW, Item, PagedCloud, describe, failing, id_of
from tests.transport.virtual_time import clock, virtual_time

DOWN = ProviderUnavailableError("down")
BACKENDS = {key: Site().backend(Cloud(), key) for key in "abc"}
Source = ListSource[Item] | None


def snapshot(*times: int, source: FreshnessSource = FreshnessSource.LIVE) -> Snapshot[Item]:
    freshness = Freshness(as_of=NOW, source=source)
    items = [Item(f"{ms}", ms) for ms in times]
    return Snapshot(
        entries=[entry_of(item, freshness, describe=describe) for item in items],
        freshness=freshness,
    )


def paged(*times: int) -> PagedSource[Item]:
    cloud = PagedCloud(items=[Item(f"{ms}", ms) for ms in times])
    return PagedSource(fetch=cloud.fetch, page_size=2, describe=describe)


async def over(
    sources: Mapping[str, Source] | Mapping[str, Source | Exception],
    first: int = 10,
    after: str | None = None,
) -> Listing[Item]:
    def making(source: Source | Exception) -> Callable[[], Awaitable[Source]]:
        async def make() -> Source:
            if isinstance(source, Exception):
                raise source
            return source

        return make

    return await list_over(
        {key: making(source) for key, source in sources.items()},
        BACKENDS,
        query="q",
        first=first,
        after=after,
        patience_s=4.0,
    )


def given(listing: Listing[Item]) -> list[str]:
    return [f"{entry.backend}{id_of(entry.entry)}" for entry in listing.entries]


def outcomes(listing: Listing[Item]) -> dict[str, str]:
    return {report.backend.id: report.outcome.value for report in listing.sources}


async def test_every_backend_is_reported_in_the_order_of_its_id() -> None:
    warming = Snapshot(
        entries=snapshot(3).entries, freshness=LIVE, complete=False, progress_percent=40, error=DOWN
    )
    listing = await over({"c": warming, "b": DOWN, "a": snapshot(5, 4)})
    assert given(listing) == ["a5", "a4", "c3"]
    a, b, c = listing.sources
    assert (a.backend, a.outcome, a.total, a.error) == (BACKENDS["a"], SourceOutcome.LIVE, 2, None)
    assert (b.outcome, b.total, b.error) == (SourceOutcome.FAILED, None, DOWN)
    assert (c.outcome, c.total, c.error) == (SourceOutcome.WARMING, None, DOWN)
    assert c.progress_percent == 40
    assert listing.total is None


async def test_how_fresh_each_part_is_shows_and_the_whole_is_as_fresh_as_the_worst() -> None:
    listing = await over(
        {
            "a": snapshot(1),
            "b": snapshot(2, source=FreshnessSource.CACHE),
            "c": snapshot(3, source=FreshnessSource.STALE),
        }
    )
    assert outcomes(listing) == {"a": "LIVE", "b": "CACHED", "c": "STALE"}
    assert listing.freshness == Freshness(as_of=NOW, source=FreshnessSource.STALE)


async def test_the_total_is_that_of_all_backends_if_each_knows_its_own() -> None:
    assert (await over({"a": snapshot(1, 2), "b": paged(9, 8, 7)}, first=1)).total == 5
    assert (await over({"a": snapshot(1, 2), "b": DOWN})).total is None
    assert (await over({"a": snapshot(1, 2), "b": None})).total == 2
    assert (await over({"a": None})).total == 0
    assert (await over({})).total == 0


async def test_a_backend_of_which_nothing_can_match_is_skipped() -> None:
    listing = await over({"a": None, "b": snapshot(1)})
    assert outcomes(listing) == {"a": "SKIPPED", "b": "LIVE"}
    assert listing.sources[0].total == 0
    assert given(listing) == ["b1"]


async def test_a_fault_of_ours_is_a_failure_of_its_backend_alone() -> None:
    broken = PagedSource(fetch=failing(ZeroDivisionError()), page_size=2, describe=describe)
    listing = await over({"a": broken, "b": snapshot(1)})
    assert outcomes(listing) == {"a": "FAILED", "b": "LIVE"}
    assert isinstance(listing.sources[0].error, InternalError)


@virtual_time
async def test_a_slow_backend_is_left_behind() -> None:
    async def slow() -> Source:
        await asyncio.Event().wait()
        return None

    async def fast() -> Source:
        return snapshot(1)

    listing = await list_over(
        {"a": slow, "b": fast}, BACKENDS, query="q", first=5, after=None, patience_s=4.0
    )
    assert clock() == pytest.approx(4.0, abs=1e-3)
    assert given(listing) == ["b1"]
    assert isinstance(listing.sources[0].error, DeadlineExceededError)


async def test_pages_follow_each_other_by_the_end_cursor() -> None:
    sources: dict[str, Source] = {"a": snapshot(9, 6, 3), "b": paged(8, 7, 2, 1)}
    after, pages = None, []
    while True:
        listing = await over(sources, first=3, after=after)
        pages.append(given(listing))
        after = listing.end_cursor
        if not listing.has_next:
            break
    assert pages == [["a9", "b8", "b7"], ["a6", "a3", "b2"], ["b1"]]
    rest = await over(sources, first=3, after=after)
    assert (rest.entries, rest.has_next, rest.end_cursor) == ((), False, after)


async def test_one_can_go_on_behind_any_entry() -> None:
    sources: dict[str, Source] = {"a": snapshot(9, 6, 3), "b": paged(8, 7, 2, 1)}
    listing = await over(sources, first=5)
    whole = given(await over(sources))
    for number, entry in enumerate(listing.entries, 1):
        rest = await over(sources, after=listing.cursor(entry))
        assert given(rest) == whole[number:]


async def test_what_a_failed_backend_holds_comes_once_it_answers() -> None:
    held = snapshot(9, 5)
    first = await over({"a": DOWN, "b": snapshot(8, 7)}, first=1)
    second = await over({"a": held, "b": snapshot(8, 7)}, first=2, after=first.end_cursor)
    third = await over({"a": DOWN, "b": snapshot(8, 7)}, first=2, after=second.end_cursor)
    fourth = await over({"a": held, "b": snapshot(8, 7)}, first=2, after=third.end_cursor)
    assert [given(page) for page in (first, second, third, fourth)] == [
        ["b8"],
        ["a9", "b7"],
        [],
        ["a5"],
    ]


@pytest.mark.parametrize("sources", [{"a": snapshot(2, 1)}, {"a": paged(3, 2, 1)}])
async def test_a_page_of_none_counts_and_moves_nowhere(sources: Mapping[str, Source]) -> None:
    start = await over(sources, first=0)
    assert (start.entries, start.has_next, start.end_cursor) == ((), True, None)
    assert start.total is not None
    one = await over(sources, first=1)
    none = await over(sources, first=0, after=one.end_cursor)
    assert (none.entries, none.has_next, none.end_cursor) == ((), True, one.end_cursor)
    last = await over(sources, first=10)
    assert not (await over(sources, first=0, after=last.end_cursor)).has_next


async def test_nothing_anywhere_is_an_empty_page() -> None:
    listing = await over({"a": snapshot(), "b": paged()})
    assert (listing.entries, listing.has_next, listing.end_cursor) == ((), False, None)
    assert listing.total == 0


@pytest.mark.parametrize("first", [-1, MAX_FIRST + 1])
async def test_a_page_of_unlawful_size_is_refused_before_anybody_is_asked(first: int) -> None:
    cloud = PagedCloud(items=[])
    source = PagedSource(fetch=cloud.fetch, page_size=2, describe=describe)
    with pytest.raises(InvalidRequestError) as caught:
        await over({"a": source}, first=first)
    assert caught.value.path == ("first",)
    assert cloud.asked == []


async def test_a_cursor_of_another_list_is_refused_before_anybody_is_asked() -> None:
    cloud = PagedCloud(items=[])
    source = PagedSource(fetch=cloud.fetch, page_size=2, describe=describe)
    with pytest.raises(InvalidRequestError) as caught:
        await over({"a": source}, after="WzEsIm90aGVyIix7fV0")
    assert caught.value.path == ("after",)
    assert cloud.asked == []


@pytest.mark.parametrize("first", [0, 1, MAX_FIRST])
def test_lawful_sizes_pass(first: int) -> None:
    assert checked_first(first) == first
