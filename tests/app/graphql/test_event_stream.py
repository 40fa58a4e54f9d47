"""Server-sent events, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import quote

import pytest

from gateway.app.graphql.limits import Limits
from tests.app.graphql.serving import Answered, Served, post_of, served, until
from tests.app.graphql.small_schema import SECRET

STREAM = "Accept: text/event-stream"


def events_of(reply: Answered) -> list[tuple[str, object]]:
    """The events of a stream that has ended, without its heartbeats."""
    return [
        event for block in reply.body.decode().split("\n\n") if (event := _event(block)) is not None
    ]


def _event(block: str) -> tuple[str, object] | None:
    fields = dict(line.split(":", 1) for line in block.splitlines() if not line.startswith(":"))
    if not fields:
        return None
    data = fields["data"].strip()
    return fields["event"].strip(), json.loads(data) if data else None


class Reading:
    """A stream that is read piece by piece."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def until(self, text: bytes) -> bytes:
        async with asyncio.timeout(10):
            return await self._reader.readuntil(text)

    async def rest(self) -> bytes:
        async with asyncio.timeout(10):
            return await self._reader.read()


@asynccontextmanager
async def streaming(gateway: Served, query: str, *headers: str) -> AsyncIterator[Reading]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(post_of({"query": query}, STREAM, *headers))
    try:
        yield Reading(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_subscription_is_an_event_for_each_answer_and_then_complete() -> None:
    async with served() as gateway:
        posted = await gateway.post({"query": "subscription { count(to: 2) }"}, STREAM)
        got = await gateway.get("query=" + quote("subscription { count(to: 2) }"), STREAM)

    assert events_of(posted) == events_of(got)
    assert events_of(posted) == [
        ("next", {"data": {"count": 0}}),
        ("next", {"data": {"count": 1}}),
        ("complete", None),
    ]
    assert posted.status == 200
    assert posted.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert posted.headers["cache-control"] == "no-store"
    assert posted.headers["x-accel-buffering"] == "no"
    assert gateway.endpoint.open_streams == 0


@pytest.mark.parametrize(
    "query", ["{ hello }", 'mutation { note(text: "it") }'], ids=["a query", "a mutation"]
)
async def test_other_operations_are_answered_by_a_stream_of_one_event(query: str) -> None:
    async with served() as gateway:
        reply = await gateway.post({"query": query}, STREAM)

    kinds = [kind for kind, _ in events_of(reply)]
    assert kinds == ["next", "complete"]


async def test_a_refused_document_is_told_within_the_stream() -> None:
    async with served() as gateway:
        reply = await gateway.post({"query": "{ nothing }"}, STREAM)

    (_, answer), last = events_of(reply)
    assert reply.status == 200
    assert isinstance(answer, dict)
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert last == ("complete", None)


async def test_a_request_that_is_none_is_refused_by_its_status() -> None:
    async with served() as gateway:
        broken = await gateway.post(b"1", STREAM)
        stranger = await gateway.post({"query": "{ hello }"}, STREAM, "Authorization: Bearer wrong")
        mutation = await gateway.get("query=" + quote("mutation { write }"), STREAM)

    assert [broken.status, stranger.status, mutation.status] == [400, 401, 405]
    assert broken.headers["content-type"] == "application/json; charset=utf-8"


async def test_a_fault_ends_the_stream_masked() -> None:
    async with served() as gateway:
        reply = await gateway.post({"query": "subscription { failing }"}, STREAM)

    kinds = [kind for kind, _ in events_of(reply)]
    assert kinds == ["next", "next", "complete"]
    assert SECRET.encode() not in reply.body
    assert b"INTERNAL_ERROR" in reply.body


async def test_a_stream_that_has_nothing_to_say_shows_that_it_lives() -> None:
    async with (
        served(limits=Limits(heartbeat_s=0.02)) as gateway,
        streaming(gateway, "subscription { ticks }") as stream,
    ):
        await stream.until(b'{"data":{"ticks":0}}\n\n')
        await stream.until(b":\n\n")
        await stream.until(b":\n\n")


async def test_a_stream_shows_at_once_that_it_is_open() -> None:
    async with served() as gateway, streaming(gateway, "{ held }") as stream:
        await stream.until(b":\n\n")
        await gateway.witness.until("query began")


async def test_a_stream_keeps_its_place_until_its_source_has_ended() -> None:
    async with served() as gateway:
        async with streaming(gateway, "subscription { lingering }") as stream:
            await stream.until(b"next")
        await gateway.witness.until("lingering")
        assert gateway.endpoint.open_streams == 1
        gateway.witness.go.set()
        await until(lambda: gateway.endpoint.open_streams == 0)

    assert gateway.witness.events[-1] == "lingering ended"


async def test_a_client_that_leaves_ends_the_subscription() -> None:
    async with served() as gateway:
        async with streaming(gateway, "subscription { ticks }"):
            await gateway.witness.until("ticks began")
        await gateway.witness.until("ticks closed")

    assert "ticks cancelled" in gateway.witness.events


async def test_a_stopping_gateway_ends_streams_without_complete_and_takes_no_new_ones() -> None:
    async with served() as gateway:
        async with streaming(gateway, "subscription { ticks }", "Connection: close") as stream:
            await gateway.witness.until("ticks began")
            gateway.endpoint.end_streams()
            ended = await stream.rest()
        await gateway.witness.until("ticks closed")
        refused = await gateway.post({"query": "subscription { ticks }"}, STREAM)
        query = await gateway.post({"query": "{ hello }"})

    assert b"event: complete" not in ended
    assert ended.endswith(b"0\r\n\r\n")
    assert refused.status == 503
    assert refused.code == "SHUTTING_DOWN"
    assert query.status == 200


async def test_a_stream_ends_with_the_credentials() -> None:
    async with (
        served() as gateway,
        streaming(
            gateway, "subscription { ticks }", "Connection: close", "Authorization: Bearer soon"
        ) as stream,
    ):
        ended = await stream.rest()
        await gateway.witness.until("ticks closed")

    assert b"event: next" in ended
    assert b"event: complete" not in ended


async def test_one_principal_has_so_many_streams_and_no_more() -> None:
    ada, bob = "Authorization: Bearer ada", "Authorization: Bearer bob"
    query = "subscription { ticks }"
    async with (
        served(limits=Limits(max_streams_each=1)) as gateway,
        streaming(gateway, query, ada) as stream,
    ):
        await stream.until(b"ticks")
        second = await gateway.post({"query": query}, STREAM, ada)
        other = await gateway.post({"query": "{ who }"}, STREAM, bob)

    assert second.status == 429
    assert second.code == "TOO_MANY_STREAMS"
    assert other.status == 200


async def test_all_together_have_so_many_streams_and_no_more() -> None:
    query = "subscription { ticks }"
    async with (
        served(limits=Limits(max_streams=1)) as gateway,
        streaming(gateway, query) as stream,
    ):
        await stream.until(b"ticks")
        second = await gateway.post({"query": query}, STREAM)

    assert second.status == 503
    assert second.headers["retry-after"] == "1"


async def test_a_client_that_does_not_read_stops_the_source_and_is_cut_off() -> None:
    async with (
        served(limits=Limits(stall_timeout_s=0.2)) as gateway,
        streaming(gateway, "subscription { flood }") as stream,
    ):
        await stream.until(b"event: next")
        await gateway.witness.until("flood closed")

    # Ten kilobytes each: what the sockets between hold, and not a million of them.
    assert len(gateway.witness.events) < 5_000
