"""What a write would do, in the schema."""

from typing import Self

import strawberry

from gateway.domain import write as domain
from gateway.schema.scalars import Json
from gateway.schema.task.types import Task
from gateway.service.writing.preview import OVERLAPS_LOOKED_FOR, Preview


@strawberry.type(description="One upstream call that a write would make.")
class PlannedCall:
    operation: str = strawberry.field(description="The cloud's name of the call.")
    parameters: Json = strawberry.field(
        description="What would be sent, in the cloud's own words, without credentials and without "
        "the content of files."
    )
    targets: list[str] = strawberry.field(
        description="Names of the devices it would be for; empty if it is for one object."
    )

    @classmethod
    def of(cls, call: domain.PlannedCall) -> Self:
        return cls(
            operation=call.operation,
            parameters=Json(call.parameters),
            targets=[target.device.name for target in call.targets],
        )


@strawberry.type(description="A value that reaches the cloud in another unit or word.")
class Conversion:
    path: list[str] = strawberry.field(description="Where it stands in the arguments.")
    given: str = strawberry.field(description="What you gave, as text; `null` for nothing.")
    sent_as: str = strawberry.field(description="The cloud's name of it.")
    sent: str = strawberry.field(description="What would be sent, as text.")

    @classmethod
    def of(cls, value: domain.Conversion) -> Self:
        return cls(path=list(value.path), given=value.given, sent_as=value.sent_as, sent=value.sent)


@strawberry.type(description="What a write would do: everything about it but the sending.")
class WritePreview:
    calls: list[PlannedCall] = strawberry.field(
        description="The upstream calls it would make, in the order of sending."
    )
    conversions: list[Conversion] = strawberry.field(
        description="Values that would be sent in another unit or word than they were given in."
    )
    device_count: int | None = strawberry.field(
        description="How many devices it is aimed at; null where the cloud alone can tell."
    )
    overlaps: list[Task] = strawberry.field(
        description="Open tasks of those devices, which may get in its way. Told for a new job "
        f"that names its devices, of the first {OVERLAPS_LOOKED_FOR} of them."
    )
    price: int = strawberry.field(
        description="How many calls of the upstream budget sending it takes."
    )

    @classmethod
    def of(cls, preview: Preview) -> Self:
        plan = preview.plan
        return cls(
            calls=[PlannedCall.of(call) for call in plan.calls],
            conversions=[Conversion.of(conversion) for conversion in plan.conversions],
            device_count=preview.device_count,
            overlaps=[Task.of(task, None) for task in preview.overlaps],
            price=len(plan.calls),
        )
