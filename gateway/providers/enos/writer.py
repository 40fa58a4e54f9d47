"""The writer's port on EnOS: one organisation."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, assert_never

from gateway.domain.errors import ConflictError
from gateway.domain.job import JobStatus
from gateway.domain.write import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateFirmware,
    CreateJob,
    CreateModule,
    DeleteFirmware,
    DeleteJob,
    DeleteModule,
    Finding,
    PlannedCall,
    Receipt,
    RetryTasks,
    StartJob,
    StopJob,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Verdict,
    Write,
    WritePlan,
)
from gateway.providers.enos.client import EnosClient
from gateway.providers.enos.config import EnosSettings
from gateway.providers.enos.lost_firmware import LostFirmware
from gateway.providers.enos.lost_jobs import LostJobs
from gateway.providers.enos.lost_tasks import LostTasks
from gateway.providers.enos.session import EnosSession
from gateway.providers.enos.token_service import EnosTokenService
from gateway.providers.enos.write_client import EnosWriteClient
from gateway.providers.enos.write_plan import plan_write
from gateway.transport.request import Sender
from gateway.transport.tokens import TokenStore

_SETTLE_S: Final = 2.5  # EnOS speaks of about two


class EnosWriter:
    """Implements `OtaWriter`.

    The marker of a new job stands visibly at the end of its name, as ` [ota:0123abcd]`; without a
    marker the name is left alone. Packages need none: their name and version are theirs alone.
    """

    def __init__(
        self,
        backend: str,
        settings: EnosSettings,
        sender: Sender,
        *,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        """Write to the organisation in `settings`.

        `now_ms` gives epoch milliseconds to sign; without it the sender's time is taken.
        """
        service = EnosTokenService(settings, sender, now_ms=now_ms)
        self._tokens = TokenStore(fetch=service.fetch, renew=service.renew)
        session = EnosSession(settings, sender, self._tokens, now_ms=now_ms)
        self._backend = backend
        self._client = EnosWriteClient(session)
        reads = EnosClient(session)
        self._jobs = LostJobs(reads, backend)
        self._tasks = LostTasks(reads, backend)
        self._firmware = LostFirmware(reads, backend)

    @property
    def settle_s(self) -> float:
        """See `OtaWriter.settle_s`."""
        return _SETTLE_S

    def plan(self, write: Write, *, marker: str | None, now: datetime) -> WritePlan:
        """Check and convert a write; see `plan_write`.

        Raises:
            UnsupportedError: EnOS has no such write.
            InvalidInputError: EnOS cannot do it so; names every problem.
        """
        return plan_write(write, marker=marker, now=now)

    async def send(self, call: PlannedCall, passed_on: Mapping[str, str]) -> Receipt:
        """Send one call, once. A job that is started (stopped) already is a success.

        Raises:
            ConflictError: the state of the object forbids it.
            GatewayError: what else EnOS answered, or that it did not.
        """
        del passed_on  # the port's name; no call of EnOS needs anything of the one before it
        try:
            return await self._client.send(call)
        except ConflictError as error:
            error.backend = self._backend
            raise

    async def find(  # noqa: PLR0911 - one return a write
        self, write: Write, call: PlannedCall, *, marker: str | None, sent_at: datetime
    ) -> Finding:
        """See `OtaWriter.find`; for the writes of single objects, whether the wanted state holds.

        Raises:
            GatewayError: EnOS could not be asked.
        """
        match write:
            case CreateJob(draft=draft):
                return await self._jobs.find_created(draft, marker=marker, sent_at=sent_at)
            case StartJob(job=job):
                return await self._jobs.find_state(job.native_id, JobStatus.IN_PROGRESS)
            case StopJob(job=job):
                return await self._jobs.find_state(job.native_id, JobStatus.STOPPED)
            case DeleteJob(job=job):
                return await self._jobs.find_deleted(job.native_id)
            case RetryTasks(job=job):
                return await self._tasks.find_retried(job, call.targets, sent_at=sent_at)
            case CancelTasks(job=job):
                return await self._tasks.find_canceled(job, call.targets)
            case CreateFirmware(draft=package):
                return await self._firmware.find_created(package, sent_at=sent_at)
            case DeleteFirmware(firmware=firmware):
                return await self._firmware.find_deleted(firmware.native_id)
            case (
                CancelJob()
                | UpdateJob()
                | ConfirmTasks()
                | UpdateFirmware()
                | CreateModule()
                | UpdateModule()
                | DeleteModule()
            ):
                return Finding(verdict=Verdict.UNCLEAR)  # cannot have been planned
            case _:
                assert_never(write)

    async def aclose(self) -> None:
        """Give up a renewal under way; connections belong to the sender."""
        await self._tokens.aclose()
