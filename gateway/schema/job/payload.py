"""What the mutations of jobs and tasks answer with."""

from typing import Self

import strawberry

from gateway.domain.ids import NodeKind
from gateway.schema.context import Info
from gateway.schema.job.types import OtaJob
from gateway.schema.outcome import Outcome
from gateway.schema.payload import WritePayload


@strawberry.type(description="Answer of a mutation of a job.")
class JobPayload(WritePayload):
    ota_job: OtaJob | None = strawberry.field(
        description="The job as it is now, after the write; null if there is none, or it is not "
        "known yet."
    )

    @classmethod
    async def of(cls, outcome: Outcome, info: Info) -> Self:
        """The payload, with the job read anew if the document selects it."""
        native_id = outcome.subject
        if outcome.target is not None and outcome.target.kind is NodeKind.OTA_JOB:
            native_id = outcome.target.key[0]

        async def load(backend: str, age: float | None) -> OtaJob | None:
            if native_id is None:
                return None
            found = await info.context.fleet.job(backend, native_id, max_age_s=age)
            return OtaJob.of(found, None)

        ota_job = await outcome.read(info, "otaJob", load)
        return cls(ota_job=ota_job, **outcome.fields())


@strawberry.type(description="Answer of `createOtaJob`.")
class CreateOtaJobPayload(JobPayload):
    """See `JobPayload`."""


@strawberry.type(description="Answer of `verifyFirmware`.")
class VerifyFirmwarePayload(JobPayload):
    """See `JobPayload`."""


@strawberry.type(description="Answer of `startOtaJob`.")
class StartOtaJobPayload(JobPayload):
    """See `JobPayload`."""


@strawberry.type(description="Answer of `stopOtaJob`.")
class StopOtaJobPayload(JobPayload):
    """See `JobPayload`."""


@strawberry.type(description="Answer of `cancelOtaJob`.")
class CancelOtaJobPayload(JobPayload):
    """See `JobPayload`."""


@strawberry.type(description="Answer of `updateOtaJob`.")
class UpdateOtaJobPayload(JobPayload):
    """See `JobPayload`."""


@strawberry.type(description="Answer of `deleteOtaJob`.")
class DeleteOtaJobPayload(JobPayload):
    """See `JobPayload`."""


@strawberry.type(description="Answer of `retryTasks`.")
class RetryTasksPayload(JobPayload):
    """See `JobPayload`."""


@strawberry.type(description="Answer of `cancelTasks`.")
class CancelTasksPayload(JobPayload):
    """See `JobPayload`."""


@strawberry.type(description="Answer of `confirmTasks`.")
class ConfirmTasksPayload(JobPayload):
    """See `JobPayload`."""
