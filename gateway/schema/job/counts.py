"""How far a job is, told by its tasks."""

import strawberry

from gateway.domain.task import TaskStatus
from gateway.schema.context import Info


@strawberry.type(
    description=(
        "How many tasks a job has, by state. Each field selected costs at most one call, and none "
        "where the cloud has no such state. EnOS searchTask, Alibaba ListOTATaskByJob."
    )
)
class TaskCounts:
    backend: strawberry.Private[str]
    job_id: strawberry.Private[str]
    max_age_s: strawberry.Private[float | None]

    @strawberry.field(description="All tasks.")
    async def total(self, info: Info) -> int | None:
        return await self._count(info, None)

    @strawberry.field(description="Tasks in AWAITING_CONFIRMATION.")
    async def awaiting_confirmation(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.AWAITING_CONFIRMATION)

    @strawberry.field(description="Tasks in QUEUED.")
    async def queued(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.QUEUED)

    @strawberry.field(description="Tasks in NOTIFIED.")
    async def notified(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.NOTIFIED)

    @strawberry.field(description="Tasks in IN_PROGRESS.")
    async def in_progress(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.IN_PROGRESS)

    @strawberry.field(description="Tasks in SUCCEEDED.")
    async def succeeded(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.SUCCEEDED)

    @strawberry.field(description="Tasks in FAILED. EnOS counts canceled tasks here.")
    async def failed(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.FAILED)

    @strawberry.field(description="Tasks in CANCELED.")
    async def canceled(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.CANCELED)

    async def _count(self, info: Info, status: TaskStatus | None) -> int:
        return await info.context.fleet.count_tasks(
            self.backend, self.job_id, status, max_age_s=self.max_age_s
        )
