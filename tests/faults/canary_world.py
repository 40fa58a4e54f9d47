"""A gateway in a process of its own, with a canary for every secret, and what is around it."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import redis
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.access.api_key import hash_text
from gateway.providers import discover
from gateway.simulators.alibaba import AlibabaSimulator
from gateway.simulators.enos import EnosSimulator
from tests.access.issuer import document, rsa_entry
from tests.cache.own_redis import RedisServer
from tests.exactly_once.documents import mutation
from tests.faults.canary_evidence import SECRETS, Evidence
from tests.faults.chaos_proxy import ChaosProxy, chaos_proxy
from tests.faults.scripted_upstream import (
    Exchange,
    Script,
    ScriptedUpstream,
    scripted_upstream,
    whole_answer,
)
from tests.faults.stage import BACKENDS, TOKEN
from tests.faults.tenants_serving import on_loopback
from tests.faults.tenants_tokens import JWT
from tests.read_path.processes import free_port

_ROOT: Final = Path(__file__).parents[2]
_JOBS: Final = (
    "{ otaJobs(first: 5, maxAgeSeconds: 0) { edges { node { id raw } } sources { outcome } } }"
)
_DETAIL: Final = """
  query Detail($backend: String!, $id: String!, $age: Int) {
    otaJob(by: {native: {backend: $backend, nativeId: $id}}, maxAgeSeconds: $age) { raw status }
  }
"""
_PACKAGES: Final = """
  { firmwares(first: 50) { edges { node { id verification backend { name } } } } }
"""


@dataclass(kw_only=True)
class World:
    """The surroundings of the gateway, and a client."""

    evidence: Evidence
    http: httpx.AsyncClient
    clouds: Mapping[str, ScriptedUpstream]
    jobs: Mapping[str, list[str]]
    redis: RedisServer
    database: ChaosProxy
    bearer: dict[str, str]
    handing_out: Script
    packages: dict[str, str] = field(default_factory=dict)

    def calm(self) -> None:
        """Let both clouds behave again."""
        for cloud in self.clouds.values():
            cloud.calm()
        self.clouds["grid"].always(TOKEN, self.handing_out)

    async def look_around(self) -> None:
        """Find a package on each cloud."""
        found = (await self.ask(_PACKAGES))["data"]["firmwares"]
        for node in (edge["node"] for edge in found["edges"]):
            if node["verification"] == "VERIFIED":
                self.packages[node["backend"]["name"]] = node["id"]

    async def ask(self, document: str, **variables: object) -> dict[str, Any]:
        """The answer to an operator, whatever it is."""
        return await self.post({"query": document, "variables": variables})

    async def post(self, body: object, **headers: str) -> dict[str, Any]:
        """The same for any body, with these headers."""
        reply = await self.http.post("/graphql", json=body, headers=self.bearer | headers)
        self.heard(reply)
        found: dict[str, Any] = reply.json()
        return found

    def heard(self, reply: httpx.Response) -> None:
        """Keep a reply; the credentials in the request are none of it."""
        self.evidence.add("answers", repr(list(reply.headers.raw)).encode() + reply.content)
        errors = reply.json().get("errors", []) if b'"errors"' in reply.content else []
        self.evidence.outcomes |= {each["extensions"]["code"] for each in errors}

    async def reads(self) -> None:
        """Ask for jobs of both clouds, now."""
        await self.ask(_JOBS)
        for name in BACKENDS:
            await self.ask(_DETAIL, backend=name, id=self.jobs[name][1], age=0)

    async def write(self, backend: str, key: str) -> None:
        """Make a job on a cloud."""
        versions = {"sourceVersions": ["V1.0.0"]} if backend == "grid" else {}
        given = {
            "firmwareId": self.packages[backend],
            "scope": {"target": {"allDevices": True}, **versions},
            "policy": "SNAPSHOT",
        }
        answer = await self.ask(mutation("createOtaJob"), input=given, key=key)
        payload = answer["data"]["createOtaJob"]
        self.evidence.outcomes |= {error["code"] for error in payload["errors"]}
        self.evidence.outcomes |= {(payload["operation"] or {}).get("state", "NONE")}


def redis_dump(server: RedisServer) -> bytes:
    """All keys and values of the cache."""
    found = b""
    with redis.Redis(
        host="127.0.0.1", port=server.port, password=SECRETS["cache password"]
    ) as admin:
        for key in admin.scan_iter(count=1_000):
            found += key + b" " + repr(admin.dump(key)).encode()
            if admin.type(key) == b"string":
                found += b" " + (admin.get(key) or b"")
    return found


def _simulators() -> tuple[EnosSimulator, AlibabaSimulator]:
    grid = EnosSimulator(
        app_key="key",
        app_secret=SECRETS["EnOS app secret"],
        org_id="o1",
        jobs=12,
        tasks=100,
        packages=6,
        visibility_lag_s=0.0,
    )
    lights = AlibabaSimulator(
        access_key_id=SECRETS["Alibaba access key id"],
        access_key_secret=SECRETS["Alibaba access key secret"],
        instance_id="iot-1",
        packages=6,
        jobs=12,
        tasks=100,
        throttle=False,
        public_address="http://127.0.0.1",
    )
    return grid, lights


@asynccontextmanager
async def surroundings(
    folder: Path,
    server: RedisServer,
    postgres: str,
    *,
    keys: Mapping[str, str],
    evidence: Evidence,
) -> AsyncIterator[World]:
    """Everything the gateway needs, and the gateway; its output is evidence once it has ended."""
    grid, lights = _simulators()
    with server.client() as admin:
        admin.config_set("requirepass", SECRETS["cache password"])

    async def spans(request: Request) -> Response:
        evidence.add("spans", await request.body())
        return Response(b"")

    async def published(_request: Request) -> Response:
        return JSONResponse(document(rsa_entry("one")))

    async def handing_out(exchange: Exchange) -> None:
        reply = await exchange.genuine()
        evidence.tokens.add(reply.json()["data"]["accessToken"])
        await exchange.say(whole_answer(reply.status_code, reply.content))

    beside = Starlette(
        routes=[Route("/v1/traces", spans, methods=["POST"]), Route("/keys", published)]
    )
    async with AsyncExitStack() as stack:
        clouds = {
            "grid": await stack.enter_async_context(scripted_upstream(grid.app)),
            "lights": await stack.enter_async_context(scripted_upstream(lights.app)),
        }
        clouds["grid"].always(TOKEN, handing_out)
        aside = await stack.enter_async_context(on_loopback(beside))
        database = await stack.enter_async_context(chaos_proxy(int(postgres.rpartition(":")[2])))
        port = free_port()
        config = folder / "gateway.toml"
        config.write_text(
            _toml(clouds, keys, server=server, database=database, aside=aside.address),
            encoding="utf-8",
        )
        running = await stack.enter_async_context(_process(config, port, evidence))
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)
        )
        async with asyncio.timeout(30):
            while running.returncode is None:
                try:
                    await http.get("/healthz")
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)  # it is starting: nothing to wait on but the port
                else:
                    break
        assert running.returncode is None, "the gateway ended before it was ready"
        yield World(
            evidence=evidence,
            http=http,
            clouds=clouds,
            jobs={
                "grid": [view.job.job_id for view in grid.fleet.jobs(at_s=time.time())],
                "lights": [job.id for job in lights.fleet.jobs],
            },
            redis=server,
            database=database,
            bearer={},
            handing_out=handing_out,
        )
        evidence.add("journal", await _journal(postgres))


async def _journal(postgres: str) -> bytes:
    engine = create_async_engine(f"{postgres}/postgres".replace("://", "+asyncpg://", 1))
    async with engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT * FROM operations")
        found = "\n".join(map(repr, rows)).encode()
    await engine.dispose()
    return found


@asynccontextmanager
async def _process(
    config: Path, port: int, evidence: Evidence
) -> AsyncIterator[asyncio.subprocess.Process]:
    command = ("-m", "gateway", "serve", "--config", str(config), "--port", str(port))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=_ROOT,
        env={**os.environ, **_environment()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output = asyncio.create_task(process.communicate())
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(15):
                out, err = await asyncio.shield(output)
        except TimeoutError:
            process.kill()
            out, err = await output
        evidence.add("stdout", out)
        evidence.add("stderr", err)


def _environment() -> dict[str, str]:
    return {
        "OTA_GATEWAY_BACKENDS__GRID__APP_SECRET": SECRETS["EnOS app secret"],
        "OTA_GATEWAY_BACKENDS__LIGHTS__ACCESS_KEY_ID": SECRETS["Alibaba access key id"],
        "OTA_GATEWAY_BACKENDS__LIGHTS__ACCESS_KEY_SECRET": SECRETS["Alibaba access key secret"],
        "OTA_GATEWAY_BACKENDS__LIGHTS__SECURITY_TOKEN": SECRETS["Alibaba security token"],
        "OTA_GATEWAY_CACHE__PASSWORD": SECRETS["cache password"],
        "OTA_GATEWAY_JOURNAL__PASSWORD": SECRETS["journal password"],
        "OTA_GATEWAY_OBSERVABILITY__METRICS_TOKEN": SECRETS["metrics token"],
    }


def _toml(
    clouds: Mapping[str, ScriptedUpstream],
    keys: Mapping[str, str],
    *,
    server: RedisServer,
    database: ChaosProxy,
    aside: str,
) -> str:
    plugins = discover()
    tables: dict[str, Mapping[str, object]] = {
        "requests": {"deadline_s": 2.0, "patience_s": 1.0},
        "upstream": {"attempt_timeout_s": 0.4, "max_attempts": 2},
        "cache": {"url": server.url},
        "journal": {
            "url": f"postgresql://{database.host}:{database.port}/postgres",
            "username": "gateway",
            "timeout_s": 0.5,
        },
        "writes": {"grace_s": 0.5},
        "observability": {
            "log_level": "debug",
            "traces": True,
            "traces_endpoint": f"{aside}/v1/traces",
        },
        "access": {"requests_per_second": 0},
        "access.jwt": {**JWT, "jwks_url": f"{aside}/keys"},
        **{
            f"access.keys.canary_{role}": {"hash": hash_text(key), "role": role}
            for role, key in keys.items()
        },
        "backends.grid": {
            "provider": "enos",
            "endpoint": clouds["grid"].address,
            "org_id": "o1",
            "app_key": "key",
        },
        "backends.lights": {
            "provider": "alibaba",
            "endpoint": clouds["lights"].address,
            "instance_id": "iot-1",
        },
    }
    for name, kind in (("grid", "enos"), ("lights", "alibaba")):
        tables[f"backends.{name}.rates"] = {
            json.dumps(operation): 1_000.0 for operation in plugins[kind].rates
        }
    # A string of JSON is a string of TOML.
    return "".join(
        f"[{table}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in found.items())
        for table, found in tables.items()
    )
