"""What every resolver is handed for one request."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.fastapi import BaseContext

from gateway.domain.call import CallContext
from gateway.domain.device import Device, DeviceRef
from gateway.domain.firmware import Firmware
from gateway.domain.freshness import Sourced
from gateway.domain.job import OtaJob
from gateway.service.fleet import Fleet

JobKey: TypeAlias = tuple[str, str, float | None]
FirmwareKey: TypeAlias = tuple[str, str, float | None]
DeviceKey: TypeAlias = tuple[str, DeviceRef, float | None]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class GatewayContext(BaseContext):
    """One request: the fleet, its loaders and its call context.

    Loaders take the greatest accepted age as part of their key, because two fields of one document
    may ask for one object with different ages.
    """

    def __init__(
        self, fleet: Fleet, call: CallContext, *, now: Callable[[], datetime] = _utc_now
    ) -> None:
        """Start with empty loaders; `now` is the time, aware UTC, that ages are counted to."""
        super().__init__()
        self.fleet = fleet
        self.call = call
        self.now = now
        self.jobs: DataLoader[JobKey, Sourced[OtaJob]] = DataLoader(self._load_jobs)
        self.firmware: DataLoader[FirmwareKey, Sourced[Firmware]] = DataLoader(self._load_firmware)
        self.devices: DataLoader[DeviceKey, Sourced[Device]] = DataLoader(self._load_devices)

    async def _load_jobs(self, keys: list[JobKey]) -> list[Sourced[OtaJob] | BaseException]:
        return await asyncio.gather(
            *(self.fleet.job(backend, job, max_age_s=age) for backend, job, age in keys),
            return_exceptions=True,
        )

    async def _load_devices(self, keys: list[DeviceKey]) -> list[Sourced[Device] | BaseException]:
        return await asyncio.gather(
            *(self.fleet.device(backend, ref, max_age_s=age) for backend, ref, age in keys),
            return_exceptions=True,
        )

    async def _load_firmware(
        self, keys: list[FirmwareKey]
    ) -> list[Sourced[Firmware] | BaseException]:
        """Packages of one backend are asked for together; a backend that fails fails alone."""
        groups: dict[tuple[str, float | None], list[str]] = {}
        for backend, firmware_id, age in keys:
            groups.setdefault((backend, age), []).append(firmware_id)
        answers = await asyncio.gather(
            *(
                self.fleet.firmware_of(backend, ids, max_age_s=age)
                for (backend, age), ids in groups.items()
            ),
            return_exceptions=True,
        )
        found: dict[FirmwareKey, Sourced[Firmware] | BaseException] = {}
        for ((backend, age), ids), answer in zip(groups.items(), answers, strict=True):
            each = [answer] * len(ids) if isinstance(answer, BaseException) else answer
            found |= {(backend, key, age): one for key, one in zip(ids, each, strict=True)}
        return [found[key] for key in keys]


Info: TypeAlias = strawberry.Info[GatewayContext, None]
