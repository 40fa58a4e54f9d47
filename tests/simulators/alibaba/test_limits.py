import json
from pathlib import Path
from typing import Any

import pytest

from gateway.simulators.alibaba.limits import RateLimiter
from gateway.simulators.alibaba.operation import Operation
from gateway.simulators.alibaba.operations import OPERATIONS
from tests.simulators.alibaba.caller import INSTANCE, Caller, FakeClock, tiny_simulator

DOCUMENTED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "operations.json").read_text("utf-8")
)["operations"]
JOB = {"IotInstanceId": INSTANCE, "JobId": "none"}
FIRMWARE = {"IotInstanceId": INSTANCE, "FirmwareId": "none"}


def test_a_sliding_second_admits_the_rate_and_no_more() -> None:
    limiter = RateLimiter()
    assert limiter.admit("A", rate=2, now_s=0.0) is None
    assert limiter.admit("A", rate=2, now_s=0.5) is None
    assert limiter.admit("A", rate=2, now_s=0.75) == 250
    assert limiter.admit("A", rate=2, now_s=1.0) is None
    assert limiter.admit("A", rate=2, now_s=1.25) == 250


def test_operations_have_rates_of_their_own() -> None:
    limiter = RateLimiter()
    assert limiter.admit("A", rate=1, now_s=0.0) is None
    assert limiter.admit("B", rate=1, now_s=0.0) is None
    assert limiter.admit("A", rate=1, now_s=0.0) == 1000


def test_refused_calls_use_nothing_up() -> None:
    limiter = RateLimiter()
    assert limiter.admit("A", rate=1, now_s=0.0) is None
    for tenth in range(1, 10):
        assert limiter.admit("A", rate=1, now_s=tenth / 10) is not None
    assert limiter.admit("A", rate=1, now_s=1.0) is None


@pytest.mark.parametrize(
    ("action", "parameters", "rate"),
    [("QueryOTAJob", JOB, 10), ("QueryOTAFirmware", FIRMWARE, 20)],
)
async def test_more_than_the_documented_rate_is_throttled(
    clock: FakeClock, action: str, parameters: dict[str, str], rate: int
) -> None:
    simulator = tiny_simulator(clock=clock)
    caller = Caller(simulator, clock)
    answers = [await caller.v3(action, parameters) for _ in range(rate + 2)]
    assert [answer.status_code for answer in answers] == [200] * rate + [400] * 2
    body = answers[-1].json()
    assert body["Code"] == "Throttling.User"
    assert body["Message"] == "Request was denied due to user flow control."
    assert "x-acs-retry-after" not in answers[-1].headers
    assert simulator.calls.busiest_second(action) == rate + 2
    clock.advance(1.0)
    assert (await caller.v3(action, parameters)).status_code == 200


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
async def test_every_operation_has_its_documented_rate(
    clock: FakeClock, operation: Operation
) -> None:
    documented = DOCUMENTED[operation.name]["qps_per_account"]
    caller = Caller(tiny_simulator(clock=clock), clock)
    method = max(operation.methods)
    codes = [
        (await caller.v3(operation.name, {"IotInstanceId": INSTANCE}, method=method))
        .json()
        .get("Code")
        for _ in range(documented + 1)
    ]
    assert "Throttling.User" not in codes[:-1]
    assert codes[-1] == "Throttling.User"


async def test_the_wait_can_be_announced_in_milliseconds(clock: FakeClock) -> None:
    caller = Caller(tiny_simulator(clock=clock, announce_retry=True), clock)
    for _ in range(10):
        await caller.v3("QueryOTAJob", JOB)
    clock.advance(0.75)
    answer = await caller.v3("QueryOTAJob", JOB)
    assert answer.headers["x-acs-retry-after"] == "250"


async def test_calls_that_fail_their_signature_use_nothing_up(clock: FakeClock) -> None:
    caller = Caller(tiny_simulator(clock=clock), clock)
    for _ in range(11):
        await caller.v3("QueryOTAJob", JOB, secret="other")
    assert (await caller.v3("QueryOTAJob", JOB)).status_code == 200


async def test_the_limiter_can_be_switched_off(clock: FakeClock) -> None:
    caller = Caller(tiny_simulator(clock=clock, throttle=False), clock)
    answers = [await caller.v3("QueryOTAJob", JOB) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {200}
