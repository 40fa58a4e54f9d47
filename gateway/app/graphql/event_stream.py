"""Answers as server-sent events: the distinct-connections mode of the graphql-sse protocol.

Each request has its own stream: a `next` event for each answer, then `complete`. A stream that the
gateway has to end before, because it restarts or because the credentials have, ends without
`complete`, which is how clients know to connect again.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Final

from starlette.types import Receive, Send

from gateway.app.graphql.body import client_left
from gateway.app.graphql.encoding import answer_of, encode, refusal_of
from gateway.app.graphql.executor import Answer
from gateway.app.graphql.limits import Limits
from gateway.app.graphql.replies import EVENT_STREAM, Refused
from gateway.app.graphql.reply import raw_headers
from gateway.app.graphql.runner import fault
from gateway.app.graphql.streams import Ending

_COMPLETE: Final = b"event: complete\ndata:\n\n"
_HEARTBEAT: Final = b":\n\n"
_HEADERS: Final = {
    "Content-Type": f"{EVENT_STREAM}; charset=utf-8",
    "X-Accel-Buffering": "no",  # a proxy must not collect events
}


class EventStream:
    """One reply that goes on."""

    def __init__(self, receive: Receive, send: Send, *, request_id: str, limits: Limits) -> None:
        """Send nothing yet."""
        self._receive = receive
        self._send = send
        self._request_id = request_id
        self._limits = limits
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._upcoming: asyncio.Queue[Answer | Refused | None] = asyncio.Queue(maxsize=1)

    def end(self, why: Ending) -> None:
        """End the stream, from wherever this is called."""
        if not self._ending.done():
            self._ending.set_result(why)

    async def relay(self, answers: AsyncGenerator[Answer, None]) -> None:
        """Send all answers, until the client leaves or stops reading, or `end` is called.

        `answers` are asked for the next one when the client has taken the one before.
        """
        tasks = (
            asyncio.create_task(self._send_all()),
            asyncio.create_task(client_left(self._receive)),
            asyncio.create_task(self._gather(answers)),
        )
        try:
            await asyncio.wait((*tasks[:2], self._ending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._ending.done():
            with suppress(OSError, TimeoutError):
                await self._part(b"", more=False)

    async def _gather(self, answers: AsyncGenerator[Answer, None]) -> None:
        """Take the answers one by one, all of them in this task: they share its context."""
        try:
            async with aclosing(answers):
                async for answer in answers:
                    await self._upcoming.put(answer)
        except Refused as refused:
            await self._upcoming.put(refused)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told that it ended
            await self._upcoming.put(fault(error))
        else:
            await self._upcoming.put(None)

    async def _send_all(self) -> None:
        await self._send(
            {
                "type": "http.response.start",
                "status": int(HTTPStatus.OK),
                "headers": raw_headers(self._request_id, _HEADERS),
            }
        )
        await self._part(_HEARTBEAT)  # so that the client knows that it is connected
        while True:
            try:
                async with asyncio.timeout(self._limits.heartbeat_s):
                    answer = await self._upcoming.get()
            except TimeoutError:
                await self._part(_HEARTBEAT)
                continue
            if isinstance(answer, Answer):
                await self._part(_next(answer_of(answer, self._request_id)))
                continue
            if answer is not None:
                await self._part(_next(refusal_of(answer.error, self._request_id)))
            await self._part(_COMPLETE, more=False)
            return

    async def _part(self, data: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(self._limits.stall_timeout_s):
            await self._send({"type": "http.response.body", "body": data, "more_body": more})


def _next(answer: object) -> bytes:
    return b"event: next\ndata: " + encode(answer) + b"\n\n"
