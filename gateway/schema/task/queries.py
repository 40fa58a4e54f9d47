"""Queries for tasks."""

from typing import Annotated

import strawberry

from gateway.domain.errors import NotFoundError
from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.arguments import After, First, MaxAge, accepted_age
from gateway.schema.context import GatewayContext, Info
from gateway.schema.global_id import global_id
from gateway.schema.task.connection import DeviceNames, Statuses, TaskConnection, task_connection
from gateway.schema.task.types import Task


async def load_task(context: GatewayContext, task_id: GlobalId, age: float | None) -> Task | None:
    """The task, or None if there is none."""
    try:
        found = await context.fleet.task(task_id, max_age_s=age)
    except NotFoundError:
        return None
    return Task.of(found, age)


@strawberry.type
class TaskQueries:
    @strawberry.field(description="One task by its global id; null if there is no such one.")
    async def task(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name that callers expect
            strawberry.ID, strawberry.argument(description="Global id of the task.")
        ],
        max_age_seconds: MaxAge = None,
    ) -> Task | None:
        task_id = global_id(id, NodeKind.TASK, argument=("id",))
        return await load_task(info.context, task_id, accepted_age(max_age_seconds))

    @strawberry.field(description="Tasks of one job; null if the job's cloud cannot be read.")
    async def tasks(
        self,
        info: Info,
        *,
        job_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the job.")],
        statuses: Statuses = None,
        devices: DeviceNames = None,
        first: First = 20,
        after: After = None,
        max_age_seconds: MaxAge = None,
    ) -> TaskConnection | None:
        job = global_id(job_id, NodeKind.OTA_JOB, argument=("jobId",))
        return await task_connection(
            info.context,
            job.backend,
            job.key[0],
            statuses=statuses,
            devices=devices,
            first=first,
            after=after,
            max_age_s=accepted_age(max_age_seconds),
        )
