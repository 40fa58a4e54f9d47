"""What callers see while a cloud is away, and when it is back; each cloud by its simulator."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any, Final

import httpx
import pytest

from gateway import providers, simulators
from gateway.cache.engine import ReadEngine
from gateway.cache.memory_store import MemoryStore
from gateway.cache.policy import ReadPolicy
from gateway.cache.provider import CachedProvider
from gateway.cache.ttl import Content, Lifetime, LifetimeTable
from gateway.domain.call import CallContext
from gateway.domain.metrics import CountingMetrics
from gateway.domain.provider import Capability
from gateway.schema.context import GatewayContext
from gateway.schema.root import create_schema
from gateway.service.backend import Backend
from gateway.service.fleet import Fleet
from gateway.service.job_index import IndexPolicy, JobIndex
from gateway.simulators import Simulation
from gateway.transport.breaker import BreakerPolicy, Breakers
from gateway.transport.budget import Budget
from gateway.transport.client import Upstream
from gateway.transport.policy import UpstreamPolicy

FRESH_S = 10.0
USABLE_S = 100.0
STANDS_IN_S = USABLE_S + ReadPolicy().stale_if_error_s
BREAKER: Final = BreakerPolicy()
CALLERS = 100
READERS = 20
_MOST_TURNS: Final = 100_000

clouds = pytest.mark.parametrize("cloud", simulators.discover())


@dataclass(slots=True)
class Clock:
    """Seconds that pass only when told to."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def as_datetime(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


class Link(httpx.AsyncBaseTransport):
    """The way to a cloud: it can be cut, and it can hold up what is sent."""

    def __init__(self, cloud: httpx.AsyncBaseTransport) -> None:
        self._cloud = cloud
        self.sent = 0
        self.cut = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        await self.gate.wait()
        if self.cut:
            message = "connection refused"
            raise httpx.ConnectError(message, request=request)
        return await self._cloud.handle_async_request(request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A schema over one backend, whose time stands still."""

    fleet: Fleet
    link: Link
    clock: Clock
    metrics: CountingMetrics
    schema: Any = field(default_factory=create_schema)

    async def execute(self, query: str) -> Any:  # noqa: ANN401 - whatever the query asks for
        context = GatewayContext(self.fleet, CallContext(), now=self.clock.as_datetime)
        return await self.schema.execute(query, context_value=context)

    async def ask(self, query: str) -> dict[str, Any]:
        """The data of an answer without errors."""
        result = await self.execute(query)
        assert result.errors is None
        data: dict[str, Any] = result.data
        return data

    async def job(self, native_id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask(job_query(native_id)))["otaJob"]
        return found

    async def jobs(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask(LIST))["otaJobs"]
        return found

    async def job_ids(self) -> list[str]:
        """A hundred jobs of the cloud; the list is kept from now on."""
        return [edge["node"]["nativeId"] for edge in (await self.jobs())["edges"]]

    async def error_of(self, query: str) -> dict[str, Any]:
        """What an answer that failed says to programs."""
        result = await self.execute(query)
        assert result.errors is not None
        extensions: dict[str, Any] = result.errors[0].extensions
        return extensions

    async def settled(self) -> None:
        """Let every refresh that an answer has started come to its end."""
        await until(
            lambda: self.metrics.total("cache.refresh") == self.metrics.total("cache.stale_hit")
        )

    async def refreshed(self, *, outcome: str, times: int = 1) -> None:
        """Let refreshes behind the answers come to their end."""
        await until(lambda: self.metrics.total("cache.refresh", outcome=outcome) >= times)


LIST: Final = """
    {
      otaJobs(first: 100) {
        edges { node { nativeId status } }
        sources { outcome error { code } freshness { source ageSeconds } }
        freshness { source ageSeconds }
      }
    }"""


def job_query(native_id: str, *, max_age_s: int | None = None) -> str:
    age = "" if max_age_s is None else f", maxAgeSeconds: {max_age_s}"
    return f"""
        {{
          otaJob(by: {{native: {{backend: "cloud", nativeId: "{native_id}"}}}}{age}) {{
            status name {{ default }} freshness {{ source ageSeconds }}
          }}
        }}"""


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until `condition` holds."""
    for _ in range(_MOST_TURNS):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("what the test waits for does not happen")


@cache
def simulation_of(cloud: str) -> Simulation:
    """One simulation for all tests; a tenth of a second goes by from call to call, and more.

    So none is throttled, however fast the tests are.
    """
    moments = count(time.time(), 0.11)
    return simulators.discover()[cloud].start(7, moments.__next__)


@asynccontextmanager
async def scene(cloud: str) -> AsyncIterator[Scene]:
    plugin = providers.discover()[cloud]
    simulation = simulation_of(cloud)
    own = dict(simulation.settings("http://127.0.0.1"))
    settings = plugin.settings(
        **{key: value for key, value in own.items() if key not in {"provider", "title"}}
    )
    clock = Clock()
    metrics = CountingMetrics()
    link = Link(httpx.ASGITransport(app=simulation.app))
    upstream = Upstream(
        backend="cloud",
        base_url="http://127.0.0.1",
        policy=UpstreamPolicy(max_attempts=1),
        budget=Budget(),
        breakers=Breakers(
            policy=BREAKER,
            clock=clock,
            classify=lambda operation: "auth" if operation.startswith("token.") else "read",
        ),
        http_transport=link,
    )
    provider = plugin.build("cloud", settings, upstream)
    engine = ReadEngine(MemoryStore(clock=clock), metrics=metrics, clock=clock, monotonic=clock)
    usual = Lifetime(fresh_s=FRESH_S, usable_s=USABLE_S)
    reads = CachedProvider(
        provider,
        engine,
        backend="cloud",
        tenant="acme",
        lifetimes=LifetimeTable(everywhere=dict.fromkeys(Content, usual)),
    )
    indexes = (
        {}
        if Capability.LIST_JOBS in reads.capabilities
        else {"cloud": JobIndex(reads, IndexPolicy(patience_s=10.0), monotonic=clock)}
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(upstream.aclose)
        stack.push_async_callback(reads.aclose)
        stack.push_async_callback(engine.aclose)
        for index in indexes.values():
            stack.push_async_callback(index.aclose)
        backend = Backend(
            id="cloud",
            title="Cloud",
            provider=plugin.key,
            provider_title=plugin.title,
            reads=reads,
            upstream=upstream,
        )
        yield Scene(
            fleet=Fleet(backends={"cloud": backend}, indexes=indexes),
            link=link,
            clock=clock,
            metrics=metrics,
        )


def content(job: dict[str, Any]) -> dict[str, Any]:
    """The job without its age."""
    return {key: value for key, value in job.items() if key != "freshness"}


def outcomes(listing: dict[str, Any]) -> list[str]:
    return [source["outcome"] for source in listing["sources"]]


async def open_breaker(on: Scene, ids: Iterable[str]) -> None:
    """Cut the link and fail as often as it takes."""
    on.link.cut = True
    for native_id in ids:
        assert (await on.error_of(job_query(native_id)))["code"] == "PROVIDER_UNAVAILABLE"


@clouds
async def test_for_the_whole_stale_window_answers_go_on_and_tell_their_true_age(
    cloud: str,
) -> None:
    async with scene(cloud) as on:
        listing = await on.jobs()
        native_id = listing["edges"][0]["node"]["nativeId"]
        live = await on.job(native_id)
        assert live["freshness"]["ageSeconds"] == 0
        on.link.cut = True
        start = on.clock.now
        for age_s in (FRESH_S, 50, USABLE_S - 1, USABLE_S, 1_000, STANDS_IN_S - 1):
            on.clock.now = start + age_s
            stale = {"source": "STALE", "ageSeconds": age_s}

            job = await on.job(native_id)
            assert job == {**content(live), "freshness": stale}

            later = await on.jobs()
            assert later["edges"] == listing["edges"]
            assert later["freshness"] == stale
            assert outcomes(later) == ["STALE"]


@clouds
async def test_past_the_stale_window_the_outage_is_told(cloud: str) -> None:
    async with scene(cloud) as on:
        native_id = (await on.job_ids())[0]
        await on.job(native_id)
        on.link.cut = True
        on.clock.now += STANDS_IN_S

        error = await on.error_of(job_query(native_id))
        source = (await on.jobs())["sources"][0]

        assert error["code"] == "PROVIDER_UNAVAILABLE"
        assert error["retryable"]
        assert source["outcome"] in {"STALE", "FAILED"}
        assert source["error"]["code"] == "PROVIDER_UNAVAILABLE"


@clouds
async def test_once_the_cloud_is_back_one_refresh_makes_an_answer_fresh(cloud: str) -> None:
    async with scene(cloud) as on:
        native_id = (await on.job_ids())[0]
        await on.job(native_id)
        on.link.cut = True
        on.clock.now += 50
        await on.job(native_id)
        await on.refreshed(outcome="failed")
        on.link.cut = False
        sent = on.link.sent

        stale = await on.job(native_id)
        await on.refreshed(outcome="ok")
        fresh = await on.job(native_id)

        assert stale["freshness"] == {"source": "STALE", "ageSeconds": 50}
        assert fresh["freshness"] == {"source": "CACHE", "ageSeconds": 0}
        assert on.link.sent == sent + 1


@clouds
async def test_once_the_cloud_is_back_a_list_is_fresh_as_soon_as_the_breaker_has_closed(
    cloud: str,
) -> None:
    async with scene(cloud) as on:
        await on.jobs()
        on.link.cut = True
        on.clock.now += 50
        await on.jobs()
        on.link.cut = False
        on.clock.now += BREAKER.open_s
        ages: list[float] = []
        for _ in range(3):
            listing = await on.jobs()
            assert outcomes(listing)[0] in {"STALE", "CACHED"}
            ages.append(listing["freshness"]["ageSeconds"])
            await on.settled()
            on.clock.now += 1

        # The first question lets the probe through, the second reads the rest, the third has it.
        assert ages[0] == 50 + BREAKER.open_s
        assert ages[-1] <= 2


@clouds
async def test_a_hundred_callers_at_a_half_open_breaker_cost_one_probe(cloud: str) -> None:
    async with scene(cloud) as on:
        ids = await on.job_ids()
        assert len(ids) == CALLERS
        on.clock.now += STANDS_IN_S  # nothing that is kept may stand in
        await open_breaker(on, ids[: BREAKER.consecutive])
        refused = await on.error_of(job_query(ids[-1]))
        assert refused["retryAfterSeconds"] == BREAKER.open_s
        on.link.cut = False
        on.link.gate.clear()
        on.clock.now += BREAKER.open_s
        sent = on.link.sent

        callers = [asyncio.create_task(on.execute(job_query(native_id))) for native_id in ids]
        await until(lambda: sum(caller.done() for caller in callers) == CALLERS - 1)
        assert on.link.sent == sent + 1
        turned_away = [caller.result() for caller in callers if caller.done()]
        assert {result.errors[0].extensions["code"] for result in turned_away} == {
            "PROVIDER_UNAVAILABLE"
        }
        assert all(result.errors[0].extensions["retryAfterSeconds"] for result in turned_away)

        on.link.gate.set()
        results = await asyncio.gather(*callers)
        assert sum(result.errors is None for result in results) == 1
        again = await asyncio.gather(*(on.job(native_id) for native_id in ids))
        assert all(job["status"] for job in again)


@clouds
async def test_readers_of_kept_answers_do_not_notice_the_breaker(cloud: str) -> None:
    async with scene(cloud) as on:
        ids = (await on.job_ids())[:READERS]
        await asyncio.gather(*(on.job(native_id) for native_id in ids))
        on.clock.now += 50
        on.link.cut = True
        await asyncio.gather(*(on.job(native_id) for native_id in ids))
        await on.refreshed(outcome="failed", times=READERS)
        on.link.gate.clear()
        on.clock.now += BREAKER.open_s
        sent = on.link.sent

        jobs = await asyncio.gather(*(on.job(native_id) for native_id in ids))
        await until(lambda: on.link.sent > sent)

        assert {job["freshness"]["source"] for job in jobs} == {"STALE"}
        assert {job["freshness"]["ageSeconds"] for job in jobs} == {50 + BREAKER.open_s}
        assert on.link.sent == sent + 1
        on.link.gate.set()
