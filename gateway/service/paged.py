"""A list that the cloud pages through itself, newest first, while it changes.

The place in the list is kept by the key of the last item, not by page number alone. Items added at
the front push others to later pages: they are met again, and skipped by key. Items removed pull
others to earlier pages: reading starts a page earlier until the page begins before the key. So an
item that is there all the time is neither missed nor given twice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from gateway.domain.freshness import Freshness, Sourced
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.service.source import Entry, Position, Window, outcome_of

T = TypeVar("T")

_MAX_PAGES: Final = 20
"""Pages read for one window; past that the window ends early and its frontier says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PagedSource(Generic[T]):
    """Windows over a paged list.

    Attributes:
        fetch: reads one page.
        page_size: items a page, the same for every call so that cached pages are shared.
        describe: creation time and native id of an item.
        keep: whether the item belongs to the list; what the cloud could not filter is left to it.
        too_old: true from the item on behind which no item can belong to the list.
        exact: whether the cloud's own total counts this list, that is, `keep` drops nothing.
    """

    fetch: Callable[[PageRequest], Awaitable[Sourced[Page[T]]]]
    page_size: int
    describe: Callable[[T], tuple[datetime | None, str]]
    keep: Callable[[T], bool] = lambda _item: True
    too_old: Callable[[T], bool] = lambda _item: False
    exact: bool = True

    async def window(self, after: Position | None, count: int) -> Window[T]:
        """The next entries behind `after`."""
        number, page = await self._start(after)
        seen: list[Entry[T]] = []
        freshness: list[Freshness] = [page.freshness]
        total = page.value.total
        for read in range(1, _MAX_PAGES + 1):
            seen += self._entries(page, number, seen[-1] if seen else None)
            ended = not page.value.has_next or self._reached_end(seen)
            ready = _behind(after, seen if ended else _complete(seen))
            kept = [entry for entry in ready if self._keeps(entry)]
            if ended or len(kept) > count or read == _MAX_PAGES:
                break
            number += 1
            page = await self.fetch(PageRequest(number=number, size=self.page_size))
            freshness.append(page.freshness)
        frontier = self._frontier(after, ready, kept, count, ended=ended, number=number)
        overall = Freshness.oldest(freshness)
        return Window(
            entries=tuple(kept[:count]),
            frontier=frontier,
            total=total if self.exact else None,
            freshness=overall,
            outcome=outcome_of(overall),
        )

    async def _start(self, after: Position | None) -> tuple[int, Sourced[Page[T]]]:
        """The page to begin with: the last one that begins before `after`."""
        number = 1 if after is None else after.offset // self.page_size + 1
        while True:
            page = await self.fetch(PageRequest(number=number, size=self.page_size))
            if after is None or number == 1:
                return number, page
            first = next(iter(self._entries(page, number, None)), None)
            if first is not None and first.position.created_ms > after.created_ms:
                return number, page
            number -= 1

    def _entries(
        self, page: Sourced[Page[T]], number: int, previous: Entry[T] | None
    ) -> list[Entry[T]]:
        """Entries of a page. An item without a creation time takes that of the one before it."""
        created_ms = previous.position.created_ms if previous else None
        offset = (number - 1) * self.page_size
        entries: list[Entry[T]] = []
        for item in page.value.in_order():
            if isinstance(item, BrokenItem):
                created, native_id = None, item.native_id or f"?{offset}"
            else:
                created, native_id = self.describe(item)
            if created is not None:
                created_ms = int(created.timestamp() * 1000)
            position = Position(created_ms=created_ms or 0, native_id=native_id, offset=offset)
            entries.append(Entry(position=position, item=item, freshness=page.freshness))
            offset += 1
        return entries

    def _keeps(self, entry: Entry[T]) -> bool:
        return isinstance(entry.item, BrokenItem) or self.keep(entry.item)

    def _reached_end(self, seen: list[Entry[T]]) -> bool:
        last = seen[-1].item if seen else None
        return last is not None and not isinstance(last, BrokenItem) and self.too_old(last)

    def _frontier(
        self,
        after: Position | None,
        ready: list[Entry[T]],
        kept: list[Entry[T]],
        count: int,
        *,
        ended: bool,
        number: int,
    ) -> Position | None:
        if len(kept) > count:
            return kept[count - 1].position
        if ended:
            return None
        if ready:
            return ready[-1].position
        # Nothing new within the bound on pages: go on behind them next time.
        start = after or Position(created_ms=0, native_id="")
        return Position(
            created_ms=start.created_ms,
            native_id=start.native_id,
            offset=number * self.page_size,
        )


def _behind(after: Position | None, entries: list[Entry[T]]) -> list[Entry[T]]:
    """Entries behind `after`, in order, one per key."""
    unique = {
        entry.position.order: entry
        for entry in entries
        if after is None or entry.position.order > after.order
    }
    return [unique[order] for order in sorted(unique)]


def _complete(entries: list[Entry[T]]) -> list[Entry[T]]:
    """Entries whose creation time no later page can share.

    The cloud's order among items of one millisecond is unknown, so such a group is sorted here, and
    must be whole for that.
    """
    if not entries:
        return entries
    last = entries[-1].position.created_ms
    return [entry for entry in entries if entry.position.created_ms > last] or entries
