"""Walking a list page by page gives exactly the list: nothing lost, nothing twice."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.paging import BrokenItem
from gateway.service.merge import merge
from gateway.service.paged import PagedSource
from gateway.service.snapshot import Snapshot, entry_of, in_order
from gateway.service.source import ListSource, Position
from tests.service.lists import LIVE, Item, PagedCloud, describe, id_of, in_list_order, walk

COUNTS = st.integers(1, 7)
TIMES = st.integers(1, 3) | st.integers(1, 9) | st.none()
SOURCES = st.sampled_from(["paged", "snapshot"])


def newest_first(items: list[Item | BrokenItem]) -> list[Item | BrokenItem]:
    """Items as a cloud may list them: dated ones newest first, the others where they are."""
    dated = sorted(
        (item for item in items if isinstance(item, Item) and item.ms is not None),
        key=lambda item: -(item.ms or 0),
    )
    places = iter(dated)
    return [
        next(places) if isinstance(item, Item) and item.ms is not None else item for item in items
    ]


@st.composite
def lists(draw: st.DrawFn, prefix: str = "") -> list[Item | BrokenItem]:
    """A cloud's list with ties, missing times, unwanted and broken items."""
    drawn = draw(st.lists(st.tuples(TIMES, st.sampled_from("xxxyb")), max_size=25))
    numbers = draw(st.permutations(range(len(drawn))))
    items: list[Item | BrokenItem] = []
    for (ms, kind), number in zip(drawn, numbers, strict=True):
        name = f"{prefix}{number:02}"
        if kind == "b":
            items.append(BrokenItem(index=0, native_id=name, reason="r"))
        else:
            items.append(Item(name, ms, wanted=kind == "x"))
    return newest_first(items)


def wanted(items: list[Item | BrokenItem]) -> list[Item | BrokenItem]:
    return [item for item in items if isinstance(item, BrokenItem) or item.wanted]


def paged(cloud: PagedCloud, page_size: int) -> PagedSource[Item]:
    return PagedSource(
        fetch=cloud.fetch, page_size=page_size, describe=describe, keep=lambda item: item.wanted
    )


def snapshot(items: list[Item | BrokenItem]) -> Snapshot[Item]:
    return Snapshot(
        entries=in_order([entry_of(item, LIVE, describe=describe) for item in wanted(items)]),
        freshness=LIVE,
    )


@given(lists(), st.integers(1, 6), st.booleans(), st.data())
def test_a_still_list_is_given_once_and_in_order(
    items: list[Item | BrokenItem], page_size: int, tells_total: bool, data: st.DataObject
) -> None:
    cloud = PagedCloud(items=items, tells_total=tells_total)
    given_out = asyncio.run(walk(paged(cloud, page_size), lambda: data.draw(COUNTS)))
    assert given_out == in_list_order(wanted(items))


@dataclass(slots=True)
class Churn:
    """Changes a list between two windows: adds in front, takes away anywhere."""

    cloud: PagedCloud
    data: st.DataObject
    there_all_through: set[str]
    added: int = 0
    ever: set[str] = field(default_factory=set)

    def __call__(self) -> None:
        items = self.cloud.items
        for _ in range(self.data.draw(st.integers(0, 6))):
            drop: bool = self.data.draw(st.booleans())
            if items and drop:
                gone = items.pop(self.data.draw(st.integers(0, len(items) - 1)))
                self.there_all_through.discard(
                    (gone.native_id or "?") if isinstance(gone, BrokenItem) else gone.id
                )
        newest = max((i.ms or 0 for i in items if isinstance(i, Item)), default=10**12)
        for _ in range(self.data.draw(st.integers(0, 4))):
            self.added += 1
            newest += self.data.draw(st.integers(0, 2))
            items.insert(0, Item(f"new{self.added:03}", newest))


@settings(max_examples=400)
@given(lists(), st.integers(1, 6), st.booleans(), st.data())
def test_whatever_is_there_all_through_a_walk_is_given_exactly_once(
    items: list[Item | BrokenItem], page_size: int, tells_total: bool, data: st.DataObject
) -> None:
    cloud = PagedCloud(items=items, tells_total=tells_total)
    churn = Churn(cloud, data, set(in_list_order(wanted(items))))
    given_out = asyncio.run(walk(paged(cloud, page_size), lambda: data.draw(COUNTS), churn))
    assert churn.there_all_through <= set(given_out)
    assert len(given_out) == len(set(given_out))


async def walk_merged(
    sources: Mapping[str, ListSource[Item]], data: st.DataObject, *, failures: bool = False
) -> list[tuple[str, str]]:
    """Backend and id of every item of all sources, page by page."""
    given_out: list[tuple[str, str]] = []
    start: Mapping[str, Position] = {}
    may_fail = failures
    for _ in range(1_000):
        first = data.draw(COUNTS)
        down = {key for key in sources if may_fail and data.draw(st.integers(0, 2)) == 0}
        windows = {
            key: await source.window(start.get(key), first)
            for key, source in sources.items()
            if key not in down
        }
        page = merge(windows, start, first)
        assert len(page.entries) <= first
        given_out += [(entry.backend, id_of(entry.entry)) for entry in page.entries]
        start = page.end
        if not page.has_next and not down:
            return given_out
        may_fail = failures and len(given_out) < 40 and data.draw(st.integers(0, 5)) > 0
    pytest.fail("the merged list does not end")


def sources_of(
    clouds: Mapping[str, list[Item | BrokenItem]], data: st.DataObject
) -> dict[str, ListSource[Item]]:
    return {
        key: snapshot(items)
        if data.draw(SOURCES) == "snapshot"
        else paged(PagedCloud(items=list(items)), data.draw(st.integers(1, 6)))
        for key, items in clouds.items()
    }


CLOUDS = st.fixed_dictionaries({}, optional={key: lists() for key in "abc"})


@settings(max_examples=200)
@given(CLOUDS, st.data())
def test_all_merged_pages_joined_are_the_sorted_union(
    clouds: dict[str, list[Item | BrokenItem]], data: st.DataObject
) -> None:
    given_out = asyncio.run(walk_merged(sources_of(clouds, data), data))
    union = sorted(
        (
            (0, item.native_id or "?", key)
            if isinstance(item, BrokenItem)
            else (-(item.ms or 0), item.id, key)
        )
        for key, items in clouds.items()
        for item in wanted(items)
    )
    assert given_out == [(key, name) for _, name, key in union]


@settings(max_examples=200)
@given(CLOUDS, st.data())
def test_backends_that_fail_now_and_then_lose_nothing(
    clouds: dict[str, list[Item | BrokenItem]], data: st.DataObject
) -> None:
    given_out = asyncio.run(walk_merged(sources_of(clouds, data), data, failures=True))
    everything = [(key, name) for key in clouds for name in in_list_order(wanted(clouds[key]))]
    assert sorted(given_out) == sorted(everything)
    for key in clouds:
        assert [name for backend, name in given_out if backend == key] == [
            name for backend, name in everything if backend == key
        ]
