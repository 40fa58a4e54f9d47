"""Every configured account, connected: the way to its cloud, its reader and its writer."""

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass

from redis.asyncio import Redis

from gateway.app.overrides import Overrides
from gateway.domain.metrics import Metrics
from gateway.domain.provider import OtaProvider
from gateway.domain.write import OtaWriter
from gateway.settings import BackendSettings, Settings, secret_fields
from gateway.transport.addresses import AddressRule
from gateway.transport.breaker import Breakers
from gateway.transport.budget import Budget
from gateway.transport.client import Upstream
from gateway.transport.pace import LocalPace, Pace
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.shared_budget import SharedPace
from gateway.transport.upload import HttpUploader


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One backend's account, whoever sees it.

    `identity` tells the data of all accounts apart, that of two instances of one account too.
    `writer` is None where nothing may be written.
    """

    settings: BackendSettings
    identity: str
    upstream: Upstream
    reader: OtaProvider
    writer: OtaWriter | None


def connected_accounts(
    settings: Settings, given: Overrides, redis: Redis | None, stack: AsyncExitStack
) -> dict[str, Account]:
    """All accounts by backend, until `stack` ends. Backends of one account share its rates."""
    paces: dict[str, Pace] = {}
    accounts: dict[str, Account] = {}
    for name, backend in settings.backends.items():
        plugin = backend.plugin
        account = f"{plugin.key}:{plugin.account(backend.own)}"
        if account not in paces:
            paces[account] = _pace(backend, account, settings.processes, redis, given.metrics)
        upstream = _upstream(name, backend, settings, paces[account], given)
        stack.push_async_callback(upstream.aclose)
        reader = plugin.build(name, backend.own, upstream)
        stack.push_async_callback(reader.aclose)
        writer = None
        if settings.writes.enabled and plugin.build_writer is not None:
            uploader = HttpUploader(
                backend=name,
                addresses=_addresses(backend),
                http_transport=given.http.get(name),
                metrics=given.metrics,
                tracer=given.tracer,
            )
            writer = plugin.build_writer(name, backend.own, upstream, uploader)
            stack.push_async_callback(writer.aclose)
        accounts[name] = Account(
            settings=backend,
            identity=_identity(backend, account),
            upstream=upstream,
            reader=reader,
            writer=writer,
        )
    return accounts


def _identity(backend: BackendSettings, account: str) -> str:
    """The account and all settings that are no secret: they decide what its answers are about."""
    own = backend.own.model_dump(mode="json", exclude=set(secret_fields(type(backend.own))))
    return f"{account}:{json.dumps(own, sort_keys=True)}"


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
        tracer=given.tracer,
        addresses=_addresses(backend),
        http_transport=given.http.get(name),
    )


def _addresses(backend: BackendSettings) -> AddressRule:
    return AddressRule.of(
        backend.plugin.endpoint(backend.own),
        setting=f"backends.{backend.name}.allow_private_addresses",
        allow_private=backend.allow_private_addresses,
    )


def _rates(backend: BackendSettings) -> dict[str, float]:
    return {**backend.plugin.rates, **backend.rates}


def _pace(
    backend: BackendSettings,
    account: str,
    processes: int,
    redis: Redis | None,
    metrics: Metrics,
) -> Pace:
    if redis is None:
        return LocalPace({key: rate / processes for key, rate in _rates(backend).items()})
    return SharedPace(
        _rates(backend), redis=redis, account=account, replicas=processes, metrics=metrics
    )
