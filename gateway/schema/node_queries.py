"""Relay's `node` and `nodes`: anything by its global id."""

import asyncio
from typing import Annotated, assert_never, cast

import strawberry

from gateway.domain.device import DeviceRef
from gateway.domain.errors import InvalidRequestError
from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.arguments import MaxAge, accepted_age
from gateway.schema.backend.types import Backend
from gateway.schema.context import GatewayContext, Info
from gateway.schema.device.queries import load_device
from gateway.schema.firmware.queries import load_firmware
from gateway.schema.global_id import global_id
from gateway.schema.job.queries import load_job
from gateway.schema.node import Node
from gateway.schema.operation.queries import load_operation
from gateway.schema.task.queries import load_task

_MAX_NODES = 100


async def _load(  # noqa: PLR0911 - one return a kind
    context: GatewayContext, identity: GlobalId, age: float | None
) -> Node | None:
    """The object with this id, or None if there is none."""
    backend, key = identity.backend, identity.key
    if identity.kind is NodeKind.OPERATION:  # the journal keeps those of backends that are gone
        return await load_operation(context, identity)
    if backend not in context.fleet.backends:
        return None
    match identity.kind:
        case NodeKind.BACKEND:
            return Backend.of(context.fleet.backend(backend))
        case NodeKind.OTA_JOB:
            return await load_job(context, backend, key[0], age)
        case NodeKind.TASK:
            return await load_task(context, identity, age)
        case NodeKind.FIRMWARE:
            return await load_firmware(context, backend, key[0], age)
        case NodeKind.DEVICE:
            ref = DeviceRef(product_key=key[0], name=key[1])
            return await load_device(context, backend, ref, age)
        case _:
            assert_never(identity.kind)


@strawberry.type
class NodeQueries:
    @strawberry.field(description="Anything by its global id; null if there is no such thing.")
    async def node(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - Relay's name for it
            strawberry.ID, strawberry.argument(description="A global id.")
        ],
        max_age_seconds: MaxAge = None,
    ) -> Node | None:
        identity = global_id(id, argument=("id",))
        return await _load(info.context, identity, accepted_age(max_age_seconds))

    @strawberry.field(
        description="Several things by their global ids, in that order; null in the place of one "
        "that does not exist, or, with an error, of one that cannot be read."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")
        ],
        max_age_seconds: MaxAge = None,
    ) -> list[Node | None]:
        if len(ids) > _MAX_NODES:
            message = f"`ids` holds {len(ids)} ids; {_MAX_NODES} are the most"
            raise InvalidRequestError(message, path=("ids",))
        age = accepted_age(max_age_seconds)
        identities = [global_id(identity, argument=("ids",)) for identity in ids]
        found = await asyncio.gather(
            *(_load(info.context, identity, age) for identity in identities),
            return_exceptions=True,
        )
        # The executor turns an exception in a list into an error at its place.
        return cast("list[Node | None]", found)
