"""Who is let in, how many at one time, and how long anyone waits; over real sockets."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from gateway.app.graphql.limits import Limits
from tests.app.graphql.serving import Bell, Served, post_of, read_answer, request_of, served, until

QUERY = {"query": "{ hello }"}
HELD = {"query": "{ held }"}
WRITE = {"query": "mutation { write }"}
HALF = request_of("POST /graphql", ["Content-Type: application/json", "Content-Length: 9"], b"{")


@asynccontextmanager
async def sent(
    gateway: Served, raw: bytes
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection over which `raw` was sent, and which stays open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(raw)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def in_flight(gateway: Served, number: int) -> None:
    """Wait until so many operations are under way."""
    await until(lambda: gateway.endpoint.in_flight == number)


@pytest.mark.parametrize(
    ("credentials", "status", "code", "header"),
    [
        ("Bearer wrong", 401, "UNAUTHENTICATED", ("www-authenticate", "Bearer")),
        ("Bearer busy", 429, "TOO_MANY_REQUESTS", ("retry-after", "3")),
        ("Bearer later", 503, "SIGN_IN_UNAVAILABLE", ("retry-after", "7")),
    ],
)
async def test_who_may_not_come_in_is_told_before_the_body_is_there(
    credentials: str, status: int, code: str, header: tuple[str, str]
) -> None:
    raw = HALF.replace(b"\r\n\r\n", f"\r\nAuthorization: {credentials}\r\n\r\n".encode())
    async with served() as gateway:
        reply = await gateway.ask(raw)

    assert reply.status == status
    assert reply.code == code
    assert reply.headers[header[0]] == header[1]


async def test_without_credentials_nobody_comes_in_where_people_sign_in() -> None:
    async with served(bell=Bell(is_open=False)) as gateway:
        posted = await gateway.post(b"not even JSON")
        got = await gateway.get("query=%7Bhello%7D")

    assert posted.status == got.status == 401
    assert gateway.bell.asked == [None, None]


async def test_a_request_of_the_wrong_kind_costs_no_sign_in() -> None:
    async with served() as gateway:
        await gateway.post(QUERY, "Accept: image/png")
        await gateway.post(QUERY, content_type="text/plain")

    assert gateway.bell.asked == []


@pytest.mark.parametrize(
    ("header", "closes"),
    [
        ("Transfer-Encoding: chunked", True),
        ("Content-Length: 9999999", True),
        ("Content-Length: 1", False),
    ],
)
async def test_a_connection_ends_whose_body_would_be_skipped_for_long(
    header: str, closes: bool
) -> None:
    raw = (
        "POST /graphql HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\n"
        f"Content-Type: application/json\r\n{header}\r\n\r\n"
    )
    async with served() as gateway:
        reply = await gateway.ask(raw.encode())

    assert reply.status == 401
    assert (reply.headers.get("connection") == "close") is closes


async def test_a_body_that_does_not_come_is_given_up() -> None:
    async with served(limits=Limits(body_timeout_s=0.05)) as gateway:
        reply = await gateway.ask(HALF)
        assert gateway.endpoint.arriving == 0

    assert reply.status == 408
    assert reply.code == "BODY_TOO_SLOW"
    assert reply.headers["connection"] == "close"


async def test_a_body_that_drips_is_given_up() -> None:
    async with (
        served(limits=Limits(body_timeout_s=0.2)) as gateway,
        sent(gateway, HALF) as (reader, writer),
    ):
        answer = asyncio.create_task(read_answer(reader))
        while not answer.done():
            writer.write(b" ")
            await asyncio.wait((answer,), timeout=0.05)

    assert (await answer).status == 408


async def test_one_too_many_is_turned_away_at_once_and_health_is_not() -> None:
    async with served(limits=Limits(max_in_flight=2)) as gateway:
        async with sent(gateway, post_of(HELD)), sent(gateway, post_of(HELD)):
            await in_flight(gateway, 2)
            started = time.perf_counter()
            reply = await gateway.ask(HALF)
            took_s = time.perf_counter() - started
            health = await gateway.ask(request_of("GET /healthz"))
            gateway.witness.go.set()
        await in_flight(gateway, 0)
        later = await gateway.post(QUERY)

    assert reply.status == 503
    assert reply.code == "OVERLOADED"
    assert reply.headers["retry-after"] == "1"
    assert took_s < 1  # it takes a millisecond or two; the machine may be busy
    assert health.status == later.status == 200


async def test_those_who_only_send_slowly_take_nobodys_place() -> None:
    async with (
        served(limits=Limits(max_in_flight=1, max_reading=3)) as gateway,
        sent(gateway, HALF),
        sent(gateway, HALF),
        sent(gateway, HALF),
    ):
        await until(lambda: gateway.endpoint.arriving == 3)
        by_get = await gateway.get("query=%7Bhello%7D")
        by_post = await gateway.post(QUERY)

    assert by_get.status == 200
    assert by_post.status == 503  # three bodies are on their way, which is as many as may be


async def test_a_client_that_leaves_ends_its_query() -> None:
    async with served() as gateway:
        async with sent(gateway, post_of(HELD)):
            await gateway.witness.until("query began")
        left = time.perf_counter()
        await gateway.witness.until("query cancelled")
        took_s = time.perf_counter() - left
        await in_flight(gateway, 0)

    assert took_s < 1  # a millisecond or two


async def test_a_client_that_leaves_does_not_end_its_mutation() -> None:
    async with served() as gateway:
        async with sent(gateway, post_of(WRITE)):
            await gateway.witness.until("write of it began")
        await asyncio.sleep(0.05)
        assert gateway.endpoint.in_flight == 1  # it holds its place until it is done
        gateway.witness.go.set()
        await gateway.endpoint.drain(5)
        await in_flight(gateway, 0)

    assert gateway.witness.events == ["write of it began", "write of it ended"]


async def test_a_query_that_takes_too_long_is_answered_in_time() -> None:
    async with served(limits=Limits(query_deadline_s=0.05)) as gateway:
        reply = await gateway.post(HELD)
        await gateway.witness.until("query cancelled")

    assert reply.status == 504
    assert reply.code == "DEADLINE_EXCEEDED"
    assert reply.json["errors"][0]["extensions"]["retryable"] is True


async def test_a_mutation_that_takes_too_long_goes_on() -> None:
    async with served(limits=Limits(mutation_deadline_s=0.05)) as gateway:
        reply = await gateway.post(WRITE)
        gateway.witness.go.set()
        await gateway.endpoint.drain(5)

    assert reply.status == 504
    assert "it goes on" in reply.json["errors"][0]["message"]
    assert gateway.witness.events == ["write of it began", "write of it ended"]


async def test_resolvers_know_how_much_time_they_have() -> None:
    async with served(limits=Limits(query_deadline_s=7)) as gateway:
        reply = await gateway.post({"query": "{ remaining }"})

    assert 5 < reply.json["data"]["remaining"] <= 7


UPLOADS = Limits(max_upload_bytes=4 * 1024 * 1024)
LARGE = json.dumps(
    {"query": "mutation($t: String!) { note(text: $t) }", "variables": {"t": "a" * 5_000}}
)
LARGE_BODY = LARGE.encode() + b" " * 3_000_000


async def test_a_mutation_that_brings_files_may_have_a_large_body_if_it_says_so() -> None:
    async with served(limits=UPLOADS) as gateway:
        told = await gateway.post(LARGE_BODY, "X-OTA-Upload: true", "Authorization: Bearer ada")
        untold = await gateway.post(LARGE_BODY, "Authorization: Bearer ada")

    assert told.json == {"data": {"note": 5_000}}
    assert untold.status == 413


@pytest.mark.parametrize(
    ("limits", "credentials", "body", "status"),
    [
        (UPLOADS, "Bearer reader", LARGE_BODY, 413),
        (Limits(), "Bearer ada", LARGE_BODY, 413),
        (UPLOADS, "Bearer ada", LARGE_BODY + b" " * 2_000_000, 413),
        (UPLOADS, "Bearer ada", json.dumps(QUERY).encode(), 400),
        (replace(UPLOADS, max_uploads=0), "Bearer ada", LARGE_BODY, 503),
    ],
    ids=["only reads", "there are none", "too large for that too", "a query", "too many at once"],
)
async def test_saying_so_does_not_help_who_may_not(
    limits: Limits, credentials: str, body: bytes, status: int
) -> None:
    async with served(limits=limits) as gateway:
        reply = await gateway.post(body, "X-OTA-Upload: true", f"Authorization: {credentials}")

    assert reply.status == status
    assert not gateway.witness.events
