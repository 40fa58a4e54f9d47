"""The operations this endpoint has: methods, rates and parameters, as the vendor's metadata says.

An operation that is not in the table does not exist here, and is answered so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.simulators.alibaba.parameters import Arguments, Kind, Parameter
from gateway.simulators.alibaba.reads import Payload, Reads

Handler = Callable[[Reads, Arguments, float], Payload]

_GET = frozenset({"GET"})
_GET_OR_POST = frozenset({"GET", "POST"})
_INSTANCE = Parameter(name="IotInstanceId")
_PAGE = (
    Parameter(name="CurrentPage", kind=Kind.INTEGER, required=True),
    Parameter(name="PageSize", kind=Kind.INTEGER, required=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation; `rate` is how many calls a second an account has."""

    name: str
    parameters: tuple[Parameter, ...]
    handler: Handler
    methods: frozenset[str] = _GET_OR_POST
    rate: int = 10


def _required(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, required=True) for name in names)


def _optional(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name) for name in names)


_TABLE = (
    Operation(
        name="QueryOTAJob",
        parameters=(*_required("JobId"), _INSTANCE),
        handler=Reads.query_ota_job,
    ),
    Operation(
        name="ListOTAJobByFirmware",
        parameters=(*_required("FirmwareId"), *_PAGE, _INSTANCE),
        handler=Reads.list_ota_job_by_firmware,
    ),
    Operation(
        name="ListOTAJobByDevice",
        parameters=(*_required("FirmwareId", "ProductKey", "DeviceName"), *_PAGE, _INSTANCE),
        handler=Reads.list_ota_job_by_device,
    ),
    Operation(
        name="ListOTATaskByJob",
        parameters=(
            *_required("JobId"),
            Parameter(name="CurrentPage", kind=Kind.INTEGER),
            Parameter(name="PageSize", kind=Kind.INTEGER),
            Parameter(name="DeviceNames", kind=Kind.TEXTS),
            *_optional("TaskStatus"),
            _INSTANCE,
        ),
        handler=Reads.list_ota_task_by_job,
    ),
    Operation(
        name="ListOTAUnfinishedTaskByDevice",
        parameters=(
            *_optional("IotId", "ProductKey", "DeviceName", "ModuleName", "TaskStatus"),
            Parameter(name="TaskStatusList", kind=Kind.TEXTS),
            _INSTANCE,
        ),
        handler=Reads.list_ota_unfinished_task_by_device,
    ),
    Operation(
        name="ListOTAFirmware",
        parameters=(*_PAGE, *_optional("ProductKey", "DestVersion"), _INSTANCE),
        handler=Reads.list_ota_firmware,
    ),
    Operation(
        name="QueryOTAFirmware",
        parameters=(*_required("FirmwareId"), _INSTANCE),
        handler=Reads.query_ota_firmware,
        rate=20,
    ),
    Operation(
        name="ListOTAModuleByProduct",
        parameters=(*_required("ProductKey"), _INSTANCE),
        handler=Reads.list_ota_module_by_product,
        methods=_GET,
    ),
    Operation(
        name="ListOTAModuleVersionsByDevice",
        parameters=(*_optional("IotId", "ProductKey", "DeviceName"), *_PAGE, _INSTANCE),
        handler=Reads.list_ota_module_versions_by_device,
    ),
)

OPERATIONS: Final = {operation.name: operation for operation in _TABLE}
