"""The steps in which a server stops: not ready, no new connections, what is under way, the end."""

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import httpx
import pytest

from tests.read_path.processes import free_port, running

pytestmark = pytest.mark.processes

LONG_S: Final = 30.0


@contextmanager
def serving(*, drain_s: float) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    with running("-m", "tests.cli.stopping_process", str(port), str(drain_s)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process, f"http://127.0.0.1:{port}"


@asynccontextmanager
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=LONG_S) as http:
        yield http


async def until(is_so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + LONG_S
    while not is_so():
        assert time.monotonic() < give_up_at
        await asyncio.sleep(0.01)  # another process is to get there


async def readiness(http: httpx.AsyncClient) -> int:
    return (await http.get("/readyz", headers={"connection": "close"})).status_code


async def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return (await asyncio.to_thread(process.stdout.readline)).strip()


async def test_it_is_not_ready_first_and_goes_on_serving_while_others_notice() -> None:
    with serving(drain_s=LONG_S) as (process, address):
        async with client(address) as http:
            assert await readiness(http) == 200
            process.send_signal(signal.SIGTERM)
            give_up_at = time.monotonic() + LONG_S
            while await readiness(http) == 200:
                assert time.monotonic() < give_up_at
            assert (await http.get("/healthz")).status_code == 200
        process.send_signal(signal.SIGTERM)  # that is enough waiting
        assert await asyncio.to_thread(process.wait, LONG_S / 2) == -signal.SIGTERM


async def test_what_is_under_way_ends_after_no_connection_is_taken_any_more() -> None:
    with serving(drain_s=0.3) as (process, address):
        async with client(address) as http, client(address) as other, client(address) as third:
            slow = asyncio.create_task(http.get("/slow"))
            assert await line(process) == "slow"
            async with other.stream("GET", "/stream") as stream:
                chunks = stream.aiter_raw()
                assert await anext(chunks) == b"begun "
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert await anext(chunks) == b"ended"
                assert time.monotonic() - began >= 0.3
            with pytest.raises(httpx.ConnectError):
                await third.get("/healthz")
            assert not slow.done()
            assert process.poll() is None
            process.send_signal(signal.SIGUSR1)
            assert (await slow).json() == "done"
        assert await line(process) == "closed"
        assert await asyncio.to_thread(process.wait, LONG_S) == -signal.SIGTERM


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once(second: signal.Signals) -> None:
    with serving(drain_s=0) as (process, address):
        async with client(address) as http:
            slow = asyncio.create_task(http.get("/slow"))
            assert await line(process) == "slow"
            process.send_signal(signal.SIGTERM)

            def refuses() -> bool:
                return process.poll() is not None or not listens(address)

            await until(refuses)
            assert process.poll() is None  # it waits for the slow answer
            began = time.monotonic()
            process.send_signal(second)
            await asyncio.to_thread(process.wait, LONG_S)
            assert time.monotonic() - began < LONG_S / 2
            await asyncio.gather(slow, return_exceptions=True)


def listens(address: str) -> bool:
    try:
        httpx.get(f"{address}/healthz", trust_env=False)
    except httpx.TransportError:
        return False
    return True
