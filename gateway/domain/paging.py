"""Pages as the clouds give them: numbered from 1, of a fixed size."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which page: `number` counts from 1, `size` is items a page."""

    number: int = 1
    size: int = 50

    def __post_init__(self) -> None:
        """Refuse numbers that no cloud knows."""
        if self.number < 1 or self.size < 1:
            message = "pages are numbered from 1 and hold at least one item"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenItem:
    """An item of a list that could not be read; the rest of its list could.

    `index` is its place on the page, from 0. `native_id` is None where even that is missing.
    `reason` is for people and holds no vendor text beyond field names.
    """

    index: int
    native_id: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T_co]):
    """One page of a list, in the cloud's order.

    `total` counts the whole list; None where the cloud did not say. `has_next` is true if more
    pages follow. `broken` lists items of this page that are missing from `items`.
    """

    items: tuple[T_co, ...]
    total: int | None
    has_next: bool
    broken: tuple[BrokenItem, ...] = ()

    def in_order(self) -> Iterator[T_co | BrokenItem]:
        """Items and broken items in the places where the cloud put them.

        All of them, each once, even if the places of the broken ones contradict each other.
        """
        waiting = deque(sorted(self.broken, key=lambda item: item.index))
        place = 0
        for item in self.items:
            while waiting and waiting[0].index <= place:
                yield waiting.popleft()
                place += 1
            yield item
            place += 1
        yield from waiting
