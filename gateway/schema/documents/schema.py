"""A Strawberry schema whose documents are prepared before they run."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

import strawberry
from graphql import GraphQLError, OperationType
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType as AllowedType

from gateway.schema.documents.library import DocumentLibrary
from gateway.schema.documents.policy import DocumentPolicy
from gateway.schema.documents.prepared import Prepared
from gateway.schema.documents.refusals import refusal
from gateway.schema.documents.running import PREPARED, RunPrepared
from gateway.schema.documents.trusted import TrustedDocuments
from gateway.schema.documents.variables import oversized_variables


class DocumentSchema(strawberry.Schema):
    """Runs documents of its library, each parsed and validated once.

    Strawberry's own log of errors, which prints documents with their literals, is off.

    Attributes:
        documents: prepares what is to run.
    """

    def __init__(
        self,
        *,
        documents: DocumentPolicy | None = None,
        trusted: TrustedDocuments | None = None,
        extensions: Iterable[type[SchemaExtension] | Callable[[], SchemaExtension]] = (),
        **options: Any,  # noqa: ANN401 - Strawberry's own
    ) -> None:
        """Build the schema from Strawberry's `options`, and prepare the `trusted` documents.

        Raises:
            TrustedDocumentsError: some of them are not valid.
        """
        super().__init__(extensions=(RunPrepared, *extensions), **options)
        self.documents = DocumentLibrary(self._schema, documents, trusted)

    async def run(
        self,
        prepared: Prepared,
        *,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        context: object = None,
    ) -> ExecutionResult:
        """Run a query or a mutation of `prepared`, without parsing or validating it again.

        Nothing is executed if the document has errors, has no such operation, or is not worth its
        price: then `data` is None and no error has a path. Errors are ready to be shown.
        """
        errors = self._refusal(prepared, variables, operation_name, subscription=False)
        if errors:
            return _refused(errors)
        return await super().execute(
            prepared.text,
            variable_values=dict(variables or {}),
            context_value=context,
            operation_name=operation_name,
            operation_extensions={PREPARED: prepared},
        )

    async def follow(
        self,
        prepared: Prepared,
        *,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        context: object = None,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Run a subscription of `prepared`: one result for each event, until it ends or is closed.

        One that is refused is one result, a `PreExecutionError`. Iterate and close it in one task.
        """
        errors = self._refusal(prepared, variables, operation_name, subscription=True)
        if errors:
            yield _refused(errors)
            return
        results = await self.stream(
            prepared.text,
            variable_values=dict(variables or {}),
            context_value=context,
            operation_name=operation_name,
            operation_extensions={PREPARED: prepared},
        )
        async with aclosing(results):
            async for result in results:
                # Other frames come with @defer and @stream, which are off.
                yield cast("ExecutionResult", result)

    async def execute(  # noqa: PLR0917 - as its parent
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,  # noqa: ANN401 - as its parent
        root_value: Any | None = None,  # noqa: ANN401 - as its parent
        operation_name: str | None = None,
        allowed_operation_types: Iterable[AllowedType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Prepare the text `query` and run it, with the same limits as any other."""
        extensions = dict(operation_extensions or {})
        if query:
            prepared = self.documents.prepare(query)
            errors = prepared.errors or self._too_large(variable_values)
            if errors:
                return _refused(errors)
            extensions[PREPARED] = prepared
        return await super().execute(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            allowed_operation_types,
            extensions,
        )

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing here: faults are logged as incidents where they are masked."""

    def _refusal(
        self,
        prepared: Prepared,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        *,
        subscription: bool,
    ) -> Sequence[GraphQLError]:
        if prepared.errors:
            return prepared.errors
        operation = prepared.operation(operation_name)
        if isinstance(operation, GraphQLError):
            return [operation]
        if (operation.operation is OperationType.SUBSCRIPTION) is not subscription:
            what = "no subscription" if subscription else "a subscription"
            return [refusal("BAD_USER_INPUT", f"this operation is {what}")]
        return self._too_large(variables)

    def _too_large(self, variables: Mapping[str, Any] | None) -> Sequence[GraphQLError]:
        error = oversized_variables(variables, self.documents.policy.variables)
        return [] if error is None else [error]


def _refused(errors: Sequence[GraphQLError]) -> ExecutionResult:
    """The answer to what is not executed."""
    return PreExecutionError(data=None, errors=list(errors))
