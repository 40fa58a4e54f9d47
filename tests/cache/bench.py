"""An engine on a test bench: clocks moved by hand, a store that can be shared, counted loads."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from gateway.cache.codec import Codec
from gateway.cache.engine import ReadEngine
from gateway.cache.keys import read_key
from gateway.cache.memory_store import MemoryStore
from gateway.cache.policy import ReadPolicy
from gateway.cache.read_spec import ReadKind, ReadSpec
from gateway.cache.store import Store
from gateway.cache.ttl import Lifetime
from gateway.domain.metrics import CountingMetrics

TEXT = Codec(TypeAdapter(str))
FRESH_S = 10.0
USABLE_S = 100.0


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class SharedStore:
    """Stands in for Redis: several engines may use it, and it can go away."""

    shared = True

    def __init__(self, clock: Clock) -> None:
        self.held = MemoryStore(clock=clock)
        self.away = False

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None] | None:
        await asyncio.sleep(0)  # a round trip lets others run
        return None if self.away else await self.held.get_many(keys)

    async def put(self, key: str, blob: bytes, ttl_s: float) -> bool:
        await asyncio.sleep(0)
        return not self.away and await self.held.put(key, blob, ttl_s)

    async def add(self, key: str, blob: bytes, ttl_s: float) -> bool:
        await asyncio.sleep(0)
        return self.away or await self.held.add(key, blob, ttl_s)

    async def renew(self, key: str, blob: bytes, ttl_s: float) -> None:
        await asyncio.sleep(0)
        if not self.away:
            await self.held.renew(key, blob, ttl_s)

    async def release(self, key: str, blob: bytes) -> None:
        await asyncio.sleep(0)
        if not self.away:
            await self.held.release(key, blob)

    async def aclose(self) -> None:
        """Nothing to give back."""


class Upstream:
    """A cloud that counts calls and those given up; it answers at once, or when its gate opens."""

    def __init__(self) -> None:
        self.calls = 0
        self.ended = 0
        self.answer: str | Exception = "one"
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self) -> str:
        self.calls += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.ended += 1
            raise
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(slots=True, kw_only=True)
class Bench:
    """Engines made here share one clock for wall time, monotonic time and the store."""

    clock: Clock = field(default_factory=Clock)
    metrics: CountingMetrics = field(default_factory=CountingMetrics)
    pauses: list[float] = field(default_factory=list)
    policy: ReadPolicy = field(default_factory=ReadPolicy)

    def memory(self) -> MemoryStore:
        return MemoryStore(metrics=self.metrics, clock=self.clock)

    def shared(self) -> SharedStore:
        return SharedStore(self.clock)

    def engine(self, store: Store | None = None) -> ReadEngine:
        return ReadEngine(
            store or self.memory(),
            metrics=self.metrics,
            policy=self.policy,
            clock=self.clock,
            monotonic=self.clock,
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        """Let time pass instead of waiting for it."""
        self.pauses.append(seconds)
        self.clock.now += seconds
        await asyncio.sleep(0)


def text_spec(
    name: str = "a", *, tenant: str = "acme", tags: tuple[str, ...] = ("tag",)
) -> ReadSpec[str]:
    """A read of a text: fresh for 10 s, usable for 100 s."""
    return ReadSpec(
        key=read_key(TEXT.version, tenant, "cloud", ReadKind.JOB, name),
        tenant=tenant,
        backend="cloud",
        kind=ReadKind.JOB,
        codec=TEXT,
        lifetime=lambda _: Lifetime(fresh_s=FRESH_S, usable_s=USABLE_S),
        tags=tags,
    )


async def turns(count: int = 50) -> None:
    """Let every task that can run do so."""
    for _ in range(count):
        await asyncio.sleep(0)
