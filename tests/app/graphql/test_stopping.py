"""A process that is told to stop: streams end, what is under way is finished, and it is gone."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.app.graphql.serving import post_of, read_answer
from tests.read_path.processes import free_port, running, wait_for

pytestmark = pytest.mark.processes


@pytest.fixture
def process() -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    with running("-m", "tests.app.graphql.small_server", str(port)) as found:
        wait_for(f"http://127.0.0.1:{port}/healthz", found)
        yield found, port


async def test_streams_end_in_a_way_that_clients_come_back_and_a_write_is_answered(
    process: tuple[subprocess.Popen[str], int],
) -> None:
    running_process, port = process
    stream, stream_writer = await asyncio.open_connection("127.0.0.1", port)
    stream_writer.write(post_of({"query": "subscription { ticks }"}, "Accept: text/event-stream"))
    await stream.readuntil(b'{"data":{"ticks":0}}')
    write, write_writer = await asyncio.open_connection("127.0.0.1", port)
    write_writer.write(post_of({"query": "mutation { take(seconds: 0.5) }"}))
    async with asyncio.timeout(20):
        async with connect(
            f"ws://127.0.0.1:{port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            proxy=None,
        ) as socket:
            await socket.send('{"type":"connection_init"}')
            await socket.recv()
            await socket.send(
                '{"id":"1","type":"subscribe","payload":{"query":"subscription { ticks }"}}'
            )
            assert json.loads(await socket.recv())["payload"] == {"data": {"ticks": 0}}

            running_process.send_signal(signal.SIGTERM)

            with suppress(ConnectionClosed):
                while True:
                    await socket.recv()
        rest = await stream.read()
        written = await read_answer(write)
        code = await asyncio.to_thread(running_process.wait)
    for writer in (stream_writer, write_writer):
        writer.close()

    assert socket.close_code == 1012
    assert b"event: complete" not in rest
    assert rest.endswith(b"0\r\n\r\n")
    assert written.json == {"data": {"take": True}}
    assert code in {0, -signal.SIGTERM}
