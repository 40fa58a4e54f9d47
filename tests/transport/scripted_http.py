"""An HTTP transport that plays a script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import httpx

Answer: TypeAlias = Callable[[httpx.Request], Awaitable[httpx.Response]]


def answer(
    status: int = 200,
    body: bytes = b"{}",
    *,
    headers: dict[str, str] | None = None,
    after_s: float = 0.0,
) -> Answer:
    """Answer with `body` as it is, after a while."""

    async def play(_request: httpx.Request) -> httpx.Response:
        if after_s:
            await asyncio.sleep(after_s)
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

    return play


def dripping(pieces: int, *, every_s: float) -> Answer:
    """Answer at once, with a body that comes a byte at a time."""

    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for _ in range(pieces):
                await asyncio.sleep(every_s)
                yield b" "

    async def play(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Drip())

    return play


def failure(error: Exception) -> Answer:
    """Fail."""

    async def play(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        raise error

    return play


class ScriptedHttp(httpx.AsyncBaseTransport):
    """Plays one answer for each request, the last of them for ever."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers) or [answer()]
        self.requests: list[httpx.Request] = []
        self.sent_at: list[float] = []
        self.under_way = 0
        self.most_under_way = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.sent_at.append(asyncio.get_running_loop().time())
        play = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await play(request)
        finally:
            self.under_way -= 1
