"""GraphQL over HTTP as it should be used, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.app.graphql.serving import Served, served
from tests.app.graphql.small_schema import SECRET

JSON = "application/json"
NEW = "application/graphql-response+json"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway() -> AsyncIterator[Served]:
    async with served() as found:
        yield found


async def test_a_query_is_answered(gateway: Served) -> None:
    reply = await gateway.post({"query": "{ hello }"})

    assert reply.status == 200
    assert reply.json == {"data": {"hello": "world"}}
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["vary"] == "Accept"


async def test_a_query_is_logged_by_the_name_in_its_document(
    gateway: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="gateway.request"):
        await gateway.post({"query": "query Named { hello }"})

    assert [vars(line)["operation_name"] for line in caplog.records] == ["Named"]


async def test_a_query_may_be_asked_by_get_with_variables(gateway: Served) -> None:
    document = quote("query Say($text: String!) { echo(text: $text) }")
    variables = quote(json.dumps({"text": "玉门 & co"}))
    reply = await gateway.get(f"query={document}&variables={variables}&operationName=Say")

    assert reply.json == {"data": {"echo": "玉门 & co"}}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (NEW, NEW),
        (JSON, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{NEW}, {JSON}", NEW),
        (f"{JSON}, {NEW}", NEW),
        (f"{NEW};q=0.5, {JSON};q=0.9", JSON),
        (f"{NEW};q=0, */*", JSON),
        (f"text/html, {NEW};q=0.1", NEW),
        ("application/json; charset=utf-8", JSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        ("APPLICATION/GraphQL-Response+JSON", NEW),
        (f"{NEW}, {JSON}, text/event-stream, multipart/mixed", NEW),
    ],
)
async def test_the_answer_has_the_type_that_is_liked_best(
    gateway: Served, accept: str, expected: str
) -> None:
    reply = await gateway.post({"query": "{ hello }"}, f"Accept: {accept}")

    assert reply.status == 200
    assert reply.headers["content-type"] == f"{expected}; charset=utf-8"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { hello } query B { hello }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "{ hello }", "operationName": "Other"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query($t: String!) { echo(text: $t) }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"documentId": "sha256:" + "0" * 64}, "DOCUMENT_NOT_FOUND"),
        (
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
            "PERSISTED_QUERY_NOT_FOUND",
        ),
    ],
)
async def test_a_refused_document_is_400_for_those_who_know_the_new_type(
    gateway: Served, asked: object, code: str
) -> None:
    new = await gateway.post(asked, f"Accept: {NEW}")
    old = await gateway.post(asked, f"Accept: {JSON}")

    assert (new.status, old.status) == (400, 200)
    assert new.code == old.code == code
    assert "data" not in new.json
    assert "data" not in old.json


async def test_an_error_of_a_field_is_no_failure_of_the_request(gateway: Served) -> None:
    partial = await gateway.post({"query": "{ hello missing }"}, f"Accept: {NEW}")
    nothing = await gateway.post({"query": "{ required }"}, f"Accept: {NEW}")

    assert partial.status == nothing.status == 200
    assert partial.json["data"] == {"hello": "world", "missing": None}
    assert nothing.json["data"] is None
    assert partial.code == nothing.code == "NOT_FOUND"


async def test_a_fault_is_masked_and_says_in_which_request(gateway: Served) -> None:
    reply = await gateway.post({"query": "{ fault }"}, "X-Request-Id: my.request-7")
    error = reply.json["errors"][0]

    assert reply.status == 200
    assert SECRET.encode() not in reply.body
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert error["extensions"]["requestId"] == "my.request-7"
    assert "incident" in error["message"]


async def test_values_that_json_lacks_do_not_break_the_answer(gateway: Served) -> None:
    reply = await gateway.post({"query": "{ broken }"})

    assert reply.json["data"]["broken"] == {"nan": None, "half": "\ufffd", "kept": [1, "x"]}


async def test_a_request_id_is_given_back_and_reaches_resolvers(gateway: Served) -> None:
    reply = await gateway.post({"query": "{ request }"}, "X-Request-Id: abc_1.2-3")

    assert reply.headers["x-request-id"] == "abc_1.2-3"
    assert reply.json == {"data": {"request": "abc_1.2-3"}}


@pytest.mark.parametrize("given", ["a" * 65, "a b", "<script>", "", "日本", "a/b"])
async def test_a_request_id_that_is_no_id_is_replaced(gateway: Served, given: str) -> None:
    reply = await gateway.ask(
        b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-Request-Id: "
        + given.encode()
        + b"\r\nContent-Length: 21\r\n\r\n"
        + b'{"query":"{ hello }"}'
    )

    assert reply.status == 200
    assert reply.headers["x-request-id"] != given
    assert len(reply.headers["x-request-id"]) == 16


async def test_every_reply_bears_the_request_id(gateway: Served) -> None:
    refused = await gateway.post(b"1", "X-Request-Id: it")

    assert refused.status == 400
    assert refused.headers["x-request-id"] == "it"


async def test_many_requests_go_over_one_connection(gateway: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    body = b'{"query":"{ hello }"}'
    head = f"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: {JSON}\r\nContent-Length: "
    for _ in range(3):
        writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
        await reader.readuntil(b'{"data":{"hello":"world"}}')
    writer.close()


async def test_who_asks_reaches_resolvers(gateway: Served) -> None:
    reply = await gateway.post({"query": "{ who }"}, "Authorization: Bearer ada")

    assert reply.json == {"data": {"who": "key:ada"}}
