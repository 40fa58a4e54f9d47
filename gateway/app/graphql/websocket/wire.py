"""A WebSocket as texts in and out, behind ASGI's events."""

import asyncio
from contextlib import suppress
from typing import Any

from starlette.types import Receive, Send

from gateway.app.graphql.body import ClientGoneError
from gateway.app.graphql.replies import CloseCode, Closing


class Wire:
    """Reads one text at a time, and sends texts one after another.

    What waits to be sent waits with whoever sends it: nothing is collected for a client that does
    not read, and after `stall_timeout_s` it counts as gone.
    """

    def __init__(self, receive: Receive, send: Send, *, stall_timeout_s: float) -> None:
        """Send nothing yet."""
        self._receive = receive
        self._send = send
        self._stall_timeout_s = stall_timeout_s
        self._turn = asyncio.Lock()
        self._is_closed = False

    async def accepted(self, subprotocol: str | None, request_id: str) -> None:
        """Finish the handshake.

        Raises:
            ClientGoneError: nobody is there any more.
        """
        await self._receive()  # the handshake itself
        headers = [(b"x-request-id", request_id.encode())]
        await self._sent(
            {"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers}
        )

    async def read(self) -> str:
        """The next text of the client.

        Raises:
            ClientGoneError: it has closed the socket.
            Closing: it sent something else than a text.
        """
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            self._is_closed = True
            raise ClientGoneError
        text: str | None = event.get("text")
        if text is None:
            raise Closing(CloseCode.BAD_MESSAGE, "a message must be a text")
        return text

    async def write(self, text: str) -> None:
        """Send `text`, when everything before it is on its way.

        Raises:
            ClientGoneError: nobody is there any more, or nobody who reads.
        """
        async with self._turn:
            await self._sent({"type": "websocket.send", "text": text})

    async def close(self, closing: Closing) -> None:
        """Close the socket, ahead of what still waits to be sent."""
        if self._is_closed:
            return
        event = {"type": "websocket.close", "code": int(closing.code), "reason": closing.reason}
        with suppress(ClientGoneError):
            await self._sent(event)
        self._is_closed = True

    async def _sent(self, event: dict[str, Any]) -> None:
        if self._is_closed:
            raise ClientGoneError
        try:
            async with asyncio.timeout(self._stall_timeout_s):
                await self._send(event)
        except (OSError, TimeoutError):  # TimeoutError is one, but not in all versions of asyncio
            self._is_closed = True
            raise ClientGoneError from None
