"""What a conversation does that no real client can time."""

import asyncio
from typing import Any

from starlette.types import Message

from gateway.app.graphql.limits import Limits
from gateway.app.graphql.replies import CloseCode, Closing
from gateway.app.graphql.websocket.wire import Wire
from tests.app.graphql.serving import small_app


def handshake(events: "asyncio.Queue[Message]") -> dict[str, Any]:
    """The scope of a client that opens a socket."""
    events.put_nowait({"type": "websocket.connect"})
    return {
        "type": "websocket",
        "path": "/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"gateway.test")],
        "subprotocols": ["graphql-transport-ws"],
    }


async def test_a_gateway_that_stops_during_a_handshake_closes_the_socket_then() -> None:
    ran = small_app()
    events: asyncio.Queue[Message] = asyncio.Queue()
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "websocket.accept":
            ran.endpoint.end_streams()

    async with asyncio.timeout(5):
        await ran.app(handshake(events), events.get, send)

    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
    assert sent[-1]["code"] == CloseCode.RESTART
    assert ran.endpoint.open_streams == 0


async def test_a_server_that_can_refuse_with_no_status_closes_instead() -> None:
    ran = small_app(limits=Limits(max_streams=0))
    events: asyncio.Queue[Message] = asyncio.Queue()
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await ran.app(handshake(events), events.get, send)

    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_texts_go_out_one_after_another_and_none_after_the_close() -> None:
    under_way = 0
    most = 0
    sent: list[str] = []

    async def send(message: Message) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        sent.append(message.get("text", message["type"]))

    async def receive() -> Message:
        raise AssertionError

    wire = Wire(receive, send, stall_timeout_s=5)
    await asyncio.gather(*(wire.write(str(number)) for number in range(3)))
    await wire.close(Closing(CloseCode.RESTART, "it restarts"))
    await wire.close(Closing(CloseCode.FAULT, "never seen"))
    late = await asyncio.gather(wire.write("late"), return_exceptions=True)

    assert most == 1
    assert sent == ["0", "1", "2", "websocket.close"]
    assert isinstance(late[0], Exception)
