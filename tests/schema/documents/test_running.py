"""Prepared documents are run without parsing or validating them again."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final

import pytest
import strawberry
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from gateway.domain.call import CallContext
from gateway.domain.errors import NotFoundError
from gateway.schema.context import GatewayContext
from gateway.schema.documents import checks
from gateway.schema.documents.policy import DocumentPolicy, VariableLimits
from gateway.schema.documents.schema import DocumentSchema
from gateway.schema.documents.trusted import TrustedDocuments
from gateway.schema.errors import PresentableErrors
from gateway.schema.pricing import limit
from gateway.schema.root import create_schema
from gateway.service.fleet import Fleet
from tests.schema.documents.hostile import deep
from tests.schema.fake_cloud import FakeCloud
from tests.schema.samples import job
from tests.schema.world import World, running_world

EXPECTED: Final = 3
UNFORESEEN: Final = 4


@strawberry.type
class Query:
    @strawberry.field
    def twice(self, number: int) -> int:
        if number < 0:
            message = "negative"
            raise NotFoundError(message)
        return 2 * number

    @strawberry.field
    def me(self) -> "Query":
        return self


@strawberry.type
class Mutation:
    @strawberry.mutation
    def write(self, text: str) -> str:
        return text


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def each(self) -> AsyncGenerator[Query, None]:
        yield Query()

    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number
        if to == EXPECTED:
            message = "no more"
            raise NotFoundError(message)
        if to == UNFORESEEN:
            message = "secret=42"
            raise RuntimeError(message)


def small(**policy: Any) -> DocumentSchema:  # noqa: ANN401 - any field
    return DocumentSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[PresentableErrors],
        documents=DocumentPolicy(**policy),
    )


SMALL: Final = small()


async def run(text: str, **options: Any) -> ExecutionResult:  # noqa: ANN401 - any option
    return await SMALL.run(SMALL.documents.prepare(text), **options)


async def follow(text: str, **options: Any) -> list[ExecutionResult]:  # noqa: ANN401 - any option
    async with aclosing(SMALL.follow(SMALL.documents.prepare(text), **options)) as results:
        return [result async for result in results]


def only_error(result: ExecutionResult) -> Any:  # noqa: ANN401 - a formatted error
    assert result.errors is not None
    assert len(result.errors) == 1
    return result.errors[0].formatted


async def test_a_query_and_a_mutation_run() -> None:
    assert (await run("{ twice(number: 4) }")).data == {"twice": 8}
    assert (await run('mutation { write(text: "x") }')).data == {"write": "x"}


async def test_the_operation_and_the_variables_are_those_of_the_request() -> None:
    text = "query A($n: Int = 1) { twice(number: $n) } query B { b: twice(number: 7) }"
    assert (await run(text, operation_name="A")).data == {"twice": 2}
    assert (await run(text, operation_name="A", variables={"n": 5})).data == {"twice": 10}
    assert (await run(text, operation_name="B")).data == {"b": 14}


async def test_a_prepared_document_is_neither_parsed_nor_validated_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared = SMALL.documents.prepare("{ twice(number: 3) }")

    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError

    for place in ("strawberry.schema.schema.parse", "strawberry.schema.schema.validate"):
        monkeypatch.setattr(place, refuse)
    monkeypatch.setattr(checks, "parse", refuse)
    monkeypatch.setattr(checks, "validate", refuse)
    assert (await SMALL.run(prepared)).data == {"twice": 6}
    assert (await SMALL.execute("{ twice(number: 3) }")).data == {"twice": 6}


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("{ nonsense }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ me " * 16 + "{ twice(number: 1) }" + "}" * 16, {}, "DOCUMENT_LIMIT_EXCEEDED"),
        ("query A { me { __typename } }", {"operation_name": "B"}, "OPERATION_RESOLUTION_FAILURE"),
        ("subscription { count(to: 1) }", {}, "BAD_USER_INPUT"),
        (
            "query($n: Int!) { twice(number: $n) }",
            {"variables": {"n": [1] * 10_000}},
            "VARIABLES_LIMIT_EXCEEDED",
        ),
        (
            "query($n: Int!) { twice(number: $n) }",
            {"variables": {"n": "x"}},
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ],
)
async def test_what_is_refused_has_no_data_and_no_error_with_a_path(
    text: str, options: dict[str, Any], expected: str
) -> None:
    result = await run(text, **options)
    assert result.data is None
    error = only_error(result)
    assert "path" not in error
    assert error["extensions"]["code"] == expected


async def test_errors_of_fields_are_presented_once() -> None:
    error = only_error(await run("{ twice(number: -1) }"))
    assert error["path"] == ["twice"]
    assert error["locations"] == [{"line": 1, "column": 3}]
    assert error["extensions"]["code"] == "NOT_FOUND"


async def test_a_subscription_is_followed_to_its_end() -> None:
    results = await follow("subscription($to: Int!) { count(to: $to) }", variables={"to": 2})
    assert [result.data for result in results] == [{"count": 0}, {"count": 1}]
    assert all(result.errors is None for result in results)


async def test_an_expected_error_ends_a_subscription_with_its_message() -> None:
    *events, last = await follow(f"subscription {{ count(to: {EXPECTED}) }}")
    assert [event.data for event in events] == [{"count": 0}, {"count": 1}, {"count": 2}]
    error = only_error(last)
    assert error["message"] == "no more"
    assert error["extensions"]["code"] == "NOT_FOUND"


async def test_an_unforeseen_error_ends_a_subscription_masked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = only_error((await follow(f"subscription {{ count(to: {UNFORESEEN}) }}"))[-1])
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert "secret" not in error["message"]
    assert [record.name for record in caplog.records] == ["gateway.incident"]


async def test_errors_of_an_event_are_presented_once(caplog: pytest.LogCaptureFixture) -> None:
    bad = only_error((await follow("subscription { count(to: 1) { nonsense } }"))[0])
    assert bad["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    wrong = await follow("subscription($n: Int!) { count(to: $n) }", variables={"n": "x"})
    assert only_error(wrong[0])["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert caplog.records == []


async def test_errors_of_fields_of_an_event_are_presented_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = only_error((await follow("subscription { each { twice(number: -1) } }"))[-1])
    assert error["path"] == ["each", "twice"]
    assert error["message"] == "negative"
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert caplog.records == []


async def test_a_query_cannot_be_followed() -> None:
    for text in ("{ me { __typename } }", 'mutation { write(text: "x") }'):
        (result,) = await follow(text)
        assert isinstance(result, PreExecutionError)
        assert only_error(result)["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_subscription_that_is_refused_is_one_result() -> None:
    for text in ("subscription { nonsense }", "subscription {"):
        (result,) = await follow(text)
        assert isinstance(result, PreExecutionError)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running_world({"plant": FakeCloud(jobs=[job(1)])}, max_upstream_calls=21) as world:
        yield world


async def test_the_price_of_a_prepared_document_is_that_of_its_variables(world: World) -> None:
    document = world.schema.documents.prepare(
        "query($first: Int!) { otaJobs(first: $first) { edges { node { raw } } } }"
    )
    assert document.errors == ()
    context = GatewayContext(world.fleet, CallContext())
    cheap = await world.schema.run(document, variables={"first": 1}, context=context)
    dear = await world.schema.run(document, variables={"first": 100}, context=context)
    assert cheap.errors is None
    assert dear.data is None
    assert only_error(dear)["extensions"] == {
        "code": "QUERY_TOO_EXPENSIVE",
        "retryable": False,
        "price": 103,
        "limit": 21,
    }


async def test_a_text_is_run_with_the_same_limits(world: World) -> None:
    for text in (deep(150), "{ nonsense }", "{"):
        answer = await world.ask(text)
        assert answer.data is None
        assert answer.errors == [
            error.formatted for error in world.schema.documents.prepare(text).errors
        ]


def test_trusted_documents_are_prepared_with_the_schema() -> None:
    trusted = TrustedDocuments(texts={"names": "{ me { me { __typename } } }"})
    schema = DocumentSchema(query=Query, trusted=trusted)
    found = schema.documents.find("names")
    assert found is not None
    assert found.trusted


def test_the_policy_is_that_of_the_schema() -> None:
    policy = DocumentPolicy(introspection=False, variables=VariableLimits(values=1))
    assert DocumentSchema(query=Query, documents=policy).documents.policy is policy


async def test_variables_of_a_text_are_limited_too() -> None:
    result = await SMALL.execute(
        "query($n: Int!) { twice(number: $n) }", variable_values={"n": [1] * 10_000}
    )
    assert only_error(result)["extensions"]["code"] == "VARIABLES_LIMIT_EXCEEDED"


NESTED: Final = (
    "{ otaJobs(first: 1) { edges { node { "
    + "tasks(first: 1) { edges { node { job { " * 40
    + "id "
    + "} } } } " * 40
    + "} } } }"
)


async def test_a_trusted_document_is_priced_however_deep_it_is() -> None:
    trusted = TrustedDocuments(texts={"nested": NESTED})
    context = GatewayContext(Fleet(backends={}, indexes={}), CallContext())
    for calls, runs in ((122, True), (121, False)):
        schema = create_schema(trusted=trusted, max_upstream_calls=calls)
        prepared = schema.documents.find("nested")
        assert prepared is not None
        result = await schema.run(prepared, context=context)
        assert (result.errors is None) is runs
        if not runs:
            assert only_error(result)["extensions"]["code"] == "QUERY_TOO_EXPENSIVE"
    assert create_schema().documents.prepare(NESTED).errors


async def test_what_is_too_deep_to_be_priced_is_refused_politely(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_deep(*_args: object, **_options: object) -> int:
        raise RecursionError

    monkeypatch.setattr(limit, "price_of", too_deep)
    error = (await world.ask("{ otaJobs { totalCount } }")).only_error()
    assert error["message"] == (
        "this document is nested too deeply, through its fields or its fragments"
    )
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "retryable": False}
