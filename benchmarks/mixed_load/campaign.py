"""Everything at once: readers, writers, subscribers, and trouble."""

import asyncio
import random
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks.mixed_load.fleet import Door, Replicas
from benchmarks.mixed_load.follows import Subscribers
from benchmarks.mixed_load.reads import Readers, untouched_jobs
from benchmarks.mixed_load.things import things
from benchmarks.mixed_load.troubles import Slot, Troubles, plan
from benchmarks.mixed_load.verdict import Verdict
from benchmarks.mixed_load.writes import Writers
from gateway.access.api_key import hash_text, mint_api_key
from gateway.service.writing.policy import WritePolicy
from tests.cache.own_redis import RedisServer
from tests.exactly_once.documents import OPERATIONS
from tests.exactly_once.processes import Clouds, Gateway, running_clouds, running_gateway
from tests.faults.chaos_proxy import ChaosProxy, chaos_proxy
from tests.own_postgres import Postgres, running_postgres
from tests.read_path.processes import free_port

_REPLICAS: Final = 2
_ROLES: Final = {"reader": "read", "writer": "operate"}
_SAMPLE_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much, and for how long.

    Attributes:
        seconds: of load; then writes have `patience_s` to end.
        jobs_each: jobs of each cloud that readers look at and nobody writes to.
        things_each: writers of each of four kinds.
        policy: how patient the gateways are with writes that another one left behind.
    """

    seconds: float
    reads_per_second: float = 30.0
    writes_per_second: float = 2.0
    subscribers: int = 4
    jobs_each: int = 6
    things_each: int = 4
    patience_s: float = 150.0
    seed: int = 5
    policy: WritePolicy = field(default_factory=WritePolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of it.

    Attributes:
        unsettled: operations in the journal that nobody knows the end of.
        states: operations in the journal, by state.
        memory: samples of resident memory in MiB, by process, each with its second of the run.
        moved: requests that went to another replica.
    """

    readers: Readers
    writers: Writers
    subscribers: Subscribers
    verdict: Verdict
    states: Counter[str]
    unsettled: list[str]
    memory: Mapping[int, Sequence[tuple[float, float]]]
    moved: Mapping[str, int]

    def growth(self, begin_s: float, end_s: float, around_s: float = 10.0) -> dict[int, float]:
        """How much each process that ran all the time has grown, as a share."""
        return {
            pid: _around(samples, end_s, around_s) / _around(samples, begin_s, around_s) - 1
            for pid, samples in self.memory.items()
            if samples[0][0] <= begin_s and samples[-1][0] >= end_s - around_s
        }


async def campaign(load: Load, folder: Path) -> Report:
    """Let it all run, and see how it went.

    Raises:
        RuntimeError: there is no redis-server, or no PostgreSQL.
    """
    chance = random.Random(load.seed)  # noqa: S311 - a load is to be repeated, not guessed
    keys = {name: mint_api_key(name) for name in _ROLES}
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(_running_redis(folder))
        postgres = await asyncio.to_thread(stack.enter_context, running_postgres())
        clouds = await asyncio.to_thread(stack.enter_context, running_clouds())
        proxies = {
            name: await stack.enter_async_context(
                chaos_proxy(urlsplit(str(settings["endpoint"])).port or 0)
            )
            for name, settings in clouds.opened.backends.items()
        }
        around = _Surroundings(
            folder=folder,
            clouds=clouds,
            proxies=proxies,
            postgres=postgres,
            redis=redis,
            keys=keys,
        )
        replicas = await asyncio.to_thread(
            Replicas, partial(around.gateway, load.policy), _REPLICAS
        )
        stack.push_async_callback(asyncio.to_thread, replicas.close)
        reading, writing = (Door(replicas, keys[name]) for name in _ROLES)
        for door in (reading, writing):
            stack.push_async_callback(door.aclose)
        troubles = Troubles(replicas=replicas, redis=redis, postgres=postgres, clouds=proxies)
        targets = [clouds.firmware(cloud) for cloud in proxies]
        readers = Readers(
            door=reading,
            troubles=troubles,
            jobs=await untouched_jobs(reading, targets, load.jobs_each),
            chance=chance,
        )
        writers = Writers(
            door=writing,
            troubles=troubles,
            things=things(clouds, f"run-{uuid4().hex[:8]}", load.things_each),
            chance=chance,
        )
        subscribers = Subscribers(
            door=reading,
            key=keys["reader"],
            newest=lambda: chance.choice(writers.operations) if writers.operations else None,
        )
        await readers.warm()
        memory = await _run(load, plan(load.seconds), readers, writers, subscribers)
        operations = await _when_settled(writing, load.patience_s)
        executed = {name: await asyncio.to_thread(clouds.executed, name) for name in proxies}
        return Report(
            readers=readers,
            writers=writers,
            subscribers=subscribers,
            verdict=Verdict.of(writers.told, executed),
            states=Counter(operation["state"] for operation in operations),
            unsettled=[each["id"] for each in operations if not each["settled"]],
            memory=memory,
            moved={"reads": reading.moved, "writes": writing.moved},
        )


async def _run(
    load: Load,
    slots: Sequence[Slot],
    readers: Readers,
    writers: Writers,
    subscribers: Subscribers,
) -> dict[int, list[tuple[float, float]]]:
    """The load itself; returns samples of the replicas' memory."""
    memory: dict[int, list[tuple[float, float]]] = {}
    troubles = readers.troubles

    async def sample() -> None:
        began = time.monotonic()
        while True:
            for pid, resident in troubles.replicas.resident_mib().items():
                memory.setdefault(pid, []).append((time.monotonic() - began, resident))
            await asyncio.sleep(_SAMPLE_S)

    beside = [
        asyncio.create_task(one)
        for one in (
            sample(),
            readers.door.watch(),
            writers.door.watch(),
            *(subscribers.follow() for _ in range(load.subscribers)),
        )
    ]
    async with asyncio.TaskGroup() as group:
        group.create_task(troubles.make(tuple(slots), load.seconds))
        group.create_task(readers.read(load.reads_per_second, load.seconds))
        group.create_task(
            writers.write(load.writes_per_second, load.seconds, patience_s=load.patience_s)
        )
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    return memory


async def _when_settled(door: Door, patience_s: float) -> list[dict[str, Any]]:
    """All operations of the journal, once nothing more becomes of any of them."""
    give_up_at = time.monotonic() + patience_s
    while True:
        found = [operation async for operation in _operations(door)]
        if all(operation["settled"] for operation in found) or time.monotonic() > give_up_at:
            return found
        await asyncio.sleep(1)


async def _operations(door: Door) -> AsyncIterator[dict[str, Any]]:
    after: str | None = None
    while True:
        answer = await door.ask(OPERATIONS, {"first": 100, "after": after})
        page = answer["data"]["operations"]
        for edge in page["edges"]:
            yield edge["node"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surroundings:
    """What a gateway is started in: `keys` are API keys by name."""

    folder: Path
    clouds: Clouds
    proxies: Mapping[str, ChaosProxy]
    postgres: Postgres
    redis: RedisServer
    keys: Mapping[str, str]

    def gateway(self, policy: WritePolicy) -> AbstractContextManager[Gateway]:
        """One of the replicas, which keeps to the clouds' documented rates."""
        return running_gateway(
            self.clouds,
            self.postgres.url,
            self.folder,
            policy=policy,
            backends={
                name: {**settings, "endpoint": self.proxies[name].address}
                for name, settings in self.clouds.opened.backends.items()
            },
            cache={"url": self.redis.url, "replicas": _REPLICAS},
            access={
                "keys": {
                    name: {"hash": hash_text(key), "role": _ROLES[name]}
                    for name, key in self.keys.items()
                }
            },
        )


@asynccontextmanager
async def _running_redis(folder: Path) -> AsyncIterator[RedisServer]:
    binary = shutil.which("redis-server")
    if binary is None:
        message = "there is no redis-server binary"
        raise RuntimeError(message)
    server = RedisServer(binary=binary, directory=folder, port=free_port())
    await asyncio.to_thread(server.start)
    try:
        yield server
    finally:
        await asyncio.to_thread(server.stop)


def _around(samples: Sequence[tuple[float, float]], at_s: float, around_s: float) -> float:
    return median(mib for second, mib in samples if abs(second - at_s) <= around_s)
