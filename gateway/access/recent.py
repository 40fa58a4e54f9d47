"""A small memory of what was used lately, bounded by the number of entries."""

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by key; the entry that was used least recently goes first."""

    def __init__(self, *, max_entries: int) -> None:
        """Set the bound, at least one."""
        if max_entries < 1:
            message = "a bounded memory holds at least one entry"
            raise ValueError(message)
        self._max_entries = max_entries
        self._held: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        """Entries held."""
        return len(self._held)

    def get(self, key: K) -> V | None:
        """Value of `key`, which becomes the most recently used; None if it is not held."""
        if key not in self._held:
            return None
        self._held.move_to_end(key)
        return self._held[key]

    def put(self, key: K, value: V) -> None:
        """Hold `value` as the most recently used."""
        self._held[key] = value
        self._held.move_to_end(key)
        if len(self._held) > self._max_entries:
            self._held.popitem(last=False)
