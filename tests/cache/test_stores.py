"""What every store must do."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.cache.memory_store import MemoryStore
from gateway.cache.redis_store import RedisStore
from gateway.cache.store import Store

LONG_S = 60.0


@pytest_asyncio.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    made: Store
    if request.param == "memory":
        made = MemoryStore()
    else:
        made = RedisStore(request.getfixturevalue("redis_url"))
    yield made
    await made.aclose()


async def test_bytes_come_back_as_they_were_and_unknown_keys_are_none(store: Store) -> None:
    blob = bytes(range(256))
    assert await store.put("a", blob, LONG_S)
    assert await store.put("empty", b"", LONG_S)
    assert await store.get_many(["b", "a", "empty", "a"]) == [None, blob, b"", blob]
    assert await store.get_many([]) == []


async def test_an_entry_ends_with_its_time(store: Store) -> None:
    await store.put("a", b"1", 0.001)
    give_up = asyncio.get_running_loop().time() + 5
    while await store.get_many(["a"]) != [None]:
        assert asyncio.get_running_loop().time() < give_up


async def test_putting_again_replaces_the_bytes_and_their_time(store: Store) -> None:
    await store.put("a", b"1", 0.05)
    await store.put("a", b"2", LONG_S)
    assert await store.get_many(["a"]) == [b"2"]


async def test_only_one_of_many_adds(store: Store) -> None:
    added = await asyncio.gather(*(store.add("a", b"%d" % n, LONG_S) for n in range(50)))
    assert added.count(True) == 1
    assert await store.get_many(["a"]) == [b"%d" % added.index(True)]


async def test_renew_prolongs_only_what_is_ours(store: Store) -> None:
    await store.add("a", b"mine", 0.05)
    await store.renew("a", b"another's", 60)
    await store.add("b", b"mine", 0.05)
    await store.renew("b", b"mine", 60)
    await store.renew("c", b"mine", 60)
    await asyncio.sleep(0.1)  # the time that the store itself keeps
    assert await store.get_many(["a", "b", "c"]) == [None, b"mine", None]


async def test_release_deletes_only_what_is_ours(store: Store) -> None:
    await store.put("a", b"mine", LONG_S)
    await store.release("a", b"another's")
    assert await store.get_many(["a"]) == [b"mine"]
    await store.release("a", b"mine")
    await store.release("a", b"mine")
    assert await store.get_many(["a"]) == [None]


async def test_lookups_of_one_turn_all_get_their_own_keys(store: Store) -> None:
    for number in range(700):
        await store.put(f"{number}", b"%d" % number, LONG_S)
    found = await asyncio.gather(*(store.get_many([f"{n}", "none"]) for n in range(700)))
    assert found == [[b"%d" % number, None] for number in range(700)]


async def test_a_lookup_that_is_given_up_leaves_the_others_theirs(store: Store) -> None:
    await store.put("a", b"1", LONG_S)
    lookups = [asyncio.create_task(store.get_many(["a"])) for _ in range(3)]
    await asyncio.sleep(0)
    lookups[0].cancel()
    results = await asyncio.gather(*lookups, return_exceptions=True)
    assert results[1:] == [[b"1"], [b"1"]]
