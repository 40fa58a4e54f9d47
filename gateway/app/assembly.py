"""Settings -> working parts: the one place where objects are wired together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from pydantic import SecretStr
from redis.asyncio import Redis

from gateway.cache.engine import ReadEngine
from gateway.cache.memory_store import MemoryStore
from gateway.cache.provider import CachedProvider
from gateway.cache.redis_store import RedisStore
from gateway.cache.store import Store
from gateway.cache.ttl import Lifetime, LifetimeTable
from gateway.domain.metrics import Metrics, NoMetrics
from gateway.domain.provider import Capability
from gateway.service.backend import Backend
from gateway.service.fleet import Fleet
from gateway.service.job_index import IndexPolicy, JobIndex
from gateway.service.writing.forgetting import forgetting
from gateway.service.writing.operations import Writable
from gateway.service.writing.policy import WritePolicy
from gateway.settings import BackendSettings, CacheSettings, Settings
from gateway.transport.breaker import Breakers
from gateway.transport.budget import Budget
from gateway.transport.client import Upstream
from gateway.transport.exchange import HttpTransport
from gateway.transport.pace import LocalPace, Pace
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.shared_budget import SharedPace, connect
from gateway.transport.upload import HttpUploader

TENANT: Final = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What tests hand in instead of the real thing; empty in production.

    `http` holds transports by backend name, so that a backend needs no network. `sleep` is how
    writes wait, in seconds: for a cloud's lag, and between looks for a lost answer. `writes` is how
    patient they are, but for `mark`, which is a setting.
    """

    http: Mapping[str, HttpTransport]
    metrics: Metrics
    index: IndexPolicy
    sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep
    writes: WritePolicy = field(default_factory=WritePolicy)

    @classmethod
    def none(cls) -> "Overrides":
        """Nothing is overridden."""
        return cls(http={}, metrics=NoMetrics(), index=IndexPolicy())


@asynccontextmanager
async def running_fleet(
    settings: Settings, overrides: Overrides | None = None
) -> AsyncIterator[Fleet]:
    """The fleet of `settings`, with its background work, until the block ends."""
    given = overrides or Overrides.none()
    async with AsyncExitStack() as stack:
        engine = ReadEngine(_store(settings.cache, given.metrics), metrics=given.metrics)
        stack.push_async_callback(engine.aclose)
        redis = await _redis(settings.cache, stack)
        paces: dict[str, Pace] = {}
        lifetimes = _lifetimes(settings)
        backends: dict[str, Backend] = {}
        for name, backend in settings.backends.items():
            account = f"{backend.plugin.key}:{backend.plugin.account(backend.own)}"
            if account not in paces:
                paces[account] = _pace(backend, account, settings.cache, redis, given.metrics)
            upstream = _upstream(name, backend, settings, paces[account], given)
            stack.push_async_callback(upstream.aclose)
            provider = backend.plugin.build(name, backend.own, upstream)
            stack.push_async_callback(provider.aclose)
            reads = CachedProvider(
                provider, engine, backend=name, tenant=TENANT, lifetimes=lifetimes
            )
            writable = None
            if settings.writes.enabled and backend.plugin.build_writer is not None:
                uploader = HttpUploader(backend=name, http_transport=given.http.get(name))
                writer = backend.plugin.build_writer(name, backend.own, upstream, uploader)
                stack.push_async_callback(writer.aclose)
                writable = Writable(id=name, writer=writer, forget=forgetting(reads))
            backends[name] = Backend(
                id=name,
                title=backend.title,
                provider=backend.plugin.key,
                provider_title=backend.plugin.title,
                reads=reads,
                upstream=upstream,
                writable=writable,
            )
        indexes = {
            name: JobIndex(backend.reads, given.index)
            for name, backend in backends.items()
            if Capability.LIST_JOBS not in backend.reads.capabilities
        }
        for name, index in indexes.items():
            stack.push_async_callback(index.aclose)
            warming = asyncio.create_task(index.keep_warm(), name=f"keep-warm-{name}")
            stack.push_async_callback(_stop, warming)
        yield Fleet(backends=backends, indexes=indexes, patience_s=settings.requests.patience_s)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _upstream(
    name: str, backend: BackendSettings, settings: Settings, pace: Pace, given: Overrides
) -> Upstream:
    limits = settings.upstream
    policy = UpstreamPolicy(
        attempt_timeout_s=limits.attempt_timeout_s,
        connect_timeout_s=limits.connect_timeout_s,
        max_attempts=limits.max_attempts,
        max_body_bytes=limits.max_body_bytes,
        max_concurrent=limits.max_concurrent,
    )
    return Upstream(
        backend=name,
        base_url=backend.plugin.endpoint(backend.own),
        policy=policy,
        budget=Budget(
            _rates(backend),
            pace=pace,
            backend=name,
            max_concurrent=policy.max_concurrent,
            queue_size=policy.queue,
            metrics=given.metrics,
        ),
        breakers=Breakers(
            backend=name,
            classify=lambda operation: "auth" if operation.startswith("token.") else "read",
            metrics=given.metrics,
        ),
        metrics=given.metrics,
        http_transport=given.http.get(name),
    )


def _rates(backend: BackendSettings) -> dict[str, float]:
    return {**backend.plugin.rates, **backend.rates}


def _pace(
    backend: BackendSettings,
    account: str,
    cache: CacheSettings,
    redis: Redis | None,
    metrics: Metrics,
) -> Pace:
    if redis is None:
        return LocalPace({key: rate / cache.replicas for key, rate in _rates(backend).items()})
    return SharedPace(
        _rates(backend), redis=redis, account=account, replicas=cache.replicas, metrics=metrics
    )


def _store(cache: CacheSettings, metrics: Metrics) -> Store:
    url = _url(cache)
    if url is None:
        return MemoryStore(
            max_entries=cache.max_entries, max_bytes=cache.max_bytes, metrics=metrics
        )
    return RedisStore(url, metrics=metrics)


async def _redis(cache: CacheSettings, stack: AsyncExitStack) -> Redis | None:
    url = _url(cache)
    if url is None:
        return None
    client = connect(url)
    stack.push_async_callback(client.aclose)
    return client


def _url(cache: CacheSettings) -> str | None:
    """The address of the shared cache with its credentials; None for the memory."""
    return None if cache.url is None else signed_in(cache.url, cache.username, cache.password)


def signed_in(url: str, username: str | None, password: SecretStr | None) -> str:
    """`url` with the credentials in it; as it is if there are none."""
    if username is None and password is None:
        return url
    scheme, _, place = url.partition("://")
    user = quote(username or "", safe="")
    secret = "" if password is None else f":{quote(password.get_secret_value(), safe='')}"
    return f"{scheme}://{user}{secret}@{place}"


def _lifetimes(settings: Settings) -> LifetimeTable:
    return LifetimeTable(
        by_backend={
            name: {
                content: Lifetime(fresh_s=given.fresh_s, usable_s=given.usable_s)
                for content, given in backend.lifetimes.items()
            }
            for name, backend in settings.backends.items()
        }
    )
