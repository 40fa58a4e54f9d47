"""The gateway in this process, over both simulated clouds, whose time no test waits for."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from gateway.domain.ids import NodeKind
from gateway.simulators.alibaba import AlibabaSimulator, Habits
from gateway.simulators.enos import EnosSimulator
from tests.end_to_end.writing_gateway import (
    BACKENDS,
    Clock,
    Clouds,
    WritingGateway,
    identity,
    writing_gateway,
)
from tests.exactly_once.documents import OPERATION, mutation

SETTLED_WITHIN_S = 120.0
"""What the clouds' time may move until a write of unknown outcome is settled."""


@dataclass(frozen=True, slots=True)
class Call:
    """A write that a cloud carried out, as that cloud saw it."""

    operation: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A gateway, the clouds behind it, and what they carried out."""

    gateway: WritingGateway
    clouds: Clouds
    keys: Iterator[int] = field(default_factory=count)

    @property
    def now_s(self) -> float:
        """The time on both clouds, epoch seconds."""
        return self.clouds.clock()

    def pass_time(self, seconds: float) -> None:
        """Let devices get on with their tasks."""
        self.clouds.clock.waited_s += seconds

    async def write(
        self, name: str, given: dict[str, Any], more: str = "", *, key: str | None = None
    ) -> dict[str, Any]:
        """The payload of a mutation; with a new key unless one is given."""
        key = key or f"key-{next(self.keys)}"
        data = await self.gateway.data(mutation(name, more), input=given, key=key)
        payload: dict[str, Any] = data[name]
        return payload

    async def done(self, name: str, given: dict[str, Any], more: str = "") -> dict[str, Any]:
        """The payload of a mutation that succeeds."""
        payload = await self.write(name, given, more)
        assert payload["errors"] == []
        assert payload["operation"]["state"] == "SUCCEEDED"
        return payload

    async def settled(self, operation_id: str) -> dict[str, Any]:
        """The operation once it is settled; the gateway looks while nobody waits."""
        until_s = self.now_s + SETTLED_WITHIN_S
        while True:
            operation: dict[str, Any] = (await self.gateway.data(OPERATION, id=operation_id))[
                "operation"
            ]
            if operation["settled"]:
                return operation
            assert self.now_s < until_s, operation

    def firmware(self, backend: str, native_id: str) -> str:
        """The global id of a package."""
        return identity(NodeKind.FIRMWARE, native_id, backend=backend)

    def executed(self, backend: str) -> list[Call]:
        """Every write that a cloud carried out, in order, without what goes with all of them."""
        if backend == "grid":
            return [
                Call(write.operation, dict(write.parameters)) for write in self.clouds.grid.executed
            ]
        return [
            Call(
                write.operation,
                {key: value for key, value in write.parameters.items() if key != "IotInstanceId"},
            )
            for write in self.clouds.lights.executed
        ]

    def forget_executed(self) -> None:
        """Begin both lists anew."""
        self.clouds.grid.executed.clear()
        self.clouds.lights.executed.clear()


def asked(stage: Stage, backend: str) -> int:
    """How many calls a cloud was sent."""
    return len(stage.clouds.grid.calls if backend == "grid" else stage.clouds.lights.calls)


@asynccontextmanager
async def staged(
    folder: Path, *, throttle: bool = False, tasks: int = 600, **tables: dict[str, object]
) -> AsyncIterator[Stage]:
    """A stage whose devices do as told; `tables` are settings beside the backends.

    With `throttle` both Alibaba and the gateway keep the documented rates, in real time. Alibaba
    has so many `tasks` at the start.
    """
    clock = Clock()
    clouds = Clouds(
        clock=clock,
        grid=EnosSimulator(
            app_key="key",
            app_secret="enos-app-secret",
            org_id="o1",
            clock=clock,
            jobs=24,
            tasks=600,
            packages=6,
            failure_rate=0.0,
            offline_rate=0.0,
        ),
        lights=AlibabaSimulator(
            access_key_id="id",
            access_key_secret="alibaba-key-secret",
            instance_id="iot-1",
            clock=clock,
            packages=6,
            jobs=24,
            tasks=tasks,
            throttle=throttle,
            habits=Habits(failing=0.0, lingering=0.0),
            public_address="http://127.0.0.1",
        ),
    )
    backends = BACKENDS
    if throttle:
        lights = {key: value for key, value in BACKENDS["lights"].items() if key != "rates"}
        backends = {**BACKENDS, "lights": lights}
    async with writing_gateway(folder, clouds, backends=backends, **tables) as gateway:
        yield Stage(gateway=gateway, clouds=clouds)
