"""Two tenants of one gateway: a cloud of each kind for either, with the same native ids, and one
organisation that both see.

Whatever a cloud says in words bears the mark of its tenant; so do the names of the tenant's
backends, its idempotency keys and its credentials. A mark in an answer to the other has crossed.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp

from gateway.access.api_key import hash_text, mint_api_key
from gateway.app.factory import create_app
from gateway.app.overrides import Overrides
from gateway.domain.metrics import CountingMetrics
from gateway.domain.principal import Role
from gateway.providers import discover
from gateway.service.job_index import IndexPolicy
from gateway.service.writing.policy import WritePolicy
from gateway.settings import Settings
from gateway.simulators.alibaba import AlibabaSimulator, Habits
from gateway.simulators.enos import EnosSimulator
from gateway.transport.exchange import HttpTransport
from tests.app.graphql.serving import Answered
from tests.end_to_end.writing_gateway import Clock
from tests.faults.tenants_serving import Loopback, on_loopback

NORTH: Final = "northcanary"
SOUTH: Final = "southcanary"
TENANTS: Final = (NORTH, SOUTH)
OTHER: Final = {NORTH: SOUTH, SOUTH: NORTH}
COMMON: Final = "common"
"""The backend that both see."""

_PLUGINS: Final = discover()
_NEVER_S: Final = 3_600.0
_WORDS: Final = frozenset(
    {
        *("defaultvalue", "desc", "description", "msg", "value", "jobname", "jobdesc"),
        *("firmwarename", "firmwaredesc", "firmwareudi", "aliasname", "taskdesc", "errormessage"),
    }
)
_GROUPS_OF_WORDS: Final = frozenset({"i18nvalue", "firmwaretags", "tags"})


@dataclass(slots=True)
class HeldClock(Clock):
    """The time of all clouds; it stands still while it is `held_at` a moment, epoch seconds."""

    held_at: float | None = None

    def __call__(self) -> float:
        """The time now."""
        return (time.time() if self.held_at is None else self.held_at) + self.waited_s


class MarkedCloud(httpx.AsyncBaseTransport):
    """A simulator whose every word is marked; counts what it is asked.

    What it answers to an operation in `losing` (of Alibaba) is lost on the way. With a `fault` it
    fails as no network does: that is the gateway's own fault.
    """

    def __init__(self, app: ASGIApp, mark: str) -> None:
        self.asked = 0
        self.headers: list[Mapping[str, str]] = []
        self.losing: frozenset[str] = frozenset()
        self.fault: Exception | None = None
        self._app = httpx.ASGITransport(app)
        self._mark = mark

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.headers.append(dict(request.headers))
        if self.fault is not None:
            raise self.fault
        reply = await self._app.handle_async_request(request)
        body = await reply.aread()
        if request.headers.get("x-acs-action") in self.losing:
            message = "the connection broke"
            raise httpx.ReadError(message, request=request)
        if reply.headers.get("content-type", "").startswith("application/json"):
            body = json.dumps(marked(json.loads(body), self._mark)).encode()
        headers = {"content-type": reply.headers.get("content-type", "application/json")}
        return httpx.Response(reply.status_code, headers=headers, stream=httpx.ByteStream(body))


def marked(value: Any, mark: str, *, words: bool = False) -> Any:  # noqa: ANN401 - any JSON
    """`value` with `mark` before every text for people in it; before all texts if it is `words`."""
    if isinstance(value, dict):
        return {
            key: marked(
                inner,
                mark,
                words=words
                or key.casefold() in _GROUPS_OF_WORDS
                or (key.casefold() in _WORDS and isinstance(inner, str)),
            )
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [marked(inner, mark, words=words) for inner in value]
    return f"{mark} {value}" if words and isinstance(value, str) and value else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One tenant: its clouds, and a key for each role."""

    name: str
    grid: EnosSimulator
    lights: AlibabaSimulator
    keys: Mapping[Role, str]

    def bearer(self, role: Role = Role.OPERATE) -> str:
        """The header that lets a principal of this tenant in."""
        return f"Authorization: Bearer {self.keys[role]}"

    def credential(self, role: Role = Role.OPERATE) -> str:
        """The value of that header."""
        return f"Bearer {self.keys[role]}"

    def backend(self, kind: str) -> str:
        """The name of its backend `grid` or `lights`."""
        return f"{self.name}_{kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The gateway, whoever lives in it."""

    app: FastAPI
    door: Loopback
    tenants: Mapping[str, Tenant]
    common: EnosSimulator
    clouds: Mapping[str, MarkedCloud]
    clock: Clock
    metrics: CountingMetrics

    @property
    def calls(self) -> int:
        """Calls that any cloud was sent."""
        return sum(cloud.asked for cloud in self.clouds.values())

    def executed(self) -> int:
        """Writes that any cloud carried out."""
        own = [
            len(each.grid.executed) + len(each.lights.executed) for each in self.tenants.values()
        ]
        return len(self.common.executed) + sum(own)

    async def ask(
        self,
        tenant: str,
        document: str,
        *headers: str,
        role: Role = Role.OPERATE,
        **variables: object,
    ) -> Answered:
        """The reply to a POST of somebody of `tenant`."""
        body = {"query": document, "variables": variables}
        return await self.door.post(body, self.tenants[tenant].bearer(role), *headers)

    async def data(
        self, tenant: str, document: str, *, role: Role = Role.OPERATE, **variables: object
    ) -> Any:  # noqa: ANN401 - any JSON
        """The data of an answer without errors."""
        answer = (await self.ask(tenant, document, role=role, **variables)).json
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


def _enos(clock: Clock, secret: str, jobs: int) -> EnosSimulator:
    return EnosSimulator(
        app_key="key",
        app_secret=secret,
        org_id="o1",
        clock=clock,
        jobs=jobs,
        tasks=25 * jobs,
        packages=6,
        failure_rate=0.0,
        offline_rate=1.0,
    )


def _alibaba(clock: Clock, secret: str, jobs: int) -> AlibabaSimulator:
    return AlibabaSimulator(
        access_key_id=f"id-{secret}",
        access_key_secret=secret,
        instance_id="iot-1",
        clock=clock,
        packages=6,
        jobs=jobs,
        tasks=25 * jobs,
        throttle=False,
        habits=Habits(failing=0.0, lingering=1.0),
        public_address="http://127.0.0.1",
    )


def _backend(kind: str, secret: str, address: str) -> dict[str, object]:
    own: dict[str, dict[str, object]] = {
        "enos": {"org_id": "o1", "app_key": "key", "app_secret": secret},
        "alibaba": {
            "access_key_id": f"id-{secret}",
            "access_key_secret": secret,
            "instance_id": "iot-1",
        },
    }
    rates = dict.fromkeys(_PLUGINS[kind].rates, 1_000.0)
    return {"provider": kind, "endpoint": address, "rates": rates, **own[kind]}


def _secret(name: str) -> str:
    """A secret of its own for each backend, which says nothing of whose it is."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


@dataclass(slots=True, kw_only=True)
class Plan:
    """What a house is built of; tests change it before they build."""

    jobs: int = 12
    tables: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, dict[str, object]] = field(default_factory=dict)
    keys_http: HttpTransport | None = None
    waits: bool = False
    """Whether nothing ever comes of waiting for a cloud: what is UNKNOWN stays so."""


@asynccontextmanager
async def housed(folder: Path, plan: Plan | None = None) -> AsyncIterator[House]:
    """The gateway with both tenants on loopback, its journal in `folder`, until the block ends."""
    given = plan or Plan()
    clock = HeldClock(held_at=time.time())  # equal moments make equal clouds
    tenants: dict[str, Tenant] = {}
    clouds: dict[str, MarkedCloud] = {}
    backends: dict[str, dict[str, object]] = {}
    keys: dict[str, dict[str, object]] = dict(given.keys)
    for name in TENANTS:
        grid, lights = f"{name}_grid", f"{name}_lights"
        minted = {role: mint_api_key(f"{name}_{role}") for role in Role}
        keys |= {
            f"{name}_{role}": {"hash": hash_text(key), "tenant": name, "role": role.value}
            for role, key in minted.items()
        }
        tenants[name] = Tenant(
            name=name,
            grid=_enos(clock, _secret(grid), given.jobs),
            lights=_alibaba(clock, _secret(lights), given.jobs),
            keys=minted,
        )
        clouds[grid] = MarkedCloud(tenants[name].grid.app, name)
        clouds[lights] = MarkedCloud(tenants[name].lights.app, name)
        backends[grid] = _backend("enos", _secret(grid), "http://127.0.0.1")
        backends[lights] = _backend("alibaba", _secret(lights), "http://127.0.0.1")
    common = _enos(clock, _secret(COMMON), given.jobs)
    clock.held_at = None
    clouds[COMMON] = MarkedCloud(common.app, "commonground")
    backends[COMMON] = _backend("enos", _secret(COMMON), "http://127.0.0.1")
    access = {"requests_per_second": 0, "keys": keys, **given.tables.get("access", {})}
    settings = Settings.build(
        {
            "journal": {"url": f"sqlite:///{folder / 'journal.sqlite3'}", "timeout_s": 20},
            "upstream": {"max_attempts": 1},
            **given.tables,
            "access": access,
            "tenants": {
                name: {"backends": [f"{name}_grid", f"{name}_lights", COMMON]} for name in TENANTS
            },
            "backends": backends,
        }
    )
    metrics = CountingMetrics()
    app = create_app(
        settings,
        replace(
            Overrides.none(),
            http=clouds,
            keys_http=given.keys_http,
            metrics=metrics,
            # No pass in the background, so that calls are those of the requests that are counted.
            index=IndexPolicy(idle_after_s=0.0),
            sleep=_for_ever if given.waits else clock.sleep,
            writes=WritePolicy(watch_every_s=_NEVER_S),
        ),
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        door = await stack.enter_async_context(on_loopback(app))
        yield House(
            app=app,
            door=door,
            tenants=tenants,
            common=common,
            clouds=clouds,
            clock=clock,
            metrics=metrics,
        )


async def _for_ever(_seconds: float) -> None:
    await asyncio.Event().wait()
