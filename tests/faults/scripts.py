"""What a cloud may do instead of answering as it should."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.faults.scripted_upstream import Exchange, Script, honest, whole_answer

Changed = Callable[[Any], Any]
"""Takes the JSON of a genuine answer, and returns or changes it in place (returning None)."""


async def silent(exchange: Exchange) -> None:
    """Take the request and say nothing."""
    await exchange.until_client_leaves()


async def hang_up(exchange: Exchange) -> None:
    """Take the request and close, as a server that had just decided to."""
    exchange.end()


async def reset_at_once(exchange: Exchange) -> None:
    """Take the request and reset the connection."""
    exchange.reset()


async def lost(exchange: Exchange) -> None:
    """Do as asked, and reset the connection instead of telling so."""
    await exchange.genuine()
    exchange.reset()


async def honest_then_close(exchange: Exchange) -> None:
    """Answer as it should, and close without a word of it."""
    await honest(exchange)
    exchange.end()


def late(seconds: float) -> Script:
    """Answer as it should, too late."""

    async def script(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await honest(exchange)

    return script


def saying(data: bytes) -> Script:
    """Say these bytes and close."""

    async def script(exchange: Exchange) -> None:
        await exchange.say(data)
        exchange.end()

    return script


def answering(
    status: int = 200, body: object = b"", headers: Mapping[str, str] | None = None
) -> Script:
    """Answer well-formed HTTP, with JSON unless `body` is bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def script(exchange: Exchange) -> None:
        await exchange.say(whole_answer(status, data, headers))

    return script


def changing(change: Changed) -> Script:
    """Answer as it should, with the JSON changed."""

    async def script(exchange: Exchange) -> None:
        reply = await exchange.genuine()
        body = json.loads(reply.content)
        changed = change(body)
        data = json.dumps(body if changed is None else changed).encode()
        await exchange.say(whole_answer(reply.status_code, data))

    return script


def editing(edit: Callable[[bytes], bytes]) -> Script:
    """Answer as it should, with the bytes of the body edited."""

    async def script(exchange: Exchange) -> None:
        reply = await exchange.genuine()
        await exchange.say(whole_answer(reply.status_code, edit(reply.content)))

    return script


def breaking_off(share: float, *, after: Callable[[Exchange], None]) -> Script:
    """Say the genuine answer's head and a share of its body, then do `after`."""

    async def script(exchange: Exchange) -> None:
        reply = await exchange.genuine()
        whole = whole_answer(reply.status_code, reply.content)
        await exchange.say(whole[: len(whole) - int(len(reply.content) * (1 - share))])
        await asyncio.sleep(0.02)  # so that the client has begun to read
        after(exchange)

    return script


def dripping(start: bytes, drop: bytes, *, every_s: float) -> Script:
    """Say `start`, then `drop` again and again, until the client leaves."""

    async def script(exchange: Exchange) -> None:
        await exchange.say(start)
        while True:
            await asyncio.sleep(every_s)
            await exchange.say(drop)

    return script


def flooding(start: bytes, piece: bytes, *, pieces: int) -> Script:
    """Say `start` and `piece` as often as told, as fast as the client takes it."""

    async def script(exchange: Exchange) -> None:
        await exchange.say(start)
        for _ in range(pieces):
            await exchange.say(piece)
            await asyncio.sleep(0)
        exchange.end()

    return script


_HTML: Final = b"<html><body><h1>Sign in to the guest network</h1></body></html>"


def page(status: int) -> Script:
    """Answer with the page of something that stands in between."""
    return answering(status, _HTML, {"content-type": "text/html"})
