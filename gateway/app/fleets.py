"""What each tenant sees: a fleet of its own, over accounts that may be shared."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from gateway.app.accounts import Account, connected_accounts
from gateway.app.overrides import Overrides
from gateway.app.stopping import stop
from gateway.app.stores import redis_of, store_of
from gateway.cache.engine import ReadEngine
from gateway.cache.provider import CachedProvider
from gateway.cache.redis_store import RedisStore
from gateway.cache.ttl import Lifetime, LifetimeTable
from gateway.domain.provider import Capability
from gateway.service.backend import Backend
from gateway.service.fleet import Fleet
from gateway.service.job_index import JobIndex
from gateway.service.writing.forgetting import forgetting
from gateway.service.writing.operations import Writable
from gateway.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleets:
    """One fleet a tenant.

    A backend that a tenant does not see is not in its fleet, so there is no path to it: not by id,
    by name, by list or by write.

    Attributes:
        by_tenant: the fleets, by the tenant's name.
        writables: what can be written to, by backend, whoever sees it.
        shared_cache: where reads are kept for all replicas; None if they are kept in memory.
    """

    by_tenant: Mapping[str, Fleet]
    writables: Mapping[str, Writable]
    shared_cache: RedisStore | None = None

    def backends(self) -> tuple[Backend, ...]:
        """Every backend once, whoever sees it."""
        found = {
            name: backend
            for fleet in self.by_tenant.values()
            for name, backend in fleet.backends.items()
        }
        return tuple(found.values())


@asynccontextmanager
async def running_fleets(
    settings: Settings, overrides: Overrides | None = None
) -> AsyncIterator[Fleets]:
    """The fleets of `settings`, with their background work, until the block ends."""
    given = overrides or Overrides.none()
    async with AsyncExitStack() as stack:
        store = store_of(settings.cache, given.metrics)
        engine = ReadEngine(store, metrics=given.metrics)
        stack.push_async_callback(engine.aclose)
        redis = await redis_of(settings.cache, stack)
        accounts = connected_accounts(settings, given, redis, stack)
        lifetimes = _lifetimes(settings)
        by_tenant: dict[str, Fleet] = {}
        writables: dict[str, Writable] = {}
        for tenant, names in settings.backends_by_tenant.items():
            backends: dict[str, Backend] = {}
            for name in names:
                reads = _reads(accounts[name], engine, tenant, lifetimes)
                writer = accounts[name].writer
                if writer is not None and name not in writables:
                    # What it makes forget, it does for the reads of all tenants.
                    writables[name] = Writable(id=name, writer=writer, forget=forgetting(reads))
                backends[name] = _backend(accounts[name], reads, writables.get(name))
            indexes = _indexes(backends, given, stack)
            by_tenant[tenant] = Fleet(
                backends=backends, indexes=indexes, patience_s=settings.requests.patience_s
            )
        yield Fleets(
            by_tenant=by_tenant,
            writables=writables,
            shared_cache=store if isinstance(store, RedisStore) else None,
        )


def _reads(
    account: Account, engine: ReadEngine, tenant: str, lifetimes: LifetimeTable
) -> CachedProvider:
    return CachedProvider(
        account.reader,
        engine,
        backend=account.settings.name,
        account=account.identity,
        tenant=tenant,
        lifetimes=lifetimes,
    )


def _backend(account: Account, reads: CachedProvider, writable: Writable | None) -> Backend:
    settings = account.settings
    return Backend(
        id=settings.name,
        title=settings.title,
        provider=settings.plugin.key,
        provider_title=settings.plugin.title,
        reads=reads,
        upstream=account.upstream,
        writable=writable,
    )


def _indexes(
    backends: Mapping[str, Backend], given: Overrides, stack: AsyncExitStack
) -> dict[str, JobIndex]:
    """Job indexes of the backends that cannot list their jobs, kept warm until `stack` ends."""
    indexes = {
        name: JobIndex(backend.reads, given.index)
        for name, backend in backends.items()
        if Capability.LIST_JOBS not in backend.reads.capabilities
    }
    for name, index in indexes.items():
        stack.push_async_callback(index.aclose)
        warming = asyncio.create_task(index.keep_warm(), name=f"keep-warm-{name}")
        stack.push_async_callback(stop, warming)
    return indexes


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
