import pytest

from gateway.domain.errors import ProviderUnavailableError
from gateway.domain.freshness import Freshness, FreshnessSource
from gateway.domain.paging import BrokenItem
from gateway.service.snapshot import Snapshot, entry_of, in_order
from gateway.service.source import Entry, Position, SourceOutcome
from tests.service.lists import LIVE, NOW, Item, describe, ids


def entry(item: Item | BrokenItem, place: str = "") -> Entry[Item]:
    return entry_of(item, LIVE, describe=describe, place=place)


def snapshot(*times: int) -> Snapshot[Item]:
    return Snapshot(entries=[entry(Item(f"{ms}", ms)) for ms in times], freshness=LIVE)


async def test_windows_are_cut_out_of_the_list() -> None:
    whole = snapshot(9, 8, 7, 6)
    first = await whole.window(None, 3)
    assert (ids(first), first.frontier) == (["9", "8", "7"], Position(created_ms=7, native_id="7"))
    last = await whole.window(first.frontier, 3)
    assert (ids(last), last.frontier, last.total) == (["6"], None, 4)


async def test_the_last_entry_ends_the_list_even_if_the_window_is_full() -> None:
    assert (await snapshot(9, 8).window(None, 2)).frontier is None


async def test_a_window_begins_behind_an_item_that_is_gone() -> None:
    gone = Position(created_ms=8, native_id="8x")
    assert ids(await snapshot(9, 8, 7).window(gone, 5)) == ["7"]
    assert ids(await snapshot(9, 7).window(gone, 5)) == ["7"]


async def test_behind_the_last_item_there_is_nothing() -> None:
    window = await snapshot(9).window(Position(created_ms=0, native_id="z"), 5)
    assert (window.entries, window.frontier) == ((), None)


@pytest.mark.parametrize("source", [FreshnessSource.CACHE, FreshnessSource.STALE])
async def test_a_whole_list_says_how_fresh_it_is(source: FreshnessSource) -> None:
    freshness = Freshness(as_of=NOW, source=source)
    whole: Snapshot[Item] = Snapshot(entries=[], freshness=freshness)
    window = await whole.window(None, 1)
    outcome = {"CACHE": SourceOutcome.CACHED, "STALE": SourceOutcome.STALE}[source.value]
    assert (window.outcome, window.total, window.freshness) == (outcome, 0, freshness)


async def test_a_list_with_parts_missing_is_warming_and_not_counted() -> None:
    error = ProviderUnavailableError("down")
    part = Snapshot(
        entries=[entry(Item("a", 1))],
        freshness=LIVE,
        complete=False,
        progress_percent=40,
        error=error,
    )
    window = await part.window(None, 5)
    assert window.outcome is SourceOutcome.WARMING
    assert (window.total, window.progress_percent, window.error) == (None, 40, error)


async def test_a_list_cut_short_for_good_has_no_total() -> None:
    window = await Snapshot(entries=[entry(Item("a", 1))], freshness=LIVE, exact=False).window(
        None, 5
    )
    assert (window.outcome, window.total) == (SourceOutcome.LIVE, None)


def test_entries_are_sorted_and_the_first_of_equal_ones_stays() -> None:
    items = [Item("b", 5, wanted=True), Item("u", None), Item("a", 5), Item("b", 5, wanted=False)]
    found = in_order([entry(item) for item in items])
    assert [e.item for e in found] == [items[2], items[0], items[1]]


def test_nameless_broken_items_of_different_pages_stay_apart() -> None:
    lost = BrokenItem(index=3, native_id=None, reason="r")
    assert len(in_order([entry(lost, "f1.0"), entry(lost, "f1.1"), entry(lost, "f2.0")])) == 3
    assert entry(lost, "f1.0").position == Position(created_ms=0, native_id="?f1.0.3")


def test_a_broken_item_with_an_id_stands_for_it() -> None:
    known = BrokenItem(index=3, native_id="j1", reason="r")
    assert entry(known, "f1.0").position == Position(created_ms=0, native_id="j1")
