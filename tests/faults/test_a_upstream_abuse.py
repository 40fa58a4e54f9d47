"""Clouds, and what stands before them, that lead astray or flood: rows A16 to A22."""

import asyncio
import gc
import socket
import time
import tracemalloc
import zlib
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import pytest

from tests.faults import scripts
from tests.faults.scripted_upstream import Script, scripted_upstream
from tests.faults.stage import (
    ATTEMPT_S,
    ATTEMPTS,
    BACKENDS,
    DEADLINE_S,
    EACH,
    GRACE_S,
    OTHER,
    READ,
    staged,
)

_MIB: Final = 1024 * 1024
_CAP: Final = 8 * _MIB
_UNDER_WAY: Final = 8 * _MIB
"""What sockets on loopback may hold beside what has been read."""
_HTTP: Final = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(("backend", "status"), [("grid", 302), ("lights", 308)])
async def test_a16_a_redirect_is_never_followed(backend: str, status: int) -> None:
    async with staged() as stage, scripted_upstream(stage.simulators.lights.app) as elsewhere:
        target = {"location": f"{elsewhere.address}/latest/meta-data/"}
        stage.clouds[backend].always("*", scripts.answering(status, b"", target))

        answer = await stage.job(backend)

        assert answer.code == "PROVIDER_CONTRACT"
        assert elsewhere.connections == 0
        assert elsewhere.address not in answer.text
        assert len(stage.clouds[backend].asked) == 1


@pytest.mark.parametrize(
    ("backend", "head"),
    [
        ("grid", _HTTP + b"content-length: %d\r\n\r\n" % (50 * _MIB)),
        ("lights", _HTTP + b"content-type: application/json\r\n\r\n"),
    ],
    ids=["declared", "endless"],
)
async def test_a17_a_body_of_50_mib_is_cut_at_the_cap(backend: str, head: bytes) -> None:
    async with staged(upstream={"attempt_timeout_s": 5.0}) as stage:
        cloud = stage.clouds[backend]
        await stage.job(backend, 0)
        cloud.always(READ[backend], scripts.flooding(head, bytes(_MIB // 4), pieces=200))
        before = cloud.sent_bytes

        answer = await stage.job(backend, 1)

        assert answer.code == "PROVIDER_CONTRACT"
        assert cloud.sent_bytes - before <= _CAP + _UNDER_WAY
        assert cloud.count(READ[backend]) == 2  # and not asked for it again


def _bomb(mebibytes: int) -> bytes:
    """A gzip stream that inflates to so many MiB; each of its blocks stands for itself."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = squeeze.compress(bytes(_MIB)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress(bytes(_MIB)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return head + block * (mebibytes - 1)


async def _peak(call: asyncio.Task[Any]) -> int:
    """Bytes that Python allocated at most, above what it began with, until `call` was over."""
    gc.collect()
    tracemalloc.start()
    try:
        began_with = tracemalloc.get_traced_memory()[0]
        await call
        return tracemalloc.get_traced_memory()[1] - began_with
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("backend", "encoding"), [("grid", "gzip"), ("lights", "x-gzip")])
async def test_a18_a_gzip_bomb_of_a_gibibyte_costs_little_memory_and_time(
    backend: str, encoding: str
) -> None:
    bomb = scripts.answering(200, _bomb(1024), {"content-encoding": encoding})
    async with staged(upstream={"attempt_timeout_s": 5.0}) as stage:
        await stage.job(backend, 0)
        stage.clouds[backend].always(READ[backend], bomb)

        asking = asyncio.create_task(stage.job(backend, 1))
        peak = await _peak(asking)
        answer = asking.result()

        assert answer.code == "PROVIDER_CONTRACT"
        assert peak < 64 * _MIB
        assert answer.elapsed_s < 2.0


@EACH
async def test_a18_no_compression_is_asked_for(backend: str) -> None:
    async with staged() as stage:
        await stage.job(backend)
        asked = {each.headers["accept-encoding"] for each in stage.clouds[backend].asked}
        assert asked == {"identity"}


_FLOODS: Final[Mapping[str, Script]] = {
    "headers without end": scripts.flooding(
        _HTTP, b"x-flood: " + b"a" * 4096 + b"\r\n", pieces=4096
    ),
    "one header without end": scripts.flooding(_HTTP + b"x: ", b"a" * 65_536, pieces=1024),
    "100-continue without end": scripts.flooding(
        b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 64, pieces=100_000
    ),
    "garbage for a status line": scripts.saying(b"\x16\x03\x01 what \x00\xff\r\n\r\n"),
    "another protocol": scripts.saying(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "a status out of range": scripts.saying(b"HTTP/1.1 99999 No\r\n\r\n"),
}


@pytest.mark.parametrize(("flood", "backend"), list(zip(_FLOODS, cycle(BACKENDS), strict=False)))
async def test_a19_a_flood_of_headers_or_garbage_is_the_clouds_failure(
    flood: str, backend: str
) -> None:
    async with staged(hasty=True) as stage:
        await stage.job(backend, 0)
        stage.clouds[backend].always(READ[backend], _FLOODS[flood])

        asking = asyncio.create_task(stage.job(backend, 1))
        longest_s = 0.0
        while not asking.done():  # the loop is never held up for long
            began_at = time.monotonic()
            await asyncio.sleep(0.005)
            longest_s = max(longest_s, time.monotonic() - began_at)
        answer = asking.result()

        assert answer.code in {
            "PROVIDER_UNAVAILABLE",
            "PROVIDER_TIMEOUT",
            "PROVIDER_CONTRACT",
            "DEADLINE_EXCEEDED",
        }
        assert answer.elapsed_s <= 2 * (DEADLINE_S + GRACE_S)
        assert longest_s < 2 * ATTEMPT_S
        assert stage.clouds[backend].count(READ[backend]) <= 1 + ATTEMPTS
        assert (await stage.job(OTHER[backend])).source == "LIVE"


class Resolver:
    """Stands in for the system's name service."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def getaddrinfo(self, host: object, port: int, **_: object) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else str(host)
        self.asked.append(name)
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for address in self.addresses
        ]


@EACH
async def test_a20_a_name_that_does_not_resolve_is_a_call_never_sent(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", resolver.getaddrinfo)
    async with staged(own={backend: {"endpoint": "https://cloud.invalid"}}) as stage:
        answer = await stage.job(backend)

        assert answer.code == "PROVIDER_UNAVAILABLE"
        assert resolver.asked == ["cloud.invalid"] * ATTEMPTS  # once for each connection
        assert "cloud.invalid" not in answer.text


@EACH
async def test_a21_nothing_is_taken_from_the_environment(
    backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password hunter2\n", encoding="utf-8")
    async with scripted_upstream(lambda *_: asyncio.sleep(0)) as proxy:
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(variable, proxy.address)
        monkeypatch.setenv("NETRC", str(netrc))
        async with staged() as stage:
            answer = await stage.job(backend)

            assert answer.source == "LIVE"
            assert proxy.connections == 0
            for asked in stage.clouds[backend].asked:
                assert not asked.headers.get("authorization", "").startswith("Basic")


def _ten_jobs(backend: str) -> str:
    """A document that asks for ten jobs."""
    names = ", ".join(f"$id{n}: String!" for n in range(10))
    fields = " ".join(
        f'j{n}: otaJob(by: {{native: {{backend: "{backend}", nativeId: $id{n}}}}}) {{ status }}'
        for n in range(10)
    )
    return f"query({names}) {{ {fields} }}"


@EACH
async def test_a22_calls_beyond_the_pool_are_our_overload_and_not_the_clouds_failure(
    backend: str,
) -> None:
    documents = 35
    room = 4
    limits = {"max_concurrent": room, "attempt_timeout_s": 5.0}
    async with staged(jobs=10 * documents, upstream=limits, requests={"deadline_s": 5.0}) as stage:
        cloud = stage.clouds[backend]
        await stage.job(backend)
        cloud.always(READ[backend], scripts.late(0.005))
        document = _ten_jobs(backend)

        answers = await asyncio.gather(
            *(
                stage.ask(
                    document,
                    **{f"id{n}": stage.jobs[backend][10 * number + n] for n in range(10)},
                )
                for number in range(documents)
            )
        )

        codes = {
            error["extensions"]["code"] for answer in answers for error in answer.get("errors", [])
        }
        good = sum(
            node is not None for answer in answers for node in (answer["data"] or {}).values()
        )
        assert codes == {"BUDGET_EXHAUSTED"}
        assert good >= 256  # as many as may wait
        assert cloud.most_at_once <= room
        assert (await stage.breakers(backend))["read"] == "CLOSED"
        assert (await stage.job(OTHER[backend])).source == "LIVE"
