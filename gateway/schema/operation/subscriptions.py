"""Subscriptions to operations."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from gateway.domain.ids import NodeKind
from gateway.schema.context import Info
from gateway.schema.global_id import global_id
from gateway.schema.operation.types import Operation


@strawberry.type
class OperationSubscriptions:
    @strawberry.subscription(
        description="One write: as it is now, and again whenever it has changed; ends once it is "
        "settled. Whoever reads slowly gets the newest state, without those between."
    )
    async def operation(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name that callers expect
            strawberry.ID, strawberry.argument(description="Global id of the operation.")
        ],
    ) -> AsyncGenerator[Operation, None]:
        identity = global_id(id, NodeKind.OPERATION, argument=("id",))
        writing = info.context.writing
        following = writing.following.follow(identity.key[0], tenant=writing.principal.tenant)
        async with aclosing(following):
            async for found in following:
                yield Operation.of(found)
