"""Relay's `node` and `nodes`: anything by its global id."""

from typing import Annotated, assert_never

import strawberry

from gateway.domain.device import DeviceRef
from gateway.domain.errors import InvalidRequestError, NotFoundError
from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.arguments import MaxAge, accepted_age
from gateway.schema.backend.types import Backend
from gateway.schema.context import GatewayContext, Info
from gateway.schema.device.queries import load_device
from gateway.schema.firmware.types import Firmware
from gateway.schema.job.types import OtaJob
from gateway.schema.node import Node
from gateway.schema.task.types import Task

_MAX_NODES = 100


async def _load(context: GatewayContext, identity: GlobalId, age: float | None) -> Node | None:
    """The object with this id, or None if there is none."""
    fleet, backend, key = context.fleet, identity.backend, identity.key
    try:
        match identity.kind:
            case NodeKind.BACKEND:
                return Backend.of(fleet.backend(backend))
            case NodeKind.OTA_JOB:
                return OtaJob.of(await context.jobs.load((backend, key[0], age)), age)
            case NodeKind.TASK:
                return Task.of(await fleet.task(identity, max_age_s=age), age)
            case NodeKind.FIRMWARE:
                found = await fleet.firmware(backend, key[0], max_age_s=age)
                return Firmware.of(found, age)
            case NodeKind.DEVICE:
                ref = DeviceRef(product_key=key[0], name=key[1])
                return await load_device(context, backend, ref, age)
            case _:
                assert_never(identity.kind)
    except NotFoundError:
        return None


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
        return await _load(info.context, GlobalId.parse(id), accepted_age(max_age_seconds))

    @strawberry.field(
        description="Several things by their global ids, in that order; null in the place of one "
        "that does not exist."
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
        identities = [GlobalId.parse(identity) for identity in ids]
        return [await _load(info.context, identity, age) for identity in identities]
