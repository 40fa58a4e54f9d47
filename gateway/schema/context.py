"""What every resolver is handed for one request."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.fastapi import BaseContext

from gateway.domain.call import CallContext
from gateway.domain.device import Device, DeviceRef
from gateway.domain.errors import UnsupportedError
from gateway.domain.firmware import Firmware
from gateway.domain.freshness import Sourced
from gateway.domain.job import OtaJob
from gateway.domain.operation import Journal
from gateway.domain.principal import Principal
from gateway.service.fleet import Fleet
from gateway.service.writing.desk import WriteDesk
from gateway.service.writing.following import Following
from gateway.service.writing.operations import Asking

JobKey: TypeAlias = tuple[str, str, float | None]
FirmwareKey: TypeAlias = tuple[str, str, float | None]
DeviceKey: TypeAlias = tuple[str, DeviceRef, float | None]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What requests write through.

    Attributes:
        desk: takes writes in.
        journal: every write there was.
        following: tells how operations go on.
        principal: who asks; sees the operations of its tenant, and no others.
        max_file_bytes: what the files of a new package may have together.
    """

    desk: WriteDesk
    journal: Journal
    following: Following
    principal: Principal
    max_file_bytes: int

    def asking(self, idempotency_key: str | None) -> Asking:
        """Who asks for a write, and under which key."""
        return Asking(principal=self.principal, idempotency_key=idempotency_key)


class GatewayContext(BaseContext):
    """One request: the fleet, its loaders and its call context.

    Loaders take the greatest accepted age as part of their key, because two fields of one document
    may ask for one object with different ages.
    """

    def __init__(
        self,
        fleet: Fleet,
        call: CallContext,
        *,
        writing: Writing | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Start with empty loaders; `now` is the time, aware UTC, that ages are counted to.

        Without `writing` everything can be read and nothing written.
        """
        super().__init__()
        self.fleet = fleet
        self._writing = writing
        self.call = call
        self.now = now
        self.jobs: DataLoader[JobKey, Sourced[OtaJob]] = DataLoader(self._load_jobs)
        self.firmware: DataLoader[FirmwareKey, Sourced[Firmware]] = DataLoader(self._load_firmware)
        self.devices: DataLoader[DeviceKey, Sourced[Device]] = DataLoader(self._load_devices)

    @property
    def writing(self) -> Writing:
        """What to write through.

        Raises:
            UnsupportedError: this gateway only reads.
        """
        if self._writing is None:
            message = "this gateway is set up for reading only"
            raise UnsupportedError(message)
        return self._writing

    def forget_loaded(self) -> None:
        """Load anew what is asked from now on: a write may have changed what was loaded before."""
        self.jobs.clear_all()
        self.firmware.clear_all()
        self.devices.clear_all()

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
