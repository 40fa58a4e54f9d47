"""What tests hand in instead of the real thing."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.metrics import Metrics, NoMetrics
from gateway.domain.tracing import NoTracer, Tracer
from gateway.service.job_index import IndexPolicy
from gateway.service.writing.policy import WritePolicy
from gateway.transport.exchange import HttpTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Parts of the gateway that are given to it; none in production.

    `http` holds transports by backend name, so that a backend needs no network, and `keys_http` is
    the one to the keys of the identity provider. `metrics` and `tracer` take the place of those
    that are exported. `sleep` is how writes wait, in seconds: for a cloud's lag, and between looks
    for a lost answer. `writes` is how patient they are, but for `mark`, which is a setting.
    """

    http: Mapping[str, HttpTransport] = field(default_factory=dict)
    keys_http: HttpTransport | None = None
    metrics: Metrics = field(default_factory=NoMetrics)
    tracer: Tracer = field(default_factory=NoTracer)
    index: IndexPolicy = field(default_factory=IndexPolicy)
    sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep
    writes: WritePolicy = field(default_factory=WritePolicy)

    @classmethod
    def none(cls) -> "Overrides":
        """Nothing is overridden."""
        return cls()
