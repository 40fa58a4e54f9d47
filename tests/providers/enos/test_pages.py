"""When another page is worth asking for, and what is kept of one."""

import pytest

from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.providers.enos.listing import Listing, Received
from gateway.providers.enos.pages import keep, more_follow, to_page, walk
from gateway.providers.enos.wire import TaskInfo

from .conftest import task


def listing_of(length: int, total: int | None = None) -> Listing[TaskInfo]:
    raws = [task(number) for number in range(length)]
    items = tuple(Received(wire=TaskInfo.model_validate(raw), raw=raw) for raw in raws)
    return Listing(items=items, broken=(), total=total)


@pytest.mark.parametrize(
    ("length", "number", "total", "more"),
    [
        (5, 1, 11, True),
        (5, 2, 11, True),
        (1, 3, 11, False),
        (5, 2, 10, False),
        (3, 1, 11, True),  # half a page: the total says that more follow
        (5, 1, None, True),
        (4, 1, None, False),
        (5, 1, 2, True),  # a total that the items contradict is no evidence
        (3, 1, 2, False),
        (0, 1, None, False),
        (0, 4, 11, False),  # past the end, whatever the total says
        (0, 1, 11, False),
    ],
)
def test_more_follow(length: int, number: int, total: int | None, more: bool) -> None:
    page = PageRequest(number=number, size=5)
    assert more_follow(listing_of(length, total), page) is more


def test_broken_items_fill_a_page_too() -> None:
    broken = (BrokenItem(index=1, native_id=None, reason="not an object"),)
    listing = Listing(items=listing_of(1).items, broken=broken, total=None)
    page = to_page(listing, PageRequest(size=2), lambda item: item.wire.task_id)
    assert page == Page(items=("t0",), total=None, has_next=True, broken=broken)


def test_what_is_kept_stays_in_order_with_what_is_broken() -> None:
    page = Page(
        items=(1, 2, 3),
        total=9,
        has_next=True,
        broken=(
            BrokenItem(index=1, native_id="a", reason="r"),
            BrokenItem(index=4, native_id="b", reason="r"),
        ),
    )
    kept = keep(page, lambda item: item != 1, total=None)
    assert (kept.items, kept.total, kept.has_next) == ((2, 3), None, True)
    in_order = [
        item.native_id if isinstance(item, BrokenItem) else item for item in kept.in_order()
    ]
    assert in_order == ["a", 2, 3, "b"]


async def test_a_walk_ends_with_the_pages_allowed() -> None:
    asked: list[int] = []

    async def search(page: PageRequest) -> Listing[TaskInfo]:
        asked.append(page.number)
        return listing_of(page.size)

    listings, more = await walk(search, range(2, 5), 5)
    assert asked == [2, 3, 4]
    assert len(listings) == 3
    assert more


async def test_a_walk_ends_with_what_it_looked_for() -> None:
    async def search(page: PageRequest) -> Listing[TaskInfo]:
        return listing_of(page.size, total=100)

    listings, more = await walk(search, range(1, 9), 5, until=lambda _: True)
    assert len(listings) == 1
    assert more
