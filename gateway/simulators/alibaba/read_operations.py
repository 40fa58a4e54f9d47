"""The table of read operations, as the vendor's metadata and reference pages have them."""

from typing import Final

from gateway.simulators.alibaba.operation import GET, INSTANCE, Operation, optional, required
from gateway.simulators.alibaba.parameters import Kind, Parameter

_PAGE = (
    Parameter(name="CurrentPage", kind=Kind.INTEGER, required=True),
    Parameter(name="PageSize", kind=Kind.INTEGER, required=True),
)

READS: Final = (
    Operation(name="QueryOTAJob", parameters=(*required("JobId"), INSTANCE)),
    Operation(name="ListOTAJobByFirmware", parameters=(*required("FirmwareId"), *_PAGE, INSTANCE)),
    Operation(
        name="ListOTAJobByDevice",
        parameters=(*required("FirmwareId", "ProductKey", "DeviceName"), *_PAGE, INSTANCE),
    ),
    Operation(
        name="ListOTATaskByJob",
        parameters=(
            *required("JobId"),
            Parameter(name="CurrentPage", kind=Kind.INTEGER),
            Parameter(name="PageSize", kind=Kind.INTEGER),
            Parameter(name="DeviceNames", kind=Kind.TEXTS),
            *optional("TaskStatus"),
            INSTANCE,
        ),
    ),
    Operation(
        name="ListOTAUnfinishedTaskByDevice",
        parameters=(
            *optional("IotId", "ProductKey", "DeviceName", "ModuleName", "TaskStatus"),
            Parameter(name="TaskStatusList", kind=Kind.TEXTS),
            INSTANCE,
        ),
    ),
    Operation(
        name="ListOTAFirmware",
        parameters=(*_PAGE, *optional("ProductKey", "DestVersion"), INSTANCE),
    ),
    Operation(name="QueryOTAFirmware", parameters=(*required("FirmwareId"), INSTANCE), rate=20),
    Operation(
        name="ListOTAModuleByProduct",
        parameters=(*required("ProductKey"), INSTANCE),
        methods=GET,
    ),
    Operation(
        name="ListOTAModuleVersionsByDevice",
        parameters=(*optional("IotId", "ProductKey", "DeviceName"), *_PAGE, INSTANCE),
    ),
)
