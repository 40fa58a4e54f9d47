"""The table of write operations, as the vendor's metadata and reference pages have them."""

from typing import Final

from gateway.simulators.alibaba.operation import INSTANCE, POST, Operation, optional, required
from gateway.simulators.alibaba.parameters import Kind, Parameter


def _integers(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, kind=Kind.INTEGER) for name in names)


def _booleans(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, kind=Kind.BOOLEAN) for name in names)


def _texts(name: str, *, required_: bool = False) -> Parameter:
    return Parameter(name=name, kind=Kind.TEXTS, required=required_)


def _tags(name: str) -> Parameter:
    return Parameter(name=name, kind=Kind.OBJECTS, fields=required("Key", "Value"))


_FILES = Parameter(
    name="MultiFiles",
    kind=Kind.OBJECTS,
    fields=(*optional("Name", "Url", "FileMd5", "SignValue"), *_integers("Size")),
)
_ROLLOUT = (
    *required("FirmwareId", "ProductKey"),
    *_integers(
        "MaximumPerMinute", "OverwriteMode", "RetryCount", "RetryInterval", "TimeoutInMinutes"
    ),
    *_booleans("MultiModuleMode", "NeedConfirm", "NeedPush"),
    *optional("DownloadProtocol", "GroupId", "GroupType"),
    _texts("SrcVersion"),
    _tags("Tag"),
    INSTANCE,
)

WRITES: Final = (
    Operation(
        name="CreateOTAFirmware",
        parameters=(
            *required("FirmwareName", "DestVersion"),
            *optional(
                "FirmwareDesc",
                "FirmwareSign",
                "FirmwareUrl",
                "ModuleName",
                "ProductKey",
                "SignMethod",
                "SrcVersion",
                "Udi",
            ),
            *_integers("FirmwareSize", "Type"),
            *_booleans("NeedToVerify"),
            _FILES,
            INSTANCE,
        ),
    ),
    Operation(
        name="ModifyOTAFirmware",
        parameters=(
            *required("FirmwareId", "ProductKey"),
            *optional("FirmwareName", "FirmwareDesc", "FirmwareUdi"),
            INSTANCE,
        ),
        rate=5,
    ),
    Operation(name="DeleteOTAFirmware", parameters=(*required("FirmwareId"), INSTANCE)),
    Operation(name="GenerateOTAUploadURL", parameters=(*optional("FileSuffix"), INSTANCE)),
    Operation(name="GenerateDeviceNameListURL", parameters=(INSTANCE,)),
    Operation(
        name="CreateOTAVerifyJob",
        parameters=(
            *required("FirmwareId", "ProductKey"),
            _texts("TargetDeviceName", required_=True),
            *_integers("TimeoutInMinutes"),
            *_booleans("NeedPush", "NeedConfirm"),
            *optional("DownloadProtocol"),
            _tags("Tag"),
            INSTANCE,
        ),
    ),
    Operation(
        name="CreateOTAStaticUpgradeJob",
        parameters=(
            *required("TargetSelection"),
            *optional("DnListFileUrl", "GrayPercent"),
            _texts("TargetDeviceName"),
            Parameter(name="ScheduleTime", kind=Kind.LONG),
            Parameter(name="ScheduleFinishTime", kind=Kind.LONG),
            *_ROLLOUT,
        ),
        rate=20,
    ),
    Operation(
        name="CreateOTADynamicUpgradeJob",
        parameters=(*_integers("DynamicMode"), *_ROLLOUT),
        rate=20,
    ),
    Operation(
        name="UpdateOTAJob",
        parameters=(
            *required("JobId", "UpgradeType", "TargetSelection"),
            Parameter(name="MaximumPerMinute", kind=Kind.INTEGER, required=True),
            *_integers("TimeoutInMinutes"),
            _texts("SrcVersionList"),
            _tags("Tags"),
            INSTANCE,
        ),
    ),
    Operation(name="CancelOTAStrategyByJob", parameters=(*required("JobId"), INSTANCE)),
    Operation(
        name="CancelOTATaskByJob",
        parameters=(
            *required("JobId"),
            *_booleans(
                "CancelScheduledTask",
                "CancelQueuedTask",
                "CancelNotifiedTask",
                "CancelInProgressTask",
                "CancelUnconfirmedTask",
            ),
            INSTANCE,
        ),
        rate=5,
    ),
    Operation(
        name="CancelOTATaskByDevice",
        parameters=(
            *required("FirmwareId", "ProductKey"),
            *optional("JobId"),
            _texts("DeviceName", required_=True),
            INSTANCE,
        ),
    ),
    Operation(
        name="ConfirmOTATask",
        parameters=(_texts("TaskId", required_=True), INSTANCE),
        methods=POST,
        rate=20,
    ),
    Operation(
        name="ReupgradeOTATask",
        parameters=(*required("JobId"), _texts("TaskId", required_=True), INSTANCE),
        methods=POST,
        rate=20,
    ),
    Operation(
        name="CreateOTAModule",
        parameters=(
            *required("ProductKey", "ModuleName"),
            *optional("AliasName", "Desc"),
            INSTANCE,
        ),
        methods=POST,
    ),
    Operation(
        name="UpdateOTAModule",
        parameters=(
            *required("ProductKey", "ModuleName"),
            *optional("AliasName", "Desc"),
            INSTANCE,
        ),
        methods=POST,
    ),
    Operation(
        name="DeleteOTAModule",
        parameters=(*required("ProductKey", "ModuleName"), INSTANCE),
        methods=POST,
    ),
)
