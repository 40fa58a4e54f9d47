"""Lists of tasks."""

from typing import Annotated, Self, TypeAlias

import strawberry

from gateway.domain import task as domain
from gateway.schema.connection import Edge
from gateway.schema.context import GatewayContext
from gateway.schema.freshness import Freshness
from gateway.schema.node import PageInfo
from gateway.schema.task.types import Task
from gateway.service.task_list import TaskListing, TaskQuery

Statuses: TypeAlias = Annotated[
    list[domain.TaskStatus] | None,
    strawberry.argument(description="Only tasks in these states; null or empty for all."),
]
DeviceNames: TypeAlias = Annotated[
    list[str] | None,
    strawberry.argument(
        description="Only tasks of devices with these names; null or empty for all."
    ),
]


@strawberry.type(description="A task in a list, and its place there.")
class TaskEdge(Edge):
    @strawberry.field(
        description="The task; null with an error that names it if it could not be read."
    )
    def node(self) -> Task | None:
        return Task.of(self.readable(domain.Task), self.max_age_s)


@strawberry.type(
    description=(
        "Tasks of one job. Their order is the cloud's own, which neither cloud documents: do not "
        "rely on it."
    )
)
class TaskConnection:
    edges: list[TaskEdge] = strawberry.field(description="The tasks and their places.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")
    total_count: int | None = strawberry.field(
        description=(
            "How many match in all; null where that would take more calls than the page did "
            "(several statuses or many devices): `OtaJob.taskCounts` counts by status."
        )
    )
    freshness: Freshness | None = strawberry.field(
        description="Age of the oldest page read; null if none had to be read."
    )

    @classmethod
    def of(
        cls,
        listing: TaskListing,
        *,
        backend: str,
        after: str | None,
        max_age_s: float | None,
        context: GatewayContext,
    ) -> Self:
        return cls(
            edges=[
                TaskEdge(
                    item=entry.item,
                    fresh=entry.freshness,
                    backend=backend,
                    max_age_s=max_age_s,
                    cursor=entry.cursor,
                )
                for entry in listing.entries
            ],
            page_info=PageInfo(
                has_next_page=listing.has_next,
                has_previous_page=after is not None,
                start_cursor=listing.entries[0].cursor if listing.entries else None,
                end_cursor=listing.end_cursor,
            ),
            total_count=listing.total,
            freshness=Freshness.of(listing.freshness, context) if listing.freshness else None,
        )


async def task_connection(
    context: GatewayContext,
    backend: str,
    job_id: str,
    *,
    statuses: list[domain.TaskStatus] | None,
    devices: list[str] | None,
    first: int,
    after: str | None,
    max_age_s: float | None,
) -> TaskConnection:
    """One page of a job's tasks."""
    query = TaskQuery(
        job_id=job_id,
        statuses=tuple(dict.fromkeys(statuses or ())),
        device_names=tuple(dict.fromkeys(devices or ())),
    )
    tasks = context.fleet.tasks(backend, query, max_age_s=max_age_s)
    return TaskConnection.of(
        await tasks.page(first, after),
        backend=backend,
        after=after,
        max_age_s=max_age_s,
        context=context,
    )
