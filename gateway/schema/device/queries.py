"""Queries for devices."""

from typing import Annotated

import strawberry

from gateway.domain.device import DeviceRef
from gateway.domain.errors import NotFoundError
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
        backend, ref = by.resolve(info.context.fleet)
        return await load_device(info.context, backend, ref, accepted_age(max_age_seconds))
