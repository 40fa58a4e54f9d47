"""What the mutations of firmware modules answer with."""

from typing import Self

import strawberry

from gateway.schema.backend.types import FirmwareModule
from gateway.schema.context import Info
from gateway.schema.module.inputs import CreateModuleInput, DeleteModuleInput, UpdateModuleInput
from gateway.schema.outcome import Outcome
from gateway.schema.payload import WritePayload


@strawberry.type(description="Answer of a mutation of a firmware module.")
class ModulePayload(WritePayload):
    module: FirmwareModule | None = strawberry.field(
        description="The module as it is now, after the write; null if there is none."
    )

    @classmethod
    async def of(
        cls,
        outcome: Outcome,
        asked: CreateModuleInput | UpdateModuleInput | DeleteModuleInput,
        info: Info,
    ) -> Self:
        """The payload, with the module read anew if the document selects it."""

        async def load(backend: str, age: float | None) -> FirmwareModule | None:
            found = await info.context.fleet.modules(backend, asked.product_key, max_age_s=age)
            named = (module for module in found.value if module.name == asked.name)
            return next(map(FirmwareModule.of, named), None)

        module = await outcome.read(info, "module", load)
        return cls(module=module, **outcome.fields())


@strawberry.type(description="Answer of `createModule`.")
class CreateModulePayload(ModulePayload):
    """See `ModulePayload`."""


@strawberry.type(description="Answer of `updateModule`.")
class UpdateModulePayload(ModulePayload):
    """See `ModulePayload`."""


@strawberry.type(description="Answer of `deleteModule`.")
class DeleteModulePayload(ModulePayload):
    """See `ModulePayload`."""
