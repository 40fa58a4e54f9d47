"""A clock that is off is learnt from the backend, and believed once it has helped."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from gateway.domain.errors import GatewayError, ProviderAuthError
from gateway.domain.metrics import CountingMetrics
from gateway.transport.client import Upstream
from gateway.transport.http_date import http_date
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Reply, Request
from gateway.transport.skew import RefusedTimeError, UpstreamClock, measuring_skew
from tests.transport.scripted_http import Answer, ScriptedHttp, answer, failure
from tests.transport.virtual_time import clock, virtual_time

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
TWENTY_MIN = 1_200.0


def machine() -> datetime:
    """This machine's time, which goes on with the loop's."""
    return NOW + timedelta(seconds=clock())


class Cloud:
    """Accepts a call whose time is less than 15 minutes off its own, which is `ahead_s` of ours.

    What its replies say about the time is off from its own by `lie_s`; nothing if that is None. It
    takes `travel_s` there and as much back.
    """

    def __init__(self, ahead_s: float, *, lie_s: float | None = 0.0, travel_s: float = 0.0) -> None:
        self.ahead_s = ahead_s
        self.lie_s = lie_s
        self.travel_s = travel_s
        self.http = ScriptedHttp(self.play)
        self.metrics = CountingMetrics()
        self.upstream = Upstream(
            backend="b1",
            base_url="https://backend.example",
            http_transport=self.http,
            clock=clock,
            now=machine,
            metrics=self.metrics,
            policy=UpstreamPolicy(attempt_timeout_s=60.0, max_attempts=1),
        )

    async def play(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self.travel_s)
        now = machine() + timedelta(seconds=self.ahead_s)
        signed = datetime.fromisoformat(request.headers["x-time"])
        status = 200 if abs(now - signed) < timedelta(minutes=15) else 400
        headers = {}
        if self.lie_s is not None:
            headers["date"] = format_datetime(now + timedelta(seconds=self.lie_s), usegmt=True)
        await asyncio.sleep(self.travel_s)
        return await answer(status, headers=headers)(request)

    async def ask(self, *, repeatable: bool = True) -> int:
        def build() -> Request:
            time = self.upstream.now().isoformat()
            return Request(method="GET", path="/ota", headers={"x-time": time})

        return await self.upstream.call("listJobs", build, read, repeatable=repeatable)

    @property
    def corrections(self) -> int:
        return self.metrics.total("provider.clock_skew", backend="b1")


def read(reply: Reply) -> int:
    if reply.status == 400:
        message = "check the clock"
        raise RefusedTimeError(message)
    return reply.status


@pytest.mark.parametrize("repeatable", [True, False])
@pytest.mark.parametrize("ahead_s", [TWENTY_MIN, -TWENTY_MIN])
@virtual_time
async def test_a_clock_that_is_off_is_corrected_by_one_more_attempt_even_of_a_write(
    ahead_s: float, *, repeatable: bool
) -> None:
    cloud = Cloud(ahead_s)
    async with aclosing(cloud.upstream):
        assert await cloud.ask(repeatable=repeatable) == 200
        assert len(cloud.http.requests) == 2
        assert await cloud.ask() == 200
        assert len(cloud.http.requests) == 3
    assert cloud.corrections == 1


@virtual_time
async def test_it_is_logged_once_with_what_the_clock_is_off_by(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cloud = Cloud(TWENTY_MIN)
    async with aclosing(cloud.upstream):
        with caplog.at_level(logging.WARNING, logger="gateway.transport.skew"):
            await cloud.ask()
            await cloud.ask()
    (record,) = (each for each in caplog.records if each.message == "provider.clock_skew")
    assert (record.levelno, vars(record)["backend"]) == (logging.WARNING, "b1")
    assert vars(record)["offset_s"] == pytest.approx(TWENTY_MIN, abs=1)


@virtual_time
async def test_the_time_of_the_exchange_is_no_skew() -> None:
    cloud = Cloud(TWENTY_MIN, travel_s=20.0)
    async with aclosing(cloud.upstream):
        await cloud.ask()
        assert (cloud.upstream.now() - machine()).total_seconds() == pytest.approx(
            TWENTY_MIN, abs=0.6
        )


@virtual_time
async def test_whoever_was_refused_at_the_same_time_is_corrected_too_and_it_counts_once() -> None:
    cloud = Cloud(TWENTY_MIN, travel_s=0.1)
    async with aclosing(cloud.upstream):
        assert await asyncio.gather(*(cloud.ask() for _ in range(50))) == [200] * 50
    assert len(cloud.http.requests) == 100
    assert cloud.corrections == 1


@virtual_time
async def test_a_machine_whose_clock_is_set_right_later_is_followed() -> None:
    cloud = Cloud(TWENTY_MIN)
    async with aclosing(cloud.upstream):
        await cloud.ask()
        cloud.ahead_s = 0.0
        assert await cloud.ask() == 200
        assert cloud.upstream.now() == pytest.approx(machine(), abs=timedelta(milliseconds=1))
    assert cloud.corrections == 2


@pytest.mark.parametrize("lie_s", [None, -TWENTY_MIN])
@virtual_time
async def test_without_a_date_that_differs_nothing_is_tried_again(lie_s: float | None) -> None:
    cloud = Cloud(TWENTY_MIN, lie_s=lie_s)
    async with aclosing(cloud.upstream):
        with pytest.raises(ProviderAuthError):
            await cloud.ask()
    assert len(cloud.http.requests) == 1
    assert cloud.corrections == 0


@virtual_time
async def test_a_date_that_lies_costs_one_attempt_and_changes_nothing() -> None:
    cloud = Cloud(TWENTY_MIN, lie_s=7_200.0)
    async with aclosing(cloud.upstream):
        with pytest.raises(ProviderAuthError):
            await cloud.ask()
        assert len(cloud.http.requests) == 2
        assert cloud.upstream.now() == pytest.approx(machine(), abs=timedelta(milliseconds=1))
        cloud.ahead_s = 0.0
        assert await cloud.ask() == 200
    assert len(cloud.http.requests) == 3
    assert cloud.corrections == 0


@virtual_time
async def test_a_date_of_a_call_that_was_accepted_is_not_even_looked_at() -> None:
    cloud = Cloud(0.0, lie_s=TWENTY_MIN)
    async with aclosing(cloud.upstream):
        await cloud.ask()
        assert cloud.upstream.now() == pytest.approx(machine(), abs=timedelta(milliseconds=1))
    assert cloud.corrections == 0


@pytest.mark.parametrize(
    ("second", "tries"),
    [(failure(httpx.ConnectError("down")), 2), (answer(503, b"<html>"), 2)],
)
@virtual_time
async def test_what_fails_otherwise_after_the_correction_is_told_as_it_is(
    second: Answer, tries: int
) -> None:
    cloud = Cloud(TWENTY_MIN)
    cloud.http = ScriptedHttp(cloud.play, second)
    up = Upstream(
        backend="b1",
        base_url="https://backend.example",
        http_transport=cloud.http,
        clock=clock,
        now=machine,
        policy=UpstreamPolicy(max_attempts=1),
    )
    cloud.upstream = up
    async with aclosing(up):
        with pytest.raises(GatewayError) as caught:
            await up.call("listJobs", stamped(up), strict, repeatable=False)
    assert caught.value.code == "PROVIDER_UNAVAILABLE"
    assert len(cloud.http.requests) == tries


def stamped(up: Upstream) -> Callable[[], Request]:
    return lambda: Request(method="GET", path="/", headers={"x-time": up.now().isoformat()})


def strict(reply: Reply) -> int:
    if reply.status >= 500:
        raise ValueError
    return read(reply)


@pytest.mark.parametrize(
    ("date", "took_s", "off_s"),
    [
        ("Sat, 21 Nov 2026 12:01:02 GMT", 0.0, 62.5),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 0.0, None),
        ("Sat, 21 Nov 2026 11:58:58 GMT", 0.0, -61.5),
        ("Sat, 21 Nov 2026 11:58:59 GMT", 0.0, None),
        ("Sat, 21 Nov 2026 11:58:58 GMT", 4.0, None),
        ("Sat, 21 Nov 2026 12:01:02 GMT", 4.0, 64.5),
        ("Sat, 21 Nov 9999 12:00:00 GMT", 0.0, None),
        ("Sat, 21 Nov 99999999999999999999 12:00:00 GMT", 0.0, None),
        ("soon", 0.0, None),
    ],
)
def test_a_minute_is_measured_within_what_date_and_exchange_leave_open(
    date: str, took_s: float, off_s: float | None
) -> None:
    reply = Reply(status=400, headers={"date": date}, body=b"")
    message = "check the clock"
    with (
        pytest.raises(RefusedTimeError) as caught,
        measuring_skew(reply, now=NOW, took_s=took_s),
    ):
        raise RefusedTimeError(message)
    skew = caught.value.skew
    assert (skew.estimate_s if skew and skew.is_far_from(0.0) else None) == off_s


def test_a_supposed_time_ends_with_what_it_was_supposed_for() -> None:
    upstream_clock = UpstreamClock(backend="b1", now=lambda: NOW)
    with upstream_clock.supposing(5.0):
        assert upstream_clock.now() == NOW + timedelta(seconds=5)
    assert upstream_clock.now() == NOW


def test_dates_of_headers_are_moments_in_utc() -> None:
    assert http_date("Sat, 21 Nov 2026 12:00:00 GMT") == NOW
    assert http_date("Sat, 21 Nov 2026 12:00:00 -0000") == NOW
    assert http_date("Sat, 21 Nov 2026 12:00:00 +9999999999999999") is None
