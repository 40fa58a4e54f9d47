"""The nine read operations: arguments in, the payload of the answer out."""

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.simulators.alibaba import errors, wire
from gateway.simulators.alibaba.finder import Finder
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.handler import Handler, Payload
from gateway.simulators.alibaba.job import Job, JobStatus
from gateway.simulators.alibaba.paging import PageNumber
from gateway.simulators.alibaba.parameters import Arguments
from gateway.simulators.alibaba.task import UNFINISHED, TaskStatus

LARGEST_JOB_PAGE_OF_FIRMWARE: Final = 200
LARGEST_JOB_PAGE_OF_DEVICE: Final = 100
LARGEST_TASK_PAGE: Final = 100
DEEPEST_TASK: Final = 100_000
LARGEST_FIRMWARE_PAGE: Final = 100
LARGEST_MODULE_PAGE: Final = 200
MOST_DEVICE_NAMES: Final = 50


class Reads:
    """Answers read operations from a fleet; every method raises the vendor's business failures."""

    def __init__(self, fleet: Fleet, finder: Finder, *, default_task_page: int) -> None:
        """Serve `fleet`, in which `finder` finds.

        `default_task_page` is the page size of ListOTATaskByJob when none is asked for, which no
        source documents.
        """
        self._fleet = fleet
        self._find = finder
        self._default_task_page = default_task_page

    def query_ota_job(self, arguments: Arguments, now_s: float) -> Payload:
        """One batch in full."""
        return {"Data": wire.full_job(self._find.job(arguments), now_s)}

    def list_ota_job_by_firmware(self, arguments: Arguments, now_s: float) -> Payload:
        """The batches of a package."""
        page = _page(arguments).checked(largest=LARGEST_JOB_PAGE_OF_FIRMWARE)
        jobs = self._fleet.jobs_of_firmware(self._find.firmware(arguments))
        return _job_page(jobs, page, now_s)

    def list_ota_job_by_device(self, arguments: Arguments, now_s: float) -> Payload:
        """The batches of a package that hold a device; none that has yet to start."""
        page = _page(arguments).checked(largest=LARGEST_JOB_PAGE_OF_DEVICE)
        firmware = self._find.firmware(arguments)
        device = self._find.named_device(arguments)
        jobs = [
            job
            for job in self._fleet.jobs_of_firmware(firmware)
            if job.status_at(now_s) is not JobStatus.PLANNED
            and self._fleet.task_of_device(job, device, now_s) is not None
        ]
        return _job_page(jobs, page, now_s)

    def list_ota_task_by_job(self, arguments: Arguments, now_s: float) -> Payload:
        """The tasks of a batch: a page of all or of one status, or those of named devices."""
        job = self._find.job(arguments)
        status = _status(arguments, frozenset(TaskStatus))
        names = arguments.lists.get("DeviceNames")
        if names is None:
            page = PageNumber(
                number=arguments.integers.get("CurrentPage", 1),
                size=arguments.integers.get("PageSize", self._default_task_page),
            ).checked(largest=LARGEST_TASK_PAGE, deepest=DEEPEST_TASK)
            positions = self._fleet.tasks(job, now_s, status)
        else:
            page = PageNumber(number=1, size=MOST_DEVICE_NAMES)
            positions = self._positions(job, names, status, now_s)
        items = [
            wire.task(self._fleet.task(job, position), now_s) for position in page.cut(positions)
        ]
        return {"Data": {"SimpleOTATaskInfo": items}, **page.fields(len(positions))}

    def list_ota_unfinished_task_by_device(self, arguments: Arguments, now_s: float) -> Payload:
        """A device's open tasks, over all batches, not paged."""
        statuses = _open_statuses(arguments)
        device = self._find.device(arguments)
        module = arguments.texts.get("ModuleName")
        items = [
            wire.unfinished_task(task, now_s)
            for task in self._fleet.unfinished_tasks(device, now_s)
            if task.course.status_at(now_s) in statuses
            and (module is None or task.job.firmware.module.name == module)
        ]
        return {"Data": {"SimpleOTATaskInfo": items}}

    def list_ota_firmware(self, arguments: Arguments, now_s: float) -> Payload:
        """The packages of the account, or of one product or version."""
        page = _page(arguments).checked(largest=LARGEST_FIRMWARE_PAGE)
        product = None if "ProductKey" not in arguments.texts else self._find.product(arguments)
        version = arguments.texts.get("DestVersion")
        found = [
            firmware
            for firmware in self._fleet.firmwares
            if (product is None or firmware.product.key == product.key)
            and (version is None or firmware.version == version)
        ]
        items = [wire.simple_firmware(firmware, now_s) for firmware in page.cut(found)]
        return {"FirmwareInfo": {"SimpleFirmwareInfo": items}, **page.fields(len(found))}

    def query_ota_firmware(self, arguments: Arguments, now_s: float) -> Payload:
        """One package in full."""
        return {"FirmwareInfo": wire.full_firmware(self._find.firmware(arguments), now_s)}

    def list_ota_module_by_product(self, arguments: Arguments, now_s: float) -> Payload:
        """The modules of a product, `default` among them; nothing in it depends on `now_s`."""
        del now_s
        product = self._find.product(arguments)
        modules = enumerate(product.modules)
        return {"Data": [wire.module(product, module, place) for place, module in modules]}

    def list_ota_module_versions_by_device(self, arguments: Arguments, now_s: float) -> Payload:
        """What a device runs in each of its modules."""
        page = _page(arguments).checked(largest=LARGEST_MODULE_PAGE)
        device = self._find.device(arguments)
        modules = device.product.modules
        items = [
            wire.module_version(device, module, self._fleet.module_version(device, module, now_s))
            for module in page.cut(modules)
        ]
        return {"Data": {"SimpleOTAModuleInfo": items}, **page.fields(len(modules))}

    def handlers(self) -> Mapping[str, Handler]:
        """The operations by name."""
        return {
            "QueryOTAJob": self.query_ota_job,
            "ListOTAJobByFirmware": self.list_ota_job_by_firmware,
            "ListOTAJobByDevice": self.list_ota_job_by_device,
            "ListOTATaskByJob": self.list_ota_task_by_job,
            "ListOTAUnfinishedTaskByDevice": self.list_ota_unfinished_task_by_device,
            "ListOTAFirmware": self.list_ota_firmware,
            "QueryOTAFirmware": self.query_ota_firmware,
            "ListOTAModuleByProduct": self.list_ota_module_by_product,
            "ListOTAModuleVersionsByDevice": self.list_ota_module_versions_by_device,
        }

    def _positions(
        self, job: Job, names: Sequence[str], status: TaskStatus | None, now_s: float
    ) -> Sequence[int]:
        if len(names) > MOST_DEVICE_NAMES:
            raise errors.too_many_devices()
        product = job.firmware.product
        devices = (product.device_named(name) for name in dict.fromkeys(names))
        tasks = (
            self._fleet.task_of_device(job, device, now_s)
            for device in devices
            if device is not None
        )
        return [
            task.position
            for task in tasks
            if task is not None and status in {None, task.course.status_at(now_s)}
        ]


def _page(arguments: Arguments) -> PageNumber:
    integers = arguments.integers
    return PageNumber(number=integers["CurrentPage"], size=integers["PageSize"])


def _job_page(jobs: Sequence[Job], page: PageNumber, now_s: float) -> Payload:
    items = [wire.simple_job(job, now_s) for job in page.cut(jobs)]
    return {"Data": {"SimpleOTAJobInfo": items}, **page.fields(len(jobs))}


def _status(arguments: Arguments, allowed: frozenset[TaskStatus]) -> TaskStatus | None:
    word = arguments.texts.get("TaskStatus")
    return None if word is None else _known_status(word, allowed)


def _open_statuses(arguments: Arguments) -> frozenset[TaskStatus]:
    one = _status(arguments, UNFINISHED)
    several = arguments.lists.get("TaskStatusList")
    if several is None:
        return UNFINISHED if one is None else frozenset({one})
    if one is not None:
        detail = "TaskStatus and TaskStatusList exclude each other."
        raise errors.illegal_request(detail)
    return frozenset(_known_status(word, UNFINISHED) for word in several)


def _known_status(word: str, allowed: frozenset[TaskStatus]) -> TaskStatus:
    if word not in allowed:
        detail = f"{word} is no task status of this operation."
        raise errors.illegal_request(detail)
    return TaskStatus(word)
