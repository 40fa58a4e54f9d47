"""Mutations of firmware packages."""

from typing import Annotated

import strawberry

from gateway.domain.ids import GlobalId
from gateway.domain.write import CreateFirmware
from gateway.schema.context import Info
from gateway.schema.firmware.inputs import (
    CreateFirmwareInput,
    DeleteFirmwareInput,
    UpdateFirmwareInput,
)
from gateway.schema.firmware.payload import (
    CreateFirmwarePayload,
    DeleteFirmwarePayload,
    UpdateFirmwarePayload,
)
from gateway.schema.inputs import backend_id
from gateway.schema.outcome import performed
from gateway.schema.payload import OptionalKey, RequiredKey, ValidateOnly
from gateway.service.writing.desk import WriteDesk, Written
from gateway.service.writing.operations import Asking


@strawberry.type
class FirmwareMutations:
    @strawberry.mutation(
        description="Upload a firmware package. Needs the capability CREATE_FIRMWARE. EnOS create "
        "firmware; Alibaba GenerateOTAUploadURL and an upload for each file, then "
        "CreateOTAFirmware."
    )
    async def create_firmware(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            CreateFirmwareInput, strawberry.argument(description="The package.")
        ],
        idempotency_key: RequiredKey,
        validate_only: ValidateOnly = False,
    ) -> CreateFirmwarePayload:
        async def write(desk: WriteDesk, backend: GlobalId, asking: Asking) -> Written:
            draft = input.draft(max_file_bytes=info.context.writing.max_file_bytes)
            return await desk.write(
                backend.backend, CreateFirmware(draft=draft), asking, validate_only=validate_only
            )

        outcome = await performed(
            info,
            key=idempotency_key,
            target=lambda: backend_id(info.context.fleet, input.backend),
            write=write,
        )
        return await CreateFirmwarePayload.of(outcome, info)

    @strawberry.mutation(
        description="Change what is said about a package. Needs the capability UPDATE_FIRMWARE. "
        "Alibaba ModifyOTAFirmware."
    )
    async def update_firmware(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            UpdateFirmwareInput, strawberry.argument(description="Which, and what changes.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> UpdateFirmwarePayload:
        async def write(desk: WriteDesk, firmware: GlobalId, asking: Asking) -> Written:
            return await desk.update_firmware(
                firmware, input.changes(), asking, validate_only=validate_only
            )

        outcome = await performed(info, key=idempotency_key, target=input.firmware, write=write)
        return await UpdateFirmwarePayload.of(outcome, info)

    @strawberry.mutation(
        description="Remove a package. Needs the capability DELETE_FIRMWARE. EnOS delete, Alibaba "
        "DeleteOTAFirmware."
    )
    async def delete_firmware(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            DeleteFirmwareInput, strawberry.argument(description="Which package.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> DeleteFirmwarePayload:
        async def write(desk: WriteDesk, firmware: GlobalId, asking: Asking) -> Written:
            return await desk.delete_firmware(firmware, asking, validate_only=validate_only)

        outcome = await performed(info, key=idempotency_key, target=input.firmware, write=write)
        return await DeleteFirmwarePayload.of(outcome, info)
