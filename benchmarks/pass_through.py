"""The least that answers one query for one EnOS job: FastAPI, Strawberry, httpx, and no more.

What the gateway is measured against. It signs as EnOS asks, with a token it fetches once, and maps
the fields of the query. It has no cache, no budget, no retries, no breaker, no deadline, no checks
of what the cloud sends, one backend and one cloud. It is tuned: one client with connections to
spare, parsed and validated documents kept, no logging, uvloop and httptools.

    PASS_THROUGH='{"endpoint": ..., "org_id": ..., "app_key": ..., "app_secret": ...}' \
        python -m benchmarks.pass_through PORT
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import strawberry
import uvicorn
from fastapi import FastAPI
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.fastapi import GraphQLRouter

_STATUS = {"started": "IN_PROGRESS", "stopped": "STOPPED"}
_POLICY = {"snapshot": "SNAPSHOT", "incremental": "CONTINUOUS"}
_TYPE = {"upgrade": "UPGRADE", "verify": "VERIFICATION"}


class Cloud:
    """One EnOS organisation."""

    def __init__(self, settings: dict[str, str]) -> None:
        """Take `endpoint`, `org_id`, `app_key` and `app_secret`."""
        self._settings = settings
        self._token = ""
        self._http = httpx.AsyncClient(
            base_url=settings["endpoint"],
            trust_env=False,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
        )

    async def sign_in(self) -> None:
        """Get the token that all calls carry."""
        now_ms = time.time_ns() // 1_000_000
        secret = self._settings["app_key"] + str(now_ms) + self._settings["app_secret"]
        reply = await self._http.post(
            "/apim-token-service/v2.0/token/get",
            json={
                "appKey": self._settings["app_key"],
                "encryption": hashlib.sha256(secret.encode()).hexdigest(),
                "timestamp": now_ms,
            },
        )
        self._token = reply.json()["data"]["accessToken"]

    async def job(self, job_id: str) -> dict[str, Any]:
        """The cloud's own object."""
        query = {"action": "get", "jobId": job_id, "orgId": self._settings["org_id"]}
        now_ms = time.time_ns() // 1_000_000
        pairs = "".join(name + query[name] for name in sorted(query))
        signed = f"{self._token}{pairs}{now_ms}{self._settings['app_secret']}"
        reply = await self._http.get(
            f"/connect-service/v2.1/ota-jobs?{urlencode(query)}",
            headers={
                "apim-accesstoken": self._token,
                "apim-timestamp": str(now_ms),
                "apim-signature": hashlib.sha256(signed.encode()).hexdigest(),
            },
        )
        job: dict[str, Any] = reply.json()["data"]
        return job


CLOUD = Cloud(json.loads(os.environ["PASS_THROUGH"]))


@strawberry.type
class Name:
    """A localised text."""

    default: str | None


@strawberry.type
class Firmware:
    """A package, by its id: an EnOS job tells no more."""

    native_id: str


@strawberry.type
class RetryPolicy:
    """Automatic retries."""

    count: int | None
    interval_seconds: int | None


@strawberry.type
class Scope:
    """Which devices a job upgrades."""

    source_versions: list[str]


@strawberry.type
class Job:
    """One rollout."""

    native_id: str
    name: Name | None
    status: str
    type: str
    policy: str | None
    product_key: str | None
    created_at: datetime | None
    timeout_seconds: int | None
    retry_policy: RetryPolicy | None
    firmware: Firmware
    scope: Scope

    @classmethod
    def of(cls, wire: dict[str, Any]) -> "Job":
        """Map the cloud's object."""
        name, retry = wire.get("name"), wire.get("retryPolicy")
        return cls(
            native_id=wire["jobId"],
            name=None if name is None else Name(default=name.get("defaultValue")),
            status=_STATUS.get(wire["status"], "UNKNOWN"),
            type=_TYPE.get(wire["type"], "UNKNOWN"),
            policy=_POLICY.get(wire.get("upgradePolicy") or ""),
            product_key=wire.get("productKey"),
            created_at=datetime.fromtimestamp(wire["createTime"] / 1000, UTC),
            timeout_seconds=wire.get("upgradeTimeout"),
            retry_policy=None
            if retry is None
            else RetryPolicy(count=retry.get("num"), interval_seconds=retry.get("interval")),
            firmware=Firmware(native_id=wire["firmwareId"]),
            scope=Scope(source_versions=wire["upgradeScope"].get("versionNumbers") or []),
        )


@strawberry.type
class Query:
    """The one read there is."""

    @strawberry.field
    async def ota_job(self, native_id: str) -> Job | None:
        """One job."""
        return Job.of(await CLOUD.job(native_id))


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    await CLOUD.sign_in()
    yield


def create_app() -> FastAPI:
    """The whole of it."""
    schema = strawberry.Schema(
        Query,
        extensions=[lambda: ParserCache(maxsize=128), lambda: ValidationCache(maxsize=128)],
    )
    router: GraphQLRouter[None, None] = GraphQLRouter(
        schema, path="/graphql", graphql_ide=None, subscription_protocols=()
    )
    app = FastAPI(lifespan=_lifespan, openapi_url=None)
    app.include_router(router)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {}

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(), port=int(sys.argv[1]), log_level="critical", access_log=False)
