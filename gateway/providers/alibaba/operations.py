"""The cloud's OTA operations: their names, documented rates and the method each needs.

Source: API reference of the IoT Platform (version 2018-01-20), one page per operation; the
methods come from the published API metadata.
"""

from collections.abc import Mapping
from typing import Final

API_VERSION: Final = "2018-01-20"

# Calls a second, per account and operation.
RATES: Final[Mapping[str, float]] = {
    "QueryOTAJob": 10,
    "ListOTAJobByFirmware": 10,
    "ListOTAJobByDevice": 10,
    "ListOTATaskByJob": 10,
    "ListOTAUnfinishedTaskByDevice": 10,
    "ListOTAFirmware": 10,
    "QueryOTAFirmware": 20,
    "ListOTAModuleByProduct": 10,
    "ListOTAModuleVersionsByDevice": 10,
    "CreateOTAFirmware": 10,
    "ModifyOTAFirmware": 5,
    "DeleteOTAFirmware": 10,
    "GenerateOTAUploadURL": 10,
    "CreateOTAVerifyJob": 10,
    "CreateOTAStaticUpgradeJob": 20,
    "CreateOTADynamicUpgradeJob": 20,
    "UpdateOTAJob": 10,
    "CancelOTAStrategyByJob": 10,
    "CancelOTATaskByJob": 5,
    "CancelOTATaskByDevice": 10,
    "ConfirmOTATask": 20,
    "ReupgradeOTATask": 20,
    "CreateOTAModule": 10,
    "UpdateOTAModule": 10,
    "DeleteOTAModule": 10,
}

_GET_ONLY: Final = frozenset({"ListOTAModuleByProduct"})


def method_of(operation: str) -> str:
    """HTTP method for `operation`: POST as the vendor's SDK does, GET where POST is refused."""
    return "GET" if operation in _GET_ONLY else "POST"
