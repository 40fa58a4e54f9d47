"""A store inside the process, bounded by entries and by bytes."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiocache.backends.memory import SimpleMemoryCache

from gateway.cache.lru import Lru
from gateway.domain.metrics import Metrics, NoMetrics

# What an entry costs beside its key and its bytes: two dictionary slots, the links of the order of
# use, object headers. Measured by benchmarks/memory_bound.py, rounded up.
ENTRY_OVERHEAD_BYTES: Final = 500


class MemoryStore:
    """`Store` over aiocache's memory backend, least recently used out first.

    aiocache's own time to live is not used: it starts a timer for each entry, and the timers of
    replaced entries outlive them. An entry past its time is dropped when it is asked for or when
    its turn to leave has come. The backend holds bytes, not objects, because bytes are what a
    bound in bytes can hold to.
    """

    shared = False

    def __init__(
        self,
        *,
        max_entries: int = 100_000,
        max_bytes: int = 64 * 1024 * 1024,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set the bounds. Each entry counts as its key, its bytes and `ENTRY_OVERHEAD_BYTES`."""
        build: Callable[..., Any] = SimpleMemoryCache  # untyped
        # No time limit: nothing in memory waits, and a limit starts a task for each call.
        self._cache = build(timeout=None)
        self._expiry: Lru[float] = Lru(max_entries=max_entries, max_bytes=max_bytes)
        self._metrics = metrics or NoMetrics()
        self._clock = clock

    @property
    def entries(self) -> int:
        """Entries held, those past their time included."""
        return len(self._expiry)

    @property
    def size_bytes(self) -> int:
        """Bytes held, as counted against the bound."""
        return self._expiry.size_bytes

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None] | None:
        """Bytes of each key; asking makes a key the most recently used.

        None only if aiocache is switched off by its environment variable AIOCACHE_DISABLE.
        """
        now = self._clock()
        for key in keys:
            expires_at = self._expiry.get(key)
            if expires_at is not None and expires_at <= now:
                await self._drop(key)
        found: list[bytes | None] = await self._cache.multi_get(keys)
        return found if len(found) == len(keys) else None

    async def put(self, key: str, blob: bytes, ttl_s: float) -> bool:
        """Keep `blob`; false only if it alone is larger than the whole store."""
        await self._cache.set(key, blob)
        size_bytes = len(key) + len(blob) + ENTRY_OVERHEAD_BYTES
        evicted = self._expiry.put(key, self._clock() + ttl_s, size_bytes)
        for oldest in evicted:
            await self._cache.delete(oldest)
            self._metrics.count("cache.evicted")
        return key not in evicted

    async def add(self, key: str, blob: bytes, ttl_s: float) -> bool:
        """Keep `blob` unless the key is there already."""
        return await self._get(key) is None and await self.put(key, blob, ttl_s)

    async def renew(self, key: str, blob: bytes, ttl_s: float) -> None:
        """Keep `key` for another `ttl_s` seconds if it still holds exactly `blob`."""
        if await self._get(key) == blob:
            await self.put(key, blob, ttl_s)

    async def release(self, key: str, blob: bytes) -> None:
        """Delete `key` if it still holds exactly `blob`."""
        if await self._get(key) == blob:
            await self._drop(key)

    async def aclose(self) -> None:
        """Nothing to give back."""

    async def _get(self, key: str) -> bytes | None:
        found = await self.get_many([key])
        return found[0] if found else None

    async def _drop(self, key: str) -> None:
        self._expiry.drop(key)
        await self._cache.delete(key)
