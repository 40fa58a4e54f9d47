"""What holds in memory only."""

import asyncio
import gc

from gateway.cache.memory_store import ENTRY_OVERHEAD_BYTES, MemoryStore
from gateway.domain.metrics import CountingMetrics
from tests.cache.bench import Clock


async def test_bounds_hold_exactly_over_a_hundred_thousand_keys() -> None:
    metrics = CountingMetrics()
    by_entries = MemoryStore(max_entries=1_000, max_bytes=10**9, metrics=metrics)
    by_bytes = MemoryStore(max_entries=10**9, max_bytes=1_000_000)
    blob = b"x" * 250
    each = len("00000000") + len(blob) + ENTRY_OVERHEAD_BYTES
    for number in range(110_000):
        key = f"{number:08}"
        await by_entries.put(key, blob, 60)
        await by_bytes.put(key, blob, 60)
        assert by_entries.entries <= 1_000
        assert by_bytes.size_bytes <= 1_000_000
    assert by_entries.entries == 1_000
    assert metrics.total("cache.evicted") == 109_000
    assert by_bytes.size_bytes == 1_000_000 // each * each
    assert await by_entries.get_many(["00108999", "00109000"]) == [None, blob]


async def test_what_is_asked_for_stays_and_the_rest_goes() -> None:
    store = MemoryStore(max_entries=3)
    for key in "abc":
        await store.put(key, b"1", 60)
    await store.get_many(["a"])
    await store.put("d", b"1", 60)
    assert await store.get_many(list("abcd")) == [b"1", None, b"1", b"1"]


async def test_a_blob_larger_than_the_store_is_refused_and_replaces_nothing_by_halves() -> None:
    store = MemoryStore(max_bytes=2_000)
    assert await store.put("a", b"1", 60)
    assert not await store.put("a", b"x" * 2_000, 60)
    assert await store.get_many(["a"]) == [None]
    assert (store.entries, store.size_bytes) == (0, 0)


async def test_an_entry_past_its_time_gives_its_room_back_when_asked_for() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.put("a", b"1", 5)
    clock.now += 5
    assert await store.get_many(["a"]) == [None]
    assert store.size_bytes == 0


async def test_no_timers_are_left_running() -> None:
    store = MemoryStore()
    for number in range(1_000):
        await store.put(f"{number % 10}", b"1", 3_600)
    gc.collect()
    timers = [thing for thing in gc.get_objects() if isinstance(thing, asyncio.TimerHandle)]
    assert not timers
