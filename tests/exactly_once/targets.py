"""What writes aim at: packages that may be rolled out, and devices that are free for them."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from gateway.simulators.alibaba import AlibabaSimulator
from gateway.simulators.alibaba.firmware import Firmware, FirmwareStatus, FirmwareType
from gateway.simulators.alibaba.job import JobStatus, Selection
from gateway.simulators.alibaba.survey import survey
from gateway.simulators.enos import EnosSimulator

USABLE = (FirmwareStatus.VERIFIED, FirmwareStatus.NOT_NEEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A package, its product, and names of free devices, which all run `version`."""

    firmware_id: str
    product_key: str
    version: str
    devices: tuple[str, ...]


def enos_target(simulator: EnosSimulator, now_s: float, *, verified: bool = True) -> Target:
    """The package with the most free devices; one that still needs verification, or none does."""
    fleet = simulator.fleet
    found = []
    for firmware in fleet.firmwares(at_s=now_s):
        usable = firmware.is_verified or not firmware.enable_verification
        if usable is not verified or firmware.is_independent or firmware.owner is None:
            continue
        free = [
            view
            for view in fleet.devices(at_s=now_s, product_keys={firmware.owner.key})
            if view.version != firmware.version and fleet.states.is_free(view.device, at_s=now_s)
        ]
        if not free:
            continue
        ((version, _),) = Counter(view.version for view in free).most_common(1)
        names = tuple(view.device.device_key for view in free if view.version == version)
        found.append(
            Target(
                firmware_id=firmware.firmware_id,
                product_key=firmware.owner.key,
                version=version,
                devices=names,
            )
        )
    return max(found, key=lambda target: len(target.devices))


def alibaba_target(
    simulator: AlibabaSimulator, now_s: float, *, statuses: Collection[FirmwareStatus] = USABLE
) -> Target:
    """The package of one file with the most free devices, and no continuous job under way."""
    found = [
        _free_for(simulator, firmware, now_s) for firmware in _packages(simulator, now_s, statuses)
    ]
    return max(found, key=lambda target: len(target.devices))


def _packages(
    simulator: AlibabaSimulator, now_s: float, statuses: Collection[FirmwareStatus]
) -> list[Firmware]:
    fleet = simulator.fleet
    continuous = {
        job.firmware.id
        for job in fleet.jobs
        if job.scope.selection is Selection.DYNAMIC
        and job.status_at(now_s) is JobStatus.IN_PROGRESS
    }
    return [
        firmware
        for firmware in fleet.firmwares
        if firmware.type is FirmwareType.FULL
        and len(firmware.files) == 1
        and firmware.id not in continuous
        and firmware.status_at(now_s) in statuses
    ]


def _free_for(simulator: AlibabaSimulator, firmware: Firmware, now_s: float) -> Target:
    product = firmware.product
    everybody = range(product.devices)
    standings = survey(simulator.fleet, product, firmware.module, everybody, now_s)
    free = {
        product.device(device).name: standing.version
        for device, standing in standings.items()
        if not standing.open_tasks and not standing.joins and standing.version != firmware.version
    }
    ((version, _),) = Counter(free.values()).most_common(1) or [("none", 0)]
    return Target(
        firmware_id=firmware.id,
        product_key=product.key,
        version=version,
        devices=tuple(name for name, has in free.items() if has == version),
    )
