"""What thousands of idle sockets, and clients that never finish a request, cost everybody else.

    python -m benchmarks.idle_sockets [--sockets 5000] [--half-open 500]

One gateway, and a crowd in a process of its own: subscribers over graphql-transport-ws to one
write whose outcome stays unknown, clients that have sent half of a request's head, and clients that
have sent half of a body. Whoever of the last is cut off, as they are after ten seconds, comes back.
Another client asks for one job all the time, over keep-alive. Exits with 1 if its slowest
percentile is three times what it was without the crowd, or if the gateway keeps anything of the
crowd once it has left.
"""

import argparse
import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.figures import machine, percentile_ms
from gateway.access.api_key import hash_text, mint_api_key
from gateway.service.writing.policy import WritePolicy
from tests.exactly_once.clients import CREATION, Wish
from tests.exactly_once.processes import Clouds, Gateway, running_clouds, running_gateway

_SUBPROTOCOL: Final = Subprotocol("graphql-transport-ws")
_FOLLOW: Final = "subscription Follow($id: ID!) { operation(id: $id) { id state } }"
_JOB: Final = "query($id: ID!) { otaJob(by: {id: $id}) { id status name { default } } }"
_MOST: Final = 3.0
_AT_ONCE: Final = 50
_ROUNDS: Final = 5
_LEFT_S: Final = 20.0
_SPARE_FILES: Final = 5
"""Connections to the journal and the clouds come and go on their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Whom the gateway is to put up with.

    Attributes:
        endpoint: of the gateway.
        key: API key that they all have.
        operation: id of the write that subscribers follow.
        sockets: number of subscribers.
        half_open: number of requests that never end; every other one has got as far as its body.
    """

    endpoint: str
    key: str
    operation: str
    sockets: int
    half_open: int


def run_crowd(crowd: Crowd, pipe: Pipe) -> None:
    """Come, say `(seconds, states)` through `pipe`, stay until told to leave, and leave."""
    asyncio.run(_crowd(crowd, pipe))


async def _crowd(crowd: Crowd, pipe: Pipe) -> None:
    began = time.monotonic()
    gate = asyncio.Semaphore(_AT_ONCE)
    states: Counter[str] = Counter()
    sockets = await asyncio.gather(
        *(_subscriber(crowd, gate, states) for _ in range(crowd.sockets))
    )
    loiterers = [asyncio.create_task(_loiter(crowd, n % 2 == 1)) for n in range(crowd.half_open)]
    pipe.send((time.monotonic() - began, dict(states)))
    await asyncio.to_thread(pipe.recv)
    for task in loiterers:
        task.cancel()
    await asyncio.gather(*loiterers, return_exceptions=True)
    closed = Counter([socket.close_code for socket in sockets])
    await asyncio.gather(*(socket.close() for socket in sockets))
    pipe.send(dict(closed))


async def _subscriber(
    crowd: Crowd, gate: asyncio.Semaphore, states: Counter[str]
) -> ClientConnection:
    """A socket that has been told the first state, and waits for the next."""
    async with gate:
        socket = await connect(
            crowd.endpoint.replace("http:", "ws:"),
            subprotocols=[_SUBPROTOCOL],
            proxy=None,
            ping_interval=None,
            compression=None,
            open_timeout=60,
        )
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {crowd.key}"}}
        await socket.send(json.dumps(init))
        await socket.recv()
        payload = {"query": _FOLLOW, "variables": {"id": crowd.operation}}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        told = json.loads(await socket.recv())
        states[_state(told)] += 1
        return socket


def _state(message: dict[str, Any]) -> str:
    if message["type"] != "next" or message["payload"].get("errors"):
        return str(message["payload"])
    state: str = message["payload"]["data"]["operation"]["state"]
    return state


async def _loiter(crowd: Crowd, has_head: bool) -> None:
    """Send half a request, wait to be cut off, and come back."""
    place = urlsplit(crowd.endpoint)
    head = f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\n"
    rest = (
        f"Authorization: Bearer {crowd.key}\r\nContent-Type: application/json\r\n"
        'Content-Length: 1000\r\n\r\n{"query":'
    )
    while True:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            writer.write((head + rest if has_head else head).encode())
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()
        await asyncio.sleep(0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a process holds."""

    resident_kib: int
    files: int

    @classmethod
    def of(cls, pid: int) -> "Resources":
        """Of this process, now (Linux)."""
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return cls(
            resident_kib=int(line.split()[1]), files=len(list(Path(f"/proc/{pid}/fd").iterdir()))
        )


class Asker:
    """Another client, who wants one job over and over."""

    def __init__(self, endpoint: str, key: str, job: str) -> None:
        """Connect with the first question."""
        self._endpoint = endpoint
        self._body = {"query": _JOB, "variables": {"id": job}}
        self._http = httpx.Client(
            trust_env=False, timeout=30, headers={"authorization": f"Bearer {key}"}
        )

    def ask(self, times: int) -> list[float]:
        """How long each of so many answers took, in seconds."""
        seconds = []
        for _ in range(times):
            began = time.perf_counter()
            reply = self._http.post(self._endpoint, json=self._body)
            seconds.append(time.perf_counter() - began)
            if "errors" in reply.json():
                raise AssertionError(reply.text)
            time.sleep(0.005)
        return seconds


@contextmanager
def _gateway(clouds: Clouds, folder: Path, key: str, sockets: int) -> Iterator[Gateway]:
    with running_gateway(
        clouds,
        f"sqlite:///{folder / 'journal.sqlite3'}",
        folder,
        # Looks so late that the outcome of a write stays unknown for as long as this takes.
        policy=WritePolicy(looks_after_s=(7_200.0,)),
        sockets={"max_open_each": sockets + 100, "max_open": sockets + 100},
        access={
            "keys": {"crowd": {"hash": hash_text(key), "role": "operate"}},
            "requests_per_second": 0,
        },
    ) as gateway:
        yield gateway


def _unknown_operation(gateway: Gateway, clouds: Clouds, key: str) -> str:
    """Id of a write whose answer was lost, and that is not looked for."""
    clouds.order("enos", "lose_answer", CREATION["enos"])
    wish = Wish(key="unknown", cloud="enos")
    reply = httpx.post(
        gateway.endpoint,
        json=wish.body(clouds),
        headers={"authorization": f"Bearer {key}"},
        timeout=60,
        trust_env=False,
    )
    operation = reply.json()["data"]["createOtaJob"]["operation"]
    if operation["settled"]:
        raise AssertionError(operation)
    found: str = operation["id"]
    return found


def _some_job(gateway: Gateway, key: str) -> str:
    reply = httpx.post(
        gateway.endpoint,
        json={
            "query": '{ otaJobs(first: 1, filter: {backends: ["enos"]}) { edges { node { id } } } }'
        },
        headers={"authorization": f"Bearer {key}"},
        timeout=60,
        trust_env=False,
    )
    found: str = reply.json()["data"]["otaJobs"]["edges"][0]["node"]["id"]
    return found


def main(args: argparse.Namespace) -> bool:
    """Measure, print, and tell whether the crowd was borne."""
    print(machine())
    key = mint_api_key("crowd")
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_clouds() as clouds,
        _gateway(clouds, Path(folder), key, args.sockets) as gateway,
    ):
        pid = gateway.process.pid
        assert pid is not None  # noqa: S101 - it runs
        crowd = Crowd(
            endpoint=gateway.endpoint,
            key=key,
            operation=_unknown_operation(gateway, clouds, key),
            sockets=args.sockets,
            half_open=args.half_open,
        )
        asker = Asker(gateway.endpoint, key, _some_job(gateway, key))
        asker.ask(args.questions)
        alone = [asker.ask(args.questions) for _ in range(_ROUNDS)]
        before = Resources.of(pid)
        ours, theirs = context.Pipe()
        process = context.Process(target=run_crowd, args=(crowd, theirs))
        process.start()
        took_s, states = ours.recv()
        time.sleep(2)
        during = [asker.ask(args.questions) for _ in range(_ROUNDS)]
        full = Resources.of(pid)
        ours.send("leave")
        closed = ours.recv()
        process.join()
        after = _when_left(pid, before)
        again = [asker.ask(args.questions) for _ in range(_ROUNDS)]
    total = args.sockets + args.half_open
    print(
        f"{args.sockets} subscribers in {took_s:.0f} s, told {states}; {args.half_open} half-open"
    )
    print(f"  cut off before they left: {sum(n for code, n in closed.items() if code is not None)}")
    for name, rounds in (("alone", alone), ("with the crowd", during), ("after it", again)):
        print(
            f"{name:15} p50 {_median_ms(rounds, 0.5):6.1f} ms, "
            f"p99 {_median_ms(rounds, 0.99):6.1f} ms"
        )
    ratio = _median_ms(during, 0.99) / _median_ms(alone, 0.99)
    each_kib = (full.resident_kib - before.resident_kib) / total
    print(f"p99 with the crowd / alone: {ratio:.2f}; less than {_MOST:g} is promised")
    print(f"memory: {each_kib:.1f} KiB for each, {full.resident_kib / 1024:.0f} MiB in all")
    print(f"open files: {before.files} before, {full.files} with the crowd, {after.files} after")
    return (
        ratio < _MOST
        and after.files <= before.files + _SPARE_FILES
        and states == {"UNKNOWN": args.sockets}
        and full.files >= before.files + 0.95 * total
        and set(closed) == {None}
    )


def _when_left(pid: int, before: Resources) -> Resources:
    """What the gateway holds once it has let go of the crowd, or would have had time to."""
    until = time.monotonic() + _LEFT_S
    while (found := Resources.of(pid)).files > before.files and time.monotonic() < until:
        time.sleep(0.2)
    return found


def _median_ms(rounds: list[list[float]], share: float) -> float:
    return median(percentile_ms(seconds, share) for seconds in rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sockets", type=int, default=5_000)
    parser.add_argument("--half-open", type=int, default=500)
    parser.add_argument("--questions", type=int, default=400, help="in each of five rounds")
    given = parser.parse_args()
    sys.exit(0 if main(given) else 1)
