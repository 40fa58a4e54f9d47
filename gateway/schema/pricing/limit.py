"""Refuses what would cost too much."""

from collections.abc import Iterator

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from gateway.domain.errors import (
    GatewayError,
    InvalidRequestError,
    QueryTooExpensiveError,
)
from gateway.schema.pricing.price import price_of


class PriceLimit(SchemaExtension):
    """Refuses a document that would cost more upstream calls than `limit`, before the first."""

    limit: int

    def on_validate(self) -> Iterator[None]:
        """Price the parsed document before it is validated and run."""
        refusal = self._refusal()
        if refusal is not None:
            self.execution_context.pre_execution_errors = [
                GraphQLError(refusal.message, original_error=refusal)
            ]
        yield

    def _refusal(self) -> GatewayError | None:
        context = self.execution_context
        if context.graphql_document is None:
            return None
        try:
            price = price_of(
                context.schema._schema,  # noqa: SLF001 - Strawberry has no public way to it
                context.graphql_document,
                operation_name=context.operation_name,
                variables=context.variables,
            )
        except RecursionError:
            # Validation and execution descend as deep, and would fail less politely.
            message = "this document is nested too deeply, through its fields or its fragments"
            return InvalidRequestError(message)
        if price <= self.limit:
            return None
        return QueryTooExpensiveError(
            f"this document would cost up to {price} calls to the clouds; {self.limit} are the "
            "most. Ask for fewer items with `first`, or select fewer counts or details",
            price=price,
            limit=self.limit,
        )


def price_limit(limit: int) -> type[PriceLimit]:
    """The extension for one limit, in upstream calls a document."""
    return type("PriceLimit", (PriceLimit,), {"limit": limit})
