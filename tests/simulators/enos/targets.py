"""What tests of writes aim at: a package, and free devices that do not run it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.simulators.enos import EnosSimulator
from gateway.simulators.enos.records import Device, Firmware

from .conftest import Client, FakeClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A package and devices of its product, which are free and all report `version`."""

    firmware: Firmware
    version: str
    devices: tuple[Device, ...]

    def keys(self, count: int) -> list[str]:
        return [device.device_key for device in self.devices[:count]]

    def upgrade(self, count: int = 3, /, **changes: object) -> dict[str, Any]:
        """The body of an upgrade job on the first devices; a change to None leaves a field out."""
        fields: dict[str, object] = {
            "name": {"defaultValue": "night rollout", "i18nValue": {"zh_CN": "夜间升级"}},
            "type": "upgrade",
            "upgradeScope": self.scope(deviceKeys=self.keys(count)),
            "upgradePolicy": "snapshot",
            "enableUpgradeRequest": False,
        }
        return {name: v for name, v in (fields | changes).items() if v is not None}

    def verify(self, count: int = 3, /, **changes: object) -> dict[str, Any]:
        """The body of a verification job on the first devices."""
        scope = self.scope(deviceKeys=self.keys(count))
        return {"type": "verify", "upgradeScope": scope} | changes

    def scope(self, **selector: object) -> dict[str, Any]:
        """A scope with this selector, or of all devices without one."""
        kind = "partial" if selector else "total"
        return {"type": kind, "versionNumbers": [self.version], **selector}


def find_target(
    simulator: EnosSimulator, clock: FakeClock, *, verified: bool = True, independent: bool = False
) -> Target:
    """A package that needs no verification any more, or still does, and its devices."""
    fleet, now_s = simulator.fleet, clock()
    for firmware in fleet.firmwares(at_s=now_s):
        is_usable = firmware.is_verified or not firmware.enable_verification
        if is_usable is not verified or firmware.is_independent is not independent:
            continue
        assert firmware.owner is not None
        free = [
            view
            for view in fleet.devices(at_s=now_s, product_keys={firmware.owner.key})
            if view.version != firmware.version and fleet.states.is_free(view.device, at_s=now_s)
        ]
        ((version, count),) = Counter(view.version for view in free).most_common(1)
        if count >= 12:
            return Target(
                firmware=firmware,
                version=version,
                devices=tuple(view.device for view in free if view.version == version),
            )
    raise LookupError


async def create(client: Client, target: Target, body: Mapping[str, object]) -> str:
    """The id of a new job."""
    answer = await client.write("ota-jobs", "create", body, firmwareId=target.firmware.firmware_id)
    assert answer["code"] == 0, answer["msg"]
    return str(answer["data"]["jobId"])


async def tasks_of(client: Client, job_id: str) -> dict[str, dict[str, Any]]:
    """The tasks of a job by device key."""
    tasks = await client.all("ota-jobs", "searchTask", f"jobId = '{job_id}'")
    assert len({task["deviceKey"] for task in tasks}) == len(tasks)
    return {task["deviceKey"]: task for task in tasks}


async def statuses(client: Client, job_id: str) -> Counter[str]:
    """How many tasks of a job are in each state."""
    return Counter(task["status"] for task in (await tasks_of(client, job_id)).values())
