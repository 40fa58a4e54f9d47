"""The read operations of EnOS's connection service: wire objects in and out."""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from gateway.domain.paging import PageRequest
from gateway.providers.enos.envelope import Envelope
from gateway.providers.enos.listing import Listing, Received, read_list, read_one, read_texts
from gateway.providers.enos.session import EnosSession
from gateway.providers.enos.token_service import FETCH_CALL, RENEWAL_CALL
from gateway.providers.enos.wire import (
    DeviceFirmware,
    FirmwareInfo,
    JobInfo,
    TaskInfo,
)

T = TypeVar("T")

_GET_JOB: Final = "ota-jobs.get"
_SEARCH_JOBS: Final = "ota-jobs.search"
_SEARCH_TASKS: Final = "ota-jobs.searchTask"
_GET_FIRMWARE: Final = "ota-firmwares.get"
_SEARCH_FIRMWARE: Final = "ota-firmwares.search"
_LIST_VERSIONS: Final = "ota-firmwares.listVersion"
_SEARCH_DEVICES: Final = "ota-firmwares.searchDeviceUpgrade"

RATES: Final = {
    **dict.fromkeys((FETCH_CALL, RENEWAL_CALL), 2.0),
    **dict.fromkeys(
        (
            _GET_JOB,
            _SEARCH_JOBS,
            _SEARCH_TASKS,
            _GET_FIRMWARE,
            _SEARCH_FIRMWARE,
            _LIST_VERSIONS,
            _SEARCH_DEVICES,
        ),
        20.0,
    ),
}
"""Calls a second by operation. EnOS documents no rates; the figures are ours, to protect it.

That of the token calls matters when the credentials are wrong: each request would try them again.
"""


class EnosClient:
    """One method per operation.

    `expression` selects (see `filters`), None selects everything in the organisation. Pages hold
    at most 200 items; EnOS advises 50 or fewer.
    """

    def __init__(self, session: EnosSession) -> None:
        """Call through `session`."""
        self._session = session

    async def get_job(self, job_id: str) -> Received[JobInfo]:
        """One job. Source: Get OTA Job."""
        read = partial(read_one, model=JobInfo)
        return await self._session.call(_GET_JOB, {"jobId": job_id}, None, read)

    async def search_jobs(self, expression: str | None, page: PageRequest) -> Listing[JobInfo]:
        """Jobs, newest first. Source: Search OTA Job."""
        read = partial(read_list, model=JobInfo, id_field="jobId")
        return await self._search(_SEARCH_JOBS, expression, page, read)

    async def search_tasks(self, expression: str | None, page: PageRequest) -> Listing[TaskInfo]:
        """Tasks, in no order that is documented. Source: Search OTA Task."""
        read = partial(read_list, model=TaskInfo, id_field="taskId")
        return await self._search(_SEARCH_TASKS, expression, page, read)

    async def get_firmware(self, firmware_id: str) -> Received[FirmwareInfo]:
        """One package. Source: Get Firmware."""
        read = partial(read_one, model=FirmwareInfo)
        return await self._session.call(_GET_FIRMWARE, {"firmwareId": firmware_id}, None, read)

    async def search_firmware(
        self, expression: str | None, page: PageRequest
    ) -> Listing[FirmwareInfo]:
        """Packages, newest first. Source: Search Firmware."""
        read = partial(read_list, model=FirmwareInfo, id_field="firmwareId")
        return await self._search(_SEARCH_FIRMWARE, expression, page, read)

    async def list_versions(self, product_key: str) -> tuple[str, ...]:
        """Versions that devices of a product report now. Source: List Firmware Version."""
        query = {"productKey": product_key}
        return await self._session.call(_LIST_VERSIONS, query, None, read_texts)

    async def search_devices(
        self, expression: str | None, page: PageRequest
    ) -> Listing[DeviceFirmware]:
        """Devices and the versions they report, in no order. Source: Search Device Upgrade."""
        read = partial(read_list, model=DeviceFirmware, id_field="deviceKey")
        return await self._search(_SEARCH_DEVICES, expression, page, read)

    async def _search(
        self,
        operation: str,
        expression: str | None,
        page: PageRequest,
        read: Callable[[Envelope], T],
    ) -> T:
        body: dict[str, object] = {} if expression is None else {"expression": expression}
        body["pagination"] = {"pageNo": page.number, "pageSize": page.size}
        return await self._session.call(operation, {}, body, read)
