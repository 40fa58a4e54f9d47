"""A map that forgets what was used least recently, bounded by entries and by bytes."""

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class Lru(Generic[V]):
    """Values by key; both bounds hold after every call.

    The size of a value is what the caller says it is: it is counted, never measured.
    """

    def __init__(self, *, max_entries: int, max_bytes: int) -> None:
        """Set the bounds; each must be at least one."""
        if max_entries < 1 or max_bytes < 1:
            message = "a bounded map holds at least one entry of at least one byte"
            raise ValueError(message)
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._held: OrderedDict[str, tuple[V, int]] = OrderedDict()
        self._size_bytes = 0

    def __len__(self) -> int:
        """Entries held."""
        return len(self._held)

    @property
    def size_bytes(self) -> int:
        """Sum of the sizes held."""
        return self._size_bytes

    def get(self, key: str) -> V | None:
        """Value of `key`, which becomes the most recently used; None if it is not held."""
        held = self._held.get(key)
        if held is None:
            return None
        self._held.move_to_end(key)
        return held[0]

    def put(self, key: str, value: V, size_bytes: int) -> list[str]:
        """Hold `value` as the most recently used, and return the keys that had to go for it.

        A value larger than the whole map is not held: its own key is returned, alone.
        """
        self.drop(key)
        if size_bytes > self._max_bytes:
            return [key]
        self._held[key] = (value, size_bytes)
        self._size_bytes += size_bytes
        evicted: list[str] = []
        while len(self._held) > self._max_entries or self._size_bytes > self._max_bytes:
            oldest, (_, size) = self._held.popitem(last=False)
            self._size_bytes -= size
            evicted.append(oldest)
        return evicted

    def oldest(self) -> tuple[str, V] | None:
        """Least recently used key and its value; None if nothing is held."""
        for key, (value, _) in self._held.items():
            return key, value
        return None

    def drop(self, key: str) -> None:
        """Forget `key`, if it is held."""
        held = self._held.pop(key, None)
        if held is not None:
            self._size_bytes -= held[1]
