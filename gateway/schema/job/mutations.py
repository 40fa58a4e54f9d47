"""Mutations of jobs."""

from typing import Annotated, TypeVar

import strawberry

from gateway.domain.ids import GlobalId
from gateway.schema.context import Info
from gateway.schema.job.inputs import (
    CancelOtaJobInput,
    CreateOtaJobInput,
    DeleteOtaJobInput,
    StartOtaJobInput,
    StopOtaJobInput,
    UpdateOtaJobInput,
    VerifyFirmwareInput,
)
from gateway.schema.job.payload import (
    CancelOtaJobPayload,
    CreateOtaJobPayload,
    DeleteOtaJobPayload,
    JobPayload,
    StartOtaJobPayload,
    StopOtaJobPayload,
    UpdateOtaJobPayload,
    VerifyFirmwarePayload,
)
from gateway.schema.outcome import performed
from gateway.schema.payload import OptionalKey, RequiredKey, ValidateOnly
from gateway.service.writing.desk import WriteDesk, Written
from gateway.service.writing.operations import Asking

Payload = TypeVar("Payload", bound=JobPayload)


@strawberry.type
class JobMutations:
    @strawberry.mutation(
        description="Start a rollout or a verification. EnOS create job, Alibaba "
        "CreateOTAStaticUpgradeJob, CreateOTADynamicUpgradeJob or CreateOTAVerifyJob."
    )
    async def create_ota_job(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            CreateOtaJobInput, strawberry.argument(description="The job.")
        ],
        idempotency_key: RequiredKey,
        validate_only: ValidateOnly = False,
    ) -> CreateOtaJobPayload:
        return await _created(
            CreateOtaJobPayload, info, input, key=idempotency_key, validate_only=validate_only
        )

    @strawberry.mutation(
        description="Try a firmware package on a few devices: `createOtaJob` with the type "
        "VERIFICATION."
    )
    async def verify_firmware(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            VerifyFirmwareInput, strawberry.argument(description="The package and the devices.")
        ],
        idempotency_key: RequiredKey,
        validate_only: ValidateOnly = False,
    ) -> VerifyFirmwarePayload:
        return await _created(
            VerifyFirmwarePayload, info, input, key=idempotency_key, validate_only=validate_only
        )

    @strawberry.mutation(
        description="Switch a stopped job on. Needs the capability START_STOP_JOBS. EnOS start."
    )
    async def start_ota_job(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            StartOtaJobInput, strawberry.argument(description="Which job.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> StartOtaJobPayload:
        async def write(desk: WriteDesk, job: GlobalId, asking: Asking) -> Written:
            return await desk.start(job, asking, validate_only=validate_only)

        outcome = await performed(info, key=idempotency_key, target=input.job, write=write)
        return await StartOtaJobPayload.of(outcome, info)

    @strawberry.mutation(
        description="Switch a running job off, to be started again. Needs the capability "
        "START_STOP_JOBS. EnOS stop."
    )
    async def stop_ota_job(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            StopOtaJobInput, strawberry.argument(description="Which job.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> StopOtaJobPayload:
        async def write(desk: WriteDesk, job: GlobalId, asking: Asking) -> Written:
            return await desk.stop(job, asking, validate_only=validate_only)

        outcome = await performed(info, key=idempotency_key, target=input.job, write=write)
        return await StopOtaJobPayload.of(outcome, info)

    @strawberry.mutation(
        description="End a job for good. Needs the capability CANCEL_JOBS. Alibaba "
        "CancelOTAStrategyByJob, then CancelOTATaskByJob."
    )
    async def cancel_ota_job(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            CancelOtaJobInput, strawberry.argument(description="Which job, and what of it ends.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> CancelOtaJobPayload:
        async def write(desk: WriteDesk, job: GlobalId, asking: Asking) -> Written:
            return await desk.cancel(
                job,
                input.choice(),
                asking,
                membership=input.membership,
                validate_only=validate_only,
            )

        outcome = await performed(info, key=idempotency_key, target=input.job, write=write)
        return await CancelOtaJobPayload.of(outcome, info)

    @strawberry.mutation(
        description="Change a running job. Needs the capability UPDATE_JOBS. Alibaba UpdateOTAJob."
    )
    async def update_ota_job(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            UpdateOtaJobInput, strawberry.argument(description="Which job, and what changes.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> UpdateOtaJobPayload:
        async def write(desk: WriteDesk, job: GlobalId, asking: Asking) -> Written:
            return await desk.update(job, input.changes(), asking, validate_only=validate_only)

        outcome = await performed(info, key=idempotency_key, target=input.job, write=write)
        return await UpdateOtaJobPayload.of(outcome, info)

    @strawberry.mutation(description="Remove a job. Needs the capability DELETE_JOBS. EnOS delete.")
    async def delete_ota_job(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            DeleteOtaJobInput, strawberry.argument(description="Which job.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> DeleteOtaJobPayload:
        async def write(desk: WriteDesk, job: GlobalId, asking: Asking) -> Written:
            return await desk.delete(job, asking, validate_only=validate_only)

        outcome = await performed(info, key=idempotency_key, target=input.job, write=write)
        return await DeleteOtaJobPayload.of(outcome, info)


async def _created(
    payload: type[Payload],
    info: Info,
    asked: CreateOtaJobInput | VerifyFirmwareInput,
    *,
    key: str,
    validate_only: bool,
) -> Payload:
    async def write(desk: WriteDesk, firmware: GlobalId, asking: Asking) -> Written:
        return await desk.create_job(
            firmware.backend, asked.draft(), asking, validate_only=validate_only
        )

    outcome = await performed(info, key=key, target=asked.firmware, write=write)
    return await payload.of(outcome, info)
