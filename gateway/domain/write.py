"""The writes there are, and the port through which a cloud performs them.

A write is planned before anything is sent: checked whole, converted, and cut into as many upstream
calls as the cloud's limits ask for. Planning is pure; sending is one call. So a write can be shown
without being sent, and journalled before it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from gateway.domain.device import DeviceRef
from gateway.domain.draft import (
    CancelChoice,
    FirmwareChanges,
    FirmwareDraft,
    JobChanges,
    JobDraft,
    ModuleDraft,
)
from gateway.domain.firmware import Firmware
from gateway.domain.job import OtaJob
from gateway.domain.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTarget:
    """A task to act on: EnOS goes by the device's name, Alibaba by the task's id."""

    task_id: str
    device: DeviceRef


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateJob:
    """Start a rollout or a verification."""

    draft: JobDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class StartJob:
    """Switch a stopped job on."""

    job: OtaJob


@dataclass(frozen=True, slots=True, kw_only=True)
class StopJob:
    """Switch a running job off."""

    job: OtaJob


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJob:
    """End a job for good: its tasks by `choice`, and with `membership` the taking in of devices."""

    job: OtaJob
    choice: CancelChoice
    membership: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateJob:
    """Change a running job."""

    job: OtaJob
    changes: JobChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteJob:
    """Remove a job."""

    job: OtaJob


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryTasks:
    """Run ended tasks of one job again."""

    job: OtaJob
    targets: tuple[TaskTarget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTasks:
    """Cancel open tasks of one job."""

    job: OtaJob
    targets: tuple[TaskTarget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmTasks:
    """Let tasks of one job that await confirmation go on."""

    job: OtaJob
    targets: tuple[TaskTarget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateFirmware:
    """Upload a package."""

    draft: FirmwareDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFirmware:
    """Change what is said about a package."""

    firmware: Firmware
    changes: FirmwareChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteFirmware:
    """Remove a package."""

    firmware: Firmware


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateModule:
    """Define a firmware module."""

    draft: ModuleDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateModule:
    """Change what is said about a firmware module."""

    draft: ModuleDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteModule:
    """Remove a firmware module."""

    product_key: str
    name: str


Write: TypeAlias = (
    CreateJob
    | StartJob
    | StopJob
    | CancelJob
    | UpdateJob
    | DeleteJob
    | RetryTasks
    | CancelTasks
    | ConfirmTasks
    | CreateFirmware
    | UpdateFirmware
    | DeleteFirmware
    | CreateModule
    | UpdateModule
    | DeleteModule
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A value that reaches the cloud in another unit or word: `timeoutSeconds` 300 -> `5`."""

    path: tuple[str, ...]
    given: str
    sent_as: str
    sent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """One upstream call of a write, complete but for credentials.

    Attributes:
        operation: the vendor's name of the call.
        parameters: what is sent, in the vendor's words; a file's content is left out.
        targets: the devices or tasks this call is for, if it is one of several.
        content: bytes to be uploaded along; None for most calls.
    """

    operation: str
    parameters: JsonObject
    targets: tuple[TaskTarget, ...] = ()
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePlan:
    """All calls of a write, in the order of sending.

    With `dependent` a call takes something from the answer of the one before it (an upload's
    address), so a failure ends the plan; else each call stands alone.
    """

    calls: tuple[PlannedCall, ...]
    conversions: tuple[Conversion, ...] = ()
    dependent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a cloud answered to a call that it executed.

    `native_id` is the id of what was made; None if nothing was. `already` is true if the object was
    in the wanted state before. `passed_on` is for the next call of a dependent plan.
    """

    native_id: str | None = None
    request_id: str | None = None
    already: bool = False
    passed_on: Mapping[str, str] = field(default_factory=dict)


class Verdict(StrEnum):
    """What looking for a write of unknown outcome found."""

    DONE = "DONE"
    NOT_DONE = "NOT_DONE"
    UNCLEAR = "UNCLEAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict, and the id of what was made if it was a creation that happened."""

    verdict: Verdict
    native_id: str | None = None


class OtaWriter(Protocol):
    """The writes of one backend."""

    @property
    def settle_s(self) -> float:
        """Seconds after a write within which reads may still show the state before it."""
        ...

    def plan(self, write: Write, *, marker: str | None, now: datetime) -> WritePlan:
        """Check and convert a write. `marker` goes into a field that the cloud gives back.

        Raises:
            UnsupportedError: the cloud has no such write.
            InvalidInputError: it cannot be expressed; names every problem at once.
        """
        ...

    async def send(self, call: PlannedCall, passed_on: Mapping[str, str]) -> Receipt:
        """Send one call, once.

        Raises:
            ProviderError: `executed_perhaps` of `gateway.domain.errors` tells what that means.
        """
        ...

    async def find(
        self, write: Write, call: PlannedCall, *, marker: str | None, sent_at: datetime
    ) -> Finding:
        """Look whether a call of unknown outcome happened. Asks the cloud, past every cache."""
        ...

    async def aclose(self) -> None:
        """Give up what is under way in the background."""
        ...
