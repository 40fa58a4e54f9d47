"""The whole gateway, over two clouds on real sockets that can be made to misbehave.

`grid` is an EnOS organisation and `lights` an Alibaba account.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.types import ASGIApp

from gateway.app.factory import create_app
from gateway.app.overrides import Overrides
from gateway.domain.metrics import CountingMetrics
from gateway.providers import discover
from gateway.service.job_index import IndexPolicy
from gateway.service.writing.policy import WritePolicy
from gateway.settings import Settings
from gateway.simulators.alibaba import AlibabaSimulator, Habits
from gateway.simulators.enos import EnosSimulator
from tests.faults.chaos_proxy import ChaosProxy, chaos_proxy
from tests.faults.scripted_upstream import ScriptedUpstream, scripted_upstream

BACKENDS: Final = ("grid", "lights")
OTHER: Final = {"grid": "lights", "lights": "grid"}
EACH: Final = pytest.mark.parametrize("backend", BACKENDS)

# The cloud's own names of the calls that tests are about.
READ: Final = {"grid": "ota-jobs.get", "lights": "QueryOTAJob"}
LIST: Final = {"grid": "ota-jobs.search", "lights": "ListOTAJobByFirmware"}
PACKAGE: Final = {"grid": "ota-firmwares.get", "lights": "QueryOTAFirmware"}
TASKS: Final = {"grid": "ota-jobs.searchTask", "lights": "ListOTATaskByJob"}
CREATE: Final = {"grid": "ota-jobs.create", "lights": "CreateOTAStaticUpgradeJob"}
TOKEN: Final = "token.get"

# Limits of a `hasty` gateway, a tenth of the usual ones: for tests that wait until one is reached.
ATTEMPT_S: Final = 0.3
CONNECT_S: Final = 0.15
DEADLINE_S: Final = 1.0
ATTEMPTS: Final = 3
GRACE_S: Final = 0.25
"""What the deadline of a request may be overrun by, on a quiet machine."""

_SECRETS: Final = {"grid": "enos-app-secret", "lights": "alibaba-key-secret"}
_PLUGINS: Final = {"grid": "enos", "lights": "alibaba"}
_NEVER_S: Final = 3_600.0
# Limits that only a fault reaches, however busy the machine is.
_PATIENT_S: Final = 30.0
_CROWD: Final = 5_000

JOB: Final = """
query Job($backend: String!, $id: String!, $age: Int) {
  otaJob(by: {native: {backend: $backend, nativeId: $id}}, maxAgeSeconds: $age) {
    nativeId status rawStatus timeoutSeconds createdAt name { default }
    freshness { source ageSeconds }
  }
}
"""
JOBS: Final = """
query Jobs($first: Int!, $after: String, $backends: [String!], $age: Int) {
  otaJobs(
    first: $first, after: $after, filter: {backends: $backends}, maxAgeSeconds: $age
  ) {
    totalCount
    edges { node { nativeId status rawStatus createdAt } }
    pageInfo { hasNextPage endCursor }
    sources { backend { name } outcome error { code message retryable } }
  }
}
"""
HEALTH: Final = """
{
  backends {
    name
    health { lastErrorCode breakers { operationClass state } }
    budget { operation limitPerSecond documentedPerSecond throttled }
  }
}
"""
_CREATE: Final = """
mutation Create($input: CreateOtaJobInput!, $key: String!) {
  createOtaJob(input: $input, idempotencyKey: $key) {
    otaJob { nativeId status }
    replayed
    errors { __typename code message retryable }
    operation { id state settled subject attempts calls { operation attempts } }
  }
}
"""
_PACKAGES: Final = """
{ firmwares(first: 50) { edges { node { id verification backend { name } } } } }
"""
OPERATION: Final = "query($id: ID!) { operation(id: $id) { state settled subject attempts } }"


@dataclass(slots=True)
class CloudTime:
    """The time of both clouds: that of the day, and what writes have waited for on top of it.

    It stands still while it is `held_at` a moment, epoch seconds.
    """

    waited_s: float = 0.0
    held_at: float | None = None

    def __call__(self) -> float:
        return (time.time() if self.held_at is None else self.held_at) + self.waited_s

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once; but for the watch, which looks once and then never more."""
        if seconds == _NEVER_S:
            await asyncio.Event().wait()
        self.waited_s += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulators:
    """Both clouds as they are when nothing is wrong with them."""

    clock: CloudTime
    grid: EnosSimulator
    lights: AlibabaSimulator

    @classmethod
    def started(
        cls, *, jobs: int = 24, org_id: str = "o1", at_s: float | None = None
    ) -> "Simulators":
        """With so many jobs each; equal numbers make equal clouds if started `at_s` one moment."""
        clock = CloudTime(held_at=at_s)
        found = cls(
            clock=clock,
            grid=EnosSimulator(
                app_key="key",
                app_secret=_SECRETS["grid"],
                org_id=org_id,
                clock=clock,
                jobs=jobs,
                tasks=8 * jobs,
                packages=6,
                failure_rate=0.0,
                offline_rate=1.0,
            ),
            lights=AlibabaSimulator(
                access_key_id="id",
                access_key_secret=_SECRETS["lights"],
                instance_id=f"iot-{org_id}",
                clock=clock,
                packages=6,
                jobs=jobs,
                tasks=4 * jobs,
                throttle=False,
                habits=Habits(failing=0.0, lingering=1.0),
                public_address="http://127.0.0.1",
            ),
        )
        clock.held_at = None
        return found

    def job_ids(self, backend: str) -> list[str]:
        """Native ids of all jobs, newest first on `grid`."""
        if backend == "lights":
            return [job.id for job in self.lights.fleet.jobs]
        return [view.job.job_id for view in self.grid.fleet.jobs(at_s=self.clock())]

    def made(self, backend: str) -> list[str | None]:
        """Native ids of what was created, in order."""
        log = self.grid.executed if backend == "grid" else self.lights.executed
        return [write.result_id for write in log]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAnswer:
    """What came of asking for one job.

    `error` holds the extensions of the error; `path` is where it belongs; None if there is none.
    `calls` is what the answer says it cost upstream.
    """

    node: dict[str, Any] | None
    error: dict[str, Any] | None
    path: list[str | int] | None
    calls: int
    elapsed_s: float
    text: str

    @property
    def code(self) -> str | None:
        """Code of the error."""
        return None if self.error is None else self.error["code"]

    @property
    def source(self) -> str | None:
        """Where the answer came from: LIVE, CACHE or STALE."""
        return None if self.node is None else self.node["freshness"]["source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A gateway and all that a test does to its surroundings."""

    http: httpx.AsyncClient
    clouds: Mapping[str, ScriptedUpstream]
    proxies: Mapping[str, ChaosProxy]
    simulators: Simulators
    metrics: CountingMetrics
    jobs: Mapping[str, list[str]] = field(default_factory=dict)

    async def ask(self, document: str, **variables: object) -> dict[str, Any]:
        """The whole answer to one POST, which is well-formed whatever happens."""
        reply = await self.http.post("/graphql", json={"query": document, "variables": variables})
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    async def read(self, document: str, **variables: object) -> Any:  # noqa: ANN401 - any JSON
        """The data of an answer without errors."""
        answer = await self.ask(document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def job(
        self, backend: str, number: int = 0, *, max_age_s: int | None = None, id_: str | None = None
    ) -> JobAnswer:
        """Ask for job `number` of a backend, or for the one with this native id."""
        began_at = time.monotonic()
        native_id = id_ or self.jobs[backend][number]
        answer = await self.ask(JOB, backend=backend, id=native_id, age=max_age_s)
        errors = answer.get("errors") or [{}]
        node = (answer["data"] or {}).get("otaJob")
        assert node is None or node["nativeId"] == native_id
        return JobAnswer(
            node=node,
            error=errors[0].get("extensions"),
            path=errors[0].get("path"),
            calls=answer["extensions"]["upstream"]["calls"],
            elapsed_s=time.monotonic() - began_at,
            text=str(answer),
        )

    async def list_jobs(self, *backends: str, **variables: object) -> dict[str, Any]:
        """The whole answer to a list of jobs, over all backends if none is named."""
        chosen = {"first": 50, "after": None, "age": None} | variables
        return await self.ask(JOBS, backends=list(backends) or None, **chosen)

    async def new_job(self, backend: str) -> dict[str, Any]:
        """The input of a job that this backend takes."""
        data = await self.read(_PACKAGES)
        package = next(
            edge["node"]["id"]
            for edge in data["firmwares"]["edges"]
            if edge["node"]["backend"]["name"] == backend
            and edge["node"]["verification"] == "VERIFIED"
        )
        versions = {"sourceVersions": ["V1.0.0"]} if backend == "grid" else {}
        scope = {"target": {"allDevices": True}, **versions}
        return {"firmwareId": package, "scope": scope, "policy": "SNAPSHOT"}

    async def create(self, given: Mapping[str, Any], *, key: str = "k") -> dict[str, Any]:
        """The payload of the creation of a job."""
        data = await self.read(_CREATE, input=dict(given), key=key)
        payload: dict[str, Any] = data["createOtaJob"]
        return payload

    async def settled(self, operation_id: str) -> dict[str, Any]:
        """An operation once it is settled; the clouds' time passes while it is looked for."""
        async with asyncio.timeout(20):
            while True:
                found = await self.read(OPERATION, id=operation_id)
                operation: dict[str, Any] = found["operation"]
                if operation["settled"]:
                    return operation
                await asyncio.sleep(0.01)

    async def breakers(self, backend: str) -> dict[str, str]:
        """State of the circuit breakers of a backend, by class of operations."""
        data = await self.read(HEALTH)
        found = next(each for each in data["backends"] if each["name"] == backend)
        return {each["operationClass"]: each["state"] for each in found["health"]["breakers"]}

    async def budget(self, backend: str, operation: str) -> dict[str, Any]:
        """What is left of the rate of an operation."""
        data = await self.read(HEALTH)
        found = next(each for each in data["backends"] if each["name"] == backend)
        budget: dict[str, Any] = next(
            each for each in found["budget"] if each["operation"] == operation
        )
        return budget


def source(answer: dict[str, Any], backend: str) -> dict[str, Any]:
    """How the part of a backend in a list went."""
    found: list[dict[str, Any]] = answer["data"]["otaJobs"]["sources"]
    return next(each for each in found if each["backend"]["name"] == backend)


def node_ids(answer: dict[str, Any]) -> list[str | None]:
    """Native ids of a list of jobs; None for an item that could not be read."""
    edges = answer["data"]["otaJobs"]["edges"]
    return [edge["node"] and edge["node"]["nativeId"] for edge in edges]


def backend_settings(
    addresses: Mapping[str, str], *, rates: bool = False, org_id: str = "o1"
) -> dict[str, dict[str, object]]:
    """Settings of the backends at these addresses; with `rates` they keep the documented ones."""
    own: dict[str, dict[str, object]] = {
        "grid": {"org_id": org_id, "app_key": "key", "app_secret": _SECRETS["grid"]},
        "lights": {
            "access_key_id": "id",
            "access_key_secret": _SECRETS["lights"],
            "instance_id": f"iot-{org_id}",
        },
    }
    plugins = discover()
    return {
        name: {
            "provider": _PLUGINS[name],
            "endpoint": address,
            "rates": {} if rates else dict.fromkeys(plugins[_PLUGINS[name]].rates, 1_000.0),
            **own[name],
        }
        for name, address in addresses.items()
    }


def _tables(
    journal: Path | None, given: Mapping[str, Mapping[str, object]], *, hasty: bool
) -> dict[str, Any]:
    tables: dict[str, dict[str, object]] = {
        "requests": {"deadline_s": _PATIENT_S, "patience_s": _PATIENT_S},
        "upstream": {
            "attempt_timeout_s": _PATIENT_S / 2,
            "connect_timeout_s": _PATIENT_S / 2,
            "max_attempts": ATTEMPTS,
        },
        "limits": {"max_in_flight": _CROWD},
        "writes": {"enabled": journal is not None},
        "journal": {"url": f"sqlite:///{journal}"} if journal else {},
    }
    if hasty:
        tables["requests"] = {"deadline_s": DEADLINE_S, "patience_s": DEADLINE_S}
        tables["upstream"] |= {
            "attempt_timeout_s": ATTEMPT_S,
            "connect_timeout_s": CONNECT_S,
        }
    for name, table in given.items():
        tables[name] = {**tables.get(name, {}), **table}
    return tables


@asynccontextmanager
async def staged(
    *,
    journal: Path | None = None,
    jobs: int = 24,
    proxied: bool = False,
    rates: bool = False,
    hasty: bool = False,
    simulators: Simulators | None = None,
    clouds: Mapping[str, ScriptedUpstream] | None = None,
    own: Mapping[str, Mapping[str, object]] | None = None,
    **tables: Mapping[str, object],
) -> AsyncIterator[Stage]:
    """A gateway over both clouds, until the block ends.

    With `hasty` its limits are the short ones above; with `rates` it keeps to the documented ones,
    else to none. It writes if there is a file for its `journal`. With `proxied` a chaos proxy
    stands before each cloud. `clouds` are those of another stage; `own` are more settings by
    backend, `tables` those beside the backends.
    """
    behind = simulators or Simulators.started(jobs=jobs)
    async with AsyncExitStack() as stack:
        apps: dict[str, ASGIApp] = {"grid": behind.grid.app, "lights": behind.lights.app}
        upstreams = clouds or {
            name: await stack.enter_async_context(scripted_upstream(app))
            for name, app in apps.items()
        }
        proxies = {
            name: await stack.enter_async_context(chaos_proxy(urlsplit(upstream.address).port or 0))
            for name, upstream in upstreams.items()
            if proxied
        }
        way_in: Mapping[str, ScriptedUpstream | ChaosProxy] = proxies or upstreams
        found = backend_settings(
            {name: each.address for name, each in way_in.items()},
            rates=rates,
            org_id=behind.grid.credentials.org_id,
        )
        for name, more in (own or {}).items():
            found[name] |= more
        metrics = CountingMetrics()
        overrides = replace(
            Overrides.none(),
            metrics=metrics,
            # No pass in the background, and none for two questions: what is asked for is read.
            index=IndexPolicy(idle_after_s=0.0, settled_s=0.0),
            sleep=behind.clock.sleep,
            writes=WritePolicy(watch_every_s=_NEVER_S),
        )
        settings = Settings.build({"backends": found, **_tables(journal, tables, hasty=hasty)})
        app = create_app(settings, overrides)
        await stack.enter_async_context(app.router.lifespan_context(app))
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://gateway.test", timeout=30
            )
        )
        yield Stage(
            http=http,
            clouds=upstreams,
            proxies=proxies,
            simulators=behind,
            metrics=metrics,
            jobs={name: behind.job_ids(name) for name in BACKENDS},
        )
