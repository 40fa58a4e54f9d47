"""Items that a cloud lists once more on a later page: given once, and counted."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from gateway.cache.provider import CachedProvider
from gateway.cache.read_spec import ReadKind
from gateway.domain.freshness import Sourced
from gateway.domain.paging import Page, PageRequest


class Identified(Protocol):
    """What has an id of the cloud's."""

    @property
    def native_id(self) -> str:
        """The id."""
        ...


T = TypeVar("T", bound=Identified)


class Duplicates:
    """What one walk over the pages of a list has met so far."""

    def __init__(self, reads: CachedProvider, kind: ReadKind) -> None:
        """Count for the backend of `reads`."""
        self._reads = reads
        self._kind = kind
        self._met: set[str] = set()

    def is_duplicate(self, key: str) -> bool:
        """Tell whether the walk has met `key` before, and count it if so."""
        if key in self._met:
            self._reads.note_duplicate(self._kind)
            return True
        self._met.add(key)
        return False

    def note(self, page: Page[T]) -> None:
        """Count what is on `page`, the next of the walk, and was on a page before."""
        for item in page.in_order():
            if item.native_id is not None:
                self.is_duplicate(item.native_id)

    def watching(
        self, fetch: Callable[[PageRequest], Awaitable[Sourced[Page[T]]]]
    ) -> Callable[[PageRequest], Awaitable[Sourced[Page[T]]]]:
        """`fetch`, noting each page; for a walk that fetches none twice."""

        async def watched(page: PageRequest) -> Sourced[Page[T]]:
            found = await fetch(page)
            self.note(found.value)
            return found

        return watched
