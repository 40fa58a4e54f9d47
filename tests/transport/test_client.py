import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime

import httpx
import pytest

from gateway.domain.call import CallContext, Priority, calling
from gateway.domain.errors import (
    BudgetExhaustedError,
    DeadlineExceededError,
    GatewayError,
    NotFoundError,
    ProviderAuthError,
    ProviderContractError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.domain.metrics import CountingMetrics, Metrics
from gateway.transport.breaker import Breakers, BreakerState, CircuitOpenError
from gateway.transport.budget import Budget
from gateway.transport.client import Upstream
from gateway.transport.json_reply import decode_json
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Reply, Request, Sender
from tests.transport.raw_server import raw_server, saying
from tests.transport.scripted_http import Answer, ScriptedHttp, answer, dripping, failure
from tests.transport.virtual_time import clock, virtual_time

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
DOWN = failure(httpx.ReadError("reset"))
REFUSED = failure(httpx.ConnectError("refused"))
SLOW = answer(after_s=60)


def build() -> Request:
    return Request(method="GET", path="/ota", query="Signature=secret")


def upstream(
    http: ScriptedHttp,
    *,
    policy: UpstreamPolicy | None = None,
    budget: Budget | None = None,
    breakers: Breakers | None = None,
    metrics: Metrics | None = None,
) -> Upstream:
    return Upstream(
        backend="b1",
        base_url="https://backend.example",
        http_transport=http,
        clock=clock,
        now=lambda: NOW,
        draw=lambda: 0.5,
        policy=policy,
        budget=budget,
        breakers=breakers,
        metrics=metrics,
    )


async def ask(
    up: Upstream, read: Callable[[Reply], object] = decode_json, *, repeatable: bool = True
) -> object:
    return await up.call("listJobs", build, read, repeatable=repeatable)


async def fail(up: Upstream, read: Callable[[Reply], object] = decode_json) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await ask(up, read)
    return caught.value


def raising(error: Exception) -> Callable[[Reply], object]:
    def read(_reply: Reply) -> object:
        raise error

    return read


def test_upstream_is_a_sender() -> None:
    sender: type[Sender] = Upstream
    assert sender is Upstream


@virtual_time
async def test_call_returns_what_was_read_of_the_reply() -> None:
    http = ScriptedHttp(answer(body=b'{"a": 1}'))
    async with aclosing(upstream(http)) as up:
        assert await ask(up) == {"a": 1}


@virtual_time
async def test_each_attempt_is_built_anew_after_the_wait_for_the_budget() -> None:
    built: list[float] = []

    def stamped() -> Request:
        built.append(clock())
        return build()

    http = ScriptedHttp(DOWN, answer())
    budget = Budget({"listJobs": 1.0}, clock=clock)
    async with aclosing(upstream(http, budget=budget)) as up:
        await up.call("listJobs", stamped, decode_json)
    assert built == pytest.approx([0, 1.05], abs=0.001)
    assert http.sent_at == pytest.approx(built, abs=0.001)


@pytest.mark.parametrize("first", [DOWN, REFUSED, SLOW, answer(503, b"<html>")])
@virtual_time
async def test_read_is_sent_again_after_a_failure(first: Answer) -> None:
    metrics = CountingMetrics()
    http = ScriptedHttp(first, answer())
    async with aclosing(upstream(http, metrics=metrics)) as up:
        assert await ask(up) == {}
    assert len(http.requests) == 2
    assert metrics.total("provider.retry", backend="b1", operation="listJobs") == 1


@pytest.mark.parametrize(
    ("script", "kind", "attempts"),
    [
        (DOWN, ProviderUnavailableError, 3),
        (REFUSED, ProviderUnavailableError, 3),
        (SLOW, ProviderTimeoutError, 3),
        (answer(502, b"<html>Bad gateway"), ProviderUnavailableError, 3),
        (answer(500, b""), ProviderUnavailableError, 3),
        (answer(200, b"<html>Login"), ProviderContractError, 1),
        (answer(302, b"{}"), ProviderContractError, 1),
        (answer(404, b"<html>"), ProviderContractError, 1),
    ],
)
@virtual_time
async def test_lasting_failure_names_backend_and_operation(
    script: Answer, kind: type[ProviderError], attempts: int
) -> None:
    http = ScriptedHttp(script)
    async with aclosing(upstream(http)) as up:
        error = await fail(up)
    assert isinstance(error, kind)
    assert (error.backend, error.operation) == ("b1", "listJobs")
    assert len(http.requests) == attempts


@virtual_time
async def test_names_that_the_reader_gave_are_kept() -> None:
    error = ProviderRejectedError("no", backend="other", operation="deeper", vendor_code="x.y")
    async with aclosing(upstream(ScriptedHttp())) as up:
        assert await fail(up, raising(error)) is error
    assert (error.backend, error.operation, error.vendor_code) == ("other", "deeper", "x.y")


@pytest.mark.parametrize(
    "surprise", [KeyError("secret"), ValueError("secret"), TypeError("secret")]
)
@virtual_time
async def test_surprise_in_the_reader_is_a_reply_out_of_contract(surprise: Exception) -> None:
    async with aclosing(upstream(ScriptedHttp())) as up:
        error = await fail(up, raising(surprise))
    assert isinstance(error, ProviderContractError)
    assert error.operation == "listJobs"
    assert error.__cause__ is surprise
    assert "secret" not in error.message


@virtual_time
async def test_dripping_body_is_cut_at_the_limit_of_the_attempt() -> None:
    http = ScriptedHttp(dripping(1000, every_s=0.25))
    async with aclosing(upstream(http, policy=UpstreamPolicy(max_attempts=1))) as up:
        assert isinstance(await fail(up), ProviderTimeoutError)
    assert clock() == pytest.approx(3.0, abs=0.001)


@virtual_time
async def test_no_attempt_outlasts_the_deadline_of_the_request() -> None:
    http = ScriptedHttp(SLOW)
    async with aclosing(upstream(http)) as up:
        with calling(CallContext(deadline=4.0)):
            assert isinstance(await fail(up), ProviderTimeoutError)
    assert clock() == pytest.approx(4.0, abs=0.01)
    assert len(http.requests) == 2


@virtual_time
async def test_nothing_is_sent_after_the_deadline() -> None:
    http = ScriptedHttp()

    def late() -> Request:
        message = "built in vain"
        raise AssertionError(message)

    async with aclosing(upstream(http)) as up:
        with calling(CallContext(deadline=-1.0)), pytest.raises(DeadlineExceededError):
            await up.call("listJobs", late, decode_json)
        assert up.budget_report() == ()
    assert http.requests == []


@virtual_time
async def test_call_that_is_not_repeatable_is_sent_again_only_if_it_was_not_executed() -> None:
    for script in (DOWN, SLOW, answer(500, b"")):
        http = ScriptedHttp(script, answer())
        async with aclosing(upstream(http)) as up:
            with pytest.raises(ProviderError):
                await ask(up, repeatable=False)
        assert len(http.requests) == 1
    for script in (REFUSED, answer(429, b"")):
        http = ScriptedHttp(script, answer())
        async with aclosing(upstream(http)) as up:
            assert await ask(up, repeatable=False) == {}
        assert len(http.requests) == 2


@virtual_time
async def test_throttled_call_waits_as_told_and_slows_the_budget_down() -> None:
    http = ScriptedHttp(answer(429, b"", headers={"Retry-After": "2"}), answer())
    budget = Budget({"listJobs": 10.0}, clock=clock)
    async with aclosing(upstream(http, budget=budget)) as up:
        await ask(up)
        report = up.budget_report()[0]
    assert http.sent_at == pytest.approx([0, 2], abs=0.001)
    assert report.throttled == 1
    assert report.effective_per_second == pytest.approx(5 + 10 * 2 / 60, abs=0.01)


@pytest.mark.parametrize(
    ("header", "told_s"), [("1000000000", 3600.0), ("9", 9.0), ("-5", 1.25), ("rubbish", 1.25)]
)
@virtual_time
async def test_throttled_call_without_time_fails_at_once_and_says_when(
    header: str, told_s: float
) -> None:
    http = ScriptedHttp(answer(429, b"", headers={"Retry-After": header}))
    async with aclosing(upstream(http)) as up:
        with calling(CallContext(deadline=1.2)):
            error = await fail(up)
    assert isinstance(error, ProviderRateLimitedError)
    assert error.retry_after_s == told_s
    assert clock() < 0.01


@virtual_time
async def test_absurd_wait_asked_by_a_reader_is_bounded() -> None:
    async with aclosing(upstream(ScriptedHttp())) as up:
        for asked_s, told_s in ((1e9, 3600.0), (-1.0, 1.25), (float("nan"), 1.25)):
            with calling(CallContext(deadline=clock() + 1.2)):
                error = await fail(
                    up, raising(ProviderRateLimitedError("slow down", retry_after_s=asked_s))
                )
            assert error.retry_after_s == told_s


@virtual_time
async def test_outage_is_met_with_few_retries_and_an_open_breaker() -> None:
    http = ScriptedHttp(DOWN)
    async with aclosing(upstream(http)) as up:
        errors = [await fail(up) for _ in range(100)]
        assert up.health().breakers == {"read": BreakerState.OPEN}
    assert len(http.requests) == 5
    assert isinstance(errors[-1], CircuitOpenError)
    assert (errors[-1].backend, errors[-1].operation) == ("b1", "listJobs")
    assert errors[-1].retry_after_s == pytest.approx(5, abs=0.5)
    # The call whose retry the breaker refused tells why it failed, not that the breaker is open.
    assert not isinstance(errors[1], CircuitOpenError)


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("x"),
        ProviderRejectedError("x"),
        ProviderAuthError("x"),
        ProviderContractError("x"),
        ProviderRateLimitedError("x"),
    ],
)
@virtual_time
async def test_answers_of_any_kind_leave_the_breaker_closed(error: GatewayError) -> None:
    async with aclosing(upstream(ScriptedHttp(), policy=UpstreamPolicy(max_attempts=1))) as up:
        for _ in range(30):
            await fail(up, raising(error))
        assert up.health().breakers == {"read": BreakerState.CLOSED}


@virtual_time
async def test_our_own_limits_leave_the_breaker_alone() -> None:
    http = ScriptedHttp(failure(httpx.PoolTimeout("full")))
    async with aclosing(upstream(http)) as up:
        for _ in range(30):
            assert isinstance(await fail(up), BudgetExhaustedError)
        assert up.health().breakers == {"read": BreakerState.CLOSED}
        assert up.health().last_error_at is None


@virtual_time
async def test_impatient_callers_do_not_open_the_breaker_and_patient_ones_do() -> None:
    http = ScriptedHttp(SLOW)
    async with aclosing(upstream(http)) as up:
        for _ in range(30):
            with calling(CallContext(deadline=clock() + 0.1)):
                await fail(up)
        assert up.health().breakers == {"read": BreakerState.CLOSED}
        for _ in range(5):
            with calling(CallContext(deadline=clock() + 2)):
                await fail(up)
        assert up.health().breakers == {"read": BreakerState.OPEN}


@virtual_time
async def test_when_half_open_one_of_many_calls_is_sent() -> None:
    http = ScriptedHttp(*[DOWN] * 5, answer(after_s=1))
    budget = Budget({"listJobs": 1000.0}, clock=clock)
    async with aclosing(upstream(http, budget=budget)) as up:
        for _ in range(2):
            await fail(up)
        await asyncio.sleep(6)
        results = await asyncio.gather(*(ask(up) for _ in range(100)), return_exceptions=True)
        assert sum(isinstance(result, CircuitOpenError) for result in results) == 99
        assert len(http.requests) == 6
        assert await ask(up) == {}


@virtual_time
async def test_calls_queued_for_the_budget_are_refused_when_the_breaker_opens() -> None:
    http = ScriptedHttp(DOWN)
    budget = Budget({"listJobs": 10.0}, clock=clock)
    policy = UpstreamPolicy(max_attempts=1)
    async with aclosing(upstream(http, budget=budget, policy=policy)) as up:
        results = await asyncio.gather(*(ask(up) for _ in range(30)), return_exceptions=True)
    assert len(http.requests) == 5
    assert sum(isinstance(result, CircuitOpenError) for result in results) == 25


@virtual_time
async def test_cancelled_call_gives_its_place_back_and_is_no_verdict() -> None:
    http = ScriptedHttp(SLOW)
    budget = Budget({}, max_concurrent=1, clock=clock)
    async with aclosing(upstream(http, budget=budget)) as up:
        for _ in range(10):
            call = asyncio.create_task(ask(up))
            await asyncio.sleep(0.1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert up.health().breakers == {"read": BreakerState.CLOSED}
    assert len(http.requests) == 10
    assert http.under_way == 0


@virtual_time
async def test_only_so_many_calls_are_under_way() -> None:
    http = ScriptedHttp(answer(after_s=1))
    async with aclosing(upstream(http, policy=UpstreamPolicy(max_concurrent=4))) as up:
        await asyncio.gather(*(ask(up) for _ in range(20)))
    assert http.most_under_way == 4


@virtual_time
async def test_priority_of_the_request_decides_who_is_sent_first() -> None:
    http = ScriptedHttp()
    order: list[str] = []
    budget = Budget({"listJobs": 10.0}, clock=clock)
    async with aclosing(upstream(http, budget=budget)) as up:

        async def call(name: str, priority: Priority) -> None:
            with calling(CallContext(priority=priority)):
                await ask(up, lambda _reply: order.append(name))

        await asyncio.gather(
            call("first", Priority.BACKGROUND),
            call("background", Priority.BACKGROUND),
            call("person", Priority.PERSON),
        )
    assert order == ["first", "person", "background"]


@virtual_time
async def test_bill_counts_every_attempt() -> None:
    context = CallContext()
    async with aclosing(upstream(ScriptedHttp(DOWN, answer()))) as up:
        with calling(context):
            await ask(up)
    assert context.bill.calls == 2


@virtual_time
async def test_health_tells_the_last_success_and_the_last_failure() -> None:
    http = ScriptedHttp(answer(), answer(401), answer(404))
    async with aclosing(upstream(http)) as up:
        assert (up.health().last_success_at, up.health().last_error_at) == (None, None)
        await ask(up)
        assert up.health().last_success_at == NOW
        assert up.health().last_error_code is None
        await fail(up, raising(ProviderAuthError("x")))
        assert up.health().last_error_at == NOW
        assert up.health().last_error_code == "PROVIDER_AUTH"
        await fail(up, raising(NotFoundError("x")))
        assert up.health().last_error_code == "PROVIDER_AUTH"


@virtual_time
async def test_classes_of_operations_have_their_own_breakers() -> None:
    def kind(operation: str) -> str:
        return "auth" if operation == "getToken" else "read"

    http = ScriptedHttp(*[DOWN] * 5, answer())
    breakers = Breakers(classify=kind, clock=clock)
    async with aclosing(upstream(http, breakers=breakers)) as up:
        for _ in range(2):
            await fail(up)
        assert await up.call("getToken", build, decode_json) == {}
        assert up.health().breakers == {"auth": BreakerState.CLOSED, "read": BreakerState.OPEN}


@virtual_time
async def test_each_attempt_is_logged_without_url_headers_or_body(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    metrics = CountingMetrics()
    http = ScriptedHttp(REFUSED, answer(body=b'"secret"', headers={"X-Key": "secret"}, after_s=0.5))
    async with aclosing(upstream(http, metrics=metrics)) as up:
        await ask(up)
    first, second = (
        {name: vars(record)[name] for name in ("operation", "outcome", "status", "attempt")}
        for record in caplog.records
        if record.message == "provider.call"
    )
    assert first == {
        "operation": "listJobs",
        "outcome": "PROVIDER_UNAVAILABLE",
        "status": None,
        "attempt": 1,
    }
    assert second == {"operation": "listJobs", "outcome": "OK", "status": 200, "attempt": 2}
    assert vars(caplog.records[-1])["backend"] == "b1"
    assert vars(caplog.records[-1])["elapsed_ms"] == 500
    everything = json.dumps([vars(record) for record in caplog.records], default=str)
    assert "secret" not in everything
    assert "backend.example" not in everything
    assert metrics.total("provider.call", backend="b1", outcome="OK") == 1
    assert metrics.total("provider.call", outcome="PROVIDER_UNAVAILABLE") == 1


async def test_half_a_document_is_an_error_and_never_data() -> None:
    script = saying(b'HTTP/1.1 200 OK\r\n\r\n{"data": [1, 2')
    async with (
        raw_server(script) as url,
        aclosing(Upstream(backend="b1", base_url=url)) as up,
    ):
        assert isinstance(await fail(up), ProviderContractError)


async def test_connection_that_closes_after_each_answer_is_no_failure() -> None:
    script = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    async with (
        raw_server(script) as url,
        aclosing(Upstream(backend="b1", base_url=url)) as up,
    ):
        for _ in range(5):
            assert await ask(up) == {}


@virtual_time
async def test_a_cloud_that_fails_at_writes_is_still_read() -> None:
    up = upstream(ScriptedHttp(*[DOWN] * 5, answer(), DOWN), breakers=Breakers(clock=clock))
    for _ in range(5):
        with pytest.raises(ProviderUnavailableError):
            await ask(up, repeatable=False)

    with pytest.raises(CircuitOpenError):
        await ask(up, repeatable=False)
    assert await ask(up) == {}

    assert up.health().breakers == {"write": BreakerState.OPEN, "read": BreakerState.CLOSED}


@virtual_time
async def test_an_attempt_has_the_time_that_its_body_takes() -> None:
    policy = UpstreamPolicy(attempt_timeout_s=3.0, slowest_upload=1_000)

    async def took_s(body: bytes) -> float:
        up = upstream(ScriptedHttp(SLOW), policy=policy)
        started = clock()
        with pytest.raises(ProviderTimeoutError):
            await up.call(
                "createFirmware",
                lambda: Request(method="POST", path="/", content=body),
                decode_json,
                repeatable=False,
            )
        return clock() - started

    assert await took_s(b"") == pytest.approx(3.0)
    assert await took_s(bytes(20_000)) == pytest.approx(23.0)


async def test_what_must_not_be_sent_twice_goes_out_on_a_connection_of_its_own() -> None:
    connections: list[int] = []

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine = len(set(connections)) + 1
        while True:
            connections.append(mine)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await reader.readuntil(b"\r\n\r\n")

    async with (
        raw_server(answering) as url,
        aclosing(Upstream(backend="b1", base_url=url)) as up,
    ):
        for repeatable in (True, False, True):
            await ask(up, repeatable=repeatable)
    assert connections == [1, 2, 1]
