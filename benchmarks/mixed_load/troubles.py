"""What goes wrong while the load runs: one thing after the other, with quiet between."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from benchmarks.mixed_load.fleet import Replicas
from tests.cache.own_redis import RedisServer
from tests.faults.chaos_proxy import ChaosProxy, Toxics
from tests.own_postgres import Postgres

_BACK_AGAIN_S: Final = 25.0
"""How long after its end a dead cloud may still be left alone: a breaker that has probed in vain
waits twice as long before it probes again."""


class Trouble(StrEnum):
    """What is wrong."""

    NONE = "nothing yet"
    REPLICA = "a replica killed"
    REDIS = "Redis restarted"
    POSTGRES = "PostgreSQL paused"
    ENOS = "EnOS refuses"
    ALIBABA = "Alibaba hangs"


_CLOUDS: Final = {Trouble.ENOS: "enos", Trouble.ALIBABA: "alibaba"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """When a trouble begins, as a share of the whole run, and how many seconds it lasts."""

    trouble: Trouble
    begin: float
    lasts_s: float


def plan(seconds: float) -> tuple[Slot, ...]:
    """All troubles in turn; each is shorter in a run that is too short for it."""
    return (
        Slot(trouble=Trouble.REPLICA, begin=0.10, lasts_s=min(5.0, seconds / 20)),
        Slot(trouble=Trouble.REDIS, begin=0.22, lasts_s=min(3.0, seconds / 20)),
        Slot(trouble=Trouble.POSTGRES, begin=0.45, lasts_s=min(10.0, seconds / 8)),
        Slot(trouble=Trouble.ENOS, begin=0.60, lasts_s=min(20.0, seconds / 8)),
        Slot(trouble=Trouble.ALIBABA, begin=0.80, lasts_s=min(20.0, seconds / 8)),
    )


@dataclass(slots=True, kw_only=True)
class Troubles:
    """Makes trouble, and knows what is wrong at any moment."""

    replicas: Replicas
    redis: RedisServer
    postgres: Postgres
    clouds: Mapping[str, ChaosProxy]
    last: Trouble = Trouble.NONE
    is_over: bool = False
    _dead: dict[str, tuple[float, float]] = field(default_factory=dict)

    async def make(self, slots: tuple[Slot, ...], seconds: float) -> None:
        """Let everything of `slots` happen, in a run of so many seconds."""
        began = time.monotonic()
        for slot in slots:
            await asyncio.sleep(began + slot.begin * seconds - time.monotonic())
            self.last, self.is_over = slot.trouble, False
            await self._begin(slot)
            await asyncio.sleep(slot.lasts_s)
            await self._end(slot.trouble)
            self.is_over = True

    @property
    def now(self) -> str:
        """What is wrong, or was last."""
        return f"after: {self.last}" if self.is_over else self.last.value

    def is_away(self, cloud: str | None, since: float) -> bool:
        """Whether a cloud was dead, or could still be held to be, at any time from `since` on."""
        if cloud is None or cloud not in self._dead:
            return False
        begin, end = self._dead[cloud]
        return begin <= time.monotonic() and since <= end + _BACK_AGAIN_S

    async def _begin(self, slot: Slot) -> None:
        match slot.trouble:
            case Trouble.REPLICA:
                await asyncio.to_thread(self.replicas.kill, 0)
            case Trouble.REDIS:
                await asyncio.to_thread(self.redis.stop)
            case Trouble.POSTGRES:
                self.postgres.pause()
            case Trouble.ENOS | Trouble.ALIBABA:
                now = time.monotonic()
                self._dead[_CLOUDS[slot.trouble]] = (now, now + slot.lasts_s)
                proxy = self.clouds[_CLOUDS[slot.trouble]]
                if slot.trouble is Trouble.ENOS:
                    await proxy.aclose()  # connections break, and the port is closed
                else:
                    proxy.up = proxy.down = Toxics(black_hole=True)
            case Trouble.NONE:
                pass

    async def _end(self, trouble: Trouble) -> None:
        match trouble:
            case Trouble.REPLICA:
                await asyncio.to_thread(self.replicas.start_again, 0)
            case Trouble.REDIS:
                await asyncio.to_thread(self.redis.start)
            case Trouble.POSTGRES:
                self.postgres.go_on()
            case Trouble.ENOS:
                await self.clouds["enos"].listen()
            case Trouble.ALIBABA:
                self.clouds["alibaba"].heal()
            case Trouble.NONE:
                pass
