"""The executor that serves: a schema with a library of prepared documents."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from graphql import GraphQLError, OperationType
from strawberry.types import ExecutionResult

from gateway.app.graphql.executor import Answer, Operation, RequestError
from gateway.app.graphql.parameters import Parameters
from gateway.schema.documents.prepared import Prepared
from gateway.schema.documents.schema import DocumentSchema
from gateway.schema.errors import presentable


class SchemaExecutor:
    """Prepares and runs documents on `schema`."""

    def __init__(self, schema: DocumentSchema) -> None:
        """Run documents on `schema`."""
        self._schema = schema

    def prepare(self, parameters: Parameters) -> Operation[Prepared]:
        """See `Executor.prepare`."""
        prepared = self._schema.documents.asked_for(
            query=parameters.query,
            document_id=parameters.document_id,
            extensions=parameters.extensions,
        )
        if prepared.errors:
            raise RequestError(prepared.errors)
        found = prepared.operation(parameters.operation_name)
        if isinstance(found, GraphQLError):
            raise RequestError((found,))
        return Operation(
            kind=OperationType(found.operation),
            name=found.name.value if found.name else None,
            prepared=prepared,
            parameters=parameters,
        )

    async def execute(self, operation: Operation[Prepared], context: object) -> Answer:
        """See `Executor.execute`."""
        result = await self._schema.run(
            operation.prepared,
            variables=operation.parameters.variables,
            operation_name=operation.parameters.operation_name,
            context=context,
        )
        return _answer(result)

    async def subscribe(
        self, operation: Operation[Prepared], context: object
    ) -> AsyncGenerator[Answer, None]:
        """See `Executor.subscribe`."""
        results = self._schema.follow(
            operation.prepared,
            variables=operation.parameters.variables,
            operation_name=operation.parameters.operation_name,
            context=context,
        )
        async with aclosing(results):
            async for result in results:
                yield _answer(result)


def _answer(result: ExecutionResult) -> Answer:
    return Answer(
        data=result.data,
        errors=[_shown(error) for error in result.errors or ()],
        extensions=result.extensions or None,
    )


def _shown(error: GraphQLError) -> GraphQLError:
    """`error` as a caller may see it; one without a code never got so far as to be made so."""
    return error if (error.extensions or {}).get("code") else presentable(error)
