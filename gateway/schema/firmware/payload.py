"""What the mutations of firmware packages answer with."""

from typing import Self

import strawberry

from gateway.domain.ids import NodeKind
from gateway.schema.context import Info
from gateway.schema.firmware.types import Firmware
from gateway.schema.outcome import Outcome
from gateway.schema.payload import WritePayload


@strawberry.type(description="Answer of a mutation of a firmware package.")
class FirmwarePayload(WritePayload):
    firmware: Firmware | None = strawberry.field(
        description="The package as it is now, after the write; null if there is none, or it is "
        "not known yet."
    )

    @classmethod
    async def of(cls, outcome: Outcome, info: Info) -> Self:
        """The payload, with the package read anew if the document selects it."""
        native_id = outcome.subject
        if outcome.target is not None and outcome.target.kind is NodeKind.FIRMWARE:
            native_id = outcome.target.key[0]

        async def load(backend: str, age: float | None) -> Firmware | None:
            if native_id is None:
                return None
            found = await info.context.fleet.firmware(backend, native_id, max_age_s=age)
            return Firmware.of(found, None)

        firmware = await outcome.read(info, "firmware", load)
        return cls(firmware=firmware, **outcome.fields())


@strawberry.type(description="Answer of `createFirmware`.")
class CreateFirmwarePayload(FirmwarePayload):
    """See `FirmwarePayload`."""


@strawberry.type(description="Answer of `updateFirmware`.")
class UpdateFirmwarePayload(FirmwarePayload):
    """See `FirmwarePayload`."""


@strawberry.type(description="Answer of `deleteFirmware`.")
class DeleteFirmwarePayload(FirmwarePayload):
    """See `FirmwarePayload`."""
