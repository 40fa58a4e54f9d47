"""A Redis that misbehaves costs its readers a moment once, and never an answer."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest
import pytest_asyncio

from gateway.cache.engine import ReadEngine
from gateway.cache.guard import OPEN_S
from gateway.cache.keys import lease_key
from gateway.cache.redis_store import RedisStore
from gateway.domain.freshness import FreshnessSource
from gateway.domain.metrics import CountingMetrics
from tests.cache.bench import Clock, Upstream, text_spec
from tests.cache.own_redis import RedisServer

pytestmark = pytest.mark.redis

FIRST_CALL_LIMIT_S = 0.3
OPEN_CALL_LIMIT_S = 0.02
LIVE, CACHE = FreshnessSource.LIVE, FreshnessSource.CACHE
SPEC = text_spec()


class Gateway:
    """An engine on a real server; `metrics` count what went wrong with the cache."""

    def __init__(self, server: RedisServer) -> None:
        self.metrics = CountingMetrics()
        self.breaker_clock = Clock()
        self.store = RedisStore(server.url, metrics=self.metrics, clock=self.breaker_clock)
        self.engine = ReadEngine(self.store, metrics=self.metrics)
        self.cloud = Upstream()

    async def read(self, name: str = "a") -> FreshnessSource:
        answer = await self.engine.read(text_spec(name), self.cloud.load)
        assert answer.value == "one"
        return answer.freshness.source

    async def flights_over(self) -> None:
        """Wait until what flights do after they have answered is done."""
        this = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not this]
        if others:
            await asyncio.wait(others)

    @property
    def errors(self) -> int:
        return self.metrics.total("cache.error")


@pytest_asyncio.fixture
async def gateway(own_redis: RedisServer) -> AsyncIterator[Gateway]:
    made = Gateway(own_redis)
    await made.read("warm-up")
    await made.flights_over()
    yield made
    await made.engine.aclose()


async def timed(call: Callable[[], Awaitable[object]]) -> float:
    began_at = time.perf_counter()
    await call()
    return time.perf_counter() - began_at


async def near_nothing_while_open(gateway: Gateway) -> None:
    """The breaker opens after three failures; from then on reads cost next to nothing."""
    while not gateway.store.is_away:
        await gateway.read("opening")
        await gateway.flights_over()
    calls = gateway.cloud.calls
    spent = [await timed(partial(gateway.read, f"open-{n}")) for n in range(50)]
    assert sum(spent) / len(spent) < OPEN_CALL_LIMIT_S
    assert gateway.cloud.calls == calls + 50


async def test_answers_are_shared_through_the_server(
    gateway: Gateway, own_redis: RedisServer
) -> None:
    other = Gateway(own_redis)
    assert await gateway.read() is LIVE
    await gateway.flights_over()
    assert await other.read() is CACHE
    assert (gateway.cloud.calls, other.cloud.calls) == (2, 0)
    await gateway.engine.invalidate(SPEC.tags)
    assert await other.read() is LIVE
    assert other.errors == gateway.errors == 0
    await other.engine.aclose()


async def test_refused(gateway: Gateway, own_redis: RedisServer) -> None:
    own_redis.stop()
    assert await timed(gateway.read) < FIRST_CALL_LIMIT_S
    await near_nothing_while_open(gateway)


async def test_refused_for_a_thousand_callers_still_costs_one_call(
    gateway: Gateway, own_redis: RedisServer
) -> None:
    own_redis.stop()
    calls = gateway.cloud.calls
    await asyncio.gather(*(gateway.read() for _ in range(1_000)))
    assert gateway.cloud.calls == calls + 1


async def test_hung(gateway: Gateway, own_redis: RedisServer) -> None:
    with own_redis.client() as admin:
        admin.execute_command("CLIENT", "PAUSE", "60000", "ALL")
    assert await timed(gateway.read) < FIRST_CALL_LIMIT_S
    await near_nothing_while_open(gateway)


async def test_hung_before_the_first_connection(own_redis: RedisServer) -> None:
    with own_redis.client() as admin:
        admin.execute_command("CLIENT", "PAUSE", "60000", "ALL")
    gateway = Gateway(own_redis)
    assert await timed(gateway.read) < FIRST_CALL_LIMIT_S
    await gateway.flights_over()
    await gateway.engine.aclose()


async def test_restarted(gateway: Gateway, own_redis: RedisServer) -> None:
    own_redis.stop()
    await gateway.read()
    await near_nothing_while_open(gateway)
    own_redis.start()
    gateway.breaker_clock.now += OPEN_S
    assert await gateway.read("after") is LIVE
    await gateway.flights_over()
    assert await gateway.read("after") is CACHE


async def test_connections_killed_between_two_reads_are_not_even_an_error(
    gateway: Gateway, own_redis: RedisServer
) -> None:
    with own_redis.client() as admin:
        admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert await gateway.read("warm-up") is CACHE
    assert gateway.errors == 0


async def test_flushed_under_load(gateway: Gateway, own_redis: RedisServer) -> None:
    with own_redis.client() as admin:
        for _ in range(20):
            before = gateway.cloud.calls
            await asyncio.gather(*(gateway.read(f"{n % 20}") for n in range(400)))
            admin.flushall()
            assert gateway.cloud.calls - before <= 20
            await gateway.flights_over()
    assert gateway.errors == 0


async def test_out_of_memory(gateway: Gateway, own_redis: RedisServer) -> None:
    with own_redis.client() as admin:
        admin.config_set("maxmemory-policy", "noeviction")
        admin.config_set("maxmemory", "1mb")
    for number in range(20):
        assert await timed(partial(gateway.read, f"{number}")) < FIRST_CALL_LIMIT_S
        await gateway.flights_over()
    assert gateway.metrics.total("cache.error", reason="refused") > 0
    assert not gateway.store.is_away
    assert await gateway.read("warm-up") is CACHE


async def test_read_only(gateway: Gateway, own_redis: RedisServer) -> None:
    with own_redis.client() as admin:
        admin.execute_command("REPLICAOF", "127.0.0.1", "1")
    for number in range(20):
        assert await timed(partial(gateway.read, f"{number}")) < FIRST_CALL_LIMIT_S
        await gateway.flights_over()
    assert gateway.metrics.total("cache.error", reason="refused") > 0
    assert await gateway.read("warm-up") is CACHE


async def test_without_permission(gateway: Gateway, own_redis: RedisServer) -> None:
    with own_redis.client() as admin:
        admin.execute_command("ACL", "SETUSER", "default", "-@all", "+acl", "+ping")
        assert await timed(gateway.read) < FIRST_CALL_LIMIT_S
        await gateway.flights_over()


async def test_invalidation_with_a_hung_server_is_quick_and_holds(
    gateway: Gateway, own_redis: RedisServer
) -> None:
    with own_redis.client() as admin:
        admin.execute_command("CLIENT", "PAUSE", "400", "ALL")
        spent = await timed(lambda: gateway.engine.invalidate(SPEC.tags))
        assert spent < FIRST_CALL_LIMIT_S
        admin.ping()  # answered when the pause is over
    gateway.breaker_clock.now += OPEN_S
    assert await gateway.read("warm-up") is LIVE


@pytest.mark.parametrize(
    "poison",
    [b"\x80\x04\x95pickle", b"", b"{}", b'{"v":1}\n"one"', b"null\nnull", b"\xff\xfe\x00"],
)
async def test_poisoned_bytes_are_a_miss_and_are_overwritten(
    gateway: Gateway, own_redis: RedisServer, poison: bytes
) -> None:
    with own_redis.client() as admin:
        admin.set(SPEC.key, poison)
    assert await gateway.read() is LIVE
    await gateway.flights_over()
    assert await gateway.read() is CACHE
    assert gateway.metrics.total("cache.error", operation="decode") >= 1


async def test_a_key_of_another_redis_type_is_a_miss_and_is_overwritten(
    gateway: Gateway, own_redis: RedisServer
) -> None:
    with own_redis.client() as admin:
        admin.rpush(SPEC.key, "x")
        admin.sadd(SPEC.tags[0], "x")
    assert await gateway.read() is LIVE
    await gateway.flights_over()
    assert await gateway.read() is CACHE


@pytest.mark.parametrize("field", ["tenant", "schema_version"])
async def test_the_entry_of_another_tenant_or_version_is_a_miss(
    gateway: Gateway, own_redis: RedisServer, field: str
) -> None:
    await gateway.read()
    await gateway.flights_over()
    with own_redis.client() as admin:
        blob = admin.get(SPEC.key)
        assert isinstance(blob, bytes)
        ours = (SPEC.tenant if field == "tenant" else SPEC.codec.version).encode()
        admin.set(
            SPEC.key,
            blob.replace(b'"%s":"%s"' % (field.encode(), ours), b'"%s":"0"' % field.encode()),
        )
    assert await gateway.read() is LIVE


async def test_all_keys_have_an_end_and_no_lease_stays(
    gateway: Gateway, own_redis: RedisServer
) -> None:
    await gateway.read()
    await gateway.engine.invalidate(SPEC.tags)
    await gateway.flights_over()
    with own_redis.client() as admin:
        left: list[bytes] = list(admin.scan_iter())
        assert left
        assert all(admin.ttl(key) > 0 for key in left)
        assert lease_key(SPEC.key).encode() not in left


async def test_no_value_reaches_a_log(
    gateway: Gateway, own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.cloud.answer = "one"
    await gateway.read()
    own_redis.stop()
    await gateway.read("b")
    await gateway.flights_over()
    assert "ota:" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("aiocache")]


@pytest.mark.parametrize("url", ["unix:///tmp/redis.sock", "http://localhost", "localhost:6379"])
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="redis://"):
        RedisStore(url)


async def test_valkey_is_another_word_for_redis(own_redis: RedisServer) -> None:
    store = RedisStore(own_redis.url.replace("redis:", "valkey:"))
    assert await store.put("a", b"1", 60)
    with own_redis.client() as admin:
        assert admin.get("a") == b"1"
    await store.aclose()


async def test_user_and_password_of_the_address_are_used(own_redis: RedisServer) -> None:
    with own_redis.client() as admin:
        admin.execute_command("ACL", "SETUSER", "ota", "on", ">s3:cret", "~*", "+@all")
        admin.execute_command("CONFIG", "SET", "requirepass", "other")
    address = own_redis.url.replace("//", "//ota:s3%3Acret@")
    store = RedisStore(address)
    assert await store.put("a", b"1", 60)
    await store.aclose()
