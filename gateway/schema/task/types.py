"""The type Task, its parts and its connection."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from gateway.domain import task as domain
from gateway.domain.errors import NotFoundError
from gateway.domain.freshness import Freshness as DomainFreshness
from gateway.domain.freshness import Sourced
from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.backend.types import Backend
from gateway.schema.context import Info
from gateway.schema.freshness import Freshness
from gateway.schema.node import Node
from gateway.schema.scalars import Json

if TYPE_CHECKING:
    from gateway.schema.device.types import Device
    from gateway.schema.job.types import OtaJob


@strawberry.type(description="Why a task is in its state.")
class StatusReason:
    code: domain.StatusReasonCode = strawberry.field(description="The cause, as a word.")
    message: str | None = strawberry.field(
        description="The text of the cloud or the device, verbatim. EnOS desc, Alibaba TaskDesc."
    )
    raw_code: int | None = strawberry.field(
        description="The negative progress that the device reported. EnOS progress below 0."
    )

    @classmethod
    def of(cls, reason: domain.StatusReason | None) -> Self | None:
        if reason is None:
            return None
        return cls(code=reason.code, message=reason.message, raw_code=reason.raw_code)


@strawberry.type(
    description="One device's part in a job. EnOS TaskInfo, Alibaba device update task."
)
class Task(Node):
    task: strawberry.Private[domain.Task]
    fresh: strawberry.Private[DomainFreshness]
    max_age_s: strawberry.Private[float | None]

    @strawberry.field(description="The cloud's id of it: EnOS taskId, Alibaba TaskId.")
    def native_id(self) -> str:
        return self.task.native_id

    @strawberry.field(description="Where it lives.")
    def backend(self, info: Info) -> Backend:
        return Backend.of(info.context.fleet.backend(self.task.backend))

    @strawberry.field(description="The job it belongs to; null if that is gone.")
    async def job(
        self, info: Info
    ) -> Annotated["OtaJob", strawberry.lazy("gateway.schema.job.types")] | None:
        from gateway.schema.job.types import OtaJob  # noqa: PLC0415 - jobs and tasks hold each other

        try:
            found = await info.context.jobs.load(
                (self.task.backend, self.task.job_id, self.max_age_s)
            )
        except NotFoundError:
            return None
        return OtaJob.of(found, self.max_age_s)

    @strawberry.field(description="The device it upgrades.")
    def device(
        self,
    ) -> Annotated["Device", strawberry.lazy("gateway.schema.device.types")]:
        from gateway.schema.device.types import Device  # noqa: PLC0415 - devices and tasks hold each other

        return Device.refer(
            self.task.backend,
            self.task.device,
            native_id=self.task.device_native_id,
            max_age_s=self.max_age_s,
        )

    @strawberry.field(description="Name of the device's product. Alibaba ProductName.")
    def product_name(self) -> str | None:
        return self.task.product_name

    @strawberry.field(description="Firmware module of the device. Alibaba ModuleName.")
    def module_name(self) -> str | None:
        return self.task.module_name

    @strawberry.field(description="Version the device had. EnOS fromVersion, Alibaba SrcVersion.")
    def from_version(self) -> str | None:
        return self.task.from_version

    @strawberry.field(
        description="Version the device shall have. EnOS toVersion, Alibaba DestVersion."
    )
    def to_version(self) -> str | None:
        return self.task.to_version

    @strawberry.field(description="Its state. EnOS status, Alibaba TaskStatus.")
    def status(self) -> domain.TaskStatus:
        return self.task.status

    @strawberry.field(description="Its state in the cloud's own word.")
    def raw_status(self) -> str:
        return self.task.raw_status

    @strawberry.field(description="Why it failed or was canceled; null for other states.")
    def status_reason(self) -> StatusReason | None:
        return StatusReason.of(self.task.status_reason)

    @strawberry.field(
        description=(
            "How far the device is, 0 to 100; null if unknown. A negative EnOS progress is a "
            "`statusReason`. 100 is not yet success: the device must report the new version."
        )
    )
    def progress_percent(self) -> float | None:
        return self.task.progress_percent

    @strawberry.field(
        description="Seconds the device may take, null for no limit. Alibaba Timeout (minutes)."
    )
    def timeout_seconds(self) -> int | None:
        return self.task.timeout_s

    @strawberry.field(description="When it was created. Alibaba UtcCreate; EnOS does not tell.")
    def created_at(self) -> datetime | None:
        return self.task.created_at

    @strawberry.field(description="When it last changed. EnOS updateTime, Alibaba UtcModified.")
    def updated_at(self) -> datetime | None:
        return self.task.updated_at

    @strawberry.field(description="The cloud's own object.")
    def raw(self) -> Json | None:
        return Json(self.task.raw)

    @strawberry.field(description="How old this is.")
    def freshness(self, info: Info) -> Freshness:
        return Freshness.of(self.fresh, info.context)

    @classmethod
    def of(cls, task: Sourced[domain.Task], max_age_s: float | None) -> Self:
        value = task.value
        identity = GlobalId(
            kind=NodeKind.TASK,
            backend=value.backend,
            key=(value.job_id, value.device.product_key, value.device.name, value.native_id),
        )
        return cls(
            id=strawberry.ID(str(identity)),
            task=value,
            fresh=task.freshness,
            max_age_s=max_age_s,
        )
