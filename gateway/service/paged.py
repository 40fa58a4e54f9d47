"""A list that the cloud pages through itself, newest first, while it changes.

The place in the list is kept by the key of the last item, not by page number alone. Items added at
the front push others to later pages: they are met again, and skipped by key. Items removed pull
others to earlier pages: reading starts at a page that begins before the key. So an item that is
there all the time is neither missed nor given twice.

Items without a creation time have no place of their own in that order and may stand anywhere in
the cloud's list. They are given last; where the walk has passed any, its end goes back for them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Generic, TypeVar

from gateway.domain.errors import ProviderContractError
from gateway.domain.freshness import Freshness, Sourced
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.service.source import (
    UNDATED_MS,
    Entry,
    Position,
    Window,
    created_ms,
    outcome_of,
)

T = TypeVar("T")

MAX_PAGES: Final = 20
"""Pages read for one window; past that the window ends early and its frontier says where."""

MAX_WHOLE_PAGES: Final = 1_000
"""Pages read at most where a window cannot end early, because what it holds must first be whole:
items of one millisecond, or all items without a creation time."""


@dataclass(slots=True, kw_only=True)
class _Reading(Generic[T]):
    """Pages `first` to `last`, read for one window; `undated` holds what has no creation time.

    `fetched` are all pages fetched for the window, by number, those stepped back over included.
    """

    first: int
    last: int
    fetched: dict[int, Sourced[Page[T]]]
    total: int | None = None
    ended: bool = False
    dated: list[Entry[T]] = field(default_factory=list)
    undated: list[Entry[T]] = field(default_factory=list)
    ages: list[Freshness] = field(default_factory=list)

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    def behind(self, after: Position | None) -> list[Entry[T]]:
        """Dated entries behind `after` that are sure to be in their final order.

        The cloud's order among items of one millisecond is unknown, so such a group is sorted here,
        and must be whole for that: the last one read is held back until another follows it.
        """
        if self.ended or not self.dated:
            return _behind(after, self.dated)
        last_ms = self.dated[-1].position.created_ms
        return _behind(after, [e for e in self.dated if e.position.created_ms > last_ms])

    def is_short_of(self, after: Position | None) -> bool:
        """Tell whether the pages end before `after`: they say nothing about what is behind it."""
        return (
            after is not None
            and after.created_ms != UNDATED_MS
            and bool(self.dated)
            and self.dated[-1].position.created_ms > after.created_ms
        )


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
        """The next entries behind `after`.

        Raises:
            ProviderContractError: more items than can be put in order have no creation time, or
                the same one.
        """
        reading = await self._start(after)
        while True:
            ready = reading.behind(after)
            kept = self._kept(ready)
            if reading.ended or len(kept) > count:
                break
            if reading.length >= MAX_PAGES and (ready or reading.is_short_of(after)):
                break
            await self._read_on(reading)
        if reading.ended and len(kept) <= count:
            undated = _behind(after, await self._undated(after, reading))
            ready, kept = [*ready, *undated], [*kept, *self._kept(undated)]
        passed_undated = bool(reading.undated) or (after is not None and after.undated)
        frontier: Position | None = None
        if len(kept) > count:
            frontier = kept[count - 1].position
        elif not reading.ended:
            frontier = ready[-1].position if ready else self._further(after, reading)
        overall = Freshness.oldest(reading.ages)
        return Window(
            entries=tuple(_passing(entry, undated=passed_undated) for entry in kept[:count]),
            frontier=frontier and replace(frontier, undated=passed_undated),
            total=reading.total if self.exact and len(kept) == len(ready) else None,
            freshness=overall,
            outcome=outcome_of(overall),
        )

    async def _start(self, after: Position | None) -> _Reading[T]:
        """The page to begin with: page 1, or one that begins before `after`.

        It steps back from where `after` stood, twice as far each time, so that a list which has
        lost most of its items costs a few calls and not one for each page that is gone.
        """
        if after is None:
            return await self._read(1, {})
        fetched: dict[int, Sourced[Page[T]]] = {}
        number = after.offset // self.page_size + 1
        step = 1
        while True:
            reading = await self._read(number, fetched)
            begins = reading.dated[0].position.created_ms if reading.dated else UNDATED_MS
            if number == 1 or begins > after.created_ms:
                return reading
            known_last = number if reading.total is None else -(-reading.total // self.page_size)
            number = max(1, min(number - step, known_last))
            step *= 2

    async def _read(self, number: int, fetched: dict[int, Sourced[Page[T]]]) -> _Reading[T]:
        reading = _Reading(first=number, last=number - 1, fetched=fetched)
        await self._read_on(reading)
        return reading

    async def _read_on(self, reading: _Reading[T]) -> None:
        """Add the next page to `reading`."""
        if reading.length >= MAX_WHOLE_PAGES:
            message = (
                f"more than {MAX_WHOLE_PAGES} pages of items lack a creation time, or share one"
            )
            raise ProviderContractError(message)
        number = reading.last + 1
        page = reading.fetched.get(number)
        if page is None:
            page = await self.fetch(PageRequest(number=number, size=self.page_size))
            reading.fetched[number] = page
        before = reading.fetched.get(number - 1) if number > reading.first else None
        if before is not None and repeats(page.value, before.value, key=self.describe):
            message = "the cloud repeats a page: its list does not end"
            raise ProviderContractError(message)
        for offset, item in enumerate(page.value.in_order(), (number - 1) * self.page_size):
            entry = self._entry(item, offset, page.freshness)
            is_dated = entry.position.created_ms != UNDATED_MS
            (reading.dated if is_dated else reading.undated).append(entry)
        if reading.last < reading.first:
            reading.total = page.value.total
        reading.last = number
        reading.ages.append(page.freshness)
        oldest = reading.dated[-1].item if reading.dated else None
        reading.ended = not page.value.has_next or not (
            oldest is None or isinstance(oldest, BrokenItem) or not self.too_old(oldest)
        )

    def _entry(self, item: T | BrokenItem, offset: int, freshness: Freshness) -> Entry[T]:
        if isinstance(item, BrokenItem):
            created, native_id = None, item.native_id or f"?{offset}"
        else:
            created, native_id = self.describe(item)
        position = Position(created_ms=created_ms(created), native_id=native_id, offset=offset)
        return Entry(position=position, item=item, freshness=freshness)

    async def _undated(self, after: Position | None, reading: _Reading[T]) -> list[Entry[T]]:
        """Items without a creation time, on all pages up to the last of `reading`."""
        if reading.first == 1 or after is None or not after.undated:
            return reading.undated
        earlier = await self._read(1, reading.fetched)
        while earlier.last < reading.first - 1 and not earlier.ended:
            await self._read_on(earlier)
        reading.ages += earlier.ages
        return [*earlier.undated, *reading.undated]

    def _kept(self, entries: list[Entry[T]]) -> list[Entry[T]]:
        return [e for e in entries if isinstance(e.item, BrokenItem) or self.keep(e.item)]

    def _further(self, after: Position | None, reading: _Reading[T]) -> Position | None:
        """The place of `after` again, to be looked for behind the pages of `reading`."""
        return after and replace(after, offset=reading.last * self.page_size)


def _behind(after: Position | None, entries: list[Entry[T]]) -> list[Entry[T]]:
    """Entries behind `after`, in order, one per key."""
    unique = {
        entry.position.order: entry
        for entry in entries
        if after is None or entry.position.order > after.order
    }
    return [unique[order] for order in sorted(unique)]


def _passing(entry: Entry[T], *, undated: bool) -> Entry[T]:
    return replace(entry, position=replace(entry.position, undated=undated)) if undated else entry


def repeats(page: Page[T], earlier: Page[T], *, key: Callable[[T], object]) -> bool:
    """Tell whether `page` is `earlier` once more: a cloud that does so never comes to an end."""
    return bool(page.items) and [*map(key, page.items)] == [*map(key, earlier.items)]
