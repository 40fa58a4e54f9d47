"""Lists of operations."""

from collections.abc import Sequence
from typing import Self

import strawberry

from gateway.domain import operation as domain
from gateway.schema.node import PageInfo
from gateway.schema.operation.types import Operation


@strawberry.type(description="An operation in a list, and its place there.")
class OperationEdge:
    cursor: str = strawberry.field(description="Its place; hand it to `after` to go on behind it.")
    node: Operation | None = strawberry.field(description="The operation.")


@strawberry.type(description="Operations, newest first.")
class OperationConnection:
    edges: list[OperationEdge] = strawberry.field(description="The operations and their places.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")

    @classmethod
    def of(
        cls, operations: Sequence[domain.Operation], *, has_next: bool, after: str | None
    ) -> Self:
        return cls(
            edges=[
                OperationEdge(cursor=operation.id, node=Operation.of(operation))
                for operation in operations
            ],
            page_info=PageInfo(
                has_next_page=has_next,
                has_previous_page=after is not None,
                start_cursor=operations[0].id if operations else None,
                end_cursor=operations[-1].id if operations else None,
            ),
        )
