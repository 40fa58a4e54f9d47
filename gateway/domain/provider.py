"""The port that each cloud implements: reads of one backend, one upstream call each as a rule."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.domain.device import Device, DeviceRef, Module
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.job import JobFilter, OtaJob, OtaJobAction
from gateway.domain.paging import Page, PageRequest
from gateway.domain.task import Task, TaskFilter, TaskStatus


class Capability(StrEnum):
    """What a backend can do beyond the reads that all of them have."""

    LIST_JOBS = "LIST_JOBS"
    NAMED_JOBS = "NAMED_JOBS"
    LIST_DEVICE_JOBS = "LIST_DEVICE_JOBS"
    LIST_DEVICE_TASKS = "LIST_DEVICE_TASKS"
    LIST_MODULES = "LIST_MODULES"
    LIST_REPORTED_VERSIONS = "LIST_REPORTED_VERSIONS"
    CREATE_JOBS = "CREATE_JOBS"
    START_STOP_JOBS = "START_STOP_JOBS"
    CANCEL_JOBS = "CANCEL_JOBS"
    UPDATE_JOBS = "UPDATE_JOBS"
    DELETE_JOBS = "DELETE_JOBS"
    RETRY_TASKS = "RETRY_TASKS"
    CANCEL_TASKS = "CANCEL_TASKS"
    CONFIRM_TASKS = "CONFIRM_TASKS"
    CREATE_FIRMWARE = "CREATE_FIRMWARE"
    UPDATE_FIRMWARE = "UPDATE_FIRMWARE"
    DELETE_FIRMWARE = "DELETE_FIRMWARE"
    WRITE_MODULES = "WRITE_MODULES"
    UNKNOWN = "UNKNOWN"


WRITE_CAPABILITIES = frozenset(
    {
        Capability.CREATE_JOBS,
        Capability.START_STOP_JOBS,
        Capability.CANCEL_JOBS,
        Capability.UPDATE_JOBS,
        Capability.DELETE_JOBS,
        Capability.RETRY_TASKS,
        Capability.CANCEL_TASKS,
        Capability.CONFIRM_TASKS,
        Capability.CREATE_FIRMWARE,
        Capability.UPDATE_FIRMWARE,
        Capability.DELETE_FIRMWARE,
        Capability.WRITE_MODULES,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """Page sizes the gateway asks for, and hard walls of the cloud.

    `task_devices` is how many device names one task call takes. `task_window` is how many tasks of
    one listing can be reached by paging at all; None if there is no such wall.
    `firmware_newest_first` is true if the cloud documents that order for its list of packages.
    """

    jobs_page: int
    tasks_page: int
    firmware_page: int
    task_devices: int
    task_window: int | None
    firmware_newest_first: bool


class OtaProvider(Protocol):
    """One backend, read only.

    Every method raises `ProviderError` subclasses when the backend fails, `NotFoundError` where it
    says so, and `UnsupportedError` if the capability named beside it is missing.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this backend can do."""
        ...

    @property
    def limits(self) -> ReadLimits:
        """Page sizes and walls of this backend."""
        ...

    def native_filter(self, wanted: JobFilter) -> JobFilter | None:
        """The part of `wanted` that `list_jobs` can answer exactly; None if no job can match.

        Fields the cloud cannot filter by are cleared in the result, and the caller checks them.
        """
        ...

    def available_actions(self, job: OtaJob) -> tuple[OtaJobAction, ...]:
        """What the cloud's rules allow with `job` in its present state."""
        ...

    async def get_job(self, job_id: str) -> OtaJob:
        """One job with its detail."""
        ...

    async def list_jobs(self, wanted: JobFilter, page: PageRequest) -> Page[OtaJob]:
        """Jobs of the backend, newest first. `wanted` came from `native_filter`. LIST_JOBS."""
        ...

    async def list_firmware_jobs(self, firmware_id: str, page: PageRequest) -> Page[OtaJob]:
        """Jobs of one package, in any order."""
        ...

    async def list_device_jobs(
        self, firmware_id: str, device: DeviceRef, page: PageRequest
    ) -> Page[OtaJob]:
        """Jobs of one package that have a task for one device. LIST_DEVICE_JOBS."""
        ...

    async def list_tasks(self, wanted: TaskFilter, page: PageRequest) -> Page[Task]:
        """Tasks of one job, in the cloud's order."""
        ...

    async def count_tasks(self, job_id: str, status: TaskStatus | None) -> int:
        """How many tasks of a job are in `status` (None: in any), by the cheapest call."""
        ...

    async def list_open_tasks(self, device: DeviceRef) -> tuple[Task, ...]:
        """Tasks of one device that have not ended, over all jobs."""
        ...

    async def list_device_tasks(self, device: DeviceRef, page: PageRequest) -> Page[Task]:
        """Tasks of one device over all jobs, ended ones too. LIST_DEVICE_TASKS."""
        ...

    async def get_firmware(self, firmware_id: str) -> Firmware:
        """One package with its detail."""
        ...

    async def list_firmware(self, wanted: FirmwareFilter, page: PageRequest) -> Page[Firmware]:
        """Packages; fields of `wanted` the cloud cannot filter by are ignored, not refused."""
        ...

    async def get_device(self, device: DeviceRef) -> Device:
        """One device and the versions it reports."""
        ...

    async def list_modules(self, product_key: str) -> tuple[Module, ...]:
        """Firmware modules of a product. LIST_MODULES."""
        ...

    async def list_reported_versions(self, product_key: str) -> tuple[str, ...]:
        """Versions that devices of a product report now. LIST_REPORTED_VERSIONS."""
        ...

    async def aclose(self) -> None:
        """Give connections back."""
        ...
