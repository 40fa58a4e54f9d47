"""The executor that serves: what goes wrong around a document is masked as well."""

from collections.abc import Iterator

import pytest
from graphql import OperationType
from strawberry.extensions import SchemaExtension

from gateway.app.graphql.encoding import is_fault
from gateway.app.graphql.parameters import Parameters
from gateway.app.graphql.schema_executor import SchemaExecutor
from gateway.schema.documents.running import RunPrepared
from tests.app.graphql.small_schema import SECRET, Query, SmallSchema


class Failing(SchemaExtension):
    """Fails before anything is executed, as a fault of ours would."""

    def on_execute(self) -> Iterator[None]:
        raise RuntimeError(SECRET)
        yield


async def test_a_fault_outside_of_every_field_is_masked() -> None:
    executor = SchemaExecutor(SmallSchema(query=Query, extensions=[RunPrepared, Failing]))
    operation = executor.prepare(Parameters.of_json({"query": "{ hello }"}))
    answer = await executor.execute(operation, None)

    assert operation.kind is OperationType.QUERY
    assert is_fault(answer)
    assert SECRET not in answer.errors[0].message


async def test_an_empty_name_of_an_operation_is_none() -> None:
    executor = SchemaExecutor(SmallSchema(query=Query, extensions=[RunPrepared]))
    operation = executor.prepare(Parameters.of_json({"query": "{ hello }", "operationName": ""}))

    assert (await executor.execute(operation, None)).data == {"hello": "world"}


@pytest.mark.parametrize(
    ("document", "asked", "name"),
    [
        ("query Named { hello }", None, "Named"),
        ("query One { hello } query Two { hello }", "Two", "Two"),
        ("{ hello }", None, None),
    ],
)
async def test_an_operation_has_the_name_that_its_document_gives_it(
    document: str, asked: str | None, name: str | None
) -> None:
    executor = SchemaExecutor(SmallSchema(query=Query, extensions=[RunPrepared]))

    operation = executor.prepare(Parameters.of_json({"query": document, "operationName": asked}))

    assert operation.name == name
