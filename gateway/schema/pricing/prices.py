"""What each field costs, in upstream calls."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from gateway.service.writing.preview import OVERLAPS_LOOKED_FOR

_PAGE: Final = 50
"""Items of one upstream page, at least."""

FIRST: Final = 20
"""Items of a list whose `first` is left out."""

_DEVICE_JOBS: Final = 20
"""Calls it takes, as a rule, to find the jobs of one device."""

_TASKS_A_CALL: Final = 10
"""Tasks that one call acts on, at least."""

Arguments = Mapping[str, Any]


def count(value: object, default: int) -> int:
    """A list's length, or a number, as far as the document tells; validation judges the rest."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) and value >= 0 else default


def _pages(arguments: Arguments) -> int:
    return 1 + math.ceil(count(arguments.get("first"), FIRST) / _PAGE)


def _job_list(arguments: Arguments) -> int:
    wanted = arguments.get("filter")
    by_device = isinstance(wanted, Mapping) and wanted.get("device") is not None
    return _pages(arguments) + (_DEVICE_JOBS if by_device else 0)


def _task_list(arguments: Arguments) -> int:
    statuses = max(1, count(arguments.get("statuses"), 1))
    devices = max(1, math.ceil(count(arguments.get("devices"), 1) / _PAGE))
    return _pages(arguments) - 1 + statuses * devices


def _input(arguments: Arguments) -> Arguments:
    given = arguments.get("input")
    return given if isinstance(given, Mapping) else {}


def _new_job(arguments: Arguments) -> int:
    """Reads the package, sends, reads the job; or looks at the devices' open tasks instead."""
    return 1 + OVERLAPS_LOOKED_FOR if arguments.get("validateOnly") else 3


def _tasks_write(arguments: Arguments) -> int:
    """Reads the job before and after, and the tasks of the devices named; sends 10 a call."""
    devices = count(_input(arguments).get("devices"), 0)
    tasks = count(_input(arguments).get("tasks"), 0) + devices
    return 2 + math.ceil(devices / _PAGE) + max(1, math.ceil(tasks / _TASKS_A_CALL))


def _upload(arguments: Arguments) -> int:
    """Asks for a permission and uploads, for each file; makes the package, and reads it."""
    return 2 + 2 * max(1, count(_input(arguments).get("files"), 1))


def _calls(number: int) -> Callable[[Arguments], int]:
    return lambda _arguments: number


PRICES: Final[Mapping[str, Callable[[Arguments], int]]] = {
    "Query.node": _calls(1),
    "Query.nodes": lambda arguments: count(arguments.get("ids"), 1),
    "Query.otaJob": _calls(1),
    "Query.otaJobs": _job_list,
    "Query.task": _calls(1),
    "Query.tasks": _task_list,
    "Query.device": _calls(2),
    "Query.firmware": _calls(1),
    "Query.firmwares": _pages,
    "Mutation.createOtaJob": _new_job,
    "Mutation.verifyFirmware": _new_job,
    "Mutation.startOtaJob": _calls(3),
    "Mutation.stopOtaJob": _calls(3),
    "Mutation.cancelOtaJob": _calls(4),
    "Mutation.updateOtaJob": _calls(3),
    "Mutation.deleteOtaJob": _calls(3),
    "Mutation.retryTasks": _tasks_write,
    "Mutation.cancelTasks": _tasks_write,
    "Mutation.confirmTasks": _tasks_write,
    "Mutation.createFirmware": _upload,
    "Mutation.updateFirmware": _calls(3),
    "Mutation.deleteFirmware": _calls(3),
    "Mutation.createModule": _calls(2),
    "Mutation.updateModule": _calls(2),
    "Mutation.deleteModule": _calls(2),
    "Backend.modules": _calls(1),
    "Backend.reportedVersions": _calls(1),
    "OtaJob.tasks": _task_list,
    "OtaJob.allTasksEnded": _calls(5),
    "OtaJob.firmware": _calls(0),
    "Task.job": _calls(1),
    "Device.openTasks": _calls(1),
    "Device.jobs": _calls(_DEVICE_JOBS),
    **{
        f"TaskCounts.{status}": _calls(1)
        for status in (
            "total",
            "awaitingConfirmation",
            "queued",
            "notified",
            "inProgress",
            "succeeded",
            "failed",
            "canceled",
        )
    },
}
"""Calls of one field on one object, beyond what its parent has cost."""
