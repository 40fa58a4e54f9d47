"""The proxy does what its toxics say; else the tests behind it would prove nothing."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from tests.faults.chaos_proxy import ChaosProxy, Toxics, chaos_proxy

_WORD: Final = b"0123456789"


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[ChaosProxy]:
    """A proxy before a server that says a word back as often as it is asked, and then ends."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while word := await reader.read(1024):
            writer.write(word)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, chaos_proxy(server.sockets[0].getsockname()[1]) as found:
        yield found


async def heard(proxy: ChaosProxy, *, wait_s: float = 2.0) -> bytes:
    """What comes back of a word until the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(_WORD)
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), wait_s)
    finally:
        writer.close()


async def test_without_toxics_everything_passes(proxy: ChaosProxy) -> None:
    assert await heard(proxy) == _WORD
    assert proxy.connections == 1


async def test_latency_and_jitter_delay(proxy: ChaosProxy) -> None:
    proxy.down = Toxics(latency_s=0.2, jitter_s=0.05)
    began_at = time.monotonic()
    assert await heard(proxy) == _WORD
    assert time.monotonic() - began_at >= 0.2


async def test_a_drip_gives_byte_by_byte(proxy: ChaosProxy) -> None:
    proxy.down = Toxics(drip_s=0.02)
    began_at = time.monotonic()
    assert await heard(proxy) == _WORD
    assert time.monotonic() - began_at >= 0.02 * len(_WORD)


async def test_a_cut_ends_after_so_many_bytes(proxy: ChaosProxy) -> None:
    proxy.down = Toxics(cut_after=4)
    assert await heard(proxy) == _WORD[:4]


async def test_a_reset_breaks_the_connection(proxy: ChaosProxy) -> None:
    proxy.down = Toxics(reset_after=1)
    with pytest.raises(ConnectionResetError):
        await heard(proxy)


async def test_refusing_resets_at_once_and_healing_ends_it(proxy: ChaosProxy) -> None:
    proxy.refusing = True
    with pytest.raises(ConnectionResetError):
        await heard(proxy)
    proxy.heal()
    assert await heard(proxy) == _WORD


async def test_a_black_hole_swallows(proxy: ChaosProxy) -> None:
    proxy.down = Toxics(black_hole=True)
    with pytest.raises(TimeoutError):
        await heard(proxy, wait_s=0.2)


async def test_corruption_changes_bytes(proxy: ChaosProxy) -> None:
    proxy.down = Toxics(corrupt=lambda piece: piece[::-1])
    assert await heard(proxy) == _WORD[::-1]


async def test_a_half_close_ends_one_direction(proxy: ChaosProxy) -> None:
    proxy.down = Toxics(half_close=True)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(_WORD)
    assert await asyncio.wait_for(reader.read(), 2.0) == _WORD
    writer.write(_WORD)  # the other direction is open still
    await writer.drain()
    writer.close()


async def test_a_slow_close_tells_the_end_late(proxy: ChaosProxy) -> None:
    proxy.down = Toxics(slow_close_s=0.2)
    began_at = time.monotonic()
    assert await heard(proxy) == _WORD
    assert time.monotonic() - began_at >= 0.2
