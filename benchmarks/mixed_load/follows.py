"""Subscribers to operations, over WebSockets: what they are told, and how often they reconnect."""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from benchmarks.mixed_load.fleet import Door

SUBPROTOCOL: Final = Subprotocol("graphql-transport-ws")
FOLLOW: Final = "subscription Follow($id: ID!) { operation(id: $id) { id state settled } }"
_PAUSE_S: Final = 0.5


@dataclass(slots=True, kw_only=True)
class Subscribers:
    """Each follows the newest operation it hears of to its end, and then the next.

    Attributes:
        updates: states that they were told.
        ends: subscriptions that ended as they should: with a settled operation.
        reconnects: connections that were cut or refused, and made anew.
        refused: subscriptions that could not begin, by the code they were told.
    """

    door: Door
    key: str
    newest: Callable[[], str | None]
    updates: int = 0
    ends: int = 0
    reconnects: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    async def follow(self) -> None:
        """Be one of them; ends when cancelled."""
        while True:
            endpoint = self.door.endpoint()
            if endpoint is not None:
                try:
                    await self._connected(endpoint)
                except (OSError, WebSocketException):
                    self.reconnects += 1
            await asyncio.sleep(_PAUSE_S)

    async def _connected(self, endpoint: str) -> None:
        address = endpoint.replace("http://", "ws://")
        async with connect(address, subprotocols=[SUBPROTOCOL], proxy=None) as socket:
            await _say(
                socket, type="connection_init", payload={"authorization": f"Bearer {self.key}"}
            )
            await socket.recv()
            for number in itertools.count():
                operation = self.newest()
                if operation is not None:
                    await self._to_its_end(socket, str(number), operation)
                await asyncio.sleep(_PAUSE_S)

    async def _to_its_end(self, socket: ClientConnection, name: str, operation: str) -> None:
        payload = {"query": FOLLOW, "variables": {"id": operation}}
        await _say(socket, type="subscribe", id=name, payload=payload)
        async for text in socket:
            message: dict[str, Any] = json.loads(text)
            if message["type"] == "complete":
                self.ends += 1
                return
            if message["type"] == "error":
                self._refuse(message["payload"])
                return
            if message["payload"].get("errors"):
                self._refuse(message["payload"]["errors"])
            else:
                self.updates += 1

    def _refuse(self, errors: list[dict[str, Any]]) -> None:
        self.refused[errors[0].get("extensions", {}).get("code", errors[0]["message"])] += 1


async def _say(socket: ClientConnection, **message: object) -> None:
    await socket.send(json.dumps(message))
