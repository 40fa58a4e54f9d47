"""One small document over HTTP, whatever its server does."""

import asyncio
import gzip
import logging
from contextlib import aclosing

import pytest

from gateway.domain.errors import (
    ProviderContractError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.transport.json_document import JsonDocument, checked_document_address
from gateway.transport.policy import UpstreamPolicy
from tests.transport.raw_server import dripping as raw_dripping
from tests.transport.raw_server import raw_server, saying
from tests.transport.scripted_http import Answer, ScriptedHttp, answer, dripping
from tests.transport.virtual_time import clock, virtual_time

ADDRESS = "https://login.example/realm/keys?v=1"
LARGEST = 256 * 1024


async def fetch(http: ScriptedHttp, address: str = ADDRESS) -> object:
    async with aclosing(JsonDocument(address, http_transport=http)) as document:
        return await document.fetch()


async def test_the_document_is_fetched_from_its_address_each_time() -> None:
    http = ScriptedHttp(answer(body=b'{"a": 1}'), answer(body=b"[2]"))
    async with aclosing(JsonDocument(ADDRESS, http_transport=http)) as document:
        assert await document.fetch() == {"a": 1}
        assert await document.fetch() == [2]

    assert [str(request.url) for request in http.requests] == [ADDRESS] * 2
    headers = http.requests[0].headers
    assert headers["accept-encoding"] == "identity"
    assert headers["accept"] == "application/json"
    assert "authorization" not in headers


async def test_an_address_without_path_is_the_root() -> None:
    http = ScriptedHttp()
    await fetch(http, "https://login.example")
    assert str(http.requests[0].url) == "https://login.example/"


async def test_a_document_of_256_kib_is_taken_and_no_larger_one() -> None:
    text = b'"' + b"x" * (LARGEST - 2) + b'"'
    assert await fetch(ScriptedHttp(answer(body=text))) == "x" * (LARGEST - 2)
    with pytest.raises(ProviderContractError):
        await fetch(ScriptedHttp(answer(body=text + b" ")))


async def test_a_compressed_document_is_measured_inflated() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < LARGEST
    with pytest.raises(ProviderContractError):
        await fetch(ScriptedHttp(answer(body=bomb, headers={"content-encoding": "gzip"})))


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 401, 404, 429, 500, 503])
async def test_another_status_than_200_is_a_failure_and_no_redirect_is_followed(
    status: int,
) -> None:
    http = ScriptedHttp(answer(status, headers={"location": "https://evil.example/"}))
    with pytest.raises(ProviderUnavailableError, match=str(status)):
        await fetch(http)
    assert len(http.requests) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff", b"NaN", b"[" * 200 + b"]" * 200])
async def test_what_is_not_json_is_a_failure(body: bytes) -> None:
    with pytest.raises(ProviderContractError):
        await fetch(ScriptedHttp(answer(body=body)))


@pytest.mark.parametrize(
    "slow", [answer(after_s=10), dripping(1_000, every_s=0.5)], ids=["silent", "drips"]
)
def test_a_slow_server_is_given_up_after_3_s(slow: Answer) -> None:
    @virtual_time
    async def attempt() -> None:
        with pytest.raises(ProviderTimeoutError):
            await fetch(ScriptedHttp(slow))
        assert clock() == pytest.approx(3, abs=0.01)

    attempt()


async def test_it_works_over_a_socket_and_logs_no_address(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    async with raw_server(saying(reply)) as url:
        with caplog.at_level(logging.DEBUG):
            async with aclosing(JsonDocument(f"{url}/keys?canary=1")) as document:
                assert await document.fetch() == {}
    assert "canary" not in caplog.text


async def test_a_dripping_server_is_given_up_over_a_socket() -> None:
    policy = UpstreamPolicy(attempt_timeout_s=0.2, max_concurrent=1)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"
    async with (
        asyncio.timeout(5),
        raw_server(raw_dripping(head, b" ", every_s=0.05)) as url,
        aclosing(JsonDocument(url, policy=policy)) as document,
    ):
        with pytest.raises(ProviderTimeoutError):
            await document.fetch()


@pytest.mark.parametrize(
    "address",
    [
        "https://login.example",
        "https://login.example/",
        "https://login.example:8443/a/b?p=x&q=%20",
        "http://127.0.0.1:8080/keys",
        "http://localhost/keys",
        "http://[::1]/keys",
    ],
)
def test_addresses_that_are_taken(address: str) -> None:
    assert checked_document_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "login.example/keys",
        "//login.example/keys",
        "http://login.example/keys",
        "http://10.0.0.1/keys",
        "ftp://login.example/keys",
        "file:///etc/passwd",
        "https://",
        "https:///keys",
        "https://canary@login.example/keys",
        "https://user:canary@login.example/keys",
        "https://login.example/keys#canary",
        "https://login.example/ke ys",
        "https://login.example/keys\n",
        "https://login.example\\@evil.example/",
        "https://[canary/keys",
        "https://[canary]/keys",
        "https://login.example:canary/keys",
        "https://login.exämple/keys",
    ],
)
def test_addresses_that_are_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(ValueError, match=r"must|readable") as caught:
        checked_document_address(address)
    assert "canary" not in str(caught.value)
    with pytest.raises(ValueError, match=r"must|readable"):
        JsonDocument(address)
