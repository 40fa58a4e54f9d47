"""Uploads: once, to the address given, within the time there is."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from gateway.domain.call import CallContext, calling
from gateway.domain.errors import (
    DeadlineExceededError,
    ProviderError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Reply, Request, Uploader
from gateway.transport.upload import HttpUploader
from tests.transport.scripted_http import ScriptedHttp, answer, failure
from tests.transport.virtual_time import virtual_time

FILE = Request(method="POST", path="/", headers={"content-type": "text/plain"}, content=b"file")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def uploader(http: ScriptedHttp) -> Uploader:
    policy = UpstreamPolicy(attempt_timeout_s=5.0)
    return HttpUploader(backend="b1", policy=policy, http_transport=http, now=lambda: NOW)


def status_of(reply: Reply) -> int:
    return reply.status


async def test_the_file_goes_to_the_address() -> None:
    http = ScriptedHttp(answer(204, b""))
    context = CallContext()
    with calling(context):
        status = await uploader(http).upload("put", "https://s.example", FILE, status_of)
    assert status == 204
    (request,) = http.requests
    assert str(request.url) == "https://s.example/"
    assert request.content == b"file"
    assert request.headers["content-type"] == "text/plain"
    assert context.bill.calls == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ReadError("reset"), ProviderUnavailableError),
        (httpx.ReadTimeout("slow"), ProviderTimeoutError),
        (httpx.ConnectError("refused"), ProviderUnavailableError),
    ],
)
async def test_nothing_is_sent_again(error: Exception, expected: type[ProviderError]) -> None:
    http = ScriptedHttp(failure(error))
    with pytest.raises(expected) as caught:
        await uploader(http).upload("put", "https://s.example", FILE, status_of)
    assert len(http.requests) == 1
    assert (caught.value.backend, caught.value.operation) == ("b1", "put")


async def test_what_the_reader_raises_reaches_the_caller() -> None:
    def refuse(_reply: Reply) -> None:
        message = "no"
        raise ProviderRejectedError(message)

    with pytest.raises(ProviderRejectedError) as caught:
        await uploader(ScriptedHttp(answer(403))).upload("put", "https://s.example", FILE, refuse)
    assert caught.value.backend == "b1"


@virtual_time
async def test_a_slow_storage_is_given_up() -> None:
    http = ScriptedHttp(answer(after_s=60))
    with pytest.raises(ProviderTimeoutError):
        await uploader(http).upload("put", "https://s.example", FILE, status_of)
    assert asyncio.get_running_loop().time() == pytest.approx(5.0)


async def test_without_time_left_nothing_is_sent() -> None:
    http = ScriptedHttp()
    with calling(CallContext(deadline=0.0)), pytest.raises(DeadlineExceededError):
        await uploader(http).upload("put", "https://s.example", FILE, status_of)
    assert http.requests == []
