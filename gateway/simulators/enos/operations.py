"""The seven actions that read: what each one takes and what it answers.

Source: EnOS Connection API V2.1, OTA jobs and firmware.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from gateway.simulators.enos.errors import bad_parameter, firmware_not_found, job_not_found
from gateway.simulators.enos.expression import Expression, ExpressionError, Literal, parse
from gateway.simulators.enos.filters import (
    EQUALS_ONLY,
    Field,
    FlagField,
    TextField,
    name_fields,
    predicate,
)
from gateway.simulators.enos.fleet import Fleet
from gateway.simulators.enos.operation import Answer, Call, Operation
from gateway.simulators.enos.paging import page_request
from gateway.simulators.enos.records import Firmware
from gateway.simulators.enos.views import DeviceView, JobView, TaskView
from gateway.simulators.enos.wire import device_firmware, firmware_info, job_info, task_info

RecordT = TypeVar("RecordT")

_LOCALES: Final = ("zh_CN", "en_US")
_JOB_LOCALES: Final = (*_LOCALES, "ja_JP", "es_ES")

JOB_FIELDS: Final[Mapping[str, Field[JobView]]] = {
    "productKey": TextField(read=lambda view: view.job.firmware.product_key),
    "firmwareId": TextField(read=lambda view: view.job.firmware.firmware_id),
    "type": TextField(read=lambda view: view.job.type, operators=EQUALS_ONLY),
    "status": TextField(read=lambda view: view.run.status, operators=EQUALS_ONLY),
    "firmwareVersion": TextField(read=lambda view: view.job.firmware.version),
    **name_fields("firmwareName", lambda view: view.job.firmware.name, _JOB_LOCALES),
    **name_fields("name", lambda view: view.job.name, _JOB_LOCALES),
}
TASK_FIELDS: Final[Mapping[str, Field[TaskView]]] = {
    "jobId": TextField(read=lambda view: view.task.job.job_id),
    "deviceKey": TextField(read=lambda view: view.task.device.device_key),
    "fromVersion": TextField(read=lambda view: view.task.from_version),
    "toVersion": TextField(read=lambda view: view.task.job.firmware.version),
    "status": TextField(read=lambda view: view.state.status),
    "desc": TextField(read=lambda view: view.state.desc),
}
FIRMWARE_FIELDS: Final[Mapping[str, Field[Firmware]]] = {
    "productKey": TextField(read=lambda firmware: firmware.product_key),
    "isVerified": FlagField(read=lambda firmware: firmware.is_verified),
    **name_fields("name", lambda firmware: firmware.name, _LOCALES),
}
DEVICE_FIELDS: Final[Mapping[str, Field[DeviceView]]] = {
    "productKey": TextField(read=lambda view: view.device.product.key),
    "firmwareVersion": TextField(read=lambda view: view.version),
    "isUpgrading": FlagField(read=lambda view: view.is_upgrading),
}


class ReadOperations:
    """The seven read actions over a fleet."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        org_id: str,
        clock: Callable[[], float],
        visibility_lag_s: float,
        firmware_lag_s: float,
    ) -> None:
        """Answer with the state of `visibility_lag_s` before `clock`.

        The vendor notes that for about two seconds after a change reads of jobs, tasks and devices
        may show the old state. Of firmware it says nothing, so that has a lag of its own.
        """
        self._fleet = fleet
        self._org_id = org_id
        self._clock = clock
        self._visibility_lag_s = visibility_lag_s
        self._firmware_lag_s = firmware_lag_s

    def table(self) -> dict[tuple[str, str], Operation]:
        """The operations by resource and action."""
        return {
            ("ota-jobs", "get"): _get(self._get_job, "jobId"),
            ("ota-jobs", "search"): _search(self._search_jobs),
            ("ota-jobs", "searchTask"): _search(self._search_tasks),
            ("ota-firmwares", "get"): _get(self._get_firmware, "firmwareId"),
            ("ota-firmwares", "search"): _search(self._search_firmwares),
            ("ota-firmwares", "listVersion"): _get(self._list_versions, "productKey"),
            ("ota-firmwares", "searchDeviceUpgrade"): _search(self._search_devices),
        }

    @property
    def _visible_s(self) -> float:
        return self._clock() - self._visibility_lag_s

    @property
    def _visible_firmware_s(self) -> float:
        return self._clock() - self._firmware_lag_s

    def _get_job(self, call: Call) -> Answer:
        view = self._fleet.job(call.query["jobId"], at_s=self._visible_s)
        if view is None:
            raise job_not_found()
        return Answer(data=job_info(view, self._org_id))

    def _search_jobs(self, call: Call) -> Answer:
        expression = _expression(call)
        views = self._fleet.jobs(at_s=self._visible_s)
        return self._page(call, _matches(views, expression, JOB_FIELDS), job_info)

    def _search_tasks(self, call: Call) -> Answer:
        expression = _expression(call)
        job_ids = _required(expression, "jobId")
        device_keys = _required(expression, "deviceKey")
        at_s = self._visible_s
        views = (
            self._fleet.tasks_of_devices(device_keys, at_s=at_s)
            if device_keys is not None
            else self._fleet.tasks(
                at_s=at_s, job_ids=job_ids, statuses=_required(expression, "status")
            )
        )
        return self._page(call, _matches(views, expression, TASK_FIELDS), task_info)

    def _get_firmware(self, call: Call) -> Answer:
        firmware = self._fleet.firmware(call.query["firmwareId"], at_s=self._visible_firmware_s)
        if firmware is None:
            raise firmware_not_found()
        return Answer(data=firmware_info(firmware, self._org_id))

    def _search_firmwares(self, call: Call) -> Answer:
        expression = _expression(call)
        found = _matches(
            self._fleet.firmwares(at_s=self._visible_firmware_s), expression, FIRMWARE_FIELDS
        )
        return self._page(call, found, firmware_info)

    def _list_versions(self, call: Call) -> Answer:
        """The versions devices of a product report; none for a product without devices."""
        views = self._fleet.devices(at_s=self._visible_s, product_keys={call.query["productKey"]})
        return Answer(data=list(dict.fromkeys(view.version for view in views)))

    def _search_devices(self, call: Call) -> Answer:
        expression = _expression(call)
        product_keys = _required(expression, "productKey")
        views = self._fleet.devices(at_s=self._visible_s, product_keys=product_keys)
        return self._page(call, _matches(views, expression, DEVICE_FIELDS), device_firmware)

    def _page(
        self,
        call: Call,
        found: Sequence[RecordT],
        render: Callable[[RecordT, str], dict[str, object]],
    ) -> Answer:
        page = page_request(call.body)
        return Answer(
            data=[render(record, self._org_id) for record in page.cut(found)],
            pagination=page.wire(total=len(found)),
        )


def _get(handle: Callable[[Call], Answer], parameter: str) -> Operation:
    return Operation(
        method="GET", parameters=frozenset({parameter}), body_fields=None, handle=handle
    )


def _search(handle: Callable[[Call], Answer]) -> Operation:
    return Operation(
        method="POST",
        parameters=frozenset(),
        body_fields=frozenset({"expression", "pagination"}),
        handle=handle,
    )


def _expression(call: Call) -> Expression | None:
    """The parsed expression; None when none was sent, which means everything."""
    if "expression" not in call.body:
        return None
    text = call.body["expression"]
    if not isinstance(text, str):
        raise bad_parameter(name="expression", problem="expression is not a text")
    try:
        return parse(text)
    except ExpressionError as error:
        raise bad_parameter(name="expression", problem=str(error)) from error


def _required(expression: Expression | None, path: str) -> frozenset[Literal] | None:
    """The only values of `path` that can match; None when any can."""
    return None if expression is None else expression.required(path)


def _matches(
    records: Iterable[RecordT],
    expression: Expression | None,
    fields: Mapping[str, Field[RecordT]],
) -> list[RecordT]:
    if expression is None:
        return list(records)
    try:
        matches = predicate(expression, fields)
    except ExpressionError as error:
        raise bad_parameter(name="expression", problem=str(error)) from error
    return [record for record in records if matches(record)]
