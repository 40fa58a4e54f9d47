"""The type Device."""

from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from gateway.domain import device as domain
from gateway.domain.freshness import Sourced
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.job import JobFilter
from gateway.schema.arguments import After, First
from gateway.schema.backend.types import Backend
from gateway.schema.context import Info
from gateway.schema.freshness import Freshness
from gateway.schema.node import Node
from gateway.service.fleet import BackendChoice

if TYPE_CHECKING:
    from gateway.schema.job.connection import OtaJobConnection
    from gateway.schema.task.types import Task


@strawberry.type(description="A part of a device with firmware of its own.")
class ModuleVersion:
    name: str | None = strawberry.field(
        description="Name of the module. `default` is the main one on Alibaba; null on EnOS, "
        "which knows one firmware per device."
    )
    version: str | None = strawberry.field(description="Version the device last reported.")


@strawberry.type(
    description=(
        "A device as the firmware side of its cloud knows it. Fields beyond its names cost a "
        "call of their own."
    )
)
class Device(Node):
    backend_id: strawberry.Private[str]
    ref: strawberry.Private[domain.DeviceRef]
    known_native_id: strawberry.Private[str | None]
    max_age_s: strawberry.Private[float | None]
    loaded: strawberry.Private[Sourced[domain.Device] | None] = None

    @strawberry.field(description="Where it lives.")
    def backend(self, info: Info) -> Backend:
        return Backend.of(info.context.fleet.backend(self.backend_id))

    @strawberry.field(description="Its product. Both clouds: productKey.")
    def product_key(self) -> str:
        return self.ref.product_key

    @strawberry.field(
        description="Its name, unique within its product. EnOS deviceKey, Alibaba DeviceName."
    )
    def name(self) -> str:
        return self.ref.name

    @strawberry.field(description="The cloud's id of it: EnOS assetId, Alibaba IotId.")
    async def native_id(self, info: Info) -> str | None:
        return self.known_native_id or (await self._load(info)).value.native_id

    @strawberry.field(
        description=(
            "Version of its main firmware, as last reported; null if it reported none. EnOS "
            "firmwareVersion, Alibaba ModuleVersion of module default."
        )
    )
    async def version(self, info: Info) -> str | None:
        return (await self._load(info)).value.version

    @strawberry.field(description="Versions of all its modules, as last reported.")
    async def modules(self, info: Info) -> list[ModuleVersion] | None:
        device = (await self._load(info)).value
        return [
            ModuleVersion(name=module.name, version=module.version) for module in device.modules
        ]

    @strawberry.field(
        description="Whether an upgrade is running. EnOS isUpgrading; null on Alibaba: see "
        "`openTasks`."
    )
    async def upgrading(self, info: Info) -> bool | None:
        return (await self._load(info)).value.upgrading

    @strawberry.field(
        description=(
            "Its tasks that have not ended, over all jobs. Alibaba "
            "ListOTAUnfinishedTaskByDevice, without progress; EnOS searchTask."
        )
    )
    async def open_tasks(
        self, info: Info
    ) -> list[Annotated["Task", strawberry.lazy("gateway.schema.task.types")]] | None:
        from gateway.schema.task.types import Task  # noqa: PLC0415 - devices and tasks hold each other

        tasks = await info.context.fleet.open_tasks(
            self.backend_id, self.ref, max_age_s=self.max_age_s
        )
        return [
            Task.of(Sourced(value=task, freshness=tasks.freshness), self.max_age_s)
            for task in tasks.value
        ]

    @strawberry.field(
        description=(
            "Jobs that have a task for it, newest first, across packages. Costs a call a package "
            "of its product on Alibaba, and a call a job on EnOS."
        )
    )
    async def jobs(
        self, info: Info, first: First = 20, after: After = None
    ) -> Annotated["OtaJobConnection", strawberry.lazy("gateway.schema.job.connection")] | None:
        from gateway.schema.job.connection import OtaJobConnection  # noqa: PLC0415 - jobs and devices hold each other

        listing = await info.context.fleet.jobs(
            JobFilter(device=self.ref),
            BackendChoice(ids=frozenset({self.backend_id})),
            first=first,
            after=after,
            max_age_s=self.max_age_s,
        )
        return OtaJobConnection.of(
            listing, after=after, max_age_s=self.max_age_s, context=info.context
        )

    @strawberry.field(description="How old what was read about it is.")
    async def freshness(self, info: Info) -> Freshness | None:
        return Freshness.of((await self._load(info)).freshness, info.context)

    async def _load(self, info: Info) -> Sourced[domain.Device]:
        return self.loaded or await info.context.devices.load(
            (self.backend_id, self.ref, self.max_age_s)
        )

    @classmethod
    def refer(
        cls,
        backend: str,
        ref: domain.DeviceRef,
        *,
        native_id: str | None,
        max_age_s: float | None,
        loaded: Sourced[domain.Device] | None = None,
    ) -> Self:
        identity = GlobalId(kind=NodeKind.DEVICE, backend=backend, key=(ref.product_key, ref.name))
        return cls(
            id=strawberry.ID(str(identity)),
            backend_id=backend,
            ref=ref,
            known_native_id=native_id,
            max_age_s=max_age_s,
            loaded=loaded,
        )
