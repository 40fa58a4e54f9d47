"""Queries for operations."""

from typing import Annotated

import strawberry

from gateway.domain import operation as domain
from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.arguments import After, First
from gateway.schema.choice import check_backends
from gateway.schema.context import GatewayContext, Info
from gateway.schema.global_id import global_id
from gateway.schema.operation.connection import OperationConnection
from gateway.schema.operation.types import Operation
from gateway.service.listing import checked_first


@strawberry.input(description="Which operations; what is null or empty does not narrow the list.")
class OperationFilter:
    backend: str | None = strawberry.field(default=None, description="Only on this backend.")
    kind: domain.WriteKind | None = strawberry.field(default=None, description="Only of this kind.")
    states: list[domain.OperationState] | None = strawberry.field(
        default=None, description="Only in these states."
    )
    subject: str | None = strawberry.field(
        default=None, description="Only on the object with this id or name, as its cloud has it."
    )
    principal: str | None = strawberry.field(
        default=None, description="Only those that this caller asked for."
    )


async def load_operation(context: GatewayContext, identity: GlobalId) -> Operation | None:
    """The operation, or None if there is none."""
    writing = context.writing
    found = await writing.journal.get(identity.key[0], tenant=writing.principal.tenant)
    if found is None or found.backend != identity.backend:
        return None
    return Operation.of(found)


@strawberry.type
class OperationQueries:
    @strawberry.field(description="One write by its global id; null if there is no such one.")
    async def operation(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name that callers expect
            strawberry.ID, strawberry.argument(description="Global id of the operation.")
        ],
    ) -> Operation | None:
        identity = global_id(id, NodeKind.OPERATION, argument=("id",))
        return await load_operation(info.context, identity)

    @strawberry.field(
        description="Every write that the gateway took in, newest first: who asked for what, when, "
        "and what came of it. Null if the journal cannot be reached."
    )
    async def operations(
        self,
        info: Info,
        filter: Annotated[  # noqa: A002 - the name that callers expect
            OperationFilter | None, strawberry.argument(description="Which ones; null for all.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> OperationConnection | None:
        asked = filter or OperationFilter()
        if asked.backend is not None:
            argument = ("filter", "backend")
            check_backends(info.context.fleet, [asked.backend], argument=argument)
        wanted = domain.OperationFilter(
            backend=asked.backend,
            kind=asked.kind,
            states=frozenset(asked.states or ()),
            subject=asked.subject,
            principal=asked.principal,
        )
        writing = info.context.writing
        found, has_next = await writing.journal.page(
            wanted, tenant=writing.principal.tenant, first=checked_first(first), after=after
        )
        return OperationConnection.of(found, has_next=has_next, after=after)
