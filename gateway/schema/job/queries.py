"""Queries for jobs."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import strawberry

from gateway.domain.device import DeviceRef
from gateway.domain.errors import InvalidRequestError, NotFoundError
from gateway.domain.ids import NodeKind
from gateway.domain.job import JobFilter, JobStatus, JobType
from gateway.schema.arguments import After, First, MaxAge, accepted_age
from gateway.schema.choice import backend_choice
from gateway.schema.context import GatewayContext, Info
from gateway.schema.global_id import global_id
from gateway.schema.job.connection import OtaJobConnection
from gateway.schema.job.types import OtaJob
from gateway.schema.lookup import ObjectBy
from gateway.service.fleet import BackendChoice


@strawberry.input(description="A device by product and name, on whatever backend.")
class DeviceFilter:
    product_key: str = strawberry.field(description="Key of its product.")
    name: str = strawberry.field(description="EnOS deviceKey, Alibaba DeviceName.")


@strawberry.input(description="Which jobs; what is null or empty does not narrow the list.")
class OtaJobFilter:
    backends: list[str] | None = strawberry.field(default=None, description="Names of backends.")
    providers: list[str] | None = strawberry.field(
        default=None, description="Keys of clouds, such as `enos`."
    )
    firmware: strawberry.ID | None = strawberry.field(
        default=None, description="Global id of the package that they roll out."
    )
    product_key: str | None = strawberry.field(default=None, description="Only of this product.")
    device: DeviceFilter | None = strawberry.field(
        default=None,
        description="Only with a task for this device. Costs a call a package of its product on "
        "Alibaba, and a call a job on EnOS.",
    )
    statuses: list[JobStatus] | None = strawberry.field(
        default=None, description="Only in these states."
    )
    types: list[JobType] | None = strawberry.field(default=None, description="Only of these types.")
    name: str | None = strawberry.field(
        default=None, description="A part of the name, in any language and case."
    )
    created_from: datetime | None = strawberry.field(
        default=None, description="Only created at this time or later."
    )
    created_before: datetime | None = strawberry.field(
        default=None, description="Only created before this time."
    )


async def load_job(
    context: GatewayContext, backend: str, native_id: str, age: float | None
) -> OtaJob | None:
    """The job with its detail, or None if there is none."""
    try:
        found = await context.jobs.load((backend, native_id, age))
    except NotFoundError:
        return None
    return OtaJob.of(found, age)


@strawberry.type
class JobQueries:
    @strawberry.field(description="One job; null if there is no such one.")
    async def ota_job(
        self,
        info: Info,
        by: Annotated[ObjectBy, strawberry.argument(description="Which one.")],
        max_age_seconds: MaxAge = None,
    ) -> OtaJob | None:
        backend, native_id = by.resolve(info.context.fleet, NodeKind.OTA_JOB)
        return await load_job(info.context, backend, native_id, accepted_age(max_age_seconds))

    @strawberry.field(
        description=(
            "Jobs of all backends in one list, newest first. A backend that fails is told in "
            "`sources`; the others' jobs are there."
        )
    )
    async def ota_jobs(
        self,
        info: Info,
        filter: Annotated[  # noqa: A002 - the name that callers expect
            OtaJobFilter | None, strawberry.argument(description="Which ones; null for all.")
        ] = None,
        first: First = 20,
        after: After = None,
        max_age_seconds: MaxAge = None,
    ) -> OtaJobConnection:
        asked = filter or OtaJobFilter()
        age = accepted_age(max_age_seconds)
        choice = backend_choice(info.context.fleet, asked.backends, asked.providers)
        wanted, choice = _wanted(asked, choice)
        listing = await info.context.fleet.jobs(
            wanted, choice, first=first, after=after, max_age_s=age
        )
        return OtaJobConnection.of(listing, after=after, max_age_s=age, context=info.context)


def _wanted(asked: OtaJobFilter, choice: BackendChoice) -> tuple[JobFilter, BackendChoice]:
    """The filter as the service wants it; a package narrows the backends to its own."""
    if asked.created_from and asked.created_before and asked.created_from >= asked.created_before:
        message = "`createdFrom` must lie before `createdBefore`"
        raise InvalidRequestError(message, path=("filter", "createdFrom"))
    firmware_id: str | None = None
    if asked.firmware is not None:
        package = global_id(asked.firmware, NodeKind.FIRMWARE, argument=("filter", "firmware"))
        firmware_id = package.key[0]
        own = frozenset({package.backend})
        choice = replace(choice, ids=own if choice.ids is None else choice.ids & own)
    device = (
        None
        if asked.device is None
        else DeviceRef(product_key=asked.device.product_key, name=asked.device.name)
    )
    wanted = JobFilter(
        firmware_id=firmware_id,
        product_key=asked.product_key,
        device=device,
        statuses=frozenset(asked.statuses or ()),
        types=frozenset(asked.types or ()),
        name=asked.name,
        created_from=asked.created_from,
        created_before=asked.created_before,
    )
    return wanted, choice
