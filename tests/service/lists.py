"""Lists that tests page through: items that know when they were created, and where they stand."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway.domain.freshness import Freshness, FreshnessSource, Sourced
from gateway.domain.paging import BrokenItem, Page, PageRequest
from gateway.service.source import Entry, ListSource, Position, Window

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIVE = Freshness(as_of=NOW, source=FreshnessSource.LIVE)


@dataclass(frozen=True, slots=True)
class Item:
    """`ms` is its creation, None if the cloud does not tell."""

    id: str
    ms: int | None
    wanted: bool = True


def describe(item: Item) -> tuple[datetime | None, str]:
    created = None if item.ms is None else EPOCH + timedelta(milliseconds=item.ms)
    return created, item.id


def id_of(entry: Entry[Item]) -> str:
    return entry.item.native_id or "?" if isinstance(entry.item, BrokenItem) else entry.item.id


def ids(window: Window[Item]) -> list[str]:
    return [id_of(entry) for entry in window.entries]


@dataclass(slots=True, kw_only=True)
class PagedCloud:
    """Pages of a list that tests change as they like; `asked` are the pages read, in order.

    `tells_total` is false for a cloud that does not count; `endless` says that more always follow.
    """

    items: list[Item | BrokenItem]
    tells_total: bool = True
    endless: bool = False
    freshness: Freshness = LIVE
    asked: list[int] = field(default_factory=list)

    async def fetch(self, page: PageRequest) -> Sourced[Page[Item]]:
        self.asked.append(page.number)
        start = (page.number - 1) * page.size
        found = self.items[start : start + page.size]
        return Sourced(
            value=Page(
                items=tuple(item for item in found if isinstance(item, Item)),
                total=len(self.items) if self.tells_total else None,
                has_next=self.endless or start + page.size < len(self.items),
                broken=tuple(
                    BrokenItem(index=index, native_id=item.native_id, reason=item.reason)
                    for index, item in enumerate(found)
                    if isinstance(item, BrokenItem)
                ),
            ),
            freshness=self.freshness,
        )


async def walk(
    source: ListSource[Item],
    counts: Callable[[], int],
    between: Callable[[], None] = lambda: None,
    *,
    at_most: int = 1_000,
) -> list[str]:
    """Ids of a whole list, window by window; `between` runs after each window."""
    given: list[str] = []
    after: Position | None = None
    for _ in range(at_most):
        window = await source.window(after, counts())
        given += ids(window)
        after = window.frontier
        if after is None:
            return given
        between()
    message = f"no end after {at_most} windows: {given}"
    raise AssertionError(message)


def failing(error: Exception) -> Callable[[PageRequest], Awaitable[Sourced[Page[Item]]]]:
    async def fetch(page: PageRequest) -> Sourced[Page[Item]]:
        raise error

    return fetch


def in_list_order(items: Sequence[Item | BrokenItem]) -> list[str]:
    """Ids in the order that every list is given in: newest first, then by id, undated last."""
    keys = [
        (0, item.native_id or "?") if isinstance(item, BrokenItem) else (-(item.ms or 0), item.id)
        for item in items
    ]
    return [key[1] for key in sorted(keys)]
