"""What tests of writes start from: a simulator whose devices do as told, and a client of it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from gateway.simulators.alibaba import AlibabaSimulator, Habits
from gateway.simulators.alibaba.firmware import Firmware, FirmwareStatus, FirmwareType
from gateway.simulators.alibaba.survey import survey
from tests.simulators.alibaba.caller import INSTANCE, KEY_ID, KEY_SECRET, Caller, FakeClock

OBEDIENT = Habits(failing=0.0, lingering=0.0)
MINUTE_S = 60.0
HOUR_S = 3_600.0
DAY_S = 86_400.0
ILLEGAL = "iot.system.IllegalRequest"
USABLE = {FirmwareStatus.VERIFIED, FirmwareStatus.NOT_NEEDED}

make_simulator: Callable[..., AlibabaSimulator] = partial(
    AlibabaSimulator,
    access_key_id=KEY_ID,
    access_key_secret=KEY_SECRET,
    instance_id=INSTANCE,
    packages=12,
    jobs=80,
    tasks=1_200,
    throttle=False,
    habits=OBEDIENT,
)
"""A small account; `clock` is still to be given."""


class Writer:
    """A simulator, its clock, and calls to it that say what they expect."""

    def __init__(self, **options: object) -> None:
        self.clock = FakeClock()
        self.simulator = make_simulator(clock=self.clock, **options)
        self.fleet = self.simulator.fleet
        self._usable: Firmware | None = None
        self.caller = Caller(self.simulator, self.clock)

    @property
    def now_s(self) -> float:
        return self.clock.now_s

    async def do(self, action: str, **parameters: object) -> dict[str, Any]:
        """A call that succeeds: its `Data`, empty if it has none."""
        body = await self.caller.ask(action, **parameters)
        assert body.get("Success") is True, body
        data: dict[str, Any] = body.get("Data", {})
        return data

    async def refused(self, action: str, **parameters: object) -> str:
        """The code of a call that fails, having changed nothing."""
        before = len(self.simulator.executed)
        body = await self.caller.ask(action, **parameters)
        assert body.get("Success") is not True, body
        assert len(self.simulator.executed) == before
        code: str = body["Code"]
        return code

    def usable(self, *, status: set[FirmwareStatus] | None = None) -> Firmware:
        """A full package of one file in such a status, of those the one with most free devices.

        Without a status it may be rolled out, and stays the same package throughout.
        """
        if status is None:
            self._usable = self._usable or self._freest(USABLE)
            return self._usable
        return self._freest(status)

    def _freest(self, statuses: set[FirmwareStatus]) -> Firmware:
        found = [
            firmware
            for firmware in self.fleet.firmwares
            if firmware.type is FirmwareType.FULL
            and len(firmware.files) == 1
            and firmware.status_at(self.now_s) in statuses
        ]
        return max(found, key=lambda firmware: len(self._free(firmware)))

    def free_names(self, firmware: Firmware, count: int) -> Sequence[str]:
        """Names of devices that have no open task, nor the package's version, nor will join."""
        names = self._free(firmware)
        assert len(names) >= count
        return names[:count]

    def _free(self, firmware: Firmware) -> Sequence[str]:
        product = firmware.product
        everybody = range(product.devices)
        found = survey(self.fleet, product, firmware.module, everybody, self.now_s)
        return [
            product.device(device).name
            for device, standing in found.items()
            if not standing.open_tasks
            and not standing.joins
            and standing.version != firmware.version
        ]

    async def roll_out(
        self, names: Sequence[str], firmware: Firmware | None = None, /, **more: object
    ) -> str:
        """The id of a new static batch for these devices."""
        return str(
            (
                await self.do(
                    "CreateOTAStaticUpgradeJob",
                    **specific(firmware or self.usable(), names),
                    **more,
                )
            )["JobId"]
        )

    async def job(self, identity: str) -> dict[str, Any]:
        return await self.do("QueryOTAJob", JobId=identity)

    async def status(self, identity: str) -> str:
        return str((await self.job(identity))["JobStatus"])

    async def tasks(self, identity: str) -> list[dict[str, Any]]:
        """All tasks of a batch of at most a hundred."""
        data = await self.do("ListOTATaskByJob", JobId=identity, CurrentPage=1, PageSize=100)
        items: list[dict[str, Any]] = data["SimpleOTATaskInfo"]
        return items

    async def statuses(self, identity: str) -> set[str]:
        return {task["TaskStatus"] for task in await self.tasks(identity)}

    async def version(self, firmware: Firmware, name: str) -> str:
        """What a device reports for the package's module."""
        data = await self.do(
            "ListOTAModuleVersionsByDevice",
            ProductKey=firmware.product.key,
            DeviceName=name,
            CurrentPage=1,
            PageSize=200,
        )
        (found,) = (
            item["ModuleVersion"]
            for item in data["SimpleOTAModuleInfo"]
            if item["ModuleName"] == firmware.module.name
        )
        return str(found)

    async def open_tasks(self, firmware: Firmware, name: str) -> list[dict[str, Any]]:
        data = await self.do(
            "ListOTAUnfinishedTaskByDevice", ProductKey=firmware.product.key, DeviceName=name
        )
        items: list[dict[str, Any]] = data["SimpleOTATaskInfo"]
        return items

    async def firmware(self, identity: str) -> dict[str, Any]:
        body = await self.caller.ask("QueryOTAFirmware", FirmwareId=identity)
        info: dict[str, Any] = body["FirmwareInfo"]
        return info

    async def upload(self, content: bytes, *, names: bool = False, suffix: str = "bin") -> str:
        """The URL of a file uploaded as the vendor's manual says."""
        if names:
            grant = await self.do("GenerateDeviceNameListURL")
        else:
            grant = await self.do("GenerateOTAUploadURL", FileSuffix=suffix)
        answer = await self.post(grant, content)
        assert answer == 204
        return str(grant["FileUrl" if names else "FirmwareUrl"])

    async def post(self, grant: dict[str, Any], content: bytes) -> int:
        """The status of an upload under a grant."""
        key_id = grant.get("OSSAccessKeyId") or grant["AccessKeyId"]
        form = {
            "key": grant["Key"],
            "OSSAccessKeyId": key_id,
            "policy": grant["Policy"],
            "Signature": grant["Signature"],
        }
        answer = await self.caller.http.post(
            grant["Host"], data=form, files={"file": ("any.bin", content)}
        )
        return answer.status_code


def specific(firmware: Firmware, names: Sequence[str]) -> dict[str, object]:
    """The parameters of a static batch for named devices."""
    return {
        "FirmwareId": firmware.id,
        "ProductKey": firmware.product.key,
        "TargetSelection": "SPECIFIC",
        **numbered("TargetDeviceName", names),
    }


def numbered(name: str, values: Sequence[str]) -> dict[str, object]:
    """A list as the parameters that carry it."""
    return {f"{name}__{place}": value for place, value in enumerate(values, start=1)}
