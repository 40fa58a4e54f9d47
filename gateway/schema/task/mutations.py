"""Mutations of tasks."""

from typing import Annotated

import strawberry

from gateway.domain.ids import GlobalId
from gateway.schema.context import Info
from gateway.schema.job.payload import (
    CancelTasksPayload,
    ConfirmTasksPayload,
    RetryTasksPayload,
)
from gateway.schema.outcome import performed
from gateway.schema.payload import OptionalKey, ValidateOnly
from gateway.schema.task.inputs import CancelTasksInput, ConfirmTasksInput, RetryTasksInput
from gateway.service.writing.desk import WriteDesk, Written
from gateway.service.writing.operations import Asking


@strawberry.type
class TaskMutations:
    @strawberry.mutation(
        description="Run ended tasks of a job again. Needs the capability RETRY_TASKS. EnOS "
        "retryTask, 200 devices a call; Alibaba ReupgradeOTATask, 10 tasks a call."
    )
    async def retry_tasks(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            RetryTasksInput, strawberry.argument(description="Which tasks.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> RetryTasksPayload:
        async def write(desk: WriteDesk, job: GlobalId, asking: Asking) -> Written:
            return await desk.retry_tasks(job, input.choice(), asking, validate_only=validate_only)

        outcome = await performed(info, key=idempotency_key, target=input.job, write=write)
        return await RetryTasksPayload.of(outcome, info)

    @strawberry.mutation(
        description="Cancel open tasks of a job. Needs the capability CANCEL_TASKS. EnOS "
        "cancelTask; Alibaba CancelOTATaskByDevice. Both: 200 devices a call."
    )
    async def cancel_tasks(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            CancelTasksInput, strawberry.argument(description="Which tasks.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> CancelTasksPayload:
        async def write(desk: WriteDesk, job: GlobalId, asking: Asking) -> Written:
            return await desk.cancel_tasks(job, input.choice(), asking, validate_only=validate_only)

        outcome = await performed(info, key=idempotency_key, target=input.job, write=write)
        return await CancelTasksPayload.of(outcome, info)

    @strawberry.mutation(
        description="Let tasks of a job go on that await confirmation. Needs the capability "
        "CONFIRM_TASKS. Alibaba ConfirmOTATask, 10 tasks a call."
    )
    async def confirm_tasks(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            ConfirmTasksInput, strawberry.argument(description="Which tasks.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> ConfirmTasksPayload:
        async def write(desk: WriteDesk, job: GlobalId, asking: Asking) -> Written:
            return await desk.confirm_tasks(
                job, input.choice(), asking, validate_only=validate_only
            )

        outcome = await performed(info, key=idempotency_key, target=input.job, write=write)
        return await ConfirmTasksPayload.of(outcome, info)
