"""Errors on their way out: expected ones get a code, unforeseen ones a mask and an incident id."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types.execution import StreamExecutionResult

from gateway.domain.errors import (
    GatewayError,
    InvalidRequestError,
    ProviderError,
    QueryTooExpensiveError,
)
from gateway.schema.documents.refusals import MOST_ERRORS, bounded, without_suggestion
from gateway.service.incident import report_incident

_INVALID: Final[Mapping[str, Any]] = {"code": "GRAPHQL_VALIDATION_FAILED", "retryable": False}

_MOST_FIELD_ERRORS: Final = 100
"""Errors of fields that are told; the last one says how many there were besides."""


def presentable(error: GraphQLError) -> GraphQLError:
    """`error` as a caller may see it.

    What graphql-core says of the variables it wrote for the caller, with the place and the value at
    fault. All else comes from code of ours, as a rule with the path of a field: expected errors are
    `GatewayError`, anything else is a fault, logged under an incident id and masked.
    """
    cause = error.original_error
    if error.path is None and (cause is None or isinstance(cause, GraphQLError)):
        return bounded(error, error.message, {**_INVALID, **(error.extensions or {})})
    known = cause if isinstance(cause, GatewayError) else report_incident(cause or error)
    return bounded(error, known.message, _extensions(known))


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


def presentable_errors(errors: Sequence[GraphQLError], *, suggestions: bool) -> list[GraphQLError]:
    """`errors` of one answer as a caller may see them, and no more of them than that.

    Of errors about variables the first ten are told, of errors of fields the first hundred, which
    a list of a hundred items can have: what is left out is `extensions.omitted` of the last one.
    Without `suggestions` no message proposes a name of the schema.
    """
    about_fields = [error for error in errors if error.path is not None]
    about_request = [error for error in errors if error.path is None]
    if not suggestions:
        about_request = [without_suggestion(error) for error in about_request]
    told = [*about_request[:MOST_ERRORS], *about_fields[:_MOST_FIELD_ERRORS]]
    found = [presentable(error) for error in told]
    if len(told) < len(errors):
        found[-1].extensions = (found[-1].extensions or {}) | {"omitted": len(errors) - len(told)}
    return found


class PresentableErrors(SchemaExtension):
    """Makes every error of an answer presentable, after everything else."""

    suggestions: bool = True
    _streams = False

    def on_operation(self) -> Iterator[None]:
        """Rewrite the errors of the finished result."""
        yield
        if not self._streams:
            self._present(self.execution_context.result)

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        """Rewrite the errors of one result of a subscription, once."""
        self._streams = True
        self._present(result)
        yield

    def _present(self, result: Any) -> None:  # noqa: ANN401 - one of Strawberry's many results
        if result is not None and getattr(result, "errors", None):
            result.errors = presentable_errors(result.errors, suggestions=self.suggestions)


def presenting_errors(*, suggestions: bool) -> type[PresentableErrors]:
    """The extension, with or without suggestions."""
    return type("PresentableErrors", (PresentableErrors,), {"suggestions": suggestions})
