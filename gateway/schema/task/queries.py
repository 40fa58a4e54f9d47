"""Queries for tasks."""

from typing import Annotated

import strawberry

from gateway.domain.errors import NotFoundError
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.task import TaskStatus
from gateway.schema.arguments import After, First, MaxAge, accepted_age
from gateway.schema.context import Info
from gateway.schema.job.types import task_connection
from gateway.schema.task.types import Task, TaskConnection
from gateway.service.task_list import TaskQuery


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
        age = accepted_age(max_age_seconds)
        try:
            found = await info.context.fleet.task(GlobalId.parse(id), max_age_s=age)
        except NotFoundError:
            return None
        return Task.of(found, age)

    @strawberry.field(description="Tasks of one job; null if the job's cloud cannot be read.")
    async def tasks(
        self,
        info: Info,
        *,
        job_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the job.")],
        statuses: Annotated[
            list[TaskStatus] | None,
            strawberry.argument(description="Only tasks in these states; null for all."),
        ] = None,
        devices: Annotated[
            list[str] | None,
            strawberry.argument(description="Only tasks of devices with these names."),
        ] = None,
        first: First = 20,
        after: After = None,
        max_age_seconds: MaxAge = None,
    ) -> TaskConnection | None:
        job = GlobalId.parse(job_id).expect(NodeKind.OTA_JOB)
        return await task_connection(
            info.context,
            job.backend,
            TaskQuery(
                job_id=job.key[0],
                statuses=tuple(dict.fromkeys(statuses or ())),
                device_names=tuple(dict.fromkeys(devices or ())),
            ),
            first=first,
            after=after,
            max_age_s=accepted_age(max_age_seconds),
        )
