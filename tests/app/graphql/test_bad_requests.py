"""Whatever a client sends, byte for byte: refused as the table says, never 5xx, nothing run."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.app.graphql.serving import Served, post_of, request_of, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB: Final = 1024 * 1024
WRITE: Final = {"query": 'mutation { note(text: "it") }'}
JSON_WRITE: Final = json.dumps(WRITE).encode()
DEEP: Final = 100_000


def with_variables(variables: bytes) -> bytes:
    """A mutation with these bytes for its variables."""
    return (
        b'{"query":"mutation($t: String!) { note(text: $t) }","variables":{"t":' + variables + b"}}"
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway() -> AsyncIterator[Served]:
    async with served() as found:
        yield found


async def refused(gateway: Served, raw: bytes, status: int) -> str:
    """Send `raw`; expect a bounded GraphQL answer of this status, and that nothing was run."""
    reply = await gateway.ask(raw)

    assert reply.status == status, reply.body
    assert len(reply.body) < 10_000
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-request-id"]
    if not raw.startswith(b"HEAD"):
        assert reply.json["errors"]
        assert "data" not in reply.json
    assert not gateway.witness.events
    return reply.code if reply.body else ""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b" ", id="a blank"),
        pytest.param(b"1", id="a number"),
        pytest.param(b'"x"', id="a string"),
        pytest.param(b"null", id="null"),
        pytest.param(b"true", id="true"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(JSON_WRITE + b"x", id="more after the object"),
        pytest.param(b"[" + JSON_WRITE + b"]", id="a batch"),
        pytest.param(b"[]", id="an empty batch"),
        pytest.param(b"\xff\xfe" + JSON_WRITE, id="invalid UTF-8"),
        pytest.param(b'{"query":"\xc3\x28"}', id="invalid UTF-8 in a string"),
        pytest.param(b"\xef\xbb\xbf" + JSON_WRITE, id="a byte order mark"),
        pytest.param(JSON_WRITE.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(JSON_WRITE.decode().encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param(JSON_WRITE.decode().encode("utf-32"), id="UTF-32"),
        pytest.param(b"[" * DEEP + b"]" * DEEP, id="100,000 arrays"),
        pytest.param(b'{"a":' * DEEP + b"1" + b"}" * DEEP, id="100,000 objects"),
        pytest.param(b"[" * DEEP, id="100,000 arrays that do not end"),
        pytest.param(with_variables(b"[" * DEEP + b"]" * DEEP), id="100,000 deep variables"),
        pytest.param(with_variables(b"[" * 65 + b"]" * 65), id="one level too deep"),
        pytest.param(b"[0" + b",0" * 60_000 + b"]", id="too many values"),
        pytest.param(b"[" + b"[]," * 40_000 + b"[]]", id="too many arrays"),
        pytest.param(with_variables(b"9" * 5_000), id="an integer of 5,000 digits"),
        pytest.param(with_variables(b"1e999"), id="a number beyond all"),
        pytest.param(with_variables(b"-1e999"), id="a number below all"),
        pytest.param(with_variables(b"NaN"), id="NaN"),
        pytest.param(with_variables(b"Infinity"), id="Infinity"),
        pytest.param(with_variables(b"-Infinity"), id="-Infinity"),
        pytest.param(with_variables(b'"\\ud800"'), id="half a surrogate pair"),
        pytest.param(with_variables(b'"\\udc00\\ud800"'), id="a surrogate pair the wrong way"),
        pytest.param(with_variables(b'{"\\uDfff": 1}'), id="half a surrogate pair in a key"),
        pytest.param(with_variables(b'"\\u0000"'), id="NUL, escaped"),
        pytest.param(with_variables(b'"\x00"'), id="NUL"),
        pytest.param(with_variables(b'"\n"'), id="a line feed in a string"),
        pytest.param(with_variables(b"'x'"), id="single quotes"),
        pytest.param(b'{"query":"{ hello }","query":"mutation { note }"}', id="a key twice"),
        pytest.param(with_variables(b'{"a":1,"a":2}'), id="a key twice in variables"),
        pytest.param(b'{"query":"{ hello }",}', id="a comma too many"),
        pytest.param(b'{"query":"{ hello }"} // x', id="a comment"),
        pytest.param(b'{"query":1}', id="query is a number"),
        pytest.param(b'{"query":["{ hello }"]}', id="query is an array"),
        pytest.param(b'{"query":null}', id="query is null"),
        pytest.param(b'{"query":"{ hello }","variables":[]}', id="variables are an array"),
        pytest.param(b'{"query":"{ hello }","variables":"{}"}', id="variables are a string"),
        pytest.param(b'{"query":"{ hello }","operationName":7}', id="operationName is a number"),
        pytest.param(b'{"query":"{ hello }","extensions":1}', id="extensions are a number"),
        pytest.param(b'{"documentId":{}}', id="documentId is an object"),
        pytest.param(b"query=%7Bhello%7D", id="a form's body"),
    ],
)
async def test_a_body_that_is_no_request_is_400(gateway: Served, body: bytes) -> None:
    assert await refused(gateway, post_of(body), 400) == "BAD_REQUEST"


@pytest.mark.parametrize(
    "body", [b'{"query":"{ hello }"}', with_variables(b'"\\\\u0000 \\ud83d\\ude00"')]
)
async def test_what_only_looks_bad_is_taken(gateway: Served, body: bytes) -> None:
    reply = await gateway.ask(post_of(body))

    assert reply.status == 200
    assert "errors" not in reply.json
    gateway.witness.events.clear()


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/application/json",
        "application/json-patch+json",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "application/json; charset=latin1",
        "*/*",
        "json",
    ],
)
async def test_a_body_of_another_kind_is_415(gateway: Served, content_type: str | None) -> None:
    raw = post_of(JSON_WRITE, content_type=content_type)

    assert await refused(gateway, raw, 415) == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, gzip", "x"])
async def test_a_compressed_body_is_415(gateway: Served, encoding: str) -> None:
    raw = post_of(gzip.compress(JSON_WRITE), f"Content-Encoding: {encoding}")

    assert await refused(gateway, raw, 415) == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'],
)
async def test_json_may_be_written_in_several_ways(gateway: Served, content_type: str) -> None:
    reply = await gateway.ask(post_of({"query": "{ hello }"}, content_type=content_type))

    assert reply.status == 200


@pytest.mark.parametrize(
    "accept", ["image/png", "text/html", "application/xml;q=1", "application/json;q=0", "x"]
)
async def test_nothing_that_the_client_takes_is_406(gateway: Served, accept: str) -> None:
    raw = post_of(WRITE, f"Accept: {accept}")

    assert await refused(gateway, raw, 406) == "NOT_ACCEPTABLE"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
async def test_another_method_is_405(gateway: Served, method: str) -> None:
    reply_code = await refused_or_head(gateway, method)

    assert reply_code in {"METHOD_NOT_ALLOWED", ""}


async def refused_or_head(gateway: Served, method: str) -> str:
    if method == "HEAD":
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(request_of("HEAD /graphql"))
        head = await reader.read()
        writer.close()
        assert head.startswith(b"HTTP/1.1 405")
        assert head.endswith(b"\r\n\r\n")
        return ""
    return await refused(gateway, request_of(f"{method} /graphql"), 405)


async def test_405_says_which_methods_there_are(gateway: Served) -> None:
    other = await gateway.ask(request_of("PUT /graphql"))
    mutation = await gateway.get("query=" + quote(WRITE["query"]))

    assert other.headers["allow"] == "GET, POST"
    assert mutation.status == 405
    assert mutation.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "query_string",
    [
        "query=" + quote("mutation { note(text: 1) }"),
        "query=" + quote("mutation A { note(text: 1) } query B { hello }") + "&operationName=A",
        "query=" + quote("fragment F on Mutation { note(text: 1) } mutation { ...F }"),
    ],
)
async def test_a_mutation_by_get_is_not_run(gateway: Served, query_string: str) -> None:
    query_string = query_string.replace("1", quote('"x"'))

    await refused(gateway, request_of(f"GET /graphql?{query_string}"), 405)


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query",
        "q=1",
        "query=%FF",
        "query=%7Bhello%7D&query=%7Bwho%7D",
        "query=%7Bhello%7D&variables=1",
        "query=%7Bhello%7D&variables=%7B",
        "query=%7Bhello%7D&variables=" + quote('{"a":1,"a":2}'),
        "query=%7Bhello%7D&variables=" + "[" * 5_000,
        "query=%7Bhello%7D&extensions=[]",
        "&".join(f"a{number}=1" for number in range(40)),
    ],
)
async def test_a_get_that_is_no_request_is_400(gateway: Served, query_string: str) -> None:
    raw = request_of(f"GET /graphql?{query_string}", ["Accept: application/graphql-response+json"])

    await refused(gateway, raw, 400)


async def test_an_address_that_is_too_long_is_414(gateway: Served) -> None:
    raw = request_of(f"GET /graphql?query={'a' * 20_000}")

    assert await refused(gateway, raw, 414) == "URL_TOO_LONG"


@pytest.mark.parametrize(
    "headers",
    [["X-Junk: " + "a" * 40_000], [f"X-{number}: {'a' * 100}" for number in range(400)]],
    ids=["one large", "many small"],
)
async def test_headers_that_are_too_large_are_431(gateway: Served, headers: list[str]) -> None:
    raw = post_of(WRITE, *headers)

    assert await refused(gateway, raw, 431) == "HEADERS_TOO_LARGE"


@pytest.mark.parametrize(
    "twice",
    [
        ["Authorization: Bearer a", "Authorization: Bearer b"],
        ["Content-Encoding: identity", "Content-Encoding: gzip"],
        ["Content-Type: text/plain"],
    ],
)
async def test_a_header_that_says_two_things_is_400(gateway: Served, twice: list[str]) -> None:
    assert await refused(gateway, post_of(WRITE, *twice), 400) == "BAD_REQUEST"


async def test_a_declared_body_that_is_too_large_is_413_before_it_comes(gateway: Served) -> None:
    head = request_of(
        "POST /graphql",
        ["Content-Type: application/json", f"Content-Length: {5 * MIB}", "Expect: 100-continue"],
    )

    assert await refused(gateway, head, 413) == "BODY_TOO_LARGE"


async def test_a_variable_of_5_mb_is_413_and_the_sender_gets_to_read_it(gateway: Served) -> None:
    raw = post_of(with_variables(b'"' + b"a" * 5_000_000 + b'"'))

    assert await refused(gateway, raw, 413) == "BODY_TOO_LARGE"


async def test_a_body_in_chunks_that_is_too_large_is_413(gateway: Served) -> None:
    head = request_of(
        "POST /graphql", ["Content-Type: application/json", "Transfer-Encoding: chunked"]
    )
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    assert await refused(gateway, head + chunk * 20, 413) == "BODY_TOO_LARGE"


async def test_a_body_in_chunks_is_read(gateway: Served) -> None:
    head = request_of(
        "POST /graphql", ["Content-Type: application/json", "Transfer-Encoding: chunked"]
    )
    body = b'{"query":"{ hello }"}'
    chunks = b"".join(b"1\r\n" + body[i : i + 1] + b"\r\n" for i in range(len(body)))
    reply = await gateway.ask(head + chunks + b"0\r\n\r\n")

    assert reply.json == {"data": {"hello": "world"}}


async def test_a_subscription_without_a_stream_is_406(gateway: Served) -> None:
    raw = post_of({"query": "subscription { count(to: 1) }"})

    assert await refused(gateway, raw, 406) == "NOT_ACCEPTABLE"


async def test_bytes_that_are_no_http_get_400(gateway: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"\x16\x03\x01\x02\x00 not HTTP at all\r\n\r\n")

    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()


@pytest.mark.parametrize(
    "document",
    [
        "{" + " ".join(f"a{number}: hello" for number in range(10_000)) + "}",
        "{ hello " + "@skip(if: false) " * 10_000 + "}",
        "{ hello " + "@unknown " * 1_500 + "}",
        "{" + "a{" * 5_000 + "}" * 5_001,
        "{ echo(text: " + "[" * 5_000 + "]" * 5_000 + ") }",
        "query(" + " ".join(f"$a{number}: Int" for number in range(500)) + ") { hello }",
        "{ " + " ".join(f"nothing{number}" for number in range(400)) + " }",
        "{ nothing" + "x" * 30_000 + " }",
        "{ ...F } fragment F on Query { ...F }",
        "{ ...F0 } fragment F60 on Query { hello }"
        + "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60)),
        "{ \u0000 }",
        "{ hello } \ufeff \ud83d\ude00",
    ],
    ids=lambda document: document[:24].encode("ascii", "replace").decode(),
)
async def test_a_hostile_document_is_refused_in_few_words(gateway: Served, document: str) -> None:
    accept = "Accept: application/graphql-response+json"
    reply = await gateway.post({"query": document}, accept)

    assert reply.status == 400
    assert len(reply.body) < 10_000
    assert 1 <= len(reply.json["errors"]) <= 10
    assert all(len(error["message"]) <= 500 for error in reply.json["errors"])
