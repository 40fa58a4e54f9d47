"""Writes as callers ask for them: found out whether they are lawful, then performed or shown."""

from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from gateway.domain.draft import CancelChoice, FirmwareChanges, JobChanges, JobDraft
from gateway.domain.firmware import Firmware
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.job import OtaJob, OtaJobAction
from gateway.domain.operation import Operation, WriteKind
from gateway.domain.write import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    RetryTasks,
    StartJob,
    StopJob,
    UpdateFirmware,
    UpdateJob,
    Write,
)
from gateway.service.fleet import Fleet
from gateway.service.writing.codec import from_json, kind_of
from gateway.service.writing.lawful import require_action, require_capability, require_role
from gateway.service.writing.operations import Asking, Operations
from gateway.service.writing.preview import Preview, device_count_of, overlaps_of
from gateway.service.writing.task_choice import TaskChoice, chosen_targets

_JobWrite: TypeAlias = StartJob | StopJob | CancelJob | UpdateJob | DeleteJob
_FirmwareWrite: TypeAlias = UpdateFirmware | DeleteFirmware
_TaskWrite = TypeVar("_TaskWrite", RetryTasks, CancelTasks, ConfirmTasks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A write that was performed, or shown; exactly one of `operation` and `preview` is set."""

    backend: str
    operation: Operation | None = None
    replayed: bool = False
    preview: Preview | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDesk:
    """Takes writes in. Every method raises a `GatewayError` if nothing was sent.

    Whoever repeats a write with its idempotency key gets its answer again: no cloud is asked then,
    and it does not matter that the object allows the write no more, or is gone.
    """

    fleet: Fleet
    operations: Operations

    async def write(
        self, backend: str, write: Write, asking: Asking, *, validate_only: bool
    ) -> Written:
        """Perform `write`, or show what would be sent."""
        self._admit(backend, kind_of(write), asking)
        if validate_only:
            plan = await self.operations.preview(backend, write)
            preview = Preview(
                plan=plan,
                device_count=device_count_of(write),
                overlaps=await overlaps_of(self.fleet, backend, write),
            )
            return Written(backend=backend, preview=preview)
        performed = await self.operations.perform(backend, write, asking)
        return Written(backend=backend, operation=performed.operation, replayed=performed.replayed)

    async def create_job(
        self, backend: str, draft: JobDraft, asking: Asking, *, validate_only: bool
    ) -> Written:
        """Make a job; the product of its firmware is looked up."""
        self._admit(backend, WriteKind.CREATE_JOB, asking)
        earlier = await self._earlier(asking, validate_only=validate_only)
        before = _write_of(earlier, backend)
        if isinstance(before, CreateJob) and before.draft.firmware_id == draft.firmware_id:
            product_key = before.draft.product_key
        else:
            firmware = await self.fleet.firmware(backend, draft.firmware_id)
            product_key = firmware.value.product_key
        write = CreateJob(draft=replace(draft, product_key=product_key))
        return await self.write(backend, write, asking, validate_only=validate_only)

    async def start(self, job: GlobalId, asking: Asking, *, validate_only: bool) -> Written:
        """Switch a stopped job on."""
        self._admit(job.backend, WriteKind.START_JOB, asking)
        found = await self._job(job, OtaJobAction.START, asking, validate_only=validate_only)
        return await self.write(
            job.backend, StartJob(job=found), asking, validate_only=validate_only
        )

    async def stop(self, job: GlobalId, asking: Asking, *, validate_only: bool) -> Written:
        """Switch a running job off."""
        self._admit(job.backend, WriteKind.STOP_JOB, asking)
        found = await self._job(job, OtaJobAction.STOP, asking, validate_only=validate_only)
        return await self.write(
            job.backend, StopJob(job=found), asking, validate_only=validate_only
        )

    async def delete(self, job: GlobalId, asking: Asking, *, validate_only: bool) -> Written:
        """Remove a job."""
        self._admit(job.backend, WriteKind.DELETE_JOB, asking)
        found = await self._job(job, OtaJobAction.DELETE, asking, validate_only=validate_only)
        return await self.write(
            job.backend, DeleteJob(job=found), asking, validate_only=validate_only
        )

    async def cancel(
        self,
        job: GlobalId,
        choice: CancelChoice,
        asking: Asking,
        *,
        membership: bool,
        validate_only: bool,
    ) -> Written:
        """End a job for good."""
        self._admit(job.backend, WriteKind.CANCEL_JOB, asking)
        found = await self._job(job, OtaJobAction.CANCEL, asking, validate_only=validate_only)
        write = CancelJob(job=found, choice=choice, membership=membership)
        return await self.write(job.backend, write, asking, validate_only=validate_only)

    async def update(
        self, job: GlobalId, changes: JobChanges, asking: Asking, *, validate_only: bool
    ) -> Written:
        """Change a running job."""
        self._admit(job.backend, WriteKind.UPDATE_JOB, asking)
        found = await self._job(job, OtaJobAction.UPDATE, asking, validate_only=validate_only)
        write = UpdateJob(job=found, changes=changes)
        return await self.write(job.backend, write, asking, validate_only=validate_only)

    async def retry_tasks(
        self, job: GlobalId, choice: TaskChoice, asking: Asking, *, validate_only: bool
    ) -> Written:
        """Run ended tasks of a job again."""
        self._admit(job.backend, WriteKind.RETRY_TASKS, asking)
        action = OtaJobAction.RETRY_TASKS
        write = await self._on_tasks(
            RetryTasks, job, choice, action, asking, validate_only=validate_only
        )
        return await self.write(job.backend, write, asking, validate_only=validate_only)

    async def cancel_tasks(
        self, job: GlobalId, choice: TaskChoice, asking: Asking, *, validate_only: bool
    ) -> Written:
        """Cancel open tasks of a job."""
        self._admit(job.backend, WriteKind.CANCEL_TASKS, asking)
        action = OtaJobAction.CANCEL_TASKS
        write = await self._on_tasks(
            CancelTasks, job, choice, action, asking, validate_only=validate_only
        )
        return await self.write(job.backend, write, asking, validate_only=validate_only)

    async def confirm_tasks(
        self, job: GlobalId, choice: TaskChoice, asking: Asking, *, validate_only: bool
    ) -> Written:
        """Let tasks of a job that await confirmation go on."""
        self._admit(job.backend, WriteKind.CONFIRM_TASKS, asking)
        action = OtaJobAction.CONFIRM_TASKS
        write = await self._on_tasks(
            ConfirmTasks, job, choice, action, asking, validate_only=validate_only
        )
        return await self.write(job.backend, write, asking, validate_only=validate_only)

    async def update_firmware(
        self, firmware: GlobalId, changes: FirmwareChanges, asking: Asking, *, validate_only: bool
    ) -> Written:
        """Change what is said about a package."""
        self._admit(firmware.backend, WriteKind.UPDATE_FIRMWARE, asking)
        found = await self._firmware(firmware, asking, validate_only=validate_only)
        write = UpdateFirmware(firmware=found, changes=changes)
        return await self.write(firmware.backend, write, asking, validate_only=validate_only)

    async def delete_firmware(
        self, firmware: GlobalId, asking: Asking, *, validate_only: bool
    ) -> Written:
        """Remove a package."""
        self._admit(firmware.backend, WriteKind.DELETE_FIRMWARE, asking)
        found = await self._firmware(firmware, asking, validate_only=validate_only)
        write = DeleteFirmware(firmware=found)
        return await self.write(firmware.backend, write, asking, validate_only=validate_only)

    def _admit(self, backend: str, kind: WriteKind, asking: Asking) -> None:
        """Refuse what the caller may not do, or the backend cannot, before anything is read.

        A backend that the caller does not see is not found, whatever its role.
        """
        found = self.fleet.backend(backend)
        require_role(asking.principal, kind)
        require_capability(found, kind)

    async def _job(
        self, job: GlobalId, action: OtaJobAction, asking: Asking, *, validate_only: bool
    ) -> OtaJob:
        """The job as it is now, if it allows `action`; as it was for a write that is repeated."""
        native_id = job.expect(NodeKind.OTA_JOB).key[0]
        earlier = await self._earlier(asking, validate_only=validate_only)
        before = _write_of(earlier, job.backend)
        if isinstance(before, _JobWrite) and before.job.native_id == native_id:
            return before.job
        found = (await self.fleet.job(job.backend, native_id, max_age_s=0)).value
        if earlier is None:  # else the key is that of another write, which is what is to be told
            require_action(self.fleet.backend(job.backend), found, action)
        return found

    async def _firmware(
        self, firmware: GlobalId, asking: Asking, *, validate_only: bool
    ) -> Firmware:
        """The package as it is now; as it was for a write that is repeated."""
        native_id = firmware.expect(NodeKind.FIRMWARE).key[0]
        before = _write_of(
            await self._earlier(asking, validate_only=validate_only), firmware.backend
        )
        if isinstance(before, _FirmwareWrite) and before.firmware.native_id == native_id:
            return before.firmware
        return (await self.fleet.firmware(firmware.backend, native_id, max_age_s=0)).value

    async def _on_tasks(
        self,
        kind: type[_TaskWrite],
        job: GlobalId,
        choice: TaskChoice,
        action: OtaJobAction,
        asking: Asking,
        *,
        validate_only: bool,
    ) -> _TaskWrite:
        """The write on the tasks chosen; a write that is repeated has the tasks it had then."""
        native_id = job.expect(NodeKind.OTA_JOB).key[0]
        earlier = await self._earlier(asking, validate_only=validate_only)
        before = _write_of(earlier, job.backend)
        if isinstance(before, kind) and before.job.native_id == native_id:
            if choice.fits(before.targets):
                return before
            found = before.job
        else:
            found = (await self.fleet.job(job.backend, native_id, max_age_s=0)).value
            if earlier is None:
                require_action(self.fleet.backend(job.backend), found, action)
        reads = self.fleet.backend(job.backend).reads
        return kind(job=found, targets=await chosen_targets(reads, job, choice))

    async def _earlier(self, asking: Asking, *, validate_only: bool) -> Operation | None:
        """The operation whose answer is to be given again; None if the write would be sent."""
        return None if validate_only else await self.operations.earlier(asking)


def _write_of(operation: Operation | None, backend: str) -> Write | None:
    """What an operation on `backend` was to do; None if it cannot be read back."""
    if operation is None or operation.backend != backend:
        return None
    try:
        return from_json(operation.kind, operation.write)
    except (KeyError, ValueError):  # written by another version of the gateway
        return None
