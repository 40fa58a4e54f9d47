"""Queries for firmware packages."""

from typing import Annotated

import strawberry

from gateway.domain.errors import NotFoundError
from gateway.domain.firmware import FirmwareFilter as DomainFilter
from gateway.domain.firmware import VerificationStatus
from gateway.domain.ids import NodeKind
from gateway.schema.arguments import After, First, MaxAge, accepted_age
from gateway.schema.choice import backend_choice
from gateway.schema.context import GatewayContext, Info
from gateway.schema.firmware.connection import FirmwareConnection
from gateway.schema.firmware.types import Firmware
from gateway.schema.lookup import ObjectBy


@strawberry.input(description="Which packages; what is null does not narrow the list.")
class FirmwareFilter:
    backends: list[str] | None = strawberry.field(default=None, description="Names of backends.")
    providers: list[str] | None = strawberry.field(
        default=None, description="Keys of clouds, such as `enos`."
    )
    product_key: str | None = strawberry.field(default=None, description="Only of this product.")
    version: str | None = strawberry.field(
        default=None, description="Only those that bring exactly this version."
    )
    verification: VerificationStatus | None = strawberry.field(
        default=None, description="Only in this state of verification."
    )
    name: str | None = strawberry.field(
        default=None, description="A part of the name, in any language and case."
    )


async def load_firmware(
    context: GatewayContext, backend: str, native_id: str, age: float | None
) -> Firmware | None:
    """The package with its detail, or None if there is none."""
    try:
        found = await context.fleet.firmware(backend, native_id, max_age_s=age)
    except NotFoundError:
        return None
    return Firmware.of(found, age)


@strawberry.type
class FirmwareQueries:
    @strawberry.field(description="One firmware package; null if there is no such one.")
    async def firmware(
        self,
        info: Info,
        by: Annotated[ObjectBy, strawberry.argument(description="Which one.")],
        max_age_seconds: MaxAge = None,
    ) -> Firmware | None:
        backend, native_id = by.resolve(info.context.fleet, NodeKind.FIRMWARE)
        return await load_firmware(info.context, backend, native_id, accepted_age(max_age_seconds))

    @strawberry.field(description="Firmware packages of all backends, newest first.")
    async def firmwares(
        self,
        info: Info,
        filter: Annotated[  # noqa: A002 - the name that callers expect
            FirmwareFilter | None, strawberry.argument(description="Which ones; null for all.")
        ] = None,
        first: First = 20,
        after: After = None,
        max_age_seconds: MaxAge = None,
    ) -> FirmwareConnection:
        asked = filter or FirmwareFilter()
        age = accepted_age(max_age_seconds)
        listing = await info.context.fleet.firmwares(
            DomainFilter(
                product_key=asked.product_key,
                version=asked.version,
                verification=asked.verification,
                name=asked.name,
            ),
            backend_choice(info.context.fleet, asked.backends, asked.providers),
            first=first,
            after=after,
            max_age_s=age,
        )
        return FirmwareConnection.of(listing, after=after, max_age_s=age, context=info.context)
