"""Errors on their way out: expected ones get a code, unforeseen ones a mask and an incident id."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from gateway.domain.errors import (
    GatewayError,
    InvalidRequestError,
    ProviderError,
    QueryTooExpensiveError,
)
from gateway.service.incident import report_incident

_INVALID: Final[Mapping[str, Any]] = {"code": "GRAPHQL_VALIDATION_FAILED", "retryable": False}


def presentable(error: GraphQLError) -> GraphQLError:
    """`error` as a caller may see it.

    Errors without a path are about the document or its variables: graphql-core wrote them for the
    caller, with the place and the value at fault. Errors with a path come from resolvers: expected
    ones are `GatewayError`, anything else is a fault of ours, logged under an incident id and
    masked.
    """
    cause = error.original_error
    if error.path is None:
        found = _extensions(cause) if isinstance(cause, GatewayError) else dict(_INVALID)
        return _rewritten(error, error.message, found | (error.extensions or {}))
    known = cause if isinstance(cause, GatewayError) else report_incident(cause or error)
    return _rewritten(error, known.message, _extensions(known))


def _rewritten(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _extensions(error: GatewayError) -> dict[str, Any]:
    found: dict[str, Any] = {"code": error.code, "retryable": error.retryable}
    if error.retry_after_s is not None:
        found["retryAfterSeconds"] = round(error.retry_after_s, 3)
    if isinstance(error, InvalidRequestError) and error.path:
        found["argument"] = ".".join(error.path)
    if isinstance(error, QueryTooExpensiveError):
        found |= {"price": error.price, "limit": error.limit}
    if isinstance(error, ProviderError):
        found |= {
            "backend": error.backend,
            "operation": error.operation,
            "rawCode": error.vendor_code,
            "requestId": error.request_id,
        }
    return found


class PresentableErrors(SchemaExtension):
    """Makes every error of an answer presentable, after everything else."""

    def on_operation(self) -> Iterator[None]:
        """Rewrite the errors of the finished result."""
        yield
        result: Any = self.execution_context.result
        if result is not None and getattr(result, "errors", None):
            result.errors = [presentable(error) for error in result.errors]
