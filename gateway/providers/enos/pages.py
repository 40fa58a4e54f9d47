"""EnOS listings as pages, and walks over many of them."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.providers.enos.listing import Listing, Received
from gateway.providers.enos.wire import WireObject

T = TypeVar("T")
W = TypeVar("W", bound=WireObject)


def to_page(listing: Listing[W], page: PageRequest, convert: Callable[[Received[W]], T]) -> Page[T]:
    """One page in domain values; `total` and `broken` as EnOS and the reader gave them."""
    return Page(
        items=tuple(convert(item) for item in listing.items),
        total=listing.total,
        has_next=more_follow(listing, page),
        broken=listing.broken,
    )


def more_follow(listing: Listing[W], page: PageRequest) -> bool:
    """Tell whether another page is worth asking for.

    A total that covers at least what was seen decides. One that is missing, or smaller than what
    was seen, is no evidence; then a full page is. An empty page is always the last.
    """
    if listing.length == 0:
        return False
    seen = (page.number - 1) * page.size + listing.length
    if listing.total is None or listing.total < seen:
        return listing.length >= page.size
    return listing.total > seen


def keep(page: Page[T], wanted: Callable[[T], bool], *, total: int | None) -> Page[T]:
    """The `wanted` items of a page, and all that could not be read: they may be wanted too."""
    items: list[T] = []
    broken: list[BrokenItem] = []
    for entry in page.in_order():
        if isinstance(entry, BrokenItem):
            broken.append(replace(entry, index=len(items) + len(broken)))
        elif wanted(entry):
            items.append(entry)
    return Page(items=tuple(items), total=total, has_next=page.has_next, broken=tuple(broken))


async def walk(
    search: Callable[[PageRequest], Awaitable[Listing[W]]],
    pages: Iterable[int],
    size: int,
    *,
    until: Callable[[Listing[W]], bool] = lambda _: False,
) -> tuple[list[Listing[W]], bool]:
    """Listings of the numbered `pages`, up to the one that `until` accepts or the last there is.

    The second value tells whether more pages follow those.
    """
    listings: list[Listing[W]] = []
    more = False
    for number in pages:
        page = PageRequest(number=number, size=size)
        listing = await search(page)
        listings.append(listing)
        more = more_follow(listing, page)
        if not more or until(listing):
            break
    return listings, more
