"""What documents may ask about the schema, and what errors tell of it."""

from typing import Any, Final

import pytest

from gateway.domain.call import CallContext
from gateway.schema.context import GatewayContext
from gateway.schema.documents.policy import DocumentPolicy
from gateway.schema.root import create_schema
from gateway.service.fleet import Fleet
from tests.schema.documents.hostile import circular_introspection
from tests.schema.documents.samples import INTROSPECTION, code, library

OPEN: Final = library()
CLOSED: Final = library(introspection=False)

QUESTIONS: Final = {
    "__schema": "{ __schema { types { name } } }",
    "__type": '{ __type(name: "Query") { name } }',
    "in a fragment": "{ ...F } fragment F on Query { __schema { types { name } } }",
    "under another name": "{ name: __schema { types { name } } }",
    "the whole of it": INTROSPECTION,
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_questions_about_the_schema_are_answered_only_if_they_may_be(question: str) -> None:
    assert OPEN.prepare(question).errors == ()
    (error,) = CLOSED.prepare(question).errors
    assert error.message in {
        "this gateway answers no `__schema`",
        "this gateway answers no `__type`",
    }
    assert code(error) == "GRAPHQL_VALIDATION_FAILED"


def test_the_name_of_a_type_may_always_be_asked_for() -> None:
    assert CLOSED.prepare("{ __typename backends { __typename } }").errors == ()


def test_circles_through_the_schema_are_refused() -> None:
    assert OPEN.prepare(circular_introspection(2)).errors == ()
    for levels in (3, 4, 12):
        (error,) = OPEN.prepare(circular_introspection(levels)).errors
        assert error.message == "Maximum introspection depth exceeded"


WRONG: Final = {
    "field": "{ otaJobz { totalCount } }",
    "argument": "{ otaJobs(frist: 1) { totalCount } }",
    "enum value": "{ otaJobs(filter: { statuses: [IN_PROGRES] }) { totalCount } }",
    "input field": "{ otaJobs(filter: { statusez: [] }) { totalCount } }",
    "type": "{ ... on Querry { otaJobs { totalCount } } }",
    "directive argument": "{ otaJobs @skip(iff: true) { totalCount } }",
    "leaf": "{ otaJobs }",
    "type of a variable": "query($f: OtaJobFilte) { otaJobs(filter: $f) { totalCount } }",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_names_are_suggested_only_if_the_schema_may_be_asked_for(text: str) -> None:
    assert any("Did you mean" in error.message for error in OPEN.prepare(text).errors)
    errors = CLOSED.prepare(text).errors
    assert errors
    assert not any("Did you mean" in error.message for error in errors)


@pytest.mark.parametrize(
    ("wrong", "kept"),
    [
        ({"statuses": ["IN_PROGRES"]}, "Value 'IN_PROGRES' does not exist in 'JobStatus' enum."),
        ({"statusez": []}, "to include unknown field 'statusez'"),
    ],
)
@pytest.mark.parametrize("introspection", [True, False])
async def test_variables_are_told_about_in_the_same_way(
    wrong: dict[str, Any], kept: str, introspection: bool
) -> None:
    schema = create_schema(documents=DocumentPolicy(introspection=introspection))
    context = GatewayContext(Fleet(backends={}, indexes={}), CallContext())
    result = await schema.run(
        schema.documents.prepare("query($f: OtaJobFilter) { otaJobs(filter: $f) { totalCount } }"),
        variables={"f": wrong},
        context=context,
    )
    (error,) = result.errors or []
    assert ("Did you mean" in error.message) is introspection
    assert kept.removeprefix("to ") in error.message
