"""Queries for devices."""

from typing import Annotated

import strawberry

from gateway.domain.device import DeviceRef
from gateway.domain.errors import InvalidRequestError, NotFoundError
from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.arguments import MaxAge, accepted_age
from gateway.schema.context import GatewayContext, Info
from gateway.schema.device.types import Device
from gateway.schema.lookup import DeviceBy


async def load_device(
    context: GatewayContext, backend: str, ref: DeviceRef, age: float | None
) -> Device | None:
    """The device, or None if its cloud does not know it."""
    try:
        found = await context.devices.load((backend, ref, age))
    except NotFoundError:
        return None
    return Device.refer(
        backend, found.value.ref, native_id=found.value.native_id, max_age_s=age, loaded=found
    )


@strawberry.type
class DeviceQueries:
    @strawberry.field(
        description="One device: its jobs across packages, its open tasks, its version; null if "
        "its cloud does not know it."
    )
    async def device(
        self,
        info: Info,
        by: Annotated[DeviceBy, strawberry.argument(description="Which one.")],
        max_age_seconds: MaxAge = None,
    ) -> Device | None:
        age = accepted_age(max_age_seconds)
        if by.id is not None:
            found = GlobalId.parse(by.id.value).expect(NodeKind.DEVICE)
            ref = DeviceRef(product_key=found.key[0], name=found.key[1])
            return await load_device(info.context, found.backend, ref, age)
        if by.native is not None:
            native = by.native.value
            ref = DeviceRef(product_key=native.product_key, name=native.name)
            return await load_device(info.context, native.backend, ref, age)
        message = "give either `id` or `native`"
        raise InvalidRequestError(message, path=("by",))
