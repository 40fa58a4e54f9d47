"""Mutations of firmware modules."""

from typing import Annotated, TypeVar

import strawberry

from gateway.domain import write as domain
from gateway.domain.ids import GlobalId
from gateway.schema.context import Info
from gateway.schema.inputs import backend_id
from gateway.schema.module.inputs import CreateModuleInput, DeleteModuleInput, UpdateModuleInput
from gateway.schema.module.payload import (
    CreateModulePayload,
    DeleteModulePayload,
    ModulePayload,
    UpdateModulePayload,
)
from gateway.schema.outcome import performed
from gateway.schema.payload import OptionalKey, ValidateOnly
from gateway.service.writing.desk import WriteDesk, Written
from gateway.service.writing.operations import Asking

Payload = TypeVar("Payload", bound=ModulePayload)


@strawberry.type
class ModuleMutations:
    @strawberry.mutation(
        description="Define a firmware module of a product. Needs the capability WRITE_MODULES. "
        "Alibaba CreateOTAModule."
    )
    async def create_module(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            CreateModuleInput, strawberry.argument(description="The module.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> CreateModulePayload:
        write = domain.CreateModule(draft=input.draft())
        return await _written(
            CreateModulePayload,
            info,
            input,
            write,
            key=idempotency_key,
            validate_only=validate_only,
        )

    @strawberry.mutation(
        description="Change what is said about a firmware module. Needs the capability "
        "WRITE_MODULES. Alibaba UpdateOTAModule."
    )
    async def update_module(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            UpdateModuleInput, strawberry.argument(description="Which, and what changes.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> UpdateModulePayload:
        write = domain.UpdateModule(draft=input.draft())
        return await _written(
            UpdateModulePayload,
            info,
            input,
            write,
            key=idempotency_key,
            validate_only=validate_only,
        )

    @strawberry.mutation(
        description="Remove a firmware module. Needs the capability WRITE_MODULES. Alibaba "
        "DeleteOTAModule."
    )
    async def delete_module(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name that callers expect
            DeleteModuleInput, strawberry.argument(description="Which module.")
        ],
        idempotency_key: OptionalKey = None,
        validate_only: ValidateOnly = False,
    ) -> DeleteModulePayload:
        write = domain.DeleteModule(product_key=input.product_key, name=input.name)
        return await _written(
            DeleteModulePayload,
            info,
            input,
            write,
            key=idempotency_key,
            validate_only=validate_only,
        )


async def _written(
    payload: type[Payload],
    info: Info,
    asked: CreateModuleInput | UpdateModuleInput | DeleteModuleInput,
    write: domain.Write,
    *,
    key: str | None,
    validate_only: bool,
) -> Payload:
    async def send(desk: WriteDesk, backend: GlobalId, asking: Asking) -> Written:
        return await desk.write(backend.backend, write, asking, validate_only=validate_only)

    outcome = await performed(
        info,
        key=key,
        target=lambda: backend_id(info.context.fleet, asked.backend),
        write=send,
    )
    return await payload.of(outcome, asked, info)
