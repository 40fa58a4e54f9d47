"""A cache that is away, hung, poisoned or stormed: rows D1 to D16."""

import ast
import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import redis

import gateway
from tests.cache.own_redis import RedisServer
from tests.faults import scripts
from tests.faults.chaos_proxy import chaos_proxy
from tests.faults.stage import (
    EACH,
    READ,
    Simulators,
    Stage,
    source,
    staged,
)
from tests.faults.test_b_upstream_content import NOTHING_STAYS

_REDIS: Final = pytest.mark.redis
_FIRST_S: Final = 0.3 * 3
"""What a cache that fails may add to a few reads until it is left alone, on a slow machine."""


@asynccontextmanager
async def shared(server: RedisServer, *, beside: Stage | None = None) -> AsyncIterator[Stage]:
    """A gateway whose cache is `server`, warm enough to have spoken with it.

    It is another replica of the one `beside` it, over the same clouds.
    """
    async with staged(
        cache={"url": server.url},
        clouds=None if beside is None else beside.clouds,
        simulators=None if beside is None else beside.simulators,
    ) as stage:
        await stage.job("grid", 0)
        await stage.job("lights", 0)
        await flights_over()
        yield stage


async def flights_over() -> None:
    """Let what reads do after they have answered come to its end."""
    await asyncio.sleep(0.1)


async def reads_go_on(stage: Stage, *numbers: int) -> float:
    """Read these jobs of both clouds, live; returns what the slowest of them took."""
    slowest_s = 0.0
    for number in numbers:
        for backend in ("grid", "lights"):
            answer = await stage.job(backend, number)
            assert answer.error is None
            assert answer.source == "LIVE"
            slowest_s = max(slowest_s, answer.elapsed_s)
    return slowest_s


async def one_call_for(stage: Stage, backend: str, callers: int, number: int) -> float:
    """Many callers of one cold job cost one call; returns what the slowest of them took."""
    before = stage.clouds[backend].count(READ[backend])
    answers = await asyncio.gather(*(stage.job(backend, number) for _ in range(callers)))
    assert all(answer.error is None for answer in answers)
    assert stage.clouds[backend].count(READ[backend]) == before + 1
    return max(answer.elapsed_s for answer in answers)


@_REDIS
async def test_d01_a_redis_that_refuses_costs_a_moment_and_no_answer(
    own_redis: RedisServer,
) -> None:
    async with shared(own_redis) as stage:
        own_redis.stop()

        assert await reads_go_on(stage, *range(1, 8)) < _FIRST_S
        await one_call_for(stage, "lights", 300, 10)
        assert stage.metrics.total("cache.error", reason="unreachable") > 0


@_REDIS
async def test_d02_a_redis_that_hangs_costs_its_limit_once_and_then_nothing(
    own_redis: RedisServer,
) -> None:
    async with shared(own_redis) as stage:
        with own_redis.client() as admin:
            admin.execute_command("CLIENT", "PAUSE", "60000", "ALL")

        await reads_go_on(stage, 1, 2, 3)
        began_at = time.monotonic()
        await reads_go_on(stage, *range(4, 10))  # within the second that it is left alone
        spent_s = time.monotonic() - began_at

        assert spent_s / 12 < 0.1
        await one_call_for(stage, "grid", 200, 10)


@contextmanager
def busy(server: RedisServer, *command: str) -> Iterator[None]:
    """Let the server do this one command, and nothing else beside it, while the block runs."""
    with server.client() as admin:
        connection = admin.connection_pool.get_connection()
        connection.send_command(*command)
        try:
            time.sleep(0.05)  # until the server has begun
            yield
        finally:
            connection.disconnect()


@_REDIS
@pytest.mark.parametrize(
    "command",
    [("DEBUG", "SLEEP", "1.5"), ("EVAL", "while true do end", "0")],
    ids=["asleep", "script"],
)
async def test_d03_a_redis_that_is_busy_is_as_one_that_hangs(
    own_redis: RedisServer, command: tuple[str, ...]
) -> None:
    async with shared(own_redis) as stage:
        with busy(own_redis, *command):
            await reads_go_on(stage, 1, 2, 3)
            assert await reads_go_on(stage, *range(4, 8)) < _FIRST_S


@_REDIS
async def test_d04_killed_connections_are_not_even_noticed(own_redis: RedisServer) -> None:
    async with shared(own_redis) as stage:
        for _ in range(3):
            with own_redis.client() as admin:
                admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            answers = [await stage.job(backend, 0) for backend in ("grid", "lights")]
            assert [answer.source for answer in answers] == ["CACHE", "CACHE"]
        assert stage.metrics.total("cache.error") == 0


@_REDIS
async def test_d04_a_restart_fails_no_request_and_is_got_over(own_redis: RedisServer) -> None:
    async with shared(own_redis) as stage:
        own_redis.stop()
        await reads_go_on(stage, 1)
        own_redis.start()
        await reads_go_on(stage, 2)
        await asyncio.sleep(1.05)  # the cache is left alone for a second
        await reads_go_on(stage, 3)
        await flights_over()
        assert (await stage.job("lights", 3)).source == "CACHE"


def _read_only(server: RedisServer) -> None:
    with server.client() as admin:
        admin.execute_command("REPLICAOF", "127.0.0.1", "1")


def _without_replicas(server: RedisServer) -> None:
    with server.client() as admin:
        admin.config_set("min-replicas-to-write", "1")


def _without_rights(server: RedisServer) -> None:
    with server.client() as admin:
        admin.execute_command("ACL", "SETUSER", "default", "-@all", "+acl", "+ping", "+config")


def _without_memory(server: RedisServer) -> None:
    with server.client() as admin:
        admin.config_set("maxmemory-policy", "noeviction")
        admin.config_set("maxmemory", "1mb")


def _with_a_password(server: RedisServer) -> None:
    with server.client() as admin:
        admin.config_set("requirepass", "changed")
        admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


@_REDIS
@pytest.mark.parametrize(
    "refuse",
    [_read_only, _without_replicas, _without_rights, _without_memory, _with_a_password],
)
async def test_d05_a_redis_that_refuses_commands_is_a_cache_that_is_away(
    own_redis: RedisServer, refuse: Callable[[RedisServer], None]
) -> None:
    async with shared(own_redis) as stage:
        refuse(own_redis)
        assert await reads_go_on(stage, *range(1, 6)) < _FIRST_S
        await one_call_for(stage, "grid", 100, 10)
        assert stage.metrics.total("cache.error") > 0


@_REDIS
async def test_d06_a_flush_under_load_costs_a_call_a_key_at_most(own_redis: RedisServer) -> None:
    keys = range(8)
    async with shared(own_redis) as stage:
        cloud = stage.clouds["lights"]
        with own_redis.client() as admin:
            for _ in range(3):
                cloud.forget()
                answers = await asyncio.gather(
                    *(stage.job("lights", number) for number in keys for _ in range(8))
                )
                assert all(answer.error is None for answer in answers)
                assert cloud.count(READ["lights"]) <= len(keys)
                await flights_over()
                admin.flushall()


def _kept(admin: redis.Redis, kind: str = "read") -> dict[bytes, bytes]:
    """All answers that the gateway keeps."""
    found: dict[bytes, bytes] = {}
    for key in admin.scan_iter(f"ota:{kind}:*"):
        value = admin.get(key)
        if isinstance(value, bytes) and not key.endswith(b":lease"):
            found[key] = value
    return found


def _changed_header(blob: bytes, **fields: object) -> bytes:
    header, _, body = blob.partition(b"\n")
    return json.dumps(json.loads(header) | fields).encode() + b"\n" + body


_POISONS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "pickle": lambda _: b"\x80\x04\x95\x0b\x00",
    "nothing": lambda _: b"",
    "JSON of a wrong shape": lambda blob: blob.partition(b"\n")[0] + b'\n{"status": "DONE"}',
    "not UTF-8": lambda blob: blob[:-4] + b"\xff\xfe\x00}",
    "half": lambda blob: blob[: len(blob) // 2],
    "another tenant's": lambda blob: _changed_header(blob, tenant="other"),
    "an older schema's": lambda blob: _changed_header(blob, schema_version="0.0"),
    "another key's": lambda blob: _changed_header(blob, key="ota:read:grid:job:0"),
    "one from the future": lambda blob: _changed_header(blob, stored_at=9e9, fresh_until=9e9),
    "one that never ends": lambda blob: blob.replace(
        b'"fresh_until":', b'"fresh_until":1e999,"x":'
    ),
}


@_REDIS
async def test_d07_poisoned_entries_are_misses_and_are_overwritten(own_redis: RedisServer) -> None:
    async with shared(own_redis) as stage:
        cloud = stage.clouds["lights"]
        for poison, spoil in _POISONS.items():
            with own_redis.client() as admin:
                for key, blob in _kept(admin, "read:lights").items():
                    admin.set(key, spoil(blob), keepttl=True)
            cloud.forget()
            answer = await stage.job("lights", 0)
            await flights_over()
            again = await stage.job("lights", 0)

            assert (poison, answer.source) == (poison, "LIVE")
            assert (poison, again.source) == (poison, "CACHE")
            assert cloud.count(READ["lights"]) == 1


@_REDIS
async def test_d07_a_key_of_another_type_of_redis_is_a_miss(own_redis: RedisServer) -> None:
    async with shared(own_redis) as stage:
        with own_redis.client() as admin:
            for key in _kept(admin):
                admin.delete(key)
                admin.rpush(key, "a list")
        assert (await stage.job("grid", 0)).source == "LIVE"


_EXECUTING: Final = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "jsonpickle"}


def test_d08_nothing_of_the_gateway_can_unpickle() -> None:
    root = Path(gateway.__file__).parent
    found: set[tuple[str, str]] = set()
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(alias.name for alias in node.names)]
            found |= {(file.name, n) for n in names if n.partition(".")[0] in _EXECUTING}
            found |= {(file.name, n) for n in names if n == "PickleSerializer"}
    assert found == set()


@_REDIS
async def test_d08_all_that_is_kept_is_json(own_redis: RedisServer) -> None:
    async with shared(own_redis) as stage:
        await stage.list_jobs()
        await flights_over()
        with own_redis.client() as admin:
            kept = _kept(admin)
        assert len(kept) > 5
        for blob in kept.values():
            for line in blob.split(b"\n"):
                json.loads(line)


@pytest.mark.parametrize(("backend", "callers"), [("grid", 1_000), ("lights", 100)])
async def test_d09_a_thousand_callers_of_one_job_cost_one_call(backend: str, callers: int) -> None:
    async with staged() as stage:
        stage.clouds[backend].play(READ[backend], scripts.late(0.2))
        await one_call_for(stage, backend, callers, 0)


@_REDIS
async def test_d09_callers_of_three_replicas_cost_one_call(own_redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(shared(own_redis))
        replicas = [one]
        for _ in range(2):
            replica = await stack.enter_async_context(shared(own_redis, beside=one))
            replicas.append(replica)
        one.clouds["lights"].forget()
        one.clouds["lights"].play(READ["lights"], scripts.late(0.2))

        answers = await asyncio.gather(
            *(replica.job("lights", 5) for replica in replicas for _ in range(30))
        )

        assert all(answer.error is None for answer in answers)
        # A replica that gets no word from Redis in time, on a busy machine, loads by itself.
        without_word = sum(replica.metrics.total("cache.error") > 0 for replica in replicas)
        assert one.clouds["lights"].count(READ["lights"]) <= 1 + without_word


@EACH
async def test_d10_a_failing_load_fails_all_who_wait_with_one_call(backend: str) -> None:
    async def fail_late(exchange: Any) -> None:  # noqa: ANN401 - an exchange
        await asyncio.sleep(0.2)
        await scripts.page(502)(exchange)

    async with staged(upstream={"max_attempts": 1}) as stage:
        await stage.job(backend, 1)
        stage.clouds[backend].always(READ[backend], fail_late)
        stage.clouds[backend].forget()

        answers = await asyncio.gather(*(stage.job(backend, 0) for _ in range(200)))

        assert {answer.code for answer in answers} == {"PROVIDER_UNAVAILABLE"}
        assert stage.clouds[backend].count(READ[backend]) == 1


@EACH
async def test_d10_a_failing_load_gives_all_who_wait_what_is_old(backend: str) -> None:
    async with staged(own=NOTHING_STAYS, upstream={"max_attempts": 1}) as stage:
        await stage.job(backend, 0)
        stage.clouds[backend].always(READ[backend], scripts.page(502))
        stage.clouds[backend].forget()

        answers = await asyncio.gather(*(stage.job(backend, 0) for _ in range(200)))

        assert {answer.source for answer in answers} == {"STALE"}
        assert stage.clouds[backend].count(READ[backend]) <= 2


@EACH
async def test_d11_a_first_caller_who_leaves_takes_nobody_along(backend: str) -> None:
    async with staged() as stage:
        await stage.job(backend, 1)
        stage.clouds[backend].forget()
        stage.clouds[backend].play(READ[backend], scripts.late(0.3))

        first = asyncio.create_task(stage.job(backend, 0))
        await stage.clouds[backend].reached.wait()
        others = [asyncio.create_task(stage.job(backend, 0)) for _ in range(20)]
        await asyncio.sleep(0.02)
        first.cancel()
        answers = await asyncio.gather(*others)

        assert {answer.source for answer in answers} == {"LIVE"}
        assert stage.clouds[backend].count(READ[backend]) == 1


@_REDIS
async def test_d12_after_a_time_out_no_reader_gets_another_keys_value(
    own_redis: RedisServer,
) -> None:
    jobs = 24
    async with chaos_proxy(own_redis.port) as proxy:
        cache = {"url": f"redis://127.0.0.1:{proxy.port}/0"}
        async with staged(jobs=jobs, cache=cache) as stage:
            await asyncio.gather(*(stage.job("lights", number) for number in range(jobs)))
            await flights_over()
            # About half of the answers of Redis come after the limit of 0.2 s.
            proxy.sicken(latency_s=0.1, jitter_s=0.3)
            for _ in range(2):
                # `stage.job` looks whether the job is the one that was asked for.
                answers = await asyncio.gather(
                    *(stage.job("lights", number) for number in range(jobs))
                )
                assert all(answer.error is None for answer in answers)
                await asyncio.sleep(0.4)
            assert stage.metrics.total("cache.error", reason="unreachable") > 0
            proxy.heal()
            await asyncio.sleep(1.05)
            answers = await asyncio.gather(*(stage.job("lights", number) for number in range(jobs)))
            assert all(answer.error is None for answer in answers)


@_REDIS
@EACH
async def test_d13_two_accounts_of_one_name_share_a_redis_and_nothing_in_it(
    own_redis: RedisServer, backend: str
) -> None:
    now_s = time.time()
    async with AsyncExitStack() as stack:
        # The same fleets, so that ids are equal and only organisation and instance differ.
        stages = [
            await stack.enter_async_context(
                staged(
                    simulators=Simulators.started(org_id=org_id, at_s=now_s),
                    cache={"url": own_redis.url},
                )
            )
            for org_id in ("o1", "o2")
        ]
        native_id = stages[0].jobs[backend][0]
        assert native_id in stages[1].jobs[backend]
        answers = [await stage.job(backend, id_=native_id) for stage in stages]
        await flights_over()
        again = [await stage.job(backend, id_=native_id) for stage in stages]
        lists = [await stage.list_jobs(backend) for stage in stages]

        assert [answer.source for answer in answers] == ["LIVE", "LIVE"]
        assert [answer.source for answer in again] == ["CACHE", "CACHE"]
        assert [source(found, backend)["outcome"] for found in lists] == ["LIVE", "LIVE"]


@_REDIS
@EACH
async def test_d14_what_is_not_there_is_known_for_five_seconds_and_refusals_never(
    own_redis: RedisServer, backend: str
) -> None:
    async with shared(own_redis) as stage:
        cloud = stage.clouds[backend]
        cloud.forget()
        first = await stage.job(backend, id_="nosuchjob")
        await flights_over()
        second = await stage.job(backend, id_="nosuchjob")

        assert (first.node, second.node) == (None, None)
        assert cloud.count(READ[backend]) == 1
        with own_redis.client() as admin:
            absent = [key for key, blob in _kept(admin).items() if b'"absent":"' in blob]
            assert len(absent) == 1
            assert 0 < admin.pttl(absent[0]) <= 5_000

        cloud.always(READ[backend], scripts.answering(403))
        cloud.forget()
        refused = [await stage.job(backend, 5) for _ in range(3)]
        assert {answer.code for answer in refused} == {"PROVIDER_AUTH"}
        assert cloud.count(READ[backend]) >= 3
        cloud.calm()
        assert (await stage.job(backend, 5)).source == "LIVE"


async def test_d16_memory_is_bounded_by_entries() -> None:
    jobs, room = 60, 20
    async with staged(jobs=jobs, cache={"max_entries": room}) as stage:
        for number in range(jobs):
            await stage.job("grid", number)
        assert stage.metrics.total("cache.evicted") >= jobs - room
        cloud = stage.clouds["grid"]
        cloud.forget()
        for number in range(jobs):
            await stage.job("grid", number)
        assert cloud.count(READ["grid"]) == jobs  # walked in a circle, none of it was kept


async def test_d16_memory_is_bounded_by_bytes() -> None:
    jobs = 60
    async with staged(jobs=jobs, cache={"max_bytes": 32 * 1024}) as stage:
        for number in range(jobs):
            await stage.job("grid", number)
        assert stage.metrics.total("cache.evicted") > jobs / 2
