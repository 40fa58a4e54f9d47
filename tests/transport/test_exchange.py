"""What a backend can do on the wire, played over real sockets with short limits."""

import asyncio
import gzip
import logging
import socket
import time
import tracemalloc
import zlib
from contextlib import aclosing

import httpx
import pytest

from gateway.domain.errors import (
    BudgetExhaustedError,
    GatewayError,
    ProviderContractError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.transport.errors import NeverSentError, root_cause
from gateway.transport.exchange import HttpExchange
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Reply, Request
from tests.transport.raw_server import Script, dripping, raw_server, resetting, saying, silence
from tests.transport.scripted_http import ScriptedHttp, answer, failure

LIMIT_S = 0.3
MIB = 1024 * 1024
POLICY = UpstreamPolicy(attempt_timeout_s=LIMIT_S, connect_timeout_s=0.2)
HEAD = b"HTTP/1.1 200 OK\r\n"


async def exchange(script: Script, *, policy: UpstreamPolicy = POLICY) -> Reply:
    async with (
        raw_server(script) as url,
        aclosing(HttpExchange(base_url=url, policy=policy)) as http,
    ):
        return await http.send(Request(method="GET", path="/x"), within_s=LIMIT_S)


async def scripted(
    http_transport: ScriptedHttp,
    request: Request | None = None,
    *,
    base_url: str = "https://backend.example",
) -> Reply:
    http = HttpExchange(base_url=base_url, policy=POLICY, http_transport=http_transport)
    async with aclosing(http):
        return await http.send(request or Request(method="GET", path="/x"), within_s=LIMIT_S)


async def failing(script: Script) -> tuple[type[BaseException], float]:
    started = time.perf_counter()
    with pytest.raises(GatewayError) as caught:
        await exchange(script)
    return caught.type, time.perf_counter() - started


async def test_reply_is_complete_and_its_header_names_are_lower_case() -> None:
    reply = await exchange(saying(HEAD + b"X-Id: 7\r\nContent-Length: 2\r\n\r\n{}"))
    assert reply == Reply(status=200, headers={"x-id": "7", "content-length": "2"}, body=b"{}")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(silence, id="silence"),
        pytest.param(dripping(b"", b"H", every_s=0.05), id="drips the status line"),
        pytest.param(dripping(HEAD, b"X-A: b\r\n", every_s=0.05), id="drips headers"),
        pytest.param(
            dripping(HEAD + b"Content-Length: 9999\r\n\r\n", b" ", every_s=0.05), id="drips a body"
        ),
    ],
)
async def test_slow_backend_is_cut_at_the_limit(script: Script) -> None:
    kind, elapsed_s = await failing(script)
    assert kind is ProviderTimeoutError
    assert LIMIT_S * 0.9 < elapsed_s < LIMIT_S + 0.25


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(
            resetting(HEAD + b"Content-Length: 99\r\n\r\nabc"),
            ProviderUnavailableError,
            id="reset in the body",
        ),
        pytest.param(
            saying(HEAD + b"Content-Length: 99\r\n\r\nabc"),
            ProviderUnavailableError,
            id="short body",
        ),
        pytest.param(saying(b""), ProviderUnavailableError, id="closed without a word"),
        pytest.param(saying(b"NONSENSE\r\n\r\n"), ProviderUnavailableError, id="garbage"),
        pytest.param(
            saying(HEAD + b"X-A: b\r\n" * 50_000 + b"\r\n"),
            ProviderUnavailableError,
            id="header flood",
        ),
        pytest.param(
            dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, every_s=0.001),
            ProviderTimeoutError,
            id="flood of 100-continue",
        ),
        pytest.param(
            saying(HEAD + b"Content-Length: 60000000\r\n\r\n" + bytes(9 * MIB)),
            ProviderContractError,
            id="body over the cap",
        ),
        pytest.param(
            saying(HEAD + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx"),
            ProviderContractError,
            id="compressed in another way",
        ),
    ],
)
async def test_broken_exchange_is_an_error(script: Script, kind: type[GatewayError]) -> None:
    assert (await failing(script))[0] is kind


async def test_body_without_length_ends_with_the_connection() -> None:
    reply = await exchange(saying(HEAD + b'\r\n{"half": '))
    assert reply.body == b'{"half": '


async def test_closed_port_is_a_call_that_was_never_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with aclosing(HttpExchange(base_url=url, policy=POLICY)) as http:
            with pytest.raises(NeverSentError) as caught:
                await http.send(Request(method="GET", path="/"), within_s=LIMIT_S)
    assert root_cause(caught.value) == "ConnectionRefusedError"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("x"), NeverSentError),
        (httpx.ConnectTimeout("x"), NeverSentError),
        (httpx.PoolTimeout("x"), BudgetExhaustedError),
        (httpx.ReadTimeout("x"), ProviderTimeoutError),
        (httpx.WriteTimeout("x"), ProviderTimeoutError),
        (TimeoutError(), ProviderTimeoutError),
        (httpx.ReadError("x"), ProviderUnavailableError),
        (httpx.WriteError("x"), ProviderUnavailableError),
        (httpx.RemoteProtocolError("x"), ProviderUnavailableError),
        (httpx.LocalProtocolError("x"), ProviderContractError),
        (httpx.DecodingError("x"), ProviderContractError),
        (httpx.UnsupportedProtocol("x"), ProviderContractError),
        (httpx.InvalidURL("x"), ProviderContractError),
    ],
)
async def test_failures_of_the_http_library_become_ours(
    error: Exception, kind: type[GatewayError]
) -> None:
    with pytest.raises(GatewayError) as caught:
        await scripted(ScriptedHttp(failure(error)))
    assert caught.type is kind
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"text" * 1000)),
        ("x-gzip", gzip.compress(b"text" * 1000)),
        ("GZIP", gzip.compress(b"text" * 1000)),
        ("deflate", zlib.compress(b"text" * 1000)),
        ("deflate", zlib.compress(b"text" * 1000)[2:-4]),
        ("identity", b"text" * 1000),
    ],
)
async def test_compressed_body_is_understood_though_not_asked_for(
    encoding: str, body: bytes
) -> None:
    reply = await scripted(ScriptedHttp(answer(body=body, headers={"Content-Encoding": encoding})))
    assert reply.body == b"text" * 1000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"text" * 1000)[:-9]),
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(b"text") + b"more"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"text"))),
        ("deflate", b"\x08garbage"),
        ("zstd", b"x"),
    ],
)
async def test_damaged_compression_is_an_error(encoding: str, body: bytes) -> None:
    with pytest.raises(ProviderContractError):
        await scripted(ScriptedHttp(answer(body=body, headers={"Content-Encoding": encoding})))


async def test_empty_body_needs_no_compression() -> None:
    script = ScriptedHttp(answer(body=b"", headers={"Content-Encoding": "gzip"}))
    assert (await scripted(script)).body == b""


async def test_body_of_exactly_the_cap_is_read() -> None:
    body = bytes(8 * MIB)
    assert len((await scripted(ScriptedHttp(answer(body=body)))).body) == 8 * MIB
    packed = answer(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    assert len((await scripted(ScriptedHttp(packed))).body) == 8 * MIB


async def test_gzip_bomb_is_refused_in_little_memory() -> None:
    squeeze = zlib.compressobj(wbits=31)
    bomb = b"".join([*(squeeze.compress(bytes(MIB)) for _ in range(64)), squeeze.flush()])
    script = ScriptedHttp(answer(body=bomb, headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    try:
        with pytest.raises(ProviderContractError, match="larger"):
            await scripted(script)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * MIB


async def test_request_is_sent_as_it_was_signed() -> None:
    http = ScriptedHttp()
    request = Request(
        method="POST",
        path="/a/v2.1/b%2Fc",
        query="x=%20a%2Bb~&y=%E4%B8%AD&z=*",
        headers={"X-Signature": "abc"},
        content=b'{"exact":  1}',
    )
    await scripted(http, request, base_url="https://backend.example:8443/prefix/")
    sent = http.requests[0]
    assert sent.method == "POST"
    assert sent.url.raw_path == b"/prefix/a/v2.1/b%2Fc?x=%20a%2Bb~&y=%E4%B8%AD&z=*"
    assert sent.headers["host"] == "backend.example:8443"
    assert sent.headers["x-signature"] == "abc"
    assert sent.headers["accept-encoding"] == "identity"
    assert sent.headers["user-agent"].startswith("ota-gateway/")
    assert sent.read() == b'{"exact":  1}'


async def test_redirect_is_not_followed() -> None:
    http = ScriptedHttp(answer(302, headers={"Location": "http://169.254.169.254/"}))
    assert (await scripted(http)).status == 302
    assert len(http.requests) == 1


async def test_nothing_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    reply = await exchange(saying(HEAD + b"Content-Length: 2\r\n\r\n{}"))
    assert reply.status == 200


async def test_cookies_are_not_kept() -> None:
    script = ScriptedHttp(answer(headers={"Set-Cookie": "session=1; Path=/"}))
    http = HttpExchange(base_url="https://backend.example", policy=POLICY, http_transport=script)
    async with aclosing(http):
        for _ in range(2):
            await http.send(Request(method="GET", path="/"), within_s=LIMIT_S)
    assert "cookie" not in script.requests[1].headers


async def test_call_leaves_once_connected_and_before_anything_else_runs() -> None:
    arrived: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)

        def look() -> None:
            connection, _ = server.accept()
            with connection:
                arrived.append(connection.recv(4))

        async def leave() -> float:
            asyncio.get_running_loop().call_soon(look)
            return LIMIT_S

        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        async with aclosing(HttpExchange(base_url=url, policy=POLICY)) as http:
            with pytest.raises(ProviderUnavailableError):
                await http.send(Request(method="GET", path="/"), within_s=LIMIT_S, leave=leave)
    assert arrived == [b"GET "]


@pytest.mark.parametrize("left_s", [9.0, 0.05])
async def test_time_spent_before_leaving_does_not_count_and_the_time_after_it_does(
    left_s: float,
) -> None:
    loop = asyncio.get_running_loop()
    left_at: list[float] = []

    async def leave() -> float:
        waited = asyncio.Event()
        loop.call_later(2 * LIMIT_S, waited.set)
        await waited.wait()
        left_at.append(loop.time())
        return left_s

    async with (
        raw_server(silence) as url,
        aclosing(HttpExchange(base_url=url, policy=UpstreamPolicy())) as http,
    ):
        with pytest.raises(ProviderTimeoutError):
            await http.send(Request(method="GET", path="/"), within_s=LIMIT_S, leave=leave)
    took_s = loop.time() - left_at[0]
    assert min(LIMIT_S, left_s) * 0.8 < took_s < min(LIMIT_S, left_s) + 0.25


async def test_call_that_may_not_leave_sends_nothing_and_gives_its_connection_back() -> None:
    heads: list[bytes] = []

    async def answering(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(b"")
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")
        await writer.drain()

    async def refuse() -> float:
        message = "too late"
        raise BudgetExhaustedError(message)

    policy = UpstreamPolicy(attempt_timeout_s=LIMIT_S, connect_timeout_s=0.2, max_concurrent=1)
    request = Request(method="GET", path="/")
    async with (
        raw_server(answering) as url,
        aclosing(HttpExchange(base_url=url, policy=policy)) as http,
    ):
        for _ in range(3):
            with pytest.raises(BudgetExhaustedError, match="too late"):
                await http.send(request, within_s=LIMIT_S, leave=refuse)
        assert heads == []
        assert (await http.send(request, within_s=LIMIT_S)).status == 200


async def test_connections_are_reused() -> None:
    connections = 0

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")
            await reader.readuntil(b"\r\n\r\n")

    async with (
        raw_server(answering) as url,
        aclosing(HttpExchange(base_url=url, policy=POLICY)) as http,
    ):
        for _ in range(3):
            await http.send(Request(method="GET", path="/"), within_s=LIMIT_S)
    assert connections == 1


async def test_a_fresh_connection_is_used_once_and_leaves_those_kept_alone() -> None:
    spoken: list[int] = []
    connections = 0

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        mine = connections
        while True:
            spoken.append(mine)
            writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")
            await reader.readuntil(b"\r\n\r\n")

    async with (
        raw_server(answering) as url,
        aclosing(HttpExchange(base_url=url, policy=POLICY)) as http,
    ):
        for fresh in (False, True, False, True):
            request = Request(method="POST", path="/")
            await http.send(request, within_s=LIMIT_S, fresh=fresh)
    assert spoken == [1, 2, 1, 3]


async def test_a_large_body_may_take_longer_than_a_call() -> None:
    body = bytes(8 * 1024 * 1024)  # more than the system keeps between the two ends

    async def reading_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await reader.readexactly(len(body))
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")

    async with (
        raw_server(reading_slowly) as url,
        aclosing(HttpExchange(base_url=url, policy=UpstreamPolicy(attempt_timeout_s=0.1))) as http,
    ):
        request = Request(method="POST", path="/", content=body)
        assert (await http.send(request, within_s=10)).body == b"{}"


async def test_http_library_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        raw_server(saying(HEAD + b"Content-Length: 2\r\n\r\n{}")) as url,
        aclosing(HttpExchange(base_url=url, policy=POLICY)) as http,
    ):
        request = Request(method="GET", path="/", query="Signature=secret")
        await http.send(request, within_s=LIMIT_S)
    assert "secret" not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("http")]


@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://backend.example",
        "backend.example",
        "https://",
        "https://user:secret@backend.example",
        "https://backend.example?secret=1",
        "https://backend.example#secret",
        "https://backend.example:secret",
        "",
    ],
)
def test_base_url_is_checked_and_not_repeated(base_url: str) -> None:
    with pytest.raises(ValueError, match="base URL") as caught:
        HttpExchange(base_url=base_url, policy=POLICY)
    assert "secret" not in str(caught.value)
